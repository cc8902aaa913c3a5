package daemon

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/api/apitest"
	"kith/daemon/entrance"
	"kith/daemon/home"
	"kith/daemon/seal"
	"kith/daemon/store"
	"kith/daemon/waittest"
)

// fair is what the co-ops of these tests make a pact for.
const fair = "print the fair programme together"

// nextYear is a day on which a pact may end.
func nextYear() string { return time.Now().AddDate(1, 0, 0).Format(time.DateOnly) }

// invitesAlly makes a code for an ally.
func (h *computer) invitesAlly() api.Ally {
	h.t.Helper()
	a, err := h.client.AllyInvite(h.t.Context(), api.AllyInviteRequest{Purpose: fair, Ends: nextYear(), Listen: here()})
	must(h.t, err)
	return a
}

// joinsAlly gets in touch with a code.
func (h *computer) joinsAlly(code string) api.Ally {
	h.t.Helper()
	a, err := h.client.AllyJoin(h.t.Context(), api.AllyJoinRequest{Code: code, Listen: here()}, time.Minute)
	must(h.t, err)
	return a
}

// confirms types the words that the other side reads.
func (h *computer) confirms(words []string) api.Ally {
	h.t.Helper()
	a, err := h.client.AllyConfirm(h.t.Context(), api.AllyConfirmRequest{Words: strings.Join(words, " ")})
	must(h.t, err)
	return a
}

// pact is the one pact of a home.
func (h *computer) pact() api.Ally {
	h.t.Helper()
	all, err := h.homeClient().Allies(h.t.Context())
	must(h.t, err)
	if len(all) != 1 {
		h.t.Fatalf("%s has %d pacts: %+v", h.name, len(all), all)
	}
	return all[0]
}

// homeClient asks the co-op of the home, and none of its shares.
func (h *computer) homeClient() *apitest.Client {
	h.t.Helper()
	all, err := h.client.Spaces(h.t.Context())
	must(h.t, err)
	return within(h.t, h, all.Spaces[0].Space.ID)
}

// untilPact waits until the one pact of a home is in a state.
func (h *computer) untilPact(state string) (a api.Ally) {
	h.t.Helper()
	h.until("the pact is "+state, func() bool {
		a = h.pact()
		return a.State == state
	})
	return a
}

func TestTwoCoopsMakeAPactAndBothHaveTheSame(t *testing.T) {
	t.Parallel()
	ana, dora := coopCalled(t, "Riso Print Co-op", "Ana")[0], coopCalled(t, "Quilted", "Dora")[0]
	ana.start()
	dora.start()
	invited := ana.invitesAlly()
	if invited.State != api.AllyInvited || !strings.HasPrefix(invited.Code, "kitha1") {
		t.Errorf("invited: %+v", invited)
	}
	joined := dora.joinsAlly(invited.Code)
	if joined.Name != "Riso Print Co-op" || joined.Purpose != fair || len(joined.Words) != 2 {
		t.Errorf("joined: %+v", joined)
	}
	asked := ana.untilPact(api.AllyCompare)
	if asked.Name != "Quilted" || len(asked.Words) != 2 {
		t.Errorf("asked: %+v", asked)
	}
	ana.confirms(joined.Words)
	dora.confirms(asked.Words)
	anas, doras := ana.untilPact(api.AllyMade), dora.untilPact(api.AllyMade)
	if anas.Share == nil || doras.Share == nil || *anas.Share != *doras.Share || anas.EndsAt != doras.EndsAt {
		t.Errorf("Ana has %+v, Dora has %+v", anas, doras)
	}
	// Both work in it.
	task, err := within(t, ana, anas.Share.ID).CreateTask(t.Context(), apitest.NewTask{Title: "Print the programme"})
	must(t, err)
	dora.until("Dora has the task", func() bool {
		got, err := within(t, dora, anas.Share.ID).Tasks(t.Context(), apitest.TaskQuery{})
		must(t, err)
		return len(got) == 1 && got[0].ID == task.ID
	})
	ana.stop()
	dora.stop()
}

