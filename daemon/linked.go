package daemon

import (
	"context"
	"encoding/hex"
	"errors"

	"kith/crdt"
	"kith/crdt/accept"
	"kith/crdt/change"
	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/replica"
	"kith/daemon/space"
	"kith/daemon/words"
)

// shown is a document as a person is shown it. One of a co-op that goes on in a share is shown as it is there,
// under the ID that it has at home; and what is done to it is done there.
type shown struct {
	r      *replica.Replica // that it is read from, and written to
	v      *crdt.View
	p      words.People
	shared *api.Shared // nil: it is in no share

	// Of one that goes on elsewhere; else nil.
	home *replica.Replica
	was  *crdt.View // what stands at home
}

// look finds where a document goes on.
func (b *desk) look(r *replica.Replica, v *crdt.View) shown {
	s := shown{r: r, v: v, p: words.People{Rules: r.Rules()}}
	if shared, _ := r.Share(); shared != nil {
		s.shared = inShare(r, v)
		return s
	}
	if v.Link == nil {
		return s
	}
	s.shared = &api.Shared{
		Share: api.Named{ID: v.Link.Share}, ID: v.Link.Doc, ReadOnly: v.Link.Kept, Ours: true,
		By: s.p.Named(v.Link.By), At: api.At(v.Link.At.Time()), Alone: v.Link.Alone,
	}
	there := b.shareWithID(v.Link.Share)
	if there == nil {
		s.shared.With = words.AllyCalled(r, v.Link.Share)
		return s
	}
	s.shared.With, s.shared.Share.Name = words.AllyOf(there), words.SpaceName(there)
	s.shared.Until, s.shared.Over = words.EndOf(there)
	doc, err := docID(v.Link.Doc)
	if err != nil {
		return s
	}
	goesOn, err := there.View(doc)
	if err != nil {
		return s
	}
	s.shared.Here = true
	if s.shared.Copy = goesOn.Kind != v.Kind; s.shared.Copy {
		return s
	}
	me, _ := r.Me()
	meThere, _ := there.Me()
	s.home, s.was = r, v
	s.r, s.v, s.p = there, goesOn, words.People{Rules: there.Rules(), Me: meThere.ID, As: me.ID}
	return s
}

// inShare says of a document of a share whose it is.
func inShare(r *replica.Replica, v *crdt.View) *api.Shared {
	shared, side := r.Share()
	out := &api.Shared{
		With: words.AllyOf(r), Share: api.Named{ID: r.Space().String(), Name: words.SpaceName(r)}, ID: api.FullID(v.Kind, v.ID.String()),
		By: words.People{Rules: r.Rules()}.Named(v.CreatedBy), At: api.At(v.CreatedAt.Time()), ReadOnly: v.Kept, Here: true,
	}
	_, out.Ours = shared.Side(side).Member(v.CreatedBy)
	out.Until, out.Over = words.EndOf(r)
	return out
}

// shareWithID gives the replica of a share of this co-op that is served here; nil if it isn't. In one of another
// co-op nothing of this one goes on, whatever a colleague says who is in both.
func (b *desk) shareWithID(id string) *replica.Replica {
	space, err := hex.DecodeString(id)
	if err != nil || len(space) != len(entry.SpaceID{}) {
		return nil
	}
	for _, there := range b.shares() {
		if there.Replica.Space() == entry.SpaceID(space) {
			return there.Replica
		}
	}
	return nil
}

// mayWrite says why nobody here can write in a document of a share, or begin one (v is nil); no error: they can.
func mayWrite(r *replica.Replica, v *crdt.View) error {
	shared, side := r.Share()
	if shared == nil {
		return nil
	}
	if at, over := words.EndOf(r); over {
		return api.Problemf(api.NotAllowed, "a document of yours that was shared goes on in the co-op, by its ID there; for a new pact: kith ally invite",
			"the share with %s ended%s: what is in it can be read, and nobody writes in it any more", words.AllyOf(r), onDay(at))
	}
	if v == nil || !v.Kept {
		return nil
	}
	if _, ours := shared.Side(side).Member(v.CreatedBy); !ours {
		return api.Problemf(api.NotAllowed, "ask them: kith ally ask "+words.ShellWord(words.AllyOf(r))+" …",
			"%s shared this for you to read: only people of %[1]s write in it", words.AllyOf(r))
	}
	return nil
}

