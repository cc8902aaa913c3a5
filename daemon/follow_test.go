package daemon

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/share"
	"kith/daemon/api"
	"kith/daemon/api/apitest"
	"kith/daemon/backup"
	"kith/daemon/daemontest"
	"kith/daemon/entrance"
	"kith/daemon/home"
	"kith/daemon/replica"
	"kith/daemon/replica/replicatest"
	"kith/daemon/words"
)

// agreesOnPact has the home of a co-op agree that it makes a pact. Everybody is served when it returns.
func agreesOnPact(t *testing.T, all []*computer, w share.Word) charter.StepID {
	t.Helper()
	word, err := w.Encode()
	must(t, err)
	r := all[0].openReplica()
	var id charter.StepID
	_, err = r.Say(t.Context(), func(c *charter.Charter) (payload []byte, err error) {
		payload, id, err = c.Propose(r.Device(), charter.Terms{Type: charter.ProposalPact, Pact: word, Why: "the words were compared"})
		return payload, err
	})
	must(t, err)
	_, err = r.Say(t.Context(), func(c *charter.Charter) ([]byte, error) { return c.Consent(r.Device(), id, false) })
	must(t, err)
	must(t, r.Close())
	for _, h := range all {
		h.start()
	}
	state := func(h *computer) string {
		proposals, err := h.client.Proposals(t.Context(), false)
		must(t, err)
		for _, p := range proposals {
			if p.ID == words.ProposalID(id) {
				return p.State
			}
		}
		return ""
	}
	for _, h := range all {
		h.until("the step is there", func() bool { return state(h) != "" })
		if h != all[0] {
			consents(t, h, words.ProposalID(id))
		}
	}
	for _, h := range all {
		h.until("the step is in force", func() bool { return state(h) == string(charter.ProposalInForce) })
	}
	return id
}

// alliesMade makes a pact between the homes of two co-ops, by the first of each, with as many seats as each
// home has people. Everybody is served when it returns. A co-op of one is not asked for its steps.
func alliesMade(t *testing.T, terms share.Terms, riso, quilted []*computer) entry.SpaceID {
	t.Helper()
	var steps [2]charter.StepID
	var at [2]replica.Config
	for i, all := range [][]*computer{riso, quilted} {
		ally := [2]string{"Quilted", "Riso Print Co-op"}[i]
		steps[i] = agreesOnPact(t, all, share.Word{What: share.Make, Ally: ally, Terms: terms})
		all[0].stop()
		at[i], _ = placeFor(t, all[0])
	}
	both := replicatest.ShareOfSeats(t, terms, at, max(len(riso), len(quilted)))
	space := both[0].Space()
	for i, all := range [][]*computer{riso, quilted} {
		of := home.SharePlace{Share: space, Side: both[i].Charter().Space(), Step: steps[i]}
		must(t, both[i].Close())
		r := all[0].openReplica()
		me, _ := r.Me()
		of.Home, of.Member = r.Space(), me.ID
		must(t, r.Close())
		place := home.At(strings.TrimSuffix(at[i].Dir, "/store"))
		must(t, place.SetSharePlace(of))
		all[0].start()
	}
	return space
}

// sideOf is the charter of the side that a home is on, as its daemon has it.
func sideOf(t *testing.T, h *computer, space entry.SpaceID) (api.Charter, bool) {
	t.Helper()
	spaces, err := h.client.Spaces(t.Context())
	must(t, err)
	if !slices.ContainsFunc(spaces.Spaces, func(s api.Status) bool { return s.Space.ID == space.String() }) {
		return api.Charter{}, false
	}
	got, err := h.client.In(space.String()).Charter(t.Context())
	must(t, err)
	return got, true
}

func names(all []api.Named) (out []string) {
	for _, n := range all {
		out = append(out, n.Name)
	}
	slices.Sort(out)
	return out
}

// isIn waits until a home is in a share with exactly these people on its side.
func isIn(t *testing.T, h *computer, space entry.SpaceID, people ...string) {
	t.Helper()
	h.until("in the share with "+strings.Join(people, ", "), func() bool {
		c, ok := sideOf(t, h, space)
		return ok && slices.Equal(names(c.Full), people)
	})
}

func stopAll(all ...*computer) {
	for _, h := range all {
		h.stop()
	}
}

var aFair = daemontest.Fair

// standing is what part somebody has on the side that a home is on.
func standingOn(t *testing.T, h *computer, space entry.SpaceID, name string) string {
	t.Helper()
	members, err := h.client.In(space.String()).Members(t.Context())
	must(t, err)
	for _, m := range members {
		if m.Name == name {
			return m.Standing
		}
	}
	return ""
}

