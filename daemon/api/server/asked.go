package server

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
)

// Asks is what a request asks of a document: checked, with members and documents by their whole IDs.
type Asks struct {
	kind.Request
	From    []string // the hashes of the changes that who edited the text had read; none: those that they were shown
	Replace bool     // the text goes in the place of all that stands there
	Whole   bool     // it is refused where others changed the same place since
	Told    []string // what who asks has to know of what they typed, in sentences
}

// body is the JSON object of a request about a document.
type body map[string]json.RawMessage

var (
	allTags = &kind.Field{Key: "tags", Is: kind.Tags, Hint: "its tags"}
	undo    = &kind.Field{Key: "undo", Is: kind.Flag, Hint: "not any more"}
)

// fieldsOf are what a verb's request holds, in the order of a form.
func fieldsOf(k *kind.Kind, v *kind.Verb) (all []*kind.Field) {
	switch v {
	case k.Make:
		all = append(all, kind.Title)
	case k.Edit:
		all = append(all, kind.Title, kind.Tag, kind.Untag)
	}
	if v.Text != kind.No || v == k.Edit {
		all = append(all, kind.Body)
	}
	if v == k.Make {
		all = append(all, allTags)
	}
	if v.By != nil {
		all = append(all, v.By)
	}
	all = slices.Concat(all, v.Args, v.With)
	if reasons(v) {
		all = append(all, kind.Why)
	}
	if v.Undo {
		all = append(all, undo)
	}
	return all
}

// reasons says whether a verb takes a reason, in any of its ways.
func reasons(v *kind.Verb) bool {
	return v.Why != kind.No || slices.ContainsFunc(v.Ways, func(w *kind.Way) bool { return w.Why != kind.No })
}

// isNeeded says whether a request is refused without the field.
func isNeeded(k *kind.Kind, v *kind.Verb, f *kind.Field) bool {
	switch f {
	case kind.Title:
		return v == k.Make && v.Titled()
	case kind.Body:
		return v.Text == kind.Must && v != k.Make && v != k.Edit
	case kind.Why:
		return v.Why == kind.Must && !v.Undo
	case v.By:
		return true
	}
	return f.Needs && !v.Undo || slices.Contains(v.Args, f)
}

// asked reads what a request asks a verb to do. People are those of the space where the document goes on, which is
// there; other documents are those of the space that is asked.
func (s *Server) asked(ctx context.Context, there *Server, k *kind.Kind, v *kind.Verb, b body) (a Asks, err error) {
	fields := fieldsOf(k, v)
	for _, key := range slices.Sorted(maps.Keys(b)) {
		if !slices.ContainsFunc(fields, func(f *kind.Field) bool { return f.Key == key }) {
			return a, noField(k, v, key, fields)
		}
	}
	var said kind.Args // what every kind has
	var edit *api.TextEdit
	given := false
	for _, f := range fields {
		raw, ok := b[f.Key]
		if !ok || string(raw) == "null" {
			continue
		}
		given = given || string(raw) != "[]"
		into := &a.Args
		if !slices.Contains(v.With, f) && !slices.Contains(v.Args, f) && f != v.By {
			into = &said
		}
		if f == kind.Body && v == k.Edit {
			err = strictly(raw, &edit)
		} else if err = isOf(f, raw); err == nil {
			err = into.Read(f, raw)
		}
		if err != nil {
			return a, err
		}
	}
	switch {
	case v == k.Edit && !given:
		return a, nothingToChange
	case edit != nil:
		a.Text, a.From, a.Replace, a.Whole = &kind.Writing{Text: edit.Text, Typing: edit.Typing}, edit.BaseHeads, edit.Replace, edit.Whole
	case v != k.Edit && v.Text != kind.No:
		a.Text = &kind.Writing{Text: said.Str(kind.Body)}
	}
	a.Tag, a.Untag = slices.Concat(said.All(allTags), said.All(kind.Tag)), said.All(kind.Untag)
	a.Why, a.Undo = said.Str(kind.Why), said.Value(undo).Bool()
	for _, f := range v.Args {
		if a.Str(f) == "" && len(a.All(f)) == 0 {
			return a, api.Problemf(api.Usage, command(k, v)+" --help", "it isn't said %s", f.Hint)
		}
	}
	if title := said.Str(kind.Title); v == k.Make || said.Has(kind.Title) {
		if title == "" && v == k.Make && !v.Titled() {
			if title, err = s.titleFor(ctx, v, &a); err != nil {
				return a, err
			}
		}
		a.Title = &title
	}
	if err := v.Check(&a.Request); err != nil {
		return a, err
	}
	return a, s.wholeIDs(ctx, there, v, &a)
}

// titleFor is the title of what is made without one: what its kind calls it, or the name of whom it is about.
func (s *Server) titleFor(ctx context.Context, v *kind.Verb, a *Asks) (string, error) {
	if v.Calls != nil {
		return v.Calls(s.now()), nil
	}
	m, err := s.resolveMember(ctx, a.All(v.Args[0])[0])
	return m.Name, err
}