// alone is a co-op of one, whose daemon runs.
func alone(t testing.TB, coop, name string) *computer {
	t.Helper()
	h := coopCalled(t, coop, name)[0]
	h.start()
	return h
}

// mostDeaths bounds how often the daemon of a home dies in one test.
const mostDeaths = 12

// insistOn does something until it is done, starting every daemon anew that has died on the way.
func insistOn(t *testing.T, homes []*computer, what string, done func() error) {
	t.Helper()
	late := time.After(waittest.Limit)
	for {
		err := done()
		if err == nil {
			return
		}
		for _, h := range homes {
			select {
			case <-h.ended:
				h.stdin.Close()
				h.client.Close()
				h.startAfterDeath()
			default:
			}
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-late:
			t.Fatalf("%s in vain: %v\n%s\n%s", what, err, homes[0].log, homes[1].log)
		}
	}
}

// startAfterDeath starts a daemon that died of what it wrote, as often as it dies of that before it answers.
func (h *computer) startAfterDeath() {
	h.t.Helper()
	for {
		if h.deaths++; h.deaths == mostDeaths {
			h.die = 0
		} else if h.deaths%2 == 1 { // else who asks and is never answered would do so for ever
			h.die++
		} else {
			h.die--
		}
		if h.die == 0 {
			h.start()
			return
		}
		err := h.begin()
		if err == nil {
			return
		}
		if err.Error() != "" { // who dies of that has no words left
			h.t.Fatalf("%s's daemon ended before it answered: %v", h.name, err)
		}
		h.stdin.Close()
	}
}

// inHome asks the co-op of a home, whose daemon may be dead.
func inHome[T any](h *computer, ask func(*apitest.Client) (T, error)) (T, error) {
	var none T
	spaces, err := h.client.Spaces(h.t.Context())
	if err != nil {
		return none, err
	}
	c, err := apitest.New(h.dir, spaces.Spaces[0].Space.ID)
	if err != nil {
		return none, err
	}
	defer c.Close()
	return ask(c)
}

// pactIn is the one pact of a home, if it is in one of these states.
func (h *computer) pactIn(states ...string) (api.Ally, error) {
	all, err := inHome(h, func(c *apitest.Client) ([]api.Ally, error) { return c.Allies(h.t.Context()) })
	switch {
	case err != nil:
		return api.Ally{}, err
	case len(all) != 1:
		return api.Ally{}, fmt.Errorf("%s has %d pacts", h.name, len(all))
	case !slices.Contains(states, all[0].State):
		return all[0], fmt.Errorf("%s's is %s: %v", h.name, all[0].State, all[0].Says)
	}
	return all[0], nil
}

// However often both daemons die, right after the first or second, second or third, third or fourth time that they wrote
// something of the pact since their start, there is one pact in the end, and people do again only what wasn't done.
func TestAPactIsMadeWhereverItsDaemonsDie(t *testing.T) {
	for n := 1; n <= 3; n++ {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			t.Parallel()
			ana, dora := coopCalled(t, "Riso Print Co-op", "Ana")[0], coopCalled(t, "Quilted", "Dora")[0]
			both := []*computer{ana, dora}
			for _, h := range both {
				h.die = n
				h.start()
			}
			code := ""
			insistOn(t, both, "make a code", func() error {
				a, err := ana.client.AllyInvite(t.Context(), api.AllyInviteRequest{Purpose: fair, Ends: nextYear(), Listen: here()})
				code = a.Code
				return err
			})
			var reads [2][]string
			insistOn(t, both, "use the code", func() error {
				a, err := dora.pactIn(api.AllyCompare)
				if reads[1] = a.Words; err == nil && len(reads[1]) == 2 {
					return nil
				}
				_, joins := dora.client.AllyJoin(t.Context(), api.AllyJoinRequest{Code: code, Listen: here()}, time.Second)
				return errors.Join(errors.New("no words yet"), err, joins)
			})
			insistOn(t, both, "see who asks", func() error {
				a, err := ana.pactIn(api.AllyCompare)
				reads[0] = a.Words
				return err
			})
			for i, h := range both {
				insistOn(t, both, "confirm", func() error {
					_, err := h.pactIn(api.AllyAgree, api.AllyWaits, api.AllyMade)
					if err == nil {
						return nil
					}
					_, confirms := inHome(h, func(c *apitest.Client) (api.Ally, error) {
						return c.AllyConfirm(t.Context(), api.AllyConfirmRequest{Words: strings.Join(reads[1-i], " ")})
					})
					return errors.Join(err, confirms)
				})
			}
			var made [2]api.Ally
			for i, h := range both {
				insistOn(t, both, "have the pact", func() (err error) {
					made[i], err = h.pactIn(api.AllyMade)
					return err
				})
			}
			if *made[0].Share != *made[1].Share {
				t.Errorf("Ana has %+v, Dora has %+v", made[0].Share, made[1].Share)
			}
			if ana.deaths == 0 || dora.deaths == 0 {
				t.Errorf("Ana's daemon died %d times, Dora's %d times", ana.deaths, dora.deaths)
			}
			for _, h := range both {
				insistOn(t, both, "count the steps", func() error {
					proposals, err := inHome(h, func(c *apitest.Client) ([]api.Proposal, error) { return c.Proposals(t.Context(), false) })
					if err == nil && len(proposals) != 1 {
						t.Errorf("%s's co-op was asked %d times", h.name, len(proposals))
					}
					return err
				})
				h.stop()
			}
		})
	}
}

