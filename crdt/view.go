package crdt

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/automerge/automerge-go"

	"kith/crdt/accept"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/schema"
)

// ViewVersion is raised whenever the same document gives another view than before, so that
// stored views are made afresh.
const ViewVersion = 1

// The kinds of documents.
const (
	KindTask     = "task"
	KindDecision = "decision"
	KindNote     = "note"
)

// Meta is what is known of a document from its entries, not from its content.
type Meta struct {
	ID        entry.DocID      `json:"id"`
	Kind      string           `json:"kind"`
	CreatedBy charter.MemberID `json:"created_by"`
	CreatedAt Time             `json:"created_at"`
	UpdatedBy charter.MemberID `json:"updated_by"` // who made the change with the highest number
	UpdatedAt Time             `json:"updated_at"`
	Heads     []change.Hash    `json:"heads"` // ascending
}

// View is what a document says at one time: a plain value, of which lists are never nil. Equal
// accepted changes and equal charters give equal views on every replica.
type View struct {
	Version int `json:"-" cbor:"version"`
	Meta
	Title    string    `json:"title"`
	Text     string    `json:"text"`
	Tags     []string  `json:"tags"` // ascending
	Task     *Task     `json:"task,omitempty"`
	Decision *Decision `json:"decision,omitempty"`
}

// Look computes the view of a document: of am, which holds exactly the accepted changes of d,
// with the members of c. It writes nothing and shows whatever the schema lets through: content
// that no Kith command would write is left out where it makes no sense, and is never an error.
func Look(am *automerge.Doc, d *accept.Document, c *charter.Charter) (*View, error) {
	items := d.Order()
	if len(items) == 0 {
		return nil, fmt.Errorf("the document has no accepted changes")
	}
	v := &View{Version: ViewVersion, Meta: metaOf(d, items), Tags: []string{}}
	root, err := am.RootMap().Values()
	if err != nil {
		return nil, err
	}
	v.Title = strOf(root[schema.Title])
	if t := root[schema.Text]; t != nil && t.Kind() == automerge.KindText {
		if v.Text, err = t.Text().Get(); err != nil {
			return nil, err
		}
	}
	if t := root[schema.Tags]; t != nil && t.Kind() == automerge.KindMap {
		if v.Tags, err = trueKeys(t.Map()); err != nil {
			return nil, err
		}
	}
	switch v.Kind {
	case KindTask:
		v.Task, err = lookTask(root)
	case KindDecision:
		v.Decision, err = lookDecision(am, v, root, items, c)
	case KindNote:
	default:
		return nil, fmt.Errorf("no view for documents of kind %q", v.Kind)
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

func metaOf(d *accept.Document, items []*accept.Item) Meta {
	m := Meta{ID: items[0].Entry.Doc, Kind: d.Kind(), CreatedBy: d.Creator(), Heads: slices.Clone(d.Heads())}
	if m.Heads == nil {
		m.Heads = []change.Hash{}
	}
	slices.SortFunc(m.Heads, change.Hash.Compare)
	last := items[0]
	for _, i := range items {
		if i.Entry.Create != nil {
			m.CreatedAt = Time(i.Change.Time)
		}
		if n := cmpChange(i.Change, last.Change); n > 0 {
			last = i
		}
	}
	m.UpdatedBy, m.UpdatedAt = last.Author, Time(last.Change.Time)
	return m
}

// cmpChange orders changes by what they stand on: a change comes after all in its past.
func cmpChange(a, b *change.Change) int {
	switch x, y := a.MaxOp(), b.MaxOp(); {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return a.Hash.Compare(b.Hash)
}

func lookTask(root map[string]*automerge.Value) (*Task, error) {
	t := &Task{
		Status: strOf(root[schema.Status]), StatusWhy: strOf(root[schema.StatusWhy]),
		Project: strOf(root[schema.Project]), Due: strOf(root[schema.Due]),
		Minutes: Minutes(intOf(root[schema.Hours])),
		Asked:   []Asked{}, TakenBy: []charter.MemberID{},
		Help: Help{Wants: []Said{}, Offers: []Said{}},
	}
	if t.Status == "" {
		t.Status = TaskOpen
	}
	own := ownSay(root)
	if v := root[schema.Asked]; v != nil && v.Kind() == automerge.KindMap {
		asked, err := v.Map().Values()
		if err != nil {
			return nil, err
		}
		for key, at := range asked {
			m, err := charter.ParseMemberID(key)
			if err != nil || at.Kind() != automerge.KindInt64 {
				continue
			}
			a := Asked{Member: m, At: Time(at.Int64()), Answer: AnswerNone}
			if said, ok := parseAnswer(strOf(own[m][schema.OwnAnswer])); ok && said.To == at.Int64() {
				a.Answer, a.Why = said.Answer, said.Why
			}
			t.Asked = append(t.Asked, a)
		}
		slices.SortFunc(t.Asked, func(a, b Asked) int { return compareMembers(a.Member, b.Member) })
	}
	accepted := map[charter.MemberID]bool{}
	for _, a := range t.Asked {
		accepted[a.Member] = a.Answer == AnswerAccepted
	}
	for _, m := range slices.SortedFunc(maps.Keys(own), compareMembers) {
		fields := own[m]
		if intOf(fields[schema.OwnTaken]) != 0 || accepted[m] {
			t.TakenBy = append(t.TakenBy, m)
		}
		if why := strOf(fields[schema.OwnHelp]); why != "" {
			t.Help.Wants = append(t.Help.Wants, Said{m, why})
		}
		if why := strOf(fields[schema.OwnOffer]); why != "" {
			if why == offered {
				why = ""
			}
			t.Help.Offers = append(t.Help.Offers, Said{m, why})
		}
	}
	slices.SortStableFunc(t.Help.Wants, func(a, b Said) int {
		return doers(t.TakenBy, b.Member) - doers(t.TakenBy, a.Member)
	})
	if len(t.Help.Wants) > 0 {
		t.Help.Wanted, t.Help.Why, t.Help.By = true, t.Help.Wants[0].Why, &t.Help.Wants[0].Member
	}
	return t, nil
}

func doers(taken []charter.MemberID, m charter.MemberID) int {
	if slices.Contains(taken, m) {
		return 1
	}
	return 0
}

func compareMembers(a, b charter.MemberID) int { return bytes.Compare(a[:], b[:]) }

// ownSay gathers the root keys that belong to members. (The schema has seen to it that each was
// written by its member.)
func ownSay(root map[string]*automerge.Value) map[charter.MemberID]map[string]*automerge.Value {
	own := map[charter.MemberID]map[string]*automerge.Value{}
	for key, v := range root {
		m, field, ok := schema.SplitOwn(key)
		if !ok {
			continue
		}
		if own[m] == nil {
			own[m] = map[string]*automerge.Value{}
		}
		own[m][field] = v
	}
	return own
}

// strOf, intOf: the value, or the zero of its type if there is none or one of another type.
func strOf(v *automerge.Value) string {
	if v == nil || v.Kind() != automerge.KindStr {
		return ""
	}
	return v.Str()
}

func intOf(v *automerge.Value) int64 {
	if v == nil || v.Kind() != automerge.KindInt64 {
		return 0
	}
	return v.Int64()
}

// trueKeys returns the keys of a map whose value is true, ascending.
func trueKeys(m *automerge.Map) ([]string, error) {
	values, err := m.Values()
	if err != nil {
		return nil, err
	}
	keys := make([]string, 0, len(values))
	for k, v := range values {
		if v.Kind() == automerge.KindBool && v.Bool() {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys, nil
}
