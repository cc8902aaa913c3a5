package desk

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"slices"

	"kith/crdt"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/crdt/problem"
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
	out.Says, err = b.deedSays(d)
	return out, err
}

// deedSays is what was done with a deed in its first document, oldest first, as the log says it.
func (b *Desk) deedSays(d replica.Deed) ([]string, error) {
	says, left := []string{}, len(d.Entries)
	p := words.People{Rules: b.at.Replica.Rules()}
	err := b.at.Replica.Log(d.Doc, func(l replica.Line) bool { // newest first
		if l.Change != nil && slices.Contains(d.Entries, l.Entry.ID()) {
			left--
			if changes := slices.DeleteFunc(l.Says(), func(c crdt.FieldChange) bool { return c.Verb == "created" }); len(changes) > 0 { // Made says that
				says = append(words.Says(p, changes), says...)
			}
		}
		return left > 0
	})
	return says, err
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
	case said:
		return out, problem.New(problem.NotAllowed, "what you proposed or consented to: kith charter withdraw ID",
			"the last thing that this computer did was to say something about the co-op itself, and that is never taken back in silence")
	}
	switch err = r.Undo(ctx, of); {
	case errors.Is(err, replica.ErrHanded):
		return out, problem.New(problem.NotAllowed, contrary(out), "%s was sent out, and may be with %s already: what others have got stays in their history", called(out), b.whoMayHave(last))
	case errors.Is(err, replica.ErrDeedPast):
		return out, problem.New(problem.NotAllowed, contrary(out), "%s isn't the last thing any more that this computer wrote, or was too much at once", called(out))
	}
	return out, err
}

// called is what a deed is called: by the document.
func called(d api.LastDeed) string {
	if d.Short == "" {
		return "what this computer did last"
	}
	return "what you did last (" + d.Verb + ", " + d.Short + ")"
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
	return words.Listed(names)
}

// contrary is what does the contrary of a deed, as people type it.
func contrary(d api.LastDeed) string {
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
	if d.Verb == kind.Archive.Name {
		return k.Command("unarchive", d.Short)
	}
	if v := k.Verb(d.Verb); v != nil && v.Undo {
		return k.Back(v, d.Short)
	}
	if contrary := contraries[d.Verb]; contrary != "" && k.Verb(contrary) != nil {
		return k.Command(contrary, d.Short)
	}
	return "as it was before: " + k.Command("history", d.Short) + ", then " + k.Command("restore", d.Short) + " HEAD, or edit"
}

// contraries are verbs that say the contrary of others.
var contraries = map[string]string{"done": "reopen", "drop": "reopen", "close": "reopen", "accept": "decline", "decline": "take", "opt-in": "opt-out", "opt-out": "opt-in"}