// servedAt serves a home in this process, by a clock, until the test ends or before.
func (h *computer) servedAt(now func() time.Time) (end func()) {
	h.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ready, done := make(chan []string, 1), make(chan error, 1)
	go func() {
		done <- Run(ctx, Options{Home: h.dir, NoMDNS: true, Version: "test", Now: now, Passphrase: typed(h.passphrase), Ready: func(a []string) { ready <- a }})
	}()
	select {
	case h.addrs = <-ready:
	case err := <-done:
		h.t.Fatalf("%s's daemon: %v", h.name, err)
	}
	h.ended = make(chan struct{}) // it doesn't die by itself
	h.log = &log{}
	end = sync.OnceFunc(func() {
		h.client.Close()
		stop()
		must(h.t, <-done)
	})
	h.t.Cleanup(end)
	return end
}

// clockOf is a clock that stands ahead of this computer's.
type clockOf struct{ ahead atomic.Int64 }

func (c *clockOf) now() time.Time           { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clockOf) advance(by time.Duration) { c.ahead.Add(int64(by)) }

func TestAPactThatOneCoopDoesntAgreeOnLapsesOnBothSides(t *testing.T) {
	t.Parallel()
	ana, quilted := coopCalled(t, "Riso Print Co-op", "Ana")[0], coopCalled(t, "Quilted", "Dora", "Eli")
	dora := quilted[0] // Eli isn't there, and both would have to agree
	clock := &clockOf{}
	ana.servedAt(clock.now)
	dora.start()
	words := dora.joinsAlly(ana.invitesAlly().Code).Words
	reads := ana.untilPact(api.AllyCompare).Words
	ana.confirms(words)
	asked := dora.confirms(reads)
	if asked.State != api.AllyAgree || asked.Proposal == "" {
		t.Errorf("Dora's co-op is asked: %+v", asked)
	}
	waits := ana.untilPact(api.AllyWaits)
	if waits.LapsesAt.IsZero() || waits.WaitsFor != "them" {
		t.Errorf("Ana waits: %+v", waits)
	}
	dora.until("Dora knows until when", func() bool { return dora.pact().LapsesAt == waits.LapsesAt })
	clock.advance(14*24*time.Hour + time.Hour)
	if over := ana.untilPact(api.AllyGivenUp); !strings.Contains(over.Why, "in time") {
		t.Errorf("Ana hears %q", over.Why)
	}
	if over := dora.untilPact(api.AllyGivenUp); !strings.Contains(over.Why, "in time") {
		t.Errorf("Dora hears %q", over.Why)
	}
	// It is listed until the person has seen it. A new one can be begun.
	_, err := dora.client.AllyCancel(t.Context(), dora.pact().ID)
	must(t, err)
	all, err := dora.client.Allies(t.Context())
	must(t, err)
	if len(all) != 0 {
		t.Errorf("still listed: %+v", all)
	}
	if _, err := dora.client.AllyJoin(t.Context(), api.AllyJoinRequest{Code: ana.invitesAlly().Code, Listen: here()}, time.Minute); err != nil {
		t.Errorf("a new one: %v", err)
	}
	// In the end nothing is left of the old one, not its key either.
	places, err := home.At(ana.dir).HalfMade()
	must(t, err)
	clock.advance(14*24*time.Hour + time.Hour)
	ana.until("the old one is forgotten", func() bool {
		_, err := os.Stat(filepath.Join(places[0].Where(), "device.key"))
		return os.IsNotExist(err)
	})
	dora.stop()
}

