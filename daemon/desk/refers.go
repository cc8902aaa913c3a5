package desk

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"kith/crdt"
	"kith/crdt/change"
	"kith/crdt/kind"
	"kith/crdt/problem"
	"kith/daemon/replica"
	"kith/daemon/words"
)

// A document of a co-op can name others of it: an agreement the decision that made it, and the one that holds in its
// place. An ID of the home says nothing in a share, and isn't to be there. So of a document that goes on in a share this
// stays at home: it is read and said there. That another holds in its place is told in the share besides. So does a line
// that never goes into a share: how to reach who asks, what an hour costs.

// withHome is a view of a document as it goes on in a share, with what stays at home of it.
func withHome(k *kind.Kind, there, home *crdt.View) *crdt.View {
	v := *there
	v.Fields, v.Archived = maps.Clone(there.Fields), home.Archived
	for _, f := range k.Fields {
		if !staysHome(f) {
			continue
		}
		if isRef(f) {
			delete(v.Fields, f.Key)
		}
		if said, ok := home.Fields[f.Key]; ok {
			v.Fields[f.Key] = said
		}
	}
	return &v
}

func isRef(f *kind.Field) bool { return f.Is == kind.Ref }

func staysHome(f *kind.Field) bool { return isRef(f) || f.Stays && f.Is == kind.Line }

// ofHome is what is asked of that which stays at home, and whether of nothing else.
func ofHome(v *kind.Verb, a asks) (home asks, all, some bool) {
	fields := slices.Concat(v.Args, v.With)
	home.Args = a.Args.Only(slices.DeleteFunc(slices.Clone(fields), func(f *kind.Field) bool { return !staysHome(f) }))
	for _, f := range fields {
		some = some || staysHome(f) && home.Has(f)
	}
	rest := slices.DeleteFunc(slices.Clone(fields), staysHome)
	other := slices.ContainsFunc(rest, func(f *kind.Field) bool { return a.Has(f) && f != kind.Seen })
	other = other || a.Title != nil || a.Text != nil || a.Tags != nil || len(a.Tag) > 0 || len(a.Untag) > 0
	return home, !other, some
}

// atHome says at home what a verb says of what stays there. It gives what is left to be said in the share; done: nothing.
func (b *Desk) atHome(ctx context.Context, k *kind.Kind, v *kind.Verb, at Shown, a asks) (left asks, done bool, err error) {
	if v.Live != nil && !a.Undo {
		if err := v.Live(at.View); err != nil {
			return a, false, err
		}
	}
	home, all, some := ofHome(v, a)
	switch {
	case v.Home:
		if err := b.tellThere(ctx, k, v, at, a); err != nil {
			return a, false, err
		}
		home, all = a, true
	case !some:
		return a, false, nil
	}
	_, err = at.home.Edit(ctx, at.was.ID, func(e replica.Edit) error { return editing{Edit: e}.perform(k, v, home) })
	if err != nil && !errors.Is(err, crdt.ErrNothingChanged) {
		return a, false, fmt.Errorf("say it at home: %w", err)
	}
	left = a
	left.Args = a.Args.Only(slices.DeleteFunc(slices.Concat(v.Args, v.With), staysHome))
	return left, all, nil
}

// tellThere says in the share what a verb is about to say at home, since who reads the document there is to know it: for what
// isn't shared stand words that say so. It comes first, and says the same once more if it is tried again, so that a crash
// in between leaves nothing that can't be mended.
func (b *Desk) tellThere(ctx context.Context, k *kind.Kind, v *kind.Verb, at Shown, a asks) error {
	plain := b.LeaveOut(at.home, at.Replica)
	said := a
	for _, f := range slices.Concat(v.Args, v.With) {
		if isRef(f) && a.Has(f) {
			said.Args = a.Args.Only(slices.Concat(v.Args, v.With)) // its own
			said.Put(f, change.StrValue(plain.Plain(a.Str(f))))
		}
	}
	anyTime := *v
	anyTime.Live = nil // it was asked at home
	_, err := at.Replica.Edit(ctx, at.View.ID, func(e replica.Edit) error { return editing{Edit: e}.perform(k, &anyTime, said) })
	if err != nil && !errors.Is(err, crdt.ErrNothingChanged) {
		return fmt.Errorf("say it in the share: %w", err)
	}
	return nil
}

// theirs refuses what only people of the co-op say that has shared a document.
func theirs(v *kind.Verb, at Shown) error {
	if shared, _ := at.Replica.Share(); shared == nil || at.home != nil || !v.Home || at.Shared.Ours {
		return nil
	}
	return problem.New(problem.NotAllowed, "ask them: kith ally ask "+words.ShellWord(at.Shared.With)+" TEXT", "%s shared this: what holds in its place is theirs to say", at.Shared.With)
}

// areSo checks what a verb asks of the documents that it names.
func (b *Desk) areSo(v *kind.Verb, a asks) error {
	for _, f := range slices.Concat(v.Args, v.With) {
		if f.Must == nil || a.Str(f) == "" {
			continue
		}
		named, err := b.lookAt(a.Str(f))
		if err == nil {
			err = f.Must(named.View)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
