package desk

import (
	"context"
	"encoding/hex"
	"errors"

	"kith/crdt"
	"kith/crdt/accept"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/replica"
	"kith/daemon/space"
	"kith/daemon/words"
)

// Shown is a document as a person is shown it. One of a co-op that goes on in a share is shown as it is there,
// under the ID that it has at home; and what is done to it is done there.
type Shown struct {
	Replica *replica.Replica // that it is read from, and written to
	View    *crdt.View
	People  words.People
	Shared  *api.Shared // nil: it is in no share

	// Of one that goes on elsewhere; else nil.
	home *replica.Replica
	was  *crdt.View // what stands at home

	same   bool         // what was asked of it just now changed nothing
	Merged []api.Change // see api.Document
}

// Look finds where a document goes on.
func (b *Desk) Look(r *replica.Replica, v *crdt.View) Shown {
	if shared, _ := r.Share(); shared != nil {
		return InShare(r, v)
	}
	s := Shown{Replica: r, View: v, People: words.People{Rules: r.Rules()}}
	if v.Link == nil {
		return s
	}
	s.Shared = &api.Shared{
		Share: api.Named{ID: v.Link.Share}, ID: v.Link.Doc, ReadOnly: v.Link.Kept, Ours: true,
		By: s.People.Named(v.Link.By), At: api.At(v.Link.At.Time()), Alone: v.Link.Alone,
	}
	there := b.shareWithID(v.Link.Share)
	if there == nil {
		s.Shared.With = words.AllyCalled(r, v.Link.Share)
		return s
	}
	s.Shared.With, s.Shared.Share.Name = words.AllyOf(there), words.SpaceName(there)
	s.Shared.Until, s.Shared.Over = words.EndOf(there)
	doc, err := DocID(v.Link.Doc)
	if err != nil {
		return s
	}
	goesOn, err := there.View(doc)
	if err != nil {
		return s
	}
	s.Shared.Here = true
	if s.Shared.Copy = goesOn.Kind != v.Kind; s.Shared.Copy {
		return s
	}
	me, _ := r.Me()
	meThere, _ := there.Me()
	s.home, s.was = r, v
	s.Replica, s.View, s.People = there, withHome(kinds.All.Named(v.Kind), goesOn, v), words.People{Rules: there.Rules(), Me: meThere.ID, As: me.ID}
	return s
}

// InShare is a document of a share as its members are shown it.
func InShare(r *replica.Replica, v *crdt.View) Shown {
	p := words.People{Rules: r.Rules()}
	shared, side := r.Share()
	out := &api.Shared{
		With: words.AllyOf(r), Share: api.Named{ID: r.Space().String(), Name: words.SpaceName(r)}, ID: api.FullID(v.Kind, v.ID.String()),
		By: p.Named(v.CreatedBy), At: api.At(v.CreatedAt.Time()), ReadOnly: v.Kept, Here: true,
	}
	_, out.Ours = shared.Side(side).Member(v.CreatedBy)
	out.Until, out.Over = words.EndOf(r)
	return Shown{Replica: r, View: v, People: p, Shared: out}
}

// shareWithID gives the replica of a share of this co-op that is served here; nil if it isn't. In one of another
// co-op nothing of this one goes on, whatever a colleague says who is in both.
func (b *Desk) shareWithID(id string) *replica.Replica {
	space, err := hex.DecodeString(id)
	if err != nil || len(space) != len(entry.SpaceID{}) {
		return nil
	}
	for _, there := range b.Shares() {
		if there.Replica.Space() == entry.SpaceID(space) {
			return there.Replica
		}
	}
	return nil
}

// MayWrite says why nobody here can write in a document of a share, or begin one (v is nil); no error: they can.
func MayWrite(r *replica.Replica, v *crdt.View) error {
	shared, side := r.Share()
	if shared == nil {
		return nil
	}
	if at, over := words.EndOf(r); over {
		return api.Problemf(api.NotAllowed, "a document of yours that was shared goes on in the co-op, by its ID there; for a new pact: kith ally invite --purpose TEXT --ends DATE",
			"the share with %s ended%s: what is in it can be read, and nobody writes in it any more", words.AllyOf(r), words.OnDay(at))
	}
	if v == nil || !v.Kept {
		return nil
	}
	if _, ours := shared.Side(side).Member(v.CreatedBy); !ours {
		return api.Problemf(api.NotAllowed, "ask them: kith ally ask "+words.ShellWord(words.AllyOf(r))+" TEXT",
			"%s shared this for you to read: only people of %[1]s write in it", words.AllyOf(r))
	}
	return nil
}