func TestACodeForAnAllySaysWhyItIsNoGood(t *testing.T) {
	t.Parallel()
	ana, dora := coopCalled(t, "Riso Print Co-op", "Ana")[0], alone(t, "Quilted", "Dora")
	clock := &clockOf{}
	ana.servedAt(clock.now)
	join := func(code string) *api.Problem {
		t.Helper()
		_, err := dora.client.AllyJoin(t.Context(), api.AllyJoinRequest{Code: code, Listen: here()}, 10*time.Second)
		p := told(t, err)
		all, err := dora.client.Allies(t.Context())
		must(t, err)
		if left, _ := os.ReadDir(filepath.Join(dora.dir, "spaces", "1")); len(all) != 0 || len(left) != 0 {
			t.Errorf("something was stored: %v, %v", all, left)
		}
		return p
	}
	for what, code := range map[string]string{
		"altered": ana.invitesAlly().Code[:40] + "0" + ana.invitesAlly().Code[41:], "of another kind": "kith1abc", "nothing": "",
	} {
		if p := join(code); p.Code != api.Invalid {
			t.Errorf("%s: %+v", what, p)
		}
	}
	for _, a := range all(t, ana) {
		_, err := ana.client.AllyCancel(t.Context(), a.ID)
		must(t, err)
	}
	expired := ana.invitesAlly()
	clock.advance(8 * 24 * time.Hour)
	ana.untilPact(api.AllyGivenUp)
	if p := join(expired.Code); p.Code != api.NotAllowed || !strings.Contains(p.Message, "expired") || !strings.Contains(p.Hint, "kith ally invite") {
		t.Errorf("an expired one: %+v", p)
	}
	_, err := ana.client.AllyCancel(t.Context(), expired.ID)
	must(t, err)
	revoked := ana.invitesAlly()
	_, err = ana.client.AllyCancel(t.Context(), revoked.ID)
	must(t, err)
	if p := join(revoked.Code); p.Code != api.NotAllowed || !strings.Contains(p.Message, "revoked") {
		t.Errorf("a revoked one: %+v", p)
	}
	// A code that names another charter than who answers has.
	code, err := charter.DecodeAllyCode(ana.invitesAlly().Code)
	must(t, err)
	code.Space[0] ^= 1
	text, err := code.Encode()
	must(t, err)
	if p := join(text); p.Code != api.NotFound {
		t.Errorf("one of somebody else: %+v", p)
	}
	dora.stop()
}

func all(t *testing.T, h *computer) []api.Ally {
	t.Helper()
	list, err := h.client.Allies(t.Context())
	must(t, err)
	return list
}