// consents has somebody consent, unless the others have been enough by then.
func consents(t *testing.T, h *computer, id string) {
	t.Helper()
	_, err := h.client.AnswerProposal(t.Context(), id, api.ProposalAnswer{Verb: api.ProposalConsent, LeaveOut: true})
	if err != nil && !strings.Contains(err.Error(), "is in force already") {
		t.Fatal(err)
	}
}

// agrees has a home take a step: the first proposes it, the others consent.
func agrees(t *testing.T, q api.ProposalRequest, all ...*computer) {
	t.Helper()
	p, err := all[0].client.Propose(t.Context(), q)
	must(t, err)
	for _, h := range all[1:] {
		h.until("the proposal is there", func() bool {
			proposals, err := h.client.Proposals(t.Context(), false)
			must(t, err)
			return slices.ContainsFunc(proposals, func(o api.Proposal) bool { return o.ID == p.ID })
		})
		consents(t, h, p.ID)
	}
}

func memberID(t *testing.T, h *computer, name string) string {
	t.Helper()
	members, err := h.client.Members(t.Context())
	must(t, err)
	for _, m := range members {
		if m.Name == name {
			return m.ID
		}
	}
	t.Fatalf("%s knows no %s", h.name, name)
	return ""
}

func TestASideOfAShareFollowsItsHomeUntilTheEndDate(t *testing.T) {
	t.Parallel() // these wait more than they work
	riso, quilted := coop(t, "Ana", "Ben", "Cleo"), coop(t, "Dora")
	ana, ben, cleo := riso[0], riso[1], riso[2]
	terms := aFair
	terms.Ends = uint64(time.Now().Add(24 * time.Hour).UnixMilli())
	space := alliesMade(t, terms, riso, quilted)
	for _, h := range riso {
		isIn(t, h, space, "Ana", "Ben", "Cleo")
	}
	isIn(t, quilted[0], space, "Dora")
	if c, _ := sideOf(t, ana, space); c.Founding.Open {
		t.Error("the founding of the side is open, and all are in")
	}
	quilted[0].until("the founding closes though seats are left", func() bool {
		c, _ := sideOf(t, quilted[0], space)
		return !c.Founding.Open
	})
	_, err := ben.client.In(space.String()).CreateTask(t.Context(), apitest.NewTask{Title: "Print the programme"})
	must(t, err)
	cleo.until("she has Ben's task", func() bool {
		all, err := cleo.client.In(space.String()).Tasks(t.Context(), apitest.TaskQuery{})
		must(t, err)
		return len(all) == 1 && all[0].CreatedBy.Name == "Ben (Riso Print Co-op)"
	})
	cleo.stop() // who hears of it leaves the share by herself
	agrees(t, api.ProposalRequest{Action: api.ActionRemove, Member: memberID(t, ana, "Cleo"), Why: "we parted"}, ana, ben)
	for _, h := range []*computer{ana, ben} {
		isIn(t, h, space, "Ana", "Ben")
		if got := standingOn(t, h, space, "Cleo"); got != "removed" {
			t.Errorf("to %s, Cleo is %s in the share", h.name, got)
		}
	}
	cleo.start()
	cleo.until("she knows that she is out of the share", func() bool { return standingOn(t, cleo, space, "Cleo") == "removed" })
	cleo.stop()

	_, err = ben.client.Resign(t.Context(), api.ResignRequest{Yes: true})
	must(t, err)
	ben.until("he has left the share, too", func() bool { return standingOn(t, ben, space, "Ben") == "resigned" })
	isIn(t, ana, space, "Ana")
	ben.stop()

	ana.stop()
	quilted[0].stop()
	ana.ahead, quilted[0].ahead = 48*time.Hour, 48*time.Hour
	for _, h := range []*computer{ana, quilted[0]} {
		h.start()
		h.until("the share has ended", func() bool {
			proposals, err := h.client.In(space.String()).Proposals(t.Context(), false)
			must(t, err)
			return slices.ContainsFunc(proposals, func(p api.Proposal) bool {
				return p.Title == "end the share with the ally" && p.State == string(charter.ProposalInForce)
			})
		})
		h.stop()
	}
}

