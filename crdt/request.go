package crdt

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/automerge/automerge-go"

	"kith/crdt/accept"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/schema"
)

// What an ally has answered.
const (
	RequestShared  = "shared"
	RequestRefused = "refused"
	RequestSaid    = "said" // in words: nothing is shared, and nothing refused
)

// MaxShared bounds the documents that one answer names.
const MaxShared = 20

// Request is what somebody asks an ally for, in a share with it. Its title and text say what.
type Request struct {
	Code      string          `json:"code"`      // to a further share, if that is what is asked for
	Withdrawn string          `json:"withdrawn"` // why; "" if it isn't
	Answers   []RequestAnswer `json:"answers"`   // by member ID; one of a person's
}

// RequestAnswer is what one person answers in the name of nobody else.
type RequestAnswer struct {
	Member charter.MemberID `json:"member"`
	Result string           `json:"result"` // shared, refused, said
	Why    string           `json:"why"`
	Shared []string         `json:"shared"` // IDs of documents in the share, with the letters of their kinds
	Side   string           `json:"side"`   // to a code: the space of the charter with which this co-op takes it, in hexadecimal; or ""
}

// requestAnswer is the value of by:<member>/answer.
type requestAnswer struct {
	Result string   `json:"result"`
	Why    string   `json:"why"`
	Shared []string `json:"shared,omitempty"`
	Side   string   `json:"side,omitempty"`
}

func parseRequestAnswer(s string) (a requestAnswer, ok bool) {
	err := json.Unmarshal([]byte(s), &a)
	return a, err == nil && (a.Result == RequestShared || a.Result == RequestRefused || a.Result == RequestSaid) && len(a.Shared) <= MaxShared
}

// NewRequest creates a request: what is asked for and, if that is a further share, its code.
func NewRequest(title, text, code string) Edit {
	return func(am *automerge.Doc, _ *View) error {
		d := newDraft(am)
		if err := d.create(title, text, nil); err != nil {
			return err
		}
		d.set(schema.Code, code)
		return d.write()
	}
}

// AnswerRequest answers with documents of the share that are there now, in words, or with a refusal and why.
func AnswerRequest(by charter.MemberID, result, why string, shared []string) Edit {
	return func(am *automerge.Doc, v *View) error {
		if v == nil || v.Request == nil {
			return invalid("this is nothing that an ally asked for")
		}
		why, err := checkWhy(why, result != RequestShared)
		if err != nil {
			return err
		}
		if v.Request.Withdrawn != "" {
			return notAllowed("", "it was withdrawn: %s", v.Request.Withdrawn)
		}
		if len(shared) > MaxShared {
			return &LimitError{What: "the answer", Got: len(shared), Limit: MaxShared, Unit: "documents"}
		}
		b, err := json.Marshal(requestAnswer{Result: result, Why: why, Shared: shared})
		if err != nil {
			return err
		}
		if _, ok := parseRequestAnswer(string(b)); !ok {
			return invalid("an answer is %q, %q or %q, not %q", RequestShared, RequestRefused, RequestSaid, result)
		}
		d := newDraft(am)
		d.set(schema.OwnKey(by, schema.OwnAnswer), string(b))
		return d.write()
	}
}

// JoinRequest takes the code of a request; side is the space of the charter with which one's co-op does.
func JoinRequest(by charter.MemberID, side string) Edit {
	return func(am *automerge.Doc, v *View) error {
		switch {
		case v == nil || v.Request == nil || v.Request.Code == "":
			return invalid("this is no code that an ally has passed on")
		case v.Request.Withdrawn != "":
			return notAllowed("", "it was withdrawn: %s", v.Request.Withdrawn)
		}
		b, err := json.Marshal(requestAnswer{Result: RequestShared, Side: side})
		if err != nil {
			return err
		}
		d := newDraft(am)
		d.set(schema.OwnKey(by, schema.OwnAnswer), string(b))
		return d.write()
	}
}

// WithdrawRequest takes the author's own request back, and says why.
func WithdrawRequest(by charter.MemberID, why string) Edit {
	return func(am *automerge.Doc, v *View) error {
		if v == nil || v.Request == nil {
			return invalid("this is nothing that an ally was asked for")
		}
		why, err := checkWhy(why, true)
		if err != nil {
			return err
		}
		if by != v.CreatedBy {
			return notAllowed("", "only who asked can withdraw it")
		}
		d := newDraft(am)
		d.set(schema.Withdrawn, why)
		return d.write()
	}
}

// lookRequest reads what was asked by a member. Nobody else withdraws it: what they write there says nothing.
func lookRequest(root content, items []*accept.Item, by charter.MemberID) *Request {
	q := &Request{Code: root.str(schema.Code), Answers: []RequestAnswer{}}
	var newest change.OpID
	for _, item := range items {
		for i := range item.Change.Ops {
			op := &item.Change.Ops[i]
			if item.Author == by && op.Obj.IsZero() && op.Key == schema.Withdrawn && op.ID.Compare(newest) > 0 {
				newest, q.Withdrawn = op.ID, op.Value.Str()
			}
		}
	}
	own := ownSay(root)
	for _, m := range slices.SortedFunc(maps.Keys(own), compareMembers) {
		if a, ok := parseRequestAnswer(own[m][schema.OwnAnswer].Str()); ok {
			q.Answers = append(q.Answers, RequestAnswer{m, a.Result, a.Why, append([]string{}, a.Shared...), a.Side})
		}
	}
	return q
}
