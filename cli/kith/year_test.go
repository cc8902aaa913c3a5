package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"kith/cli"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon"
	"kith/daemon/entrance"
	lies "kith/daemon/home"
	"kith/daemon/replica"
)

// year is a co-op in the home of Ana, who founded it; what the others say is signed here and comes
// to her replica as from peers. Time passes as the test says.
type year struct {
	*testing.T
	home    string
	clock   time.Time
	replica *replica.Replica
	ana     entry.Signer
	devices map[string]entry.Signer
	members map[string]charter.MemberID
}

func newYear(t *testing.T, seats int) *year {
	dir, err := os.MkdirTemp("", "kith") // t.TempDir is often too long for a socket
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	y := &year{
		T: t, home: filepath.Join(dir, "ana"), clock: time.Date(2025, 11, 24, 10, 0, 0, 0, time.UTC),
		devices: map[string]entry.Signer{}, members: map[string]charter.MemberID{},
	}
	_, err = entrance.Init(t.Context(), entrance.InitOptions{Home: y.home, Coop: "Riso Print Co-op", As: "Ana", Founders: seats, Listen: []string{"/ip4/127.0.0.1/tcp/0"}, Now: y.now})
	must(t, err)
	opened, err := lies.Open(y.home)
	must(t, err)
	y.ana, err = opened.DeviceKey()
	must(t, err)
	must(t, opened.Close())
	y.devices["Ana"] = y.ana
	y.replica, err = replica.Open(replica.Config{Dir: filepath.Join(y.home, "store"), Key: y.ana, Now: y.now})
	must(t, err)
	me, _ := y.replica.Me()
	y.members["Ana"] = me.ID
	return y
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (y *year) now() time.Time { return y.clock }

func (y *year) days(n int) { y.clock = y.clock.AddDate(0, 0, n) }

// says has somebody's device make a statement.
func (y *year) says(who string, payload []byte, err error) {
	y.Helper()
	must(y.T, err)
	y.clock = y.clock.Add(time.Minute)
	if who == "Ana" {
		_, err = y.replica.State(y.Context(), payload)
		must(y.T, err)
		return
	}
	f := entry.Fields{Space: y.replica.Space(), Heads: y.c().Heads(), Kind: entry.Statement, Number: 1, Payload: payload}
	rand.Read(f.Run[:])
	e, err := entry.New(f, y.devices[who])
	must(y.T, err)
	_, err = y.replica.Accept(y.Context(), []*entry.Entry{e})
	must(y.T, err)
	if state, why := y.c().State(e.ID()); state != charter.Accepted {
		y.Fatalf("what %s said is %v: %s", who, state, why)
	}
}

func (y *year) c() *charter.Charter { return y.replica.Charter() }

func (y *year) by(who string) entry.Device { return y.devices[who].Device() }

// redeem makes a person with a code.
func (y *year) redeem(who string) (code entry.Device, r charter.Redemption) {
	invite, member := entry.NewSigner(), entry.NewSigner()
	y.devices[who] = entry.NewSigner()
	y.members[who] = charter.MemberIDOf(y.replica.Space(), member.Device())
	r, err := charter.NewRedemption(y.replica.Space(), invite, member, y.devices[who], who, "laptop")
	must(y.T, err)
	return invite.Device(), r
}

func (y *year) seat(who string) {
	payload, err := y.c().FillSeat(y.redeem(who))
	y.says("Ana", payload, err)
}

func (y *year) invites(by, who string) {
	code, r := y.redeem(who)
	payload, err := y.c().Invite(y.by(by), code, 0)
	y.says(by, payload, err)
	payload, err = y.c().AdmitProspective(y.by(by), code, r)
	y.says(by, payload, err)
}

// proposes has the first propose a step, and all consent to it; it comes into force if they are enough.
func (y *year) proposes(terms charter.Terms, who ...string) charter.StepID {
	payload, id, err := y.c().Propose(y.by(who[0]), terms)
	y.says(who[0], payload, err)
	for _, w := range who {
		payload, err = y.c().Consent(y.by(w), id, false)
		y.says(w, payload, err)
	}
	if p, ok := y.c().Proposal(id); ok && p.Ready {
		last := who[len(who)-1]
		payload, err = y.c().Enact(y.by(last), id)
		y.says(last, payload, err)
	}
	return id
}

// live tells the year.
func (y *year) live() {
	for _, who := range []string{"Ben", "Cleo", "Dora"} {
		y.days(1)
		y.seat(who)
	}
	y.days(40)
	y.invites("Ana", "Eli")
	y.days(60)
	y.proposes(charter.Terms{Type: charter.ProposalAdmit, Member: y.members["Eli"], Why: "two months with us"}, "Ben", "Ana", "Cleo")
	y.days(20)
	y.proposes(charter.Terms{Type: charter.ProposalThreshold, Threshold: charter.TwoThirds, Why: "we are five now"}, "Cleo", "Ben", "Dora", "Eli")
	y.days(5)
	box := entry.NewSigner()
	cleo, _ := y.c().Member(y.members["Cleo"])
	payload, err := y.c().Certify(y.by("Cleo"), charter.NewDevice{
		Key: box.Device(), Name: "box in the office", Accepted: charter.AcceptDevice(y.replica.Space(), cleo.Key, box),
	})
	y.says("Cleo", payload, err)
	y.days(30)
	payload, err = y.c().Resign(y.by("Dora"), nil, "we move to the sea")
	y.says("Dora", payload, err)
	y.days(10)
	y.invites("Cleo", "Fay")
	y.days(50)
	y.proposes(charter.Terms{Type: charter.ProposalAdmit, Member: y.members["Fay"]}, "Cleo", "Ana", "Ben")
	y.days(7)
	rekey := entry.NewSigner()
	device := entry.NewSigner()
	r, err := charter.NewRekey(y.replica.Space(), y.members["Ben"], rekey, device, "new laptop")
	must(y.T, err)
	y.proposes(charter.Terms{Type: charter.ProposalKey, Rekey: &r, Why: "his bag was stolen, with the phrase in it"}, "Ana", "Cleo", "Fay", "Eli")
	y.devices["Ben"] = device
	y.days(30)
	y.invites("Ben", "Gus")
	y.days(20)
	y.proposes(charter.Terms{Type: charter.ProposalRemove, Member: y.members["Eli"], Why: "moved away in spring, and can't be reached"}, "Fay", "Ana", "Ben", "Cleo")
	y.days(15)
	y.invites("Ana", "Hal")
	y.days(45)
	y.proposes(charter.Terms{Type: charter.ProposalAdmit, Member: y.members["Hal"], Why: "the second printer needs him"}, "Ana", "Ben", "Fay")
	y.days(20)
	id := y.proposes(charter.Terms{Type: charter.ProposalInvites, Invites: 2, Why: "one after the other"}, "Hal", "Fay")
	payload, err = y.c().Refuse(y.by("Ben"), id, "the summer course brings three at once")
	y.says("Ben", payload, err)
	y.days(5)
}

// show serves the home and returns what a command prints.
func (y *year) show(args ...string) string {
	y.Helper()
	ctx, cancel := context.WithCancel(y.Context())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- daemon.Run(ctx, daemon.Options{
			Home: y.home, NoMDNS: true, Now: y.now, Log: slog.New(slog.DiscardHandler), Ready: func([]string) { close(ready) },
		})
	}()
	select {
	case <-ready:
	case err := <-ended:
		y.Fatal(err)
	}
	var out, errs bytes.Buffer
	exit := cli.Run(ctx, args, cli.Env{
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Now: y.now, Version: "test", Hooks: hooks(),
		Getenv: func(name string) string {
			return map[string]string{"KITH_HOME": y.home, "NO_COLOR": "1", "TZ": "UTC"}[name]
		},
	})
	cancel()
	must(y.T, <-ended)
	if exit != 0 {
		y.Fatalf("kith %s: exit %d\n%s", strings.Join(args, " "), exit, &errs)
	}
	_, _ = io.Copy(&out, &errs)
	return out.String()
}

