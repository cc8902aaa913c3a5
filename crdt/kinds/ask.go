package kinds

import (
	"encoding/json"
	"maps"
	"slices"

	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/kind"
)

// What an ally has answered.
const (
	RequestShared  = "shared"
	RequestRefused = "refused"
	RequestSaid    = "said" // in words: nothing is shared, and nothing refused
)

// MaxShared bounds the documents that one answer names.
const MaxShared = 20

var (
	// AskCode leads to a further share, if that is what is asked for.
	AskCode      = &kind.Field{Key: "code", Is: kind.Reason, First: true, Hint: "a code that leads to a further share", Log: untold}
	askWithdrawn = &kind.Field{Key: "withdrawn", Is: kind.Reason, Label: "why it was withdrawn", Hint: "why it was withdrawn", Form: "what others than the document's creator write there says nothing", Log: withdrew}

	askAnswer = &kind.Field{
		Key: "answer", Is: kind.JSON, Hint: "what they answer", Log: allyAnswered,
		Form: `JSON {"result":"shared"\|"refused"\|"said","why","shared":[…],"side"}: at most 20 IDs of documents of the share, with the letters of their kinds; to a code, in hexadecimal the space of the charter with which the ally takes it; anything else is no answer`, // see requestAnswer
	}

	// AskResult, AskShared and AskSide are what an answer is, with documents of the share that are there now, and to a code
	// the space of the charter with which one's co-op takes it.
	AskResult = &kind.Field{Key: "result", Is: kind.Word, Words: []string{RequestShared, RequestRefused, RequestSaid}, Label: "answer"}
	AskShared = &kind.Field{Key: "shared", Is: kind.Members}
	AskSide   = &kind.Field{Key: "side", Is: kind.ID}
)

// Ask is what somebody asks an ally for, in a share with it. Its title and text say what.
var Ask = &kind.Kind{
	Name: "ask", Letters: "q", Gist: "what allies ask each other for", View: 1,
	Fields: []*kind.Field{AskCode, askWithdrawn},
	Own:    []*kind.Field{askAnswer},
	Derive: kind.Deriving(whatIsAsked),
	Make:   &kind.Verb{Name: "add", Gist: "ask for something", Text: kind.May, With: []*kind.Field{AskCode}},
	Verbs:  []*kind.Verb{AnswerAsk, JoinAsk, WithdrawAsk},
}

var (
	// AnswerAsk answers with documents of the share, in words, or with a refusal and why.
	AnswerAsk = &kind.Verb{
		Name: "answer", Gist: "answer it", With: []*kind.Field{AskResult, AskShared}, Why: kind.May, Act: "a refusal",
		Live: isAsked, Do: answerAsk,
	}
	// JoinAsk takes the code of a request.
	JoinAsk = &kind.Verb{Name: "join", Gist: "take the code", With: []*kind.Field{AskSide}, Live: hasCode, Do: joinAsk}
	// WithdrawAsk takes the author's own request back.
	WithdrawAsk = &kind.Verb{Name: "withdraw", Gist: "take it back", Why: kind.Must, Act: "withdrawing it", Do: withdrawAsk}
)

// Request is how it stands with what somebody asked for.
type Request struct {
	Code      string          // to a further share, if that is what is asked for
	Withdrawn string          // why; "" if it isn't
	Answers   []RequestAnswer // by member; one of a person's
}

// RequestAnswer is what one person answers in the name of nobody else.
type RequestAnswer struct {
	Member charter.MemberID
	Result string
	Why    string
	Shared []string // IDs of documents in the share, with the letters of their kinds
	Side   string   // to a code: the space of the charter with which this co-op takes it, in hexadecimal; or ""
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
	return a, err == nil && slices.Contains(AskResult.Words, a.Result) && len(a.Shared) <= MaxShared
}

// whatIsAsked reads what was asked by a member. Nobody else withdraws it: what they write there says nothing.
func whatIsAsked(s *kind.Story) (*Request, error) {
	q := &Request{Code: AskCode.Str(s.View)}
	var newest change.OpID
	for _, item := range s.Items {
		for i := range item.Change.Ops {
			op := &item.Change.Ops[i]
			if item.Author == s.CreatedBy && op.Obj.IsZero() && op.Key == askWithdrawn.Key && op.ID.Compare(newest) > 0 {
				newest, q.Withdrawn = op.ID, op.Value.Str()
			}
		}
	}
	for _, m := range slices.SortedFunc(maps.Keys(s.Said), compareMembers) {
		if a, ok := parseRequestAnswer(s.Said[m][askAnswer.Key].Str()); ok {
			q.Answers = append(q.Answers, RequestAnswer{m, a.Result, a.Why, a.Shared, a.Side})
		}
	}
	return q, nil
}

// RequestIn reads what was asked of an ally; nil if v is something else.
func RequestIn(v *kind.View) *Request {
	if v == nil || v.Kind != Ask.Name {
		return nil
	}
	return kind.Of[Request](v)
}

// AskFor asks for something, with a code if that is a further share.
func AskFor(title, text, code string) kind.Request {
	r := kind.Begin(title, text)
	r.Put(AskCode, change.StrValue(code))
	return r
}

// Answering answers with documents of the share, by their IDs there.
func Answering(result, why string, shared []string) kind.Request {
	r := kind.Request{Why: why}
	r.Put(AskResult, change.StrValue(result))
	r.PutAll(AskShared, shared)
	return r
}

// Joining takes a code; side is the space of the charter with which one's co-op does.
func Joining(side string) (r kind.Request) {
	r.Put(AskSide, change.StrValue(side))
	return r
}

func isAsked(v *kind.View) error {
	if why := kind.Of[Request](v).Withdrawn; why != "" {
		return kind.NotAllowed("", "it was withdrawn: %s", why)
	}
	return nil
}

func hasCode(v *kind.View) error {
	if AskCode.Str(v) == "" {
		return kind.Invalid("this is no code that an ally has passed on")
	}
	return isAsked(v)
}

func answerAsk(d *kind.Draft) error {
	a := requestAnswer{Result: d.Asks.Str(AskResult), Why: d.Asks.Why, Shared: d.Asks.All(AskShared)}
	if a.Result != RequestShared && a.Why == "" {
		return kind.Invalid("say why, so that the others can do something about it")
	}
	if len(a.Shared) > MaxShared {
		return &kind.LimitError{What: "the answer", Got: len(a.Shared), Limit: MaxShared, Unit: "documents"}
	}
	return sayAnswer(d, a)
}

func joinAsk(d *kind.Draft) error {
	return sayAnswer(d, requestAnswer{Result: RequestShared, Side: d.Asks.Str(AskSide)})
}

func sayAnswer(d *kind.Draft, a requestAnswer) error {
	return d.SayJSON(askAnswer, "the answer", a)
}

func withdrawAsk(d *kind.Draft) error {
	if d.Author != d.CreatedBy {
		return kind.NotAllowed("", "only who asked can withdraw it")
	}
	d.SetAnew(askWithdrawn, change.StrValue(d.Asks.Why))
	return nil
}

func allyAnswered(v change.Value, _ bool) (verb, to string) {
	a, ok := parseRequestAnswer(v.Str())
	if !ok {
		return "", ""
	}
	return a.Result, a.Why
}
