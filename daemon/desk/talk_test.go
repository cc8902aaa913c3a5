package desk

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kith/crdt"
	"kith/crdt/entry"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/api/server"
	"kith/daemon/home"
	"kith/daemon/replica"
	"kith/daemon/replica/replicatest"
	"kith/daemon/space"
	"kith/daemon/store"
)

func TestARemarkIsCalledByAsManyLettersAsTellItFromAllOthers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []kind.Remark
		for _, name := range rapid.SliceOfN(rapid.StringMatching("[ab]{3,7}"), 1, 12).Draw(t, "names") {
			all = append(all, kind.Remark{Name: name})
		}
		short := shortNames(all)
		for i := range all {
			name := all[i].Name
			want := min(minRemark, len(name))
			for ; want < len(name); want++ {
				known := false
				for j := range all {
					known = known || all[j].Name != name && strings.HasPrefix(all[j].Name, name[:want])
				}
				if !known {
					break
				}
			}
			if short[name] != name[:want] {
				t.Fatalf("%s is called %q, want %q: %v", name, short[name], name[:want], short)
			}
		}
	})
}

// What isn't read may lie there damaged: nobody looks.
func TestWhatISawIsntReadAgainForTodayUntilItChanges(t *testing.T) {
	ana, ben, _ := replicatest.TwoReplicas(t)
	me, _ := ana.Me()
	d := New(&space.Space{Replica: ana, Now: time.Now}, space.NewList(nil, space.Config{}))
	names := func(doc entry.DocID) {
		t.Helper()
		_, err := ben.Edit(t.Context(), doc, func(e replica.Edit) error {
			r := kind.Request{Text: &kind.Writing{Text: "@Ana look"}}
			r.PutAll(kind.TalkFor, []string{me.ID.String()})
			return e.Perform(kinds.Note, kind.Talk, r, nil)
		})
		must(t, err)
		_, err = ana.Accept(t.Context(), replicatest.Entries(t, ben))
		must(t, err)
	}
	var docs []entry.DocID
	for i := range 4 {
		v, err := ben.Create(t.Context(), kinds.Note.Name, func(e replica.Edit) error {
			return e.Perform(kinds.Note, kinds.Note.Make, kind.Begin(fmt.Sprint(i), ""), nil)
		})
		must(t, err)
		docs = append(docs, v.ID)
		names(v.ID)
	}
	waits := func(limit, mentions, news, unread int) {
		t.Helper()
		named, err := d.Mentions(t.Context(), limit)
		must(t, err)
		changed, err := d.List(t.Context(), server.ListQuery{Kind: kinds.Note, News: true})
		must(t, err)
		fresh, err := d.List(t.Context(), server.ListQuery{Kind: kinds.Note, Unread: true})
		must(t, err)
		if len(named) != mentions || len(changed) != news || len(fresh) != unread {
			t.Errorf("named in %d, %d changed, %d never shown; want %d, %d, %d", len(named), len(changed), len(fresh), mentions, news, unread)
		}
	}
	shown := func(doc entry.DocID) {
		t.Helper()
		v, err := ana.View(doc)
		must(t, err)
		look := d.Look(ana, v)
		id, heads := look.key(), look.Header().Heads
		must(t, d.NoteShown(t.Context(), kinds.Note, id, heads))
		must(t, d.NoteThread(t.Context(), id, heads))
	}
	waits(0, 4, 4, 4)
	waits(3, 3, 4, 4)
	for _, doc := range docs[:3] {
		shown(doc)
	}
	waits(0, 1, 1, 1)

	b := store.NewBatch(nil)
	for _, doc := range docs[:3] {
		b.PutView(doc, store.Doc{Kind: kinds.Note.Name}, []byte("nonsense"), false)
	}
	must(t, ana.Store().Commit(b))
	waits(0, 1, 1, 1)
	names(docs[0]) // its view is made anew
	waits(0, 2, 2, 1)
	shown(docs[0])
	waits(0, 1, 1, 1)
}

// What goes on in a share in which nobody is named may lie there damaged: nobody looks.
func TestOfWhatGoesOnInASharesOnlyThatIsReadInWhichSomebodyIsNamed(t *testing.T) {
	own, _, _ := replicatest.TwoReplicas(t)
	share, ally := replicatest.TwoAllies(t)
	place, err := home.Open(t.TempDir())
	must(t, err)
	t.Cleanup(func() { must(t, place.Close()) })
	id := own.Space()
	must(t, place.SetPact(fmt.Appendf(nil, `{"home":%q,"share":%q}`, hex.EncodeToString(id[:]), share.Space())))
	d := New(&space.Space{Replica: own, Now: time.Now}, space.NewList(nil, space.Config{}, &space.Space{Replica: share, Place: place, Now: time.Now}))
	note := func(r *replica.Replica, title string) entry.DocID {
		v, err := r.Create(t.Context(), kinds.Note.Name, func(e replica.Edit) error {
			return e.Perform(kinds.Note, kinds.Note.Make, kind.Begin(title, ""), nil)
		})
		must(t, err)
		return v.ID
	}
	meets := func() {
		_, err := ally.Accept(t.Context(), replicatest.Entries(t, share))
		must(t, err)
		_, err = share.Accept(t.Context(), replicatest.Entries(t, ally))
		must(t, err)
	}
	me, _ := share.Me()
	var here []entry.DocID
	for i := range 3 {
		there := note(share, fmt.Sprint("fair ", i))
		here = append(here, note(own, fmt.Sprint("fair ", i)))
		_, err := own.Edit(t.Context(), here[i], func(e replica.Edit) error {
			return crdt.SetLink(&crdt.Link{Share: share.Space().String(), Doc: api.FullID(kinds.Note.Name, there.String())})(e.Doc, e.View)
		})
		must(t, err)
		meets()
		if i > 0 {
			continue
		}
		_, err = ally.Edit(t.Context(), there, func(e replica.Edit) error {
			r := kind.Request{Text: &kind.Writing{Text: "@Ana look"}}
			r.PutAll(kind.TalkFor, []string{me.ID.String()})
			return e.Perform(kinds.Note, kind.Talk, r, nil)
		})
		must(t, err)
		meets()
	}
	b := store.NewBatch(nil)
	for _, doc := range here[1:] {
		b.PutView(doc, store.Doc{Kind: kinds.Note.Name}, []byte("nonsense"), false)
	}
	must(t, own.Store().Commit(b))
	named, err := d.Mentions(t.Context(), 0)
	must(t, err)
	if len(named) != 1 || named[0].Title != "fair 0" || named[0].Text != "@Ana look" {
		t.Errorf("named in %+v, want in the first", named)
	}
}
