package daemon

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/share"
	"kith/daemon/api"
	"kith/daemon/api/apitest"
	"kith/daemon/entrance"
	"kith/daemon/home"
	"kith/daemon/knock"
	"kith/daemon/peer"
	"kith/daemon/replica"
	"kith/daemon/replica/replicatest"
	"kith/daemon/space"
)

// placeFor makes another place in a home that isn't served, and gives what a replica there is made with
// and where it will answer.
func placeFor(t *testing.T, h *computer) (replica.Config, []charter.Answerer) {
	t.Helper()
	opened, place, err := home.OpenNew(h.dir, true)
	must(t, err)
	config, key, err := place.NewDevice("", here(), nil, nil)
	must(t, err)
	at, err := knock.Answerers(config, key.Device(), knock.Found{})
	must(t, err)
	must(t, opened.Close())
	return replica.Config{Dir: place.StoreDir(), Key: key}, at
}

// within is a client for one space of a home.
func within(t testing.TB, h *computer, space string) *apitest.Client {
	t.Helper()
	c, err := apitest.New(h.dir, space)
	must(t, err)
	t.Cleanup(c.Close)
	return c
}

func TestAColleagueJoinsASideOfAShareByACode(t *testing.T) {
	t.Parallel()
	riso, quilted := coop(t, "Ana", "Ben"), coop(t, "Dora")
	ana, ben := riso[0], riso[1]
	anas, at := placeFor(t, ana)
	doras, _ := placeFor(t, quilted[0])
	both := replicatest.Share(t, share.Terms{Purpose: "a fair", Voices: share.EachCoop}, [2]replica.Config{anas, doras})
	space := both[0].Space()
	v, err := entrance.SeatInvite(both[0], time.Now, at)
	must(t, err)
	task := replicatest.AddTasks(t, both[0], 1)[0]
	for _, r := range both {
		must(t, r.Close())
	}
	ana.start()
	res, err := entrance.Join(t.Context(), entrance.JoinOptions{Home: ben.dir, Invite: v.Code, As: "Benjamin", Listen: here(), Another: true})
	must(t, err)
	if want := (api.Named{ID: space.String(), Name: "Riso Print Co-op and Quilted"}); res.Space != want {
		t.Errorf("Ben has joined %+v", res.Space)
	}
	ben.start()
	bens := within(t, ben, space.String())
	ben.until("he has what is in the share", func() bool {
		all, err := bens.Tasks(t.Context(), apitest.TaskQuery{})
		must(t, err)
		return len(all) == 1 && all[0].ID == api.FullID(all[0].Kind, task.Doc.String())
	})
	title := "Order recycled paper"
	got, err := bens.EditTask(t.Context(), "t-"+task.Doc.String(), apitest.TaskEdit{Title: &title})
	must(t, err)
	if got.UpdatedBy.Name != "Benjamin (Riso Print Co-op)" {
		t.Errorf("it was changed by %q", got.UpdatedBy.Name)
	}
	if _, err := entrance.Join(t.Context(), entrance.JoinOptions{Home: quilted[0].dir, Invite: v.Code, As: "Dora", Listen: here(), Another: true}); err == nil {
		t.Error("a code of one side was used twice, by an ally")
	}
	ana.stop()
	ben.stop()
}