// shortIDs are the IDs of proposals and documents, which are others in every run.
var shortIDs = regexp.MustCompile(`\b[pnt]-[0-9a-hjkmnp-tv-z]{4,32}\b`)

// numbered gives them numbers in place of their IDs, in the order in which they are named.
func numbered(text string) string {
	seen := map[string]string{}
	return shortIDs.ReplaceAllStringFunc(text, func(id string) string {
		if seen[id] == "" {
			seen[id] = fmt.Sprintf("%s%04d", id[:2], len(seen)+1)
		}
		return seen[id]
	})
}

// What is in testdata/year.golden is what a person reads; read it before you take a new one over.
func TestTheCharterOfACoopOfFiveAfterAYearReadsWithoutAManual(t *testing.T) {
	y := newYear(t, 4)
	y.live()
	must(t, y.replica.Close())
	var got strings.Builder
	for _, args := range [][]string{{"charter", "show"}, {"charter", "log"}} {
		fmt.Fprintf(&got, "$ kith %s\n%s\n", strings.Join(args, " "), y.show(args...))
	}
	compareGolden(t, filepath.Join("testdata", "year.golden"), numbered(got.String()))
}

// compareGolden compares with a file that -update writes.
func compareGolden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		must(t, os.WriteFile(file, []byte(got), 0o600))
		return
	}
	want, err := os.ReadFile(file)
	must(t, err)
	if string(want) != got {
		t.Errorf("%s is\n%s\nwant\n%s\nto take it over: go test ./cli/kith -run %s -update", file, got, want, t.Name())
	}
}
