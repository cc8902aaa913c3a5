package desk

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"slices"

	"kith/crdt"
	"kith/crdt/charter"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/crdt/problem"
	"kith/crdt/schema"
	"kith/daemon/api"
	"kith/daemon/replica"
	"kith/daemon/words"
)

// Doing begins a deed of its own: what is written under its context is taken back together.
func Doing(ctx context.Context) context.Context {
	var name [8]byte
	rand.Read(name[:])
	return replica.Doing(ctx, hex.EncodeToString(name[:]), "")
}

// LastDeed implements server.Versions.
func (b *Desk) LastDeed(context.Context) (api.LastDeed, error) {
	d, err := b.at.Replica.LastDeed()
	if err != nil {
		return api.LastDeed{}, err
	}
	return b.deed(d)
}

func (b *Desk) deed(d replica.Deed) (api.LastDeed, error) {
	out := api.LastDeed{Of: d.Of, At: api.At(d.At), Verb: d.Verb, Made: d.Made, Documents: len(d.Docs), Says: []string{}}
	v, err := b.at.Replica.View(d.Doc)
	switch {
	case errors.Is(err, replica.ErrNotFound): // nothing of it is accepted
		return out, nil
	case err != nil:
		return out, err
	}
	h := b.Look(b.at.Replica, v).Header()
	out.ID, out.Short, out.Kind, out.Title, out.Text = h.ID, h.Short, h.Kind, h.Title, v.Text
	changes, err := b.changesOf(d)
	if !d.Made && !slices.ContainsFunc(changes, inText) {
		out.Text = ""
	}
	out.Says = append([]string{}, words.Says(words.People{Rules: b.at.Replica.Rules()}, changes)...)
	return out, err
}

// changesOf are what was done with a deed in its first document, oldest first, beside that it was begun.
func (b *Desk) changesOf(d replica.Deed) (all []crdt.FieldChange, err error) {
	left := len(d.Entries)
	err = b.at.Replica.Log(d.Doc, func(l replica.Line) bool { // newest first
		if l.Change != nil && slices.Contains(d.Entries, l.Entry.ID()) {
			left--
			all = append(slices.DeleteFunc(l.Says(), func(c crdt.FieldChange) bool { return c.Verb == "created" }), all...) // Made says that
		}
		return left > 0
	})
	return all, err
}

// Undo implements server.Versions.
func (b *Desk) Undo(ctx context.Context, of string) (api.LastDeed, error) {
	r := b.at.Replica
	last, err := r.LastDeed()
	if err != nil {
		return api.LastDeed{}, err
	}
	out, err := b.deed(last)
	if err != nil {
		return out, err
	}
	said, err := r.SaidSince(last)
	switch {
	case err != nil:
		return out, err
	case said != nil:
		return out, problem.New(problem.NotAllowed, b.orKept(otherwise(words.NewIn(r), said)),
			"the last thing that this computer did was to say something about the co-op itself, and that is never taken back in silence")
	}
	switch err = r.Undo(ctx, of); {
	case errors.Is(err, replica.ErrHanded):
		return out, problem.New(problem.NotAllowed, b.orKept(contrary(last, out)), "%s was sent out, and may be with %s already: what others have got stays in their history", called(last, out), b.whoMayHave(last))
	case errors.Is(err, replica.ErrDeedPast):
		return out, problem.New(problem.NotAllowed, b.orKept(contrary(last, out)), "%s isn't the last thing any more that this computer wrote, or was too much at once", called(last, out))
	}
	return out, err
}

// orKept is a hint for who may do what it names: whoever is no member any more, or has taken this device out of use, can do none of it.
func (b *Desk) orKept(hint string) string {
	if err := b.at.Replica.Speaks(); err != nil {
		if p, ok := problem.Of(err); ok {
			return p.Hint
		}
	}
	return hint
}

func inText(c crdt.FieldChange) bool { return c.Field == schema.Text }

// called is what a deed is called: by the document.
func called(last replica.Deed, d api.LastDeed) string {
	if d.Short == "" {
		return "what this computer did last"
	}
	verb := d.Verb
	if last.Back {
		verb += " --undo"
	}
	return "what you did last (" + verb + ", " + d.Short + ")"
}

// whoMayHave names computers that were in touch since a deed; “others” if that isn't known.
func (b *Desk) whoMayHave(d replica.Deed) string {
	var names []string
	for _, p := range b.at.Peers.Peers() {
		if p.Connected || p.LastSeen.After(d.At) {
			names = append(names, p.Name)
		}
	}
	if len(names) == 0 {
		return "others"
	}
	slices.Sort(names)
	return api.Listed(names)
}

// contrary is what does the contrary of a deed, as people type it.
func contrary(last replica.Deed, d api.LastDeed) string {
	k := kinds.All.Named(d.Kind)
	if k == nil || d.Short == "" {
		return "kith log shows what it was"
	}
	if d.Made {
		for _, verb := range []string{"withdraw", "drop", "decline"} {
			if k.Verb(verb) != nil {
				return k.Command(verb, d.Short)
			}
		}
		return k.Command("archive", d.Short)
	}
	v := k.Verb(d.Verb)
	switch {
	case k == kinds.Time:
		return "kith time list shows the entry; say it otherwise: kith time --help"
	case last.Back: // the verb itself
		return k.Command(d.Verb, d.Short)
	case d.Verb == kind.Archive.Name:
		return k.Command("unarchive", d.Short)
	case v != nil && v.Undo:
		return k.Back(v, d.Short)
	case v != nil && v.Contrary != "":
		return k.Command(v.Contrary, d.Short)
	case k.Edit != nil && k.Edit.Text != kind.No && !d.Made && d.Text != "":
		return "as it was before: " + k.Command("history", d.Short) + ", then " + k.Command("restore", d.Short) + " HEAD"
	case k.Edit != nil && d.Verb == k.Edit.Name:
		return "what it was: kith log " + d.Short + "; then " + k.Command(k.Edit.Name, d.Short)
	case v != nil && len(v.Ways) > 0:
		return "say something else: " + k.Command("show", d.Short)
	}
	return "nothing takes that back; say what is so: kith talk " + d.Short + " --text " + kind.TextPlace
}

// otherwise is what somebody types who wants back what they said of the co-op.
func otherwise(w *words.Words, s *charter.Statement) string {
	switch s.Type {
	case charter.TypePropose:
		return "kith charter withdraw " + w.Short(s.Step.ID())
	case charter.TypeConsent:
		return "kith charter withdraw " + w.Short(s.Of)
	case charter.TypeTakeBack:
		return "kith charter pending, then kith charter consent " + w.Short(s.Of)
	case charter.TypeInvite:
		return "kith invite revoke " + words.InviteID(s.Invite)
	case charter.TypeRevoke:
		return "a fresh code: kith invite"
	case charter.TypeCertify:
		return "kith device list, then kith device retire NAME"
	case charter.TypeResign:
		return "nothing takes that back; who wants to come back is invited again"
	}
	return "nothing takes that back"
}