// wholeIDs puts IDs in the place of names, and whole ones in that of their starts.
func (s *Server) wholeIDs(ctx context.Context, there *Server, v *kind.Verb, a *Asks) error {
	for _, f := range slices.Concat(v.Args, v.With) {
		switch {
		case f.Is == kind.Members && len(a.All(f)) > 0:
			members := slices.Clone(a.All(f))
			if there != s {
				s.meThere(ctx, there, members)
			}
			if err := there.memberIDs(ctx, members); err != nil {
				return err
			}
			a.PutAll(f, unique(members))
		case f.Is == kind.Line && f.Of != "" && a.Str(f) != "":
			if err := s.sayCalled(ctx, a, f, a.Str(f)); err != nil {
				return err
			}
		case f.Is == kind.Ref && a.Str(f) != "":
			d, err := s.resolve(ctx, f.Of, a.Str(f))
			if err != nil {
				return err
			}
			if err := a.say(f, d.ID); err != nil {
				return err
			}
			if f.Tells != nil {
				named, err := s.at.Documents.Show(ctx, kinds.All.Named(f.Of), d.ID)
				if err != nil {
					return err
				}
				if says := f.Tells(named.View, d.Short); says != "" {
					a.Told = append(a.Told, says)
				}
			}
		}
	}
	return nil
}

// sayCalled puts the title of what words mean into a field that names a document by its title. Words that mean none stay as they are, since what
// they name may be begun later; who typed them is told, since it may as well be a slip.
func (s *Server) sayCalled(ctx context.Context, a *Asks, f *kind.Field, words string) error {
	d, ok, err := s.called(ctx, f.Of, words)
	if err != nil {
		return err
	}
	if ok {
		return a.say(f, d.Title)
	}
	says, err := s.calledNothing(ctx, f.Of, words)
	if err != nil {
		return err
	}
	a.Told = append(a.Told, says)
	return a.say(f, words)
}

// say puts words in the place of what was given for a field.
func (a *Asks) say(f *kind.Field, words string) error {
	raw, err := json.Marshal(words)
	if err != nil {
		return err
	}
	return a.Read(f, raw)
}

func noField(k *kind.Kind, v *kind.Verb, key string, fields []*kind.Field) error {
	switch key {
	case undo.Key:
		return api.Problemf(api.Invalid, "kith "+k.Name+" --help", "there is no undo for %s", v.Name)
	case kind.Why.Key:
		return api.Problemf(api.Invalid, command(k, v)+" --help", "%s takes no reason", v.Name)
	}
	var keys []string
	for _, f := range fields {
		keys = append(keys, f.Key)
	}
	hint := "it takes: " + strings.Join(keys, ", ")
	if len(keys) == 0 {
		hint = "it takes nothing"
	}
	return api.Problemf(api.Invalid, hint, "there is no field %q here", api.Brief(key))
}

// command is what people type for a verb.
func command(k *kind.Kind, v *kind.Verb) string { return "kith " + k.Name + " " + v.Name }

// isOf refuses JSON of another type than the field's.
func isOf(f *kind.Field, raw json.RawMessage) error {
	is := map[byte]string{'"': "string", '{': "object", '[': "array", 't': "bool", 'f': "bool"}[raw[0]]
	if is == "" {
		is = "number"
	}
	want := "string"
	switch {
	case f.IsMany():
		want = "array"
	case f.Is == kind.Hours:
		want = "number"
	case f.Is == kind.Flag:
		want = "bool"
	}
	if is != want {
		return api.Problemf(api.Invalid, fmt.Sprintf("%s is a %s", f.Key, want), "%q can't be a %s", f.Key, is)
	}
	return nil
}

// request is the schema of what a verb is asked with.
func (s schemas) request(k *kind.Kind, v *kind.Verb) object {
	properties, required := object{}, []string{}
	for _, f := range fieldsOf(k, v) {
		is := s.field(f)
		if f == kind.Body && v == k.Edit {
			is = s.named(textEdit, true)
		}
		properties[f.Key] = is
		if isNeeded(k, v, f) {
			required = append(required, f.Key)
		}
	}
	name := capital(k.Name) + capital(v.Name)
	s[name] = object{"type": "object", "properties": properties, "required": required, "additionalProperties": false, "description": v.Gist}
	return ref(name)
}

// field is the schema of a field as it is typed.
func (s schemas) field(f *kind.Field) object {
	is := object{"type": "string"}
	switch {
	case f.IsMany():
		is = object{"type": "array", "items": object{"type": "string"}}
	case f.Is == kind.Hours:
		is = object{"type": "number", "minimum": 0}
	case f.Is == kind.Flag:
		is = object{"type": "boolean"}
	case f.Is == kind.Word:
		var words []string
		for _, w := range f.Words {
			words = append(words, kind.WordOut(w))
		}
		is["enum"] = words
	}
	if f.Hint != "" {
		is["description"] = f.Hint
	}
	return is
}

func capital(word string) string { return strings.ToUpper(word[:1]) + word[1:] }

// memberIDs replaces names by IDs, in place.
func (s *Server) memberIDs(ctx context.Context, words []string) error {
	for i, word := range words {
		m, err := s.resolveMember(ctx, word)
		if err == nil {
			err = whoIsIn(m)
		}
		if err != nil {
			return err
		}
		words[i] = m.ID
	}
	return nil
}

func unique(ids []string) []string {
	slices.Sort(ids)
	return slices.Compact(ids)
}