func onDay(at api.Time) string {
	if at.IsZero() {
		return ""
	}
	return " on " + at.Format("2 January 2006")
}

// errGoesOn says that a document was shared at this moment.
var errGoesOn = errors.New("it was shared with an ally at the same moment: try again")

// edit changes a document by its ID in this space, wherever it goes on.
func (b *desk) edit(ctx context.Context, id string, do func(editing) error) (shown, error) {
	var before *shown
	for again := true; ; again = false {
		r, v, err := b.view(id)
		if err != nil {
			return shown{}, err
		}
		at := b.look(r, v)
		shared, _ := r.Share()
		switch {
		case v.Link == nil, shared != nil: // a link in a share says nothing
		case at.shared.Over && at.shared.Here:
			if err := takeBack(ctx, at, r, v); err != nil {
				return shown{}, err
			}
			if at.home != nil {
				before = &at
			}
			continue
		case at.shared.Over:
			return shown{}, api.Problemf(api.NotAllowed, "a colleague who has it brings it back with the next change: kith share show SHARE",
				"this was shared with %s, and what became of it there isn't here", at.shared.With)
		case !at.shared.Here:
			return shown{}, api.Problemf(api.NotAllowed, "kith ally show says whether this device is in the share yet; a colleague who is can do it",
				"this is shared with %s and goes on there, and it isn't here yet", at.shared.With)
		}
		if err := mayWrite(at.r, at.v); err != nil {
			return shown{}, err
		}
		var l *leaver
		if at.home != nil {
			l = b.leaveOut(r, at.r)
		}
		_, err = at.r.Edit(ctx, at.v.ID, func(e replica.Edit) error {
			if shared == nil && at.home == nil && e.View.Link != nil && v.Link == nil {
				return errGoesOn
			}
			return do(editing{e, l, before})
		})
		if errors.Is(err, errGoesOn) && again {
			continue
		}
		if err != nil {
			return shown{}, err
		}
		if v, err = r.View(v.ID); err != nil {
			return shown{}, err
		}
		return b.look(r, v), nil
	}
}

// textAt gives the text of a document as of changes in it.
func (s *shown) textAt(which func(*accept.Document) ([]change.Hash, error)) (text string, err error) {
	err = s.r.Read(s.v.ID, func(e replica.Edit) error {
		hashes, err := which(e.Judge)
		if err == nil {
			_, text, err = crdt.TextAt(e.Doc, hashes)
		}
		return err
	})
	return text, err
}

// takeBack brings what a document has become in a share that is over back into the co-op's own, where it goes on.
func takeBack(ctx context.Context, at shown, r *replica.Replica, v *crdt.View) error {
	var became *crdt.View
	if at.home != nil {
		became = at.v
	}
	_, err := r.Edit(ctx, v.ID, func(e replica.Edit) error {
		if e.View.Link == nil || e.View.Link.Link != v.Link.Link {
			return crdt.ErrNothingChanged // somebody did it at this moment
		}
		return crdt.TakeBack(became)(e.Doc, e.View)
	})
	return err
}

// plainIn makes of what is typed here what may be read in a share.
func (b *desk) plainIn(there *replica.Replica) func(string) string {
	home := b.at.Replica
	if home == there {
		return asItIs
	}
	return b.leaveOut(home, there).plain
}

// shares gives the shares of the co-op that this desk is of, the oldest first; of a share itself.
func (b *desk) shares() []*space.Space {
	if shared, _ := b.at.Replica.Share(); shared != nil {
		return []*space.Space{b.at}
	}
	return b.all.SharesOf(b.at.Replica.Space())
}