// A share lies in a place of its own on each computer, with a key and a host of its own. What an ally's
// computer has of all that a home does in a day is what was put into the share.
func TestAnAllysDaemonGetsWhatIsInTheShareAndNothingOfTheHome(t *testing.T) {
	t.Parallel()
	riso, quilted := coop(t, "Ana", "Benedicta"), coop(t, "Dora")
	ana, ben, dora := riso[0], riso[1], quilted[0]
	acquaint(riso)
	anasPlace, where := placeFor(t, ana)
	dorasPlace, _ := placeFor(t, dora)
	at := [2]replica.Config{anasPlace, dorasPlace}
	both := replicatest.Share(t, share.Terms{Purpose: "a fair", Voices: share.EachCoop}, at)
	found := both[0].Space()
	v, err := entrance.SeatInvite(both[0], time.Now, where)
	must(t, err)
	caller, err := charter.DecodeInvite(v.Code)
	must(t, err)
	for _, r := range both {
		must(t, r.Close())
	}

	ana.start()
	ben.start()
	// Where Ana's share is heard, as a code would say it; her home knows nobody of an ally.
	joined, err := peer.Join(t.Context(), caller.Key(), ana.addrs, []byte{knock.RequestHello}, nil)
	must(t, err)
	if joined.Answerer != at[0].Key.Device() {
		t.Fatalf("device %v answers for the share", joined.Answerer)
	}
	theirs, err := replica.Open(at[1])
	must(t, err)
	must(t, space.Addresses(theirs).Save(joined.Answerer, joined.Record))
	must(t, theirs.Close())
	dora.start()

	homes, err := ben.client.Spaces(t.Context())
	must(t, err)
	anasHome, anas, doras := within(t, ana, homes.Spaces[0].Space.ID), within(t, ana, found.String()), within(t, dora, found.String())
	secret, err := anasHome.CreateTask(t.Context(), apitest.NewTask{Title: "What the bank said", Text: "a hundred thousand"})
	must(t, err)
	_, err = ben.client.CreateTask(t.Context(), apitest.NewTask{Title: "Fetch a lawyer"})
	must(t, err)
	task, err := anas.CreateTask(t.Context(), apitest.NewTask{Title: "Print the programme"})
	must(t, err)
	dora.until("she has the task of the share", func() bool {
		all, err := doras.Tasks(t.Context(), apitest.TaskQuery{})
		must(t, err)
		return len(all) == 1 && all[0].Title == "Print the programme" && all[0].CreatedBy.Name == "Ana (Riso Print Co-op)"
	})
	title := "Print and cut the programme"
	_, err = doras.EditTask(t.Context(), task.ID, apitest.TaskEdit{Title: &title})
	must(t, err)
	ana.until("she has what Dora wrote", func() bool {
		got, err := anas.Task(t.Context(), task.ID)
		must(t, err)
		return got.Title == title && got.UpdatedBy.Name == "Dora (Quilted)"
	})
	ben.until("he has Ana's day, and nothing of the share", func() bool {
		all, err := ben.client.Tasks(t.Context(), apitest.TaskQuery{})
		must(t, err)
		return len(all) == 2 && !slices.ContainsFunc(all, func(x apitest.Task) bool { return x.Title == title })
	})
	overview, err := ana.client.Spaces(t.Context())
	must(t, err)
	if len(overview.Spaces) != 2 || overview.Spaces[1].Space != (api.Named{ID: found.String(), Name: "Riso Print Co-op and Quilted"}) {
		t.Errorf("Ana's spaces: %+v", overview.Spaces)
	}
	// Whoever holds the key of an ally's device is nobody at the hosts of the home.
	for _, h := range []*computer{ben, ana} {
		for _, addr := range h.addrs[:1] {
			if j, err := peer.Join(t.Context(), at[1].Key, []string{addr}, []byte{knock.RequestHello}, nil); err == nil {
				t.Errorf("%s's home answers an ally's device with %d bytes", h.name, len(j.Reply))
			}
		}
	}
	for _, h := range []*computer{ana, ben, dora} {
		h.stop()
	}

	// None is so short that it comes to stand in keys, hashes and signatures by chance.
	texts := [][]byte{[]byte("the bank said"), []byte("lawyer"), []byte("hundred"), []byte("Benedicta")}
	words := append(slices.Clone(texts), []byte(secret.ID))
	for _, h := range riso {
		r := h.openReplica()
		all := replicatest.Entries(t, r)
		for _, text := range texts {
			if !slices.ContainsFunc(all, func(e *entry.Entry) bool { return bytes.Contains(e.Encoded(), text) }) {
				t.Errorf("%q isn't in %s's home: it would be found nowhere", text, h.name)
			}
		}
		for _, e := range all {
			id, s := e.ID(), e.SpaceOf()
			words = append(words, id[:], s[:], e.Device[:])
		}
		for _, m := range r.Charter().Members() {
			words = append(words, m.ID[:], m.Key[:])
		}
		must(t, r.Close())
	}
	r, err := replica.Open(at[1])
	must(t, err)
	got := replicatest.Entries(t, r)
	records := 0
	must(t, r.Store().Smalls("", func(name string, value []byte) {
		records++
		for _, word := range words {
			if bytes.Contains(value, word) || bytes.Contains([]byte(name), word) {
				t.Errorf("Dora's record %q has %q of Ana's home in it", name, word)
			}
		}
	}))
	must(t, r.Close())
	if records == 0 || len(got) == 0 {
		t.Fatalf("Dora has %d records and %d entries", records, len(got))
	}
	for _, e := range got {
		for _, word := range words {
			if bytes.Contains(e.Encoded(), word) {
				t.Errorf("entry %v on Dora's computer has %q of Ana's home in it", e.ID(), word)
			}
		}
	}
}