func TestEitherSideGivesAHalfMadePactUpAndTheOtherHearsOfIt(t *testing.T) {
	t.Parallel()
	ana, dora := alone(t, "Riso Print Co-op", "Ana"), alone(t, "Quilted", "Dora")
	for what, gives := range map[string]func() (hears *computer, why string){
		"the second, by other words": func() (*computer, string) {
			_, err := dora.client.AllyConfirm(t.Context(), api.AllyConfirmRequest{Words: "apple apple"})
			if p := told(t, err); p.Code != api.NotAllowed || !strings.Contains(p.Message, "useless") {
				t.Errorf("other words: %+v", p)
			}
			return ana, "other words"
		},
		"the first": func() (*computer, string) {
			_, err := ana.client.AllyCancel(t.Context(), ana.pact().ID)
			must(t, err)
			return dora, "gave it up"
		},
		"the second": func() (*computer, string) {
			_, err := dora.client.AllyCancel(t.Context(), dora.pact().ID)
			must(t, err)
			return ana, "gave it up"
		},
	} {
		dora.joinsAlly(ana.invitesAlly().Code)
		ana.untilPact(api.AllyCompare)
		hears, why := gives()
		if a := hears.untilPact(api.AllyGivenUp); !strings.Contains(a.Why, why) {
			t.Errorf("%s: the other side hears %q", what, a.Why)
		}
		for _, h := range []*computer{ana, dora} {
			for _, a := range all(t, h) {
				_, err := h.client.AllyCancel(t.Context(), a.ID)
				must(t, err)
			}
		}
	}
	ana.stop()
	dora.stop()
}

func TestAProspectiveMemberMakesNoPact(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	ana.start()
	v, err := ana.client.Invite(t.Context(), time.Hour)
	must(t, err)
	dir, err := os.MkdirTemp("", "kith")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	ben := newHome(t, "Ben", filepath.Join(dir, "home"))
	_, err = entrance.Join(t.Context(), entrance.JoinOptions{Home: ben.dir, Invite: v.Code, As: "Ben", Listen: here()})
	must(t, err)
	ben.start()
	_, err = ben.client.AllyInvite(t.Context(), api.AllyInviteRequest{Purpose: fair, Ends: nextYear(), Listen: here()})
	if p := told(t, err); p.Code != api.NotAllowed || !strings.Contains(p.Message, "prospective") {
		t.Errorf("an invite: %+v", p)
	}
	_, err = ben.client.AllyJoin(t.Context(), api.AllyJoinRequest{Code: ana.invitesAlly().Code, Listen: here()}, time.Second)
	if p := told(t, err); p.Code != api.NotAllowed || !strings.Contains(p.Message, "prospective") {
		t.Errorf("a code: %+v", p)
	}
	ana.stop()
	ben.stop()
}

// openKey is what lies in the file with the keys of a device that nothing protects.
func openKey() []byte {
	seed := entry.NewSigner().Seed()
	return append(hex.AppendEncode(nil, seed[:]), '\n')
}

// protected says whether the key in a place is, and its store encrypted, if there is one.
func protected(t *testing.T, place *home.Home) (key, inStore bool) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(place.Where(), "device.key"))
	must(t, err)
	encrypted, err := store.Encrypted(place.StoreDir())
	must(t, err)
	return seal.IsText(b), encrypted
}

