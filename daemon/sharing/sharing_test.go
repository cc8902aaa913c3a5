package sharing

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"kith/crdt"
	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/home"
	"kith/daemon/replica"
	"kith/daemon/replica/replicatest"
	"kith/daemon/space"
	"kith/daemon/store"
)

// The copy is there, and the daemon died before the document at home was linked.
func TestASharingThatACrashBrokeOffIsFinishedAndNotDoneTwice(t *testing.T) {
	for what, goesOn := range map[string]func(*Sharing, *plan) error{
		"at the next start":             func(x *Sharing, _ *plan) error { return x.Finish(t.Context()) },
		"when somebody shares it again": func(_ *Sharing, p *plan) error { return p.share(t.Context()) },
	} {
		own, _, _ := replicatest.TwoReplicas(t)
		there, _ := replicatest.TwoAllies(t)
		ctx := t.Context()
		v, err := own.Create(ctx, kinds.Note.Name, func(e replica.Edit) error {
			return crdttest.NewNote(crdttest.NoteFields{Title: "What we pay"})(e.Doc, nil)
		})
		must(t, err)
		record := sharingRecord(own.Space(), v.ID)
		link := crdt.Link{Share: there.Space().String(), Kept: true}
		made, err := there.CreateNoting(ctx, kinds.Note.Name, func(e replica.Edit) error {
			return crdt.Keep(crdttest.NewNote(crdttest.NoteFields{Title: "What we pay"}))(e.Doc, nil)
		}, func(doc entry.DocID) (string, []byte) {
			link.Doc = api.FullID(kinds.Note.Name, doc.String())
			b, err := json.Marshal(link)
			must(t, err)
			return record, b
		})
		must(t, err)

		homes := &space.Space{Place: home.At(t.TempDir()), Replica: own, Now: time.Now}
		shares := &space.Space{Place: home.At(t.TempDir()), Replica: there, Now: time.Now}
		must(t, shares.Place.SetSharePlace(home.SharePlace{Home: own.Space(), Member: charter.MemberID{1}, Share: there.Space(), Side: there.Charter().Space()}))
		copied, err := crdt.CopyOf(&v, true, asTyped)
		must(t, err)
		x := New(homes, space.NewList(nil, space.Config{Now: time.Now}, homes, shares))
		if err := goesOn(x, &plan{home: own, there: there, v: &v, kept: true, copy: copied}); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		got, err := own.View(v.ID)
		must(t, err)
		if got.Link == nil || got.Link.Doc != api.FullID(kinds.Note.Name, made.ID.String()) {
			t.Errorf("%s it goes on in %+v", what, got.Link)
		}
		if n := len(there.Documents(kinds.Note.Name)); n != 1 {
			t.Errorf("%s it is in the share %d times", what, n)
		}
		if _, err := there.Store().Small(record); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s it is still to be done: %v", what, err)
		}
	}
}

func asTyped(s string) string { return s }

// Somebody else's link stands, and what was begun is not gone on with when that goes.
func TestASharingThatSomebodyElseCameBeforeIsForgotten(t *testing.T) {
	t.Parallel()
	home, _, _ := replicatest.TwoReplicas(t)
	there, _ := replicatest.TwoAllies(t)
	ctx := t.Context()
	v, err := home.Create(ctx, kinds.Note.Name, func(e replica.Edit) error {
		return crdttest.NewNote(crdttest.NoteFields{Title: "What we pay"})(e.Doc, nil)
	})
	must(t, err)
	copied, err := crdt.CopyOf(&v, false, asTyped)
	must(t, err)
	p := &plan{home: home, there: there, v: &v, copy: copied}
	_, err = home.Edit(ctx, v.ID, func(e replica.Edit) error {
		return crdt.SetLink(&crdt.Link{Share: "elsewhere", Doc: "n-1"})(e.Doc, e.View)
	})
	must(t, err)
	if err := p.share(ctx); err == nil || !strings.Contains(err.Error(), "at the same moment") {
		t.Errorf("sharing what was shared at this moment: %v", err)
	}
	if _, err := there.Store().Small(sharingRecord(home.Space(), v.ID)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("it would be linked some time: %v", err)
	}
}
