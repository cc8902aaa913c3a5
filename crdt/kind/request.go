package kind

import (
	"errors"
	"fmt"

	"kith/crdt/change"
)

// Check holds what a person asks for against a verb, and puts it into the form in which documents hold it. Who asks from
// afar is refused here as everybody. Errors are *InvalidError and *LimitError.
func (v *Verb) Check(r *Request) error {
	if err := r.Clean(v.takes()); err != nil {
		return err
	}
	need, act := v.Why, v.Act
	if v.By != nil {
		way := v.Way(r.Str(v.By))
		if way == nil {
			return &InvalidError{Why: fmt.Sprintf("there is no %s “%s”", v.By.Called(), brief(r.Str(v.By))), Hint: v.By.Called() + " is one of: " + wayWords(v)}
		}
		need, act = way.Why, way.Act
	}
	switch {
	case v.Text == Must && (r.Text == nil || r.Text.Text == ""):
		return Missing("say it with --text", "there is no text to %s", v.Name)
	case r.Undo && !v.Undo:
		return &InvalidError{Why: fmt.Sprintf("there is no undo for %s", v.Name), Hint: ""}
	case r.Why != "" && need == No:
		return &InvalidError{Why: fmt.Sprintf("no reason is given for %s", v.Name), Hint: ""}
	case r.Why == "" && need == Must && !r.Undo:
		return Missing("say it with --why, so that the others can do something about it", "%s needs a reason", act)
	}
	return nil
}

// Says gives why a verb makes no sense now. It is no failure that a document is so already, unless somebody gave a text, a
// reason or anything else with it, which would be lost.
func (r *Request) Says(why error) error {
	var so *NotAllowedError
	if errors.As(why, &so) && so.Is && (r.Why != "" && r.Why != so.Said || r.Text != nil && r.Text.Text != "" || r.Args.but(Seen)) {
		return NotAllowed(so.Hint, "%s", so.Why)
	}
	return why
}

// Way returns the way of that name; nil if there is none.
func (v *Verb) Way(name string) *Way {
	for _, w := range v.Ways {
		if w.Name == name {
			return w
		}
	}
	return nil
}

func wayWords(v *Verb) (words string) {
	for i, w := range v.Ways {
		if i > 0 {
			words += ", "
		}
		words += w.Name
	}
	return words
}

// Clean puts what is asked for, of fields among others, into the form in which documents hold it, or says why that can't
// be.
func (r *Request) Clean(fields []*Field) (err error) {
	if r.Title != nil {
		title, err := Title.Clean(*r.Title)
		if err != nil {
			return err
		}
		if title == "" {
			return Missing("", "a title is needed")
		}
		r.Title = &title
	}
	if r.Text != nil {
		if r.Text.Text, err = Body.Clean(r.Text.Text); err != nil {
			return err
		}
	}
	if r.Why, err = CleanReason("the reason", r.Why); err != nil {
		return err
	}
	lists := []*[]string{&r.Tag, &r.Untag}
	if r.Tags != nil {
		lists = append(lists, r.Tags)
	}
	for _, list := range lists {
		if *list, err = cleanTags("a tag", *list); err != nil {
			return err
		}
	}
	for _, f := range fields {
		value, ok := r.one[f.Key]
		switch {
		case !r.Has(f) && f.Needs && !r.Undo:
			return Missing(f.Hint, "a %s is needed", f.Called())
		case !ok:
		case f.Is == Hours:
			err = f.checkHours(Minutes(value.Int()).Hours())
		case value.Kind == change.StrKind && f.Is != JSON:
			s, cleaned := f.Clean(value.Str())
			err = cleaned
			r.Put(f, change.StrValue(s))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// takes are the fields that a verb is told.
func (v *Verb) takes() []*Field {
	all := append(append([]*Field{}, v.Args...), v.With...)
	if v.By != nil {
		all = append(all, v.By)
	}
	return all
}