// errGoesOn says that a document was shared at this moment.
var errGoesOn = errors.New("it was shared with an ally at the same moment: try again")

// edit changes a document by its ID in this space, wherever it goes on.
func (b *Desk) edit(ctx context.Context, id string, do func(editing) error) (Shown, error) {
	var before *Shown
	for again := true; ; again = false {
		r, v, err := b.View(id)
		if err != nil {
			return Shown{}, err
		}
		at := b.Look(r, v)
		shared, _ := r.Share()
		switch {
		case v.Link == nil, shared != nil: // a link in a share says nothing
		case at.Shared.Over && at.Shared.Here:
			if err := at.TakeBack(ctx, r, v); err != nil {
				return Shown{}, err
			}
			if at.home != nil {
				before = &at
			}
			continue
		case at.Shared.Over:
			return Shown{}, api.Problemf(api.NotAllowed, "a colleague who has it brings it back with the next change: kith share show SHARE",
				"this was shared with %s, and what became of it there isn't here", at.Shared.With)
		case !at.Shared.Here:
			return Shown{}, api.Problemf(api.NotAllowed, "kith ally show says whether this device is in the share yet; a colleague who is can do it",
				"this is shared with %s and goes on there, and it isn't here yet", at.Shared.With)
		}
		if err := MayWrite(at.Replica, at.View); err != nil {
			return Shown{}, err
		}
		var l *Leaver
		if at.home != nil {
			l = b.LeaveOut(r, at.Replica)
		}
		same := false
		_, err = at.Replica.Edit(ctx, at.View.ID, func(e replica.Edit) error {
			if shared == nil && at.home == nil && e.View.Link != nil && v.Link == nil {
				return errGoesOn
			}
			e.Now = b.at.CommonNow(e.Now)
			err := do(editing{Edit: e, leaver: l, before: before})
			same = errors.Is(err, crdt.ErrNothingChanged)
			return err
		})
		if errors.Is(err, errGoesOn) && again {
			continue
		}
		if err != nil {
			return Shown{}, b.isFull(&at, err)
		}
		if v, err = r.View(v.ID); err != nil {
			return Shown{}, err
		}
		now := b.Look(r, v)
		now.same = same
		return now, nil
	}
}

// textAt gives the text of a document as of changes in it.
func (s *Shown) textAt(which func(*accept.Document) ([]change.Hash, error)) (text string, err error) {
	err = s.Replica.Read(s.View.ID, func(e replica.Edit) error {
		hashes, err := which(e.Judge)
		if err == nil {
			text, err = textThen(e, hashes)
		}
		return err
	})
	return text, err
}

// TakeBack brings what a document has become in a share that is over back into the co-op's own v, where it goes on.
func (s Shown) TakeBack(ctx context.Context, home *replica.Replica, v *crdt.View) error {
	var became *crdt.View
	if s.home != nil {
		became = s.View
	}
	_, err := home.Edit(ctx, v.ID, func(e replica.Edit) error {
		if e.View.Link == nil || e.View.Link.Link != v.Link.Link {
			return crdt.ErrNothingChanged // somebody did it at this moment
		}
		return crdt.TakeBack(became, func(m charter.MemberID) string { return s.People.Named(m).Name })(e.Doc, e.View)
	})
	return err
}

// Plain gives what makes of a text that is typed here what may be read there, in a share.
func (b *Desk) Plain(there *replica.Replica) func(string) string {
	home := b.at.Replica
	if home == there {
		return asItIs
	}
	return b.LeaveOut(home, there).Plain
}

// Shares gives the shares of the co-op that this desk is of, the oldest first; of a share itself.
func (b *Desk) Shares() []*space.Space {
	if shared, _ := b.at.Replica.Share(); shared != nil {
		return []*space.Space{b.at}
	}
	return b.all.SharesOf(b.at.Replica.Space())
}
