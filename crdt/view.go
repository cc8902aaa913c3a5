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
	KindAlly     = "ally" // of a co-op: a share with another
	KindAsk      = "ask"  // in a share: what the ally is asked for
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
	Tags     []string  `json:"tags"`           // ascending
	Link     *Linked   `json:"link,omitempty"` // where it goes on
	Kept     bool      `json:"kept,omitempty"` // only people of the side that made it write in it
	Task     *Task     `json:"task,omitempty"`
	Decision *Decision `json:"decision,omitempty"`
	Ally     *Ally     `json:"ally,omitempty"`
	Request  *Request  `json:"request,omitempty"`
}

// Charter is what a view asks of the charter of a space: of a co-op's (*charter.Charter), or of the
// two of a share (*share.Share).
type Charter interface {
	// Of is that of accept.Charter.
	Of(*entry.Entry) (*charter.Past, charter.State)
	Member(charter.MemberID) (charter.Member, bool)
	Sides() [][]charter.MemberID // full members now, sorted by ID: one list, or two in a share
	ByPeople() bool              // in a share: decisions count people, and not each co-op as one voice
}

// Look computes the view of a document: of am, which holds exactly the accepted changes of d,
// with the members of c. It writes nothing and shows whatever the schema lets through: content
// that no Kith command would write is left out where it makes no sense, and is never an error.
func Look(am *automerge.Doc, d *accept.Document, c Charter) (*View, error) {
	items := d.Order()
	if len(items) == 0 {
		return nil, fmt.Errorf("the document has no accepted changes")
	}
	v := &View{Version: ViewVersion, Meta: metaOf(d, items), Tags: []string{}}
	root := read(d.History(), change.OpID{})
	v.Title, v.Tags = root.str(schema.Title), root.in(d.History(), schema.Tags).trueKeys()
	if _, ok := root.made[schema.Text]; ok {
		text, err := newDraft(am).object(schema.Text, automerge.KindText)
		if err != nil {
			return nil, err
		}
		if v.Text, err = text.Text().Get(); err != nil {
			return nil, err
		}
	}
	v.Link, v.Kept = lookLink(d, v.ID, root, items, c), root.values[schema.Kept].Bool()
	var err error
	switch v.Kind {
	case KindTask:
		v.Task = lookTask(root, root.in(d.History(), schema.Asked))
	case KindDecision:
		v.Decision, err = lookDecision(am, v, root, items, c)
	case KindNote:
	case KindAlly:
		v.Ally = lookAlly(root)
	case KindAsk:
		v.Request = lookRequest(root, items, v.CreatedBy)
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

func lookTask(root, askings content) *Task {
	t := &Task{
		Status: root.str(schema.Status), StatusWhy: root.str(schema.StatusWhy),
		Project: root.str(schema.Project), Due: root.str(schema.Due),
		Minutes: Minutes(root.int(schema.Hours)),
		Asked:   []Asked{}, TakenBy: []charter.MemberID{},
		Help: Help{Wants: []Said{}, Offers: []Said{}},
	}
	if t.Status == "" {
		t.Status = TaskOpen
	}
	own := ownSay(root)
	for key, at := range askings.values {
		m, err := charter.ParseMemberID(key)
		if err != nil {
			continue
		}
		a := Asked{Member: m, At: Time(at.Int()), Answer: AnswerNone}
		if said, ok := parseAnswer(own[m][schema.OwnAnswer].Str()); ok && said.To == at.Int() {
			a.Answer, a.Why = said.Answer, said.Why
		}
		t.Asked = append(t.Asked, a)
	}
	slices.SortFunc(t.Asked, func(a, b Asked) int { return compareMembers(a.Member, b.Member) })
	accepted := map[charter.MemberID]bool{}
	for _, a := range t.Asked {
		accepted[a.Member] = a.Answer == AnswerAccepted
	}
	for _, m := range slices.SortedFunc(maps.Keys(own), compareMembers) {
		fields := own[m]
		if fields[schema.OwnTaken].Int() != 0 || accepted[m] {
			t.TakenBy = append(t.TakenBy, m)
		}
		if why := fields[schema.OwnHelp].Str(); why != "" {
			t.Help.Wants = append(t.Help.Wants, Said{m, why})
		}
		if why := fields[schema.OwnOffer].Str(); why != "" {
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
	return t
}

func doers(taken []charter.MemberID, m charter.MemberID) int {
	if slices.Contains(taken, m) {
		return 1
	}
	return 0
}

func compareMembers(a, b charter.MemberID) int { return bytes.Compare(a[:], b[:]) }

// ownSay gathers what members say for themselves. (The schema has seen to it that each key was
// written by its member.)
func ownSay(root content) map[charter.MemberID]map[string]change.Value {
	own := map[charter.MemberID]map[string]change.Value{}
	for key, v := range root.values {
		m, field, ok := schema.SplitOwn(key)
		if !ok {
			continue
		}
		if own[m] == nil {
			own[m] = map[string]change.Value{}
		}
		own[m][field] = v
	}
	return own
}

// content is what stands in a map of a document: plain values and objects made, by key. It is
// read from the history and not from the core, which takes a microsecond or two for each value.
type content struct {
	values map[string]change.Value
	made   map[string]change.OpID
}

// read returns the content of a map. Of several values written apart to one key the one with the
// highest operation ID stands, as in the core.
func read(h *change.History, object change.OpID) content {
	c := content{values: map[string]change.Value{}, made: map[string]change.OpID{}}
	for _, key := range h.Keys(object) {
		writes := h.Writes(object, key) // ascending
		for i := len(writes) - 1; i >= 0; i-- {
			w := &writes[i]
			if w.Overwritten || w.Action == change.Delete {
				continue
			}
			if _, ok := w.Action.Makes(); ok {
				c.made[key] = w.ID
			} else {
				c.values[key] = w.Value
			}
			break
		}
	}
	return c
}

// in returns the content of the map that was made at a key.
func (c content) in(h *change.History, key string) content {
	if made, ok := c.made[key]; ok {
		return read(h, made)
	}
	return content{}
}

// str and int return the value at a key, or the zero of its type if there is none or one of
// another type.
func (c content) str(key string) string { return c.values[key].Str() }
func (c content) int(key string) int64  { return c.values[key].Int() }

// trueKeys returns the keys whose value is true, ascending.
func (c content) trueKeys() []string {
	keys := make([]string, 0, len(c.values))
	for k, v := range c.values {
		if v.Bool() {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}
