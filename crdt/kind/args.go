package kind

import (
	"encoding/json"
	"fmt"

	"kith/crdt/change"
)

// Args are what a verb is told: values of fields, by key.
type Args struct {
	one  map[string]change.Value
	many map[string][]string
}

// Put gives a field a value.
func (a *Args) Put(f *Field, v change.Value) {
	if a.one == nil {
		a.one = map[string]change.Value{}
	}
	a.one[f.Key] = v
}

// PutAll gives a field that is many its values: of Members their IDs.
func (a *Args) PutAll(f *Field, values []string) {
	if a.many == nil {
		a.many = map[string][]string{}
	}
	a.many[f.Key] = values
}

// Has says whether a field was given, be it empty.
func (a *Args) Has(f *Field) bool {
	_, one := a.one[f.Key]
	_, many := a.many[f.Key]
	return one || many
}

// but says whether anything was given beside one field, be it empty.
func (a *Args) but(f *Field) bool {
	n := len(a.one) + len(a.many)
	if a.Has(f) {
		n--
	}
	return n > 0
}

// Value returns what was given for a field; the zero Value if nothing was.
func (a *Args) Value(f *Field) change.Value { return a.one[f.Key] }

// Str returns the words given for a field; "" if none were.
func (a *Args) Str(f *Field) string { return a.one[f.Key].Str() }

// All returns the values given for a field that is many.
func (a *Args) All(f *Field) []string { return a.many[f.Key] }

// Only gives those of the arguments that are of these fields.
func (a *Args) Only(fields []*Field) (out Args) {
	for _, f := range fields {
		if v, ok := a.one[f.Key]; ok {
			out.Put(f, v)
		}
		if values, ok := a.many[f.Key]; ok {
			out.PutAll(f, values)
		}
	}
	return out
}

// Map gives the same arguments, with the words of these fields as make makes them.
func (a *Args) Map(make func(f *Field, words string) string, fields []*Field) (out Args) {
	for key, values := range a.many {
		out.PutAll(&Field{Key: key}, values)
		if f := find(fields, key); f != nil && f.Is == Lines {
			made := []string{}
			for _, words := range values {
				made = append(made, make(f, words))
			}
			out.PutAll(f, made)
		}
	}
	for key, v := range a.one {
		if f := find(fields, key); f != nil && (f.Is == Line || f.Is == Reason || f.Is == Text) {
			v = change.StrValue(make(f, v.Str()))
		}
		out.Put(&Field{Key: key}, v)
	}
	return out
}

// Read takes over what JSON says of a field, checked and in the form in which documents hold it. null is as if it
// weren't there. Members stay in the words of who asks, until somebody who knows them puts IDs in their place. Errors
// are *InvalidError and *LimitError.
func (a *Args) Read(f *Field, raw json.RawMessage) error {
	if string(raw) == "null" {
		return nil
	}
	switch {
	case f.IsMany():
		var words []string
		if json.Unmarshal(raw, &words) != nil {
			return f.mustBe("a list of words")
		}
		words, err := f.CleanAll(words)
		if err == nil {
			a.PutAll(f, words)
		}
		return err
	case f.Is == Hours:
		var h float64
		if json.Unmarshal(raw, &h) != nil {
			return f.mustBe("a number of hours")
		}
		if err := f.checkHours(h); err != nil {
			return err
		}
		a.Put(f, change.IntValue(int64(MinutesOf(h))))
	case f.Is == Flag:
		var b bool
		if json.Unmarshal(raw, &b) != nil {
			return f.mustBe("true or false")
		}
		a.Put(f, change.BoolValue(b))
	default:
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return f.mustBe("words")
		}
		s, err := f.Clean(s)
		if err != nil {
			return err
		}
		a.Put(f, change.StrValue(s))
	}
	return nil
}

func (f *Field) mustBe(what string) error {
	return &InvalidError{Why: fmt.Sprintf("%s must be %s", f.Key, what)}
}
