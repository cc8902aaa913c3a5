package kind

import (
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"

	"kith/crdt/change"
)

// form is raised when views of all kinds are encoded in another way, or something else is kept beside each.
const form = 7

// stored is the one form of all views in a store.
type stored struct {
	Version int64           `cbor:"v"`
	Meta    Meta            `cbor:"m"`
	Title   string          `cbor:"t"`
	Text    string          `cbor:"x"`
	Tags    []string        `cbor:"g"`
	Link    *Linked         `cbor:"l,omitempty"`
	Kept    bool            `cbor:"k,omitempty"`
	Talk    []Remark        `cbor:"w,omitempty"`
	Away    *Deed           `cbor:"a,omitempty"`
	Apart   []Apart         `cbor:"p,omitempty"`
	Open    bool            `cbor:"o,omitempty"`
	Room    *Room           `cbor:"r,omitempty"`
	After   string          `cbor:"c,omitempty"`
	Fields  map[string]any  `cbor:"f,omitempty"`
	Derived cbor.RawMessage `cbor:"d,omitempty"`
}

// ErrStale says that an encoded view was made by another release, for which documents of its kind say something
// else, or say it in another form: it is to be made anew.
var ErrStale = errors.New("the view was made by another release")

// decoding bounds the lists of a stored view; it is our own, so the bound is a net.
var decoding = func() cbor.DecMode {
	m, err := cbor.DecOptions{MaxArrayElements: 1 << 20, MaxMapPairs: 1 << 16, IntDec: cbor.IntDecConvertSigned}.DecMode()
	if err != nil {
		panic(err) // options written by us are wrong
	}
	return m
}()

// ViewVersion names the form and the meaning of the views of a kind; 0 for a kind that this release doesn't know.
func (s *Set) ViewVersion(kind string) int64 {
	k := s.byName[kind]
	if k == nil {
		return 0
	}
	return form<<32 | int64(k.View)
}

// EncodeView gives a view as it is stored.
func (s *Set) EncodeView(v *View) ([]byte, error) {
	out := stored{
		Version: s.ViewVersion(v.Kind), Meta: v.Meta, Title: v.Title, Text: v.Text, Tags: v.Tags, Link: v.Link, Kept: v.Kept, Talk: v.Talk, Away: v.Archived, Apart: v.Apart, Open: v.Open, Room: v.Room, After: v.Continues,
		Fields: make(map[string]any, len(v.Fields)),
	}
	for key, value := range v.Fields {
		out.Fields[key] = plainValue(value)
	}
	if v.Derived != nil {
		b, err := canonical.Marshal(v.Derived)
		if err != nil {
			return nil, err
		}
		out.Derived = b
	}
	return canonical.Marshal(out)
}

// canonical gives equal views equal bytes.
var canonical = func() cbor.EncMode {
	m, err := cbor.CanonicalEncOptions().EncMode()
	if err != nil {
		panic(err) // options written by us are wrong
	}
	return m
}()

// DecodeView reads what EncodeView gives. The error is ErrStale for a view of another release.
func (s *Set) DecodeView(b []byte) (*View, error) {
	var in stored
	if err := decoding.Unmarshal(b, &in); err != nil {
		return nil, fmt.Errorf("a view: %w", err)
	}
	k := s.byName[in.Meta.Kind]
	if k == nil || in.Version != s.ViewVersion(in.Meta.Kind) {
		return nil, ErrStale
	}
	v := &View{
		Meta: in.Meta, Title: in.Title, Text: in.Text, Tags: in.Tags, Link: in.Link, Kept: in.Kept, Talk: in.Talk, Archived: in.Away, Apart: in.Apart, Open: in.Open, Room: in.Room, Continues: in.After,
		Fields: make(Values, len(in.Fields)),
	}
	for key, value := range in.Fields {
		v.Fields[key] = valueOf(value)
	}
	if k.Derive != nil {
		v.Derived = k.Derive.Fresh()
		if err := decoding.Unmarshal(in.Derived, v.Derived); err != nil {
			return nil, fmt.Errorf("a view of a %s: %w", v.Kind, err)
		}
	}
	return v, nil
}

// plainValue is a value as Go has it: a string, an int64 or a bool, since tables take no others.
func plainValue(v change.Value) any {
	switch v.Kind {
	case change.IntKind:
		return v.Int()
	case change.BoolKind:
		return v.Bool()
	}
	return v.Str()
}

func valueOf(v any) change.Value {
	switch v := v.(type) {
	case int64:
		return change.IntValue(v)
	case bool:
		return change.BoolValue(v)
	case string:
		return change.StrValue(v)
	}
	return change.Value{}
}
