package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"kith/crdt/entry"
	"kith/crdt/problem"
	"kith/daemon/api"
	"kith/daemon/assembly"
	"kith/daemon/home"
	"kith/daemon/replica"
	"kith/daemon/space"
	"kith/daemon/store"
	"kith/daemon/words"
)

var noCoop = api.Check{Name: "co-op", Says: "there is no co-op here yet", Hint: "kith init NAME --as MEMBER, or kith join - --as MEMBER"}

// Empty checks a home that is served and has no co-op yet.
func Empty(home *home.Home, now time.Time) []api.Check {
	return []api.Check{home.CheckKey(), checkClock(now), noCoop}
}

// Place checks where a space lies that is served.
func Place(place *home.Home, now time.Time) []api.Check {
	return []api.Check{place.CheckKey(), checkClock(now), checkDisk(place)}
}

// Space checks a space that is served.
func Space(ctx context.Context, at *space.Space, rebuild bool) []api.Check {
	checks := checkReplica(ctx, at.Replica, rebuild)
	if _, in := at.Replica.Me(); !in { // the others are right not to let it in, and nothing is to be mended
		return checks
	}
	for _, says := range at.ClockSays() {
		checks = append(checks, api.Check{Name: "clocks", Says: says, Hint: "timedatectl set-ntp true"})
	}
	return append(checks, checkReach(at), checkVersions(at))
}

// checkVersions says whether somebody has a newer program: nothing is wrong with that, and this one may be replaced at any time.
func checkVersions(s *space.Space) api.Check {
	c := api.Check{Name: "versions", OK: true, Says: "no other device is known to have a newer Kith"}
	if who := s.NewerElsewhere(); who != "" {
		c.Says, c.Hint = "a newer Kith than this one runs on "+who+"; what it writes that this one can't read is kept and passed on", "put the newer one in the place of this one: all of it shows at its first start"
	}
	return c
}

// Closed checks a home that no daemon serves. unlock gives its passphrase and is asked only if the
// store is encrypted; nil: nobody to ask. also checks what is beside its spaces.
func Closed(ctx context.Context, dir string, rebuild bool, unlock func() (string, error), also func(*home.Home) []api.Check) (checks []api.Check, err error) {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return []api.Check{{Name: "home", Says: dir + " doesn't exist yet", Hint: "kith init NAME --as MEMBER, or kith join - --as MEMBER"}}, nil
	}
	own, err := home.Open(dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, own.Close()) }()
	own.Passphrase = home.Once(unlock)
	checks = []api.Check{checkClock(time.Now())}
	places, err := own.Places()
	if err != nil {
		return nil, err
	}
	if len(places) == 0 {
		return append(checks, own.CheckKey(), noCoop), nil
	}
	for _, place := range places {
		found := examine(ctx, place, rebuild)
		if len(places) > 1 {
			for i := range found {
				found[i].Space = &api.Named{Name: place.Where()}
			}
		}
		checks = append(checks, found...)
	}
	return append(checks, also(own)...), nil
}

// examine checks one space that no daemon serves.
func examine(ctx context.Context, h *home.Home, rebuild bool) []api.Check {
	checks := []api.Check{h.CheckKey(), checkDisk(h)}
	r, err := space.OpenClosed(h)
	var key *home.KeyError
	if errors.As(err, &key) {
		return checks // said above
	}
	var locked *home.LockedError
	var unasked *api.Problem // there was nobody to ask for the passphrase
	if errors.As(err, &locked) || errors.As(err, &unasked) && unasked.Code == api.NotAllowed {
		return append(checks, api.Check{
			Name: "store", OK: locked == nil || !locked.Wrong, Says: "it wasn't looked into: " + err.Error(),
			Hint: "kith doctor --passphrase-file FILE; or start the daemon, which looks at what is open already",
		})
	}
	if told, ok := problem.Of(err); ok && told.Hint != "" && !errors.Is(err, store.ErrCorrupt) { // nothing is wrong with what is in it
		return append(checks, api.Check{Name: "store", Says: told.Message, Hint: told.Hint})
	}
	if err != nil {
		return append(checks, api.Check{
			Name: "store", Says: err.Error(),
			Hint: "nothing was overwritten. Keep a copy of " + h.StoreDir() + "; the other members have what was shared",
		})
	}
	found := checkReplica(ctx, r.Replica, rebuild)
	if r.Device == (entry.Device{}) { // not known while the key is locked
		found = slices.DeleteFunc(found, func(c api.Check) bool { return c.Name == "member" })
	}
	checks = append(checks, found...)
	if err := r.Close(); err != nil {
		checks = append(checks, api.Check{Name: "store", Says: err.Error(), Hint: "kith doctor"})
	}
	return checks
}

// checkDisk says what a thief of the disk would get.
func checkDisk(h *home.Home) api.Check {
	c := api.Check{Name: "disk", OK: true}
	encrypted, err := store.Encrypted(h.StoreDir())
	switch {
	case err != nil:
		c.OK, c.Says = false, err.Error()
	case encrypted:
		c.Says = "what the co-op wrote is encrypted in the store. Open to a thief of the disk: this device's name and addresses, sizes and times, and what is elsewhere: plain backups, texts in an editor, swapped memory"
	default:
		c.Says = "what the co-op wrote lies in the store as it is: kith protect encrypts it; a disk that is encrypted as a whole protects more"
	}
	return c
}