func TestWhoComesToTheHomeLaterComesIntoItsShares(t *testing.T) {
	t.Parallel()
	riso, quilted := coop(t, "Ana", "Ben"), coop(t, "Dora")
	ana, ben := riso[0], riso[1]
	space := alliesMade(t, aFair, riso, quilted)
	for _, h := range riso {
		isIn(t, h, space, "Ana", "Ben")
	}
	v, err := ana.client.Invite(t.Context(), time.Hour)
	must(t, err)
	dir := ana.dir + "-cleo"
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	cleo := newHome(t, "Cleo", dir)
	_, err = entrance.Join(t.Context(), entrance.JoinOptions{Home: dir, Invite: v.Code, As: "Cleo", Listen: here()})
	must(t, err)
	cleo.start()
	ana.until("Cleo is there", func() bool {
		members, err := ana.client.Members(t.Context())
		must(t, err)
		return len(members) == 3
	})
	if _, in := sideOf(t, cleo, space); in {
		t.Error("a prospective member is in the share")
	}
	agrees(t, api.ProposalRequest{Action: api.ActionAdmit, Member: memberID(t, ana, "Cleo"), Yes: true}, ana, ben)
	for _, h := range []*computer{ana, ben, cleo} {
		isIn(t, h, space, "Ana", "Ben", "Cleo")
	}
	stopAll(ana, ben, cleo, quilted[0])
}

// devicesOn are the devices of somebody on the side that a home is on: in use, and retired.
func devicesOn(t *testing.T, h *computer, space entry.SpaceID) (live, retired int) {
	t.Helper()
	devices, err := h.client.In(space.String()).Devices(t.Context())
	must(t, err)
	for _, d := range devices {
		if d.Retired {
			retired++
		} else {
			live++
		}
	}
	return live, retired
}

// A share isn't in the backup of a home, nor can it be backed up: the co-op is the way back into it.
func TestWhoRestoresTheirHomeComesIntoItsSharesAgainAsWhomTheyWere(t *testing.T) {
	t.Parallel()
	riso, quilted := coop(t, "Ana", "Ben", "Cleo"), coop(t, "Dora")
	ana, ben, cleo := riso[0], riso[1], riso[2]
	space := alliesMade(t, aFair, riso, quilted)
	for _, h := range riso {
		isIn(t, h, space, "Ana", "Ben", "Cleo")
	}
	task, err := ben.client.In(space.String()).CreateTask(t.Context(), apitest.NewTask{Title: "Print the programme"})
	must(t, err)
	ana.until("she has Ben's task", func() bool {
		_, err := ana.client.In(space.String()).Task(t.Context(), task.ID)
		return err == nil
	})
	before := memberOn(t, ana, space, "Ben")
	if _, err := backup.Make(t.Context(), backup.Options{Home: ben.dir, Space: space.String(), File: ben.dir + ".share"}); err == nil || !strings.Contains(err.Error(), "a share isn't backed up") {
		t.Errorf("a backup of a share, by the daemon: %v", err)
	}
	file := ben.backUpKnowing(ana, cleo)
	ben.stop()
	if _, err := backup.Make(t.Context(), backup.Options{Home: ben.dir, Space: space.String(), File: ben.dir + ".share"}); err == nil || !strings.Contains(err.Error(), "a share isn't backed up") {
		t.Errorf("a backup of a share, without a daemon: %v", err)
	}
	ben.backUp("") // without a daemon, too
	must(t, os.RemoveAll(ben.dir))
	_, err = backup.Restore(t.Context(), backup.RestoreOptions{Home: ben.dir, File: file})
	must(t, err)
	ben.start()
	isIn(t, ben, space, "Ana", "Ben", "Cleo")
	if after := memberOn(t, ben, space, "Ben"); after != before {
		t.Errorf("Ben was %s in the share, and is %s", before, after)
	}
	if live, retired := devicesOn(t, ben, space); live != 1 || retired != 1 {
		t.Errorf("Ben has %d computers in the share, and %d that are out of use", live, retired)
	}
	ben.until("he has what he wrote", func() bool {
		_, err := ben.client.In(space.String()).Task(t.Context(), task.ID)
		return err == nil
	})
	title := "Print and cut the programme"
	_, err = ben.client.In(space.String()).EditTask(t.Context(), task.ID, apitest.TaskEdit{Title: &title})
	must(t, err)
	cleo.until("she has what Ben wrote on his computer", func() bool {
		got, err := cleo.client.In(space.String()).Task(t.Context(), task.ID)
		must(t, err)
		return got.Title == title
	})
	ben.wellBeing()
	stopAll(append(riso, quilted...)...)
}

func memberOn(t *testing.T, h *computer, space entry.SpaceID, name string) string {
	t.Helper()
	members, err := h.client.In(space.String()).Members(t.Context())
	must(t, err)
	for _, m := range members {
		if m.Name == name {
			return m.ID
		}
	}
	return ""
}