// The key of a half-made pact, and the share that it leads to, are protected as the home is.
func TestAPactInAProtectedHomeIsProtectedAsWell(t *testing.T) {
	t.Parallel()
	ana, dora := coopCalled(t, "Riso Print Co-op", "Ana")[0], coopCalled(t, "Quilted", "Dora")[0]
	protect(t, ana, nil, typed(word))
	ana.passphrase = word
	end := ana.servedAt(time.Now)
	dora.start()
	place := home.At(ana.dir).Place(1)
	doras := home.At(dora.dir).Place(1)
	code := ana.invitesAlly().Code
	if key, _ := protected(t, place); !key {
		t.Error("the key of the place lies open")
	}
	words := dora.joinsAlly(code).Words
	reads := ana.untilPact(api.AllyCompare).Words
	// Dora protects her home in the middle of it, and Ana takes hers away and back.
	dora.stop()
	protect(t, dora, nil, typed(word))
	if key, _ := protected(t, doras); !key {
		t.Error("the key of a half-made pact lies open in a home that is protected")
	}
	dora.passphrase = word
	end()
	protect(t, ana, typed(word), nil)
	if key, _ := protected(t, place); key {
		t.Error("the key of a half-made pact has a passphrase that the home doesn't have")
	}
	protect(t, ana, nil, typed(word))
	open, err := place.DeviceKey() // as a place was that an older release made
	if err == nil {
		t.Errorf("the key opens without its passphrase: %v", open.Device())
	}
	was, err := os.ReadFile(filepath.Join(place.Where(), "device.key"))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(place.Where(), "device.key"), openKey(), 0o600))
	checks, err := Doctor(t.Context(), ana.dir, false, typed(word))
	must(t, err)
	if !slices.ContainsFunc(checks, func(c api.Check) bool { return c.Name == "key" && !c.OK && strings.Contains(c.Hint, "kith protect") }) {
		t.Errorf("the doctor finds nothing: %+v", checks)
	}
	must(t, os.WriteFile(filepath.Join(place.Where(), "device.key"), was, 0o600))
	end = ana.servedAt(time.Now)
	ana.wellBeing()
	dora.start()
	ana.confirms(words)
	dora.confirms(reads)
	ana.untilPact(api.AllyMade)
	dora.untilPact(api.AllyMade)
	end()
	dora.stop()
	for _, place := range []*home.Home{place, doras} {
		if key, inStore := protected(t, place); !key || !inStore {
			t.Errorf("%s: key sealed %v, store encrypted %v", place.Where(), key, inStore)
		}
	}
	end = ana.servedAt(time.Now)
	if a := ana.pact(); a.State != api.AllyMade {
		t.Errorf("after a start it is %s", a.State)
	}
	end()
}

func TestWhoTakesACodeWaitsAWhileForTheDaemonOfWhoMadeIt(t *testing.T) {
	t.Parallel()
	ana, dora := alone(t, "Riso Print Co-op", "Ana"), alone(t, "Quilted", "Dora")
	code := ana.invitesAlly().Code
	ana.stop()
	_, err := dora.client.AllyJoin(t.Context(), api.AllyJoinRequest{Code: code, Listen: here()}, time.Millisecond)
	if p := told(t, err); p.Code != api.TimedOut || !strings.Contains(p.Hint, "has to run") {
		t.Errorf("nobody is there: %+v", p)
	}
	if list := all(t, dora); len(list) != 0 {
		t.Errorf("something was stored: %+v", list)
	}
	joined := make(chan error, 1)
	go func() {
		_, err := dora.client.AllyJoin(t.Context(), api.AllyJoinRequest{Code: code, Listen: here()}, time.Minute)
		joined <- err
	}()
	ana.start()
	must(t, <-joined)
	ana.untilPact(api.AllyCompare)
	ana.stop()
	dora.stop()
}

func TestADamagedRecordOfAPactHoldsUpNothingElseAndTheDoctorSaysIt(t *testing.T) {
	t.Parallel()
	ana := alone(t, "Riso Print Co-op", "Ana")
	ana.invitesAlly()
	ana.stop()
	file := filepath.Join(ana.dir, "spaces", "1", "pact.json")
	for what, content := range map[string]string{
		"cut": `{"form": 1, "role": "fi`, "of a newer Kith": `{"form": 2, "role": "first"}`, "too large": strings.Repeat(" ", 128<<10+1),
	} {
		must(t, os.WriteFile(file, []byte(content), 0o600))
		ana.start()
		if list := all(t, ana); len(list) != 0 {
			t.Errorf("%s: listed: %+v", what, list)
		}
		checks, err := ana.client.Doctor(t.Context(), api.DoctorRequest{})
		must(t, err)
		if !slices.ContainsFunc(checks, func(c api.Check) bool {
			return c.Name == "pact" && !c.OK && strings.Contains(c.Says, file) && c.Hint != ""
		}) {
			t.Errorf("%s: the doctor says %+v", what, checks)
		}
		if a := ana.invitesAlly(); a.State != api.AllyInvited {
			t.Errorf("%s: another one: %+v", what, a)
		}
		for _, a := range all(t, ana) {
			_, err := ana.client.AllyCancel(t.Context(), a.ID)
			must(t, err)
		}
		ana.stop()
	}
	if b, err := os.ReadFile(file); err != nil || len(b) == 0 {
		t.Errorf("it was overwritten: %v", err)
	}
}