func checkClock(now time.Time) api.Check {
	c := api.Check{Name: "clock", OK: true, Says: "the clock says " + now.Format("2 January 2006, 15:04 MST")}
	if now.Before(replica.ClockFrom) || now.After(replica.ClockUntil) {
		c.OK, c.Hint = false, "set the clock of this computer: timedatectl; until then nothing can be written"
	}
	return c
}

func checkReplica(ctx context.Context, r *replica.Replica, rebuild bool) []api.Check {
	var checks []api.Check
	v := api.Check{Name: "views", OK: true}
	if rebuild { // first: it mends some of what a look at the store finds
		done := 0
		if err := r.Rebuild(ctx, func(n, _ int) { done = n }); err != nil {
			v.OK, v.Says, v.Hint = false, err.Error(), "kith doctor --rebuild"
		} else {
			v.Says = fmt.Sprintf("made %d views anew", done)
		}
	}
	st := api.Check{Name: "store", OK: true}
	var lost *replica.LostError
	switch err := r.Verify(); {
	case errors.As(err, &lost):
		st.OK, st.Says, st.Hint = false, err.Error(), "kith doctor --rebuild; then whoever has them brings them again"
	case err != nil:
		st.OK, st.Says, st.Hint = false, err.Error(), "keep a copy of the home; the other members have what was shared"
	default:
		n := r.Counts()
		st.Says = fmt.Sprintf("all checksums are right; entries: %d, documents: %d", n.Stored, n.Documents)
	}
	checks = append(checks, st)
	if rebuild {
		checks = append(checks, v)
	}
	n := r.Counts()
	e := api.Check{Name: "entries", OK: true, Says: "everything that is here stands or was refused by a rule"}
	switch {
	case n.Quarantined > 0:
		e.OK = false
		e.Says = fmt.Sprintf("kept from the Automerge core, which they would end: %d", n.Quarantined)
		e.Hint = "tell whoever looks after Kith: the daemon's log names the entries"
	case n.Pending > 0:
		e.Says = fmt.Sprintf("waiting for others that they stand on: %d", n.Pending)
		e.Hint = "they settle when those come: kith sync"
	}
	if n.Void > 0 {
		e.Says += fmt.Sprintf("; refused by a rule: %d (kith log --void)", n.Void)
	}
	checks = append(checks, e)
	checks = append(checks, checkHeld(r)...)
	if says := words.SplitNotice(r.Charter()); len(says) > 0 { // to be talked over; no computer can mend it
		check := api.Check{Name: "charter", OK: !r.Charter().Undecided(), Says: strings.Join(says, " ")}
		if !check.OK {
			check.Hint = "this device is on no side yet: kith charter follow --help"
		}
		checks = append(checks, check)
	}
	checks = append(checks, space.CheckTwofold(r)...)
	for _, says := range words.Aheads(r) {
		checks = append(checks, api.Check{Name: "clocks", Says: says, Hint: "compare the two: date, on both; the one that is off: timedatectl set-ntp true"})
	}
	if _, in := r.Me(); in {
		return checks
	}
	if says := assembly.Notice(r); len(says) > 0 { // nothing that anybody here has to mend
		checks = append(checks, api.Check{Name: "member", OK: true, Says: sentences(says)})
	} else {
		checks = append(checks, api.Check{Name: "member", Says: "this device belongs to no member of the co-op", Hint: "kith member list"})
	}
	return checks
}

// checkHeld says of whom something is held back, since too much of it came or counts for nothing.
func checkHeld(r *replica.Replica) (checks []api.Check) {
	unknown := 0
	for _, h := range r.Held() {
		says, ok := words.People{Rules: r.Rules()}.HeldBack(h)
		if !ok {
			unknown += h.Entries
			continue
		}
		checks = append(checks, api.Check{
			Name: "held back", Says: says,
			Hint: "ask what that computer does. To give it as much room again: kith doctor --take-in",
		})
	}
	if unknown > 0 { // nothing to be done: they come in with the word of who knows them
		checks = append(checks, api.Check{Name: "held back", OK: true, Says: fmt.Sprintf("of devices that the co-op doesn't know: %d entries", unknown)})
	}
	return checks
}

// sentences puts paragraphs into one line.
func sentences(says []string) string {
	var line strings.Builder
	for i, s := range says {
		if i > 0 {
			line.WriteString(" ")
		}
		line.WriteString(s)
		if !strings.HasSuffix(s, ".") && i < len(says)-1 { // a reason that somebody gave, or a list of names
			line.WriteString(".")
		}
	}
	return line.String()
}

func checkReach(s *space.Space) api.Check {
	c := api.Check{Name: "peers", OK: true}
	connected, all := 0, s.Peers.Peers()
	for _, p := range all {
		if p.Connected {
			connected++
		}
	}
	switch {
	case len(all) == 0:
		c.Says = "nobody else is in the co-op yet"
	case connected == 0:
		c.OK, c.Says, c.Hint = false, fmt.Sprintf("no other device is connected (of %d)", len(all)), "kith peers says why"
	default:
		c.Says = fmt.Sprintf("connected to %d of %d other devices", connected, len(all))
	}
	return c
}
