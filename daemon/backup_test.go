package daemon

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/api/apitest"
	"kith/daemon/backup"
	"kith/daemon/backup/form"
	"kith/daemon/daemontest"
	"kith/daemon/entrance"
	"kith/daemon/home"
	"kith/daemon/seal"
)

const word = daemontest.Passphrase

func typed(s string) func() (string, error) { return daemontest.Typed(s) }

// backUp makes a backup of a home, which may be served, and returns its path.
func (h *computer) backUp(passphrase string) string {
	h.t.Helper()
	file := filepath.Join(h.t.TempDir(), "kith.backup")
	made, err := backup.Make(h.t.Context(), backup.Options{Home: h.dir, File: file, Passphrase: passphrase, Version: "test", Unlock: typed(h.passphrase)})
	must(h.t, err)
	info, err := os.Stat(file)
	must(h.t, err)
	if info.Mode().Perm() != 0o600 || made.Bytes != info.Size() || made.Sealed != (passphrase != "") {
		h.t.Errorf("%v with %d bytes; it says %+v", info.Mode(), info.Size(), made)
	}
	return file
}

// backUpKnowing makes a plain backup once it says where the others can be reached: that comes on its
// own, after they are in step, and who comes back elsewhere is found by nobody.
func (h *computer) backUpKnowing(others ...*computer) (file string) {
	h.t.Helper()
	var wanted []string
	for _, o := range others {
		opened := home.At(o.dir)
		key, err := opened.DeviceKey()
		must(h.t, err)
		wanted = append(wanted, "address/"+key.Device().String())
	}
	h.until("the addresses of the others are here", func() bool {
		file = h.backUp("")
		b, err := os.ReadFile(file)
		must(h.t, err)
		return !slices.ContainsFunc(wanted, func(name string) bool { return !bytes.Contains(b, []byte(name)) })
	})
	return file
}

// emptyPlace is a home where nothing is yet.
func emptyPlace(t testing.TB, name string) *computer {
	t.Helper()
	return newHome(t, name, daemontest.Dir(t))
}

// restored brings a device back in a new home, which listens elsewhere.
func restored(t testing.TB, name, file string) *computer {
	t.Helper()
	h := emptyPlace(t, name)
	res, err := backup.Restore(t.Context(), backup.RestoreOptions{Home: h.dir, File: file, Listen: here()})
	must(t, err)
	if res.Left != 0 {
		t.Errorf("%d entries were left out", res.Left)
	}
	return h
}

func (p *promises) copy() *promises {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := &promises{titles: maps.Clone(p.titles), lines: map[string][]string{}, n: p.n}
	for id, lines := range p.lines {
		c.lines[id] = slices.Clone(lines)
	}
	return c
}

func newPromises() *promises {
	return &promises{titles: map[string]string{}, lines: map[string][]string{}}
}

// writing starts writers in a home, which run a little ahead of who reads what they acknowledged;
// stop ends them, and the test fails if one had ended before.
func (p *promises) writing(h *computer, writers int, who string) (acknowledged chan struct{}, stop func()) {
	ctx, cancel := context.WithCancel(h.t.Context())
	acknowledged = make(chan struct{}, 64)
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			if err := p.write(ctx, h, fmt.Sprintf("%s%d", who, w), acknowledged); ctx.Err() == nil {
				h.t.Errorf("%s's writer: %v", h.name, err)
			}
		})
	}
	return acknowledged, func() {
		cancel()
		go func() { all.Wait(); close(acknowledged) }()
		for range acknowledged { // whoever waits to say so goes on
		}
	}
}

func (h *computer) nothingVoid() {
	h.t.Helper()
	status, err := h.client.Status(h.t.Context())
	must(h.t, err)
	if status.Entries.Void+status.Entries.Pending+status.Entries.Quarantined > 0 {
		h.t.Errorf("%s: %+v", h.name, status.Entries)
	}
}

func TestABackupMadeWhileOthersWriteHoldsAllThatWasAcknowledgedBefore(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	ana.start()
	p := newPromises()
	acknowledged, stop := p.writing(ana, 4, "w")
	for range 100 {
		<-acknowledged
	}
	before := p.copy()
	file := ana.backUp(word)
	stop()
	ana.kill() // and the disk is gone

	again := emptyPlace(t, "Ana")
	var heard int64
	res, err := backup.Restore(t.Context(), backup.RestoreOptions{
		Home: again.dir, File: file, Passphrase: typed(word),
		Progress: func(_ string, done, of int64) { heard = max(heard, done); _ = of },
	})
	must(t, err)
	if res.Left != 0 || int64(res.Entries) != heard || res.Entries < before.n {
		t.Errorf("%+v; %d were acknowledged, %d told of", res, before.n, heard)
	}
	viewsAreAsMadeAnew(again)
	again.start() // with the same addresses
	before.kept(again, 0)
	again.nothingVoid()
	again.wellBeing()
	_, err = again.client.CreateTask(t.Context(), apitest.NewTask{Title: "After it all"})
	must(t, err)
}

func TestABackupWithoutADaemonIsTheSameAsWithOne(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	ana.start()
	_, err := ana.client.CreateTask(t.Context(), apitest.NewTask{Title: "Order paper"})
	must(t, err)
	with := ana.backUp("")
	ana.stop()
	without := ana.backUp("")
	// Small records are where the devices are: a daemon signs that while it gets going.
	small := func(part string) bool { return strings.HasPrefix(part, fmt.Sprint(form.KindSmall)) }
	a, b := slices.DeleteFunc(partsOf(t, with), small), slices.DeleteFunc(partsOf(t, without), small)
	if !slices.Equal(a, b) {
		t.Errorf("with a daemon:\n%q\nwithout:\n%q", a, b)
	}
	if len(a) < 4 { // the key, the config, the genesis, the task
		t.Errorf("only %d parts: %q", len(a), a)
	}
}

// partsOf gives all parts of a plain backup but its header.
func partsOf(t testing.TB, file string) (parts []string) {
	t.Helper()
	b, err := os.ReadFile(file)
	must(t, err)
	r, err := form.NewReader(bytes.NewReader(b))
	must(t, err)
	for {
		kind, content, err := r.Next()
		if err == io.EOF {
			return parts
		}
		must(t, err)
		parts = append(parts, fmt.Sprint(kind)+string(content))
	}
}

// Three devices, of which one is restored to an earlier state while its clone writes on. All four homes
// come into step while both run, whatever either wrote is kept, and both say that there are two.
func TestADeviceThatComesBackFromLongAgoHarmsNothingWhileItsCloneWritesOn(t *testing.T) {
	t.Parallel()
	all := coop(t, "Ana", "Ben", "Cleo")
	acquaint(all)
	ana, ben, cleo := all[0], all[1], all[2]
	for _, h := range all {
		h.start()
	}
	p, others := newPromises(), newPromises()
	acknowledged, stop := p.writing(ana, 2, "a")
	for range 15 {
		<-acknowledged
	}
	file := ana.backUpKnowing(ben, cleo) // a month ago
	for range 30 {
		<-acknowledged
	}

	// Ana's writer writes on, on both sides of a crash, while the clone writes too.
	clone := restored(t, "Ana", file)
	clone.start()
	fromClone, stopClone := others.writing(clone, 2, "c")
	for range 15 {
		<-acknowledged
		<-fromClone
	}
	stop()
	ana.kill()
	ana.start()
	acknowledged, stop = p.writing(ana, 2, "b")
	for range 15 {
		<-acknowledged
		<-fromClone
	}
	stop()
	stopClone()
	t.Logf("%d changes acknowledged by the device, %d by its clone", p.n, others.n)

	homes := []*computer{ana, clone, ben, cleo}
	want := p.n + others.n
	for _, h := range homes {
		h.until("all that was acknowledged is here", func() bool {
			status, err := h.client.Status(t.Context())
			must(t, err)
			return status.Entries.Stored >= want
		})
	}
	for _, h := range homes[1:] {
		sameDocuments(homes[0], h)
	}
	for _, h := range homes {
		p.kept(h, 0)
		others.kept(h, 0)
		h.nothingVoid()
	}
	for _, h := range []*computer{ana, clone} {
		status, err := h.client.Status(t.Context())
		must(t, err)
		if says := strings.Join(status.Notice, " "); !strings.Contains(says, "Another computer writes as this device") {
			t.Errorf("its owner is told %q", says)
		}
		checks, err := h.client.Doctor(t.Context(), api.DoctorRequest{})
		must(t, err)
		if !strings.Contains(saysOf(checks, "device"), "another computer") {
			t.Errorf("the doctor says %+v", checks)
		}
	}
	for _, h := range []*computer{ben, cleo} {
		h.wellBeing()
		if status, err := h.client.Status(t.Context()); err != nil || len(status.Notice) > 0 {
			t.Errorf("%s is told %q, %v", h.name, status.Notice, err)
		}
	}
	for _, h := range homes {
		h.stop()
		viewsAreAsMadeAnew(h)
	}
}

// A yes that the device gave after the backup is on no disk of its own; a second one beside it would
// be a signature for two next steps.
func TestARestoredDeviceTakesNoPartInTheCharterBeforeItIsInStepWithAnother(t *testing.T) {
	t.Parallel()
	all := coop(t, "Ana", "Ben")
	ana, ben := all[0], all[1]
	for _, h := range all {
		h.start()
	}
	ana.inStepWith(ben)
	propose := func(h *computer, invites int) (api.Proposal, error) {
		return h.client.Propose(t.Context(), api.ProposalRequest{Action: api.ActionInvites, Invites: invites})
	}
	file := ana.backUpKnowing(ben)
	first, err := propose(ana, 3) // with her consent
	must(t, err)
	ben.until("the proposal and her consent are here", func() bool { // two statements, and she is off next
		p, err := ben.client.Proposal(t.Context(), first.ID)
		return err == nil && len(p.Consents) == 1
	})
	ana.stop() // and its disk is gone
	ben.stop()

	again := restored(t, "Ana", file)
	again.start()
	var p *api.Problem
	if _, err := propose(again, 4); !asTold(err, &p) || p.Code != api.NotAllowed ||
		!strings.Contains(p.Message, "came back from a backup") || !strings.Contains(p.Hint, "kith sync") {
		t.Errorf("before: %v", err)
	}
	status, err := again.client.Status(t.Context())
	must(t, err)
	if says := strings.Join(status.Notice, " "); !strings.Contains(says, "takes no part in the charter") {
		t.Errorf("the status says %q", says)
	}
	again.wellBeing()
	_, err = again.client.CreateTask(t.Context(), apitest.NewTask{Title: "Documents can be written all the same"})
	must(t, err)
	again.stop()
	again.start() // it remembers
	if _, err := propose(again, 4); !asTold(err, &p) {
		t.Errorf("after another start: %v", err)
	}

	ben.start()
	again.inStepWith(ben)
	again.until("it may take part", func() bool {
		status, err := again.client.Status(t.Context())
		must(t, err)
		return len(status.Notice) == 0
	})
	// Now it knows what it said, and doesn't say yes to another next step.
	second, err := propose(again, 4)
	if err != nil || !strings.Contains(strings.Join(second.Says, " "), "your word is with") || len(second.Consents) > 0 {
		t.Errorf("afterwards: %+v, %v", second, err)
	}
	again.stop()
	again.start()
	if status, err := again.client.Status(t.Context()); err != nil || len(status.Notice) > 0 {
		t.Errorf("after one more start: %q, %v", status.Notice, err)
	}
}

// Attack 54. Who was removed meanwhile runs an honest program that has heard nothing of it: to be in step with them says
// nothing of what the others know.
func TestARestoredDeviceIsntCaughtUpByOneWhoWasRemovedMeanwhile(t *testing.T) {
	t.Parallel()
	all := coop(t, "Ana", "Ben", "Cleo", "Eli")
	ana, ben, cleo, eli := all[0], all[1], all[2], all[3]
	for _, h := range all {
		h.start()
	}
	for _, h := range all[1:] {
		ana.inStepWith(h)
	}
	file := ana.backUpKnowing(ben, cleo, eli)
	eli.stop()
	agrees(t, api.ProposalRequest{Action: api.ActionRemove, Member: memberID(t, ana, "Eli"), Why: "we parted"}, ana, ben, cleo)
	areInForce(t, ana, ben, cleo)
	stopAll(ana, ben, cleo)

	again := restored(t, "Ana", file)
	again.start()
	eli.start()
	again.inStepWith(eli)
	_, err := again.client.Propose(t.Context(), api.ProposalRequest{Action: api.ActionInvites, Invites: 4})
	var p *api.Problem
	if !asTold(err, &p) || p.Code != api.NotAllowed || !strings.Contains(p.Message, "came back from a backup") {
		t.Errorf("in step with Eli alone: %v", err)
	}
	ben.start()
	cleo.start()
	again.until("it may take part", func() bool {
		status, err := again.client.Status(t.Context())
		must(t, err)
		return len(status.Notice) == 0
	})
	if _, err := again.client.Propose(t.Context(), api.ProposalRequest{Action: api.ActionInvites, Invites: 4}); err != nil {
		t.Errorf("in step with Ben and Cleo: %v", err)
	}
}

func TestARestoredCoopOfOneHasNobodyToAsk(t *testing.T) {
	t.Parallel()
	again := restored(t, "Ana", coop(t, "Ana")[0].backUp(""))
	again.start()
	status, err := again.client.Status(t.Context())
	must(t, err)
	if len(status.Notice) > 0 {
		t.Errorf("it waits for somebody: %q", status.Notice)
	}
	_, err = again.client.Invite(t.Context(), 0)
	must(t, err)
}

// sameDocuments waits until two homes show the same documents, through whomever they hear of each other.
func sameDocuments(a, b *computer) {
	a.t.Helper()
	a.until("it shows the same documents as "+b.name, func() bool { return maps.Equal(a.heads(), b.heads()) })
}

func TestADamagedOrForeignBackupIsRefusedWholeBeforeAnythingIsWritten(t *testing.T) {
	t.Parallel()
	ana, other := coop(t, "Ana")[0], coop(t, "Olga")[0]
	for _, h := range []*computer{ana, other} {
		h.start()
		for i := range 5 {
			_, err := h.client.CreateNote(t.Context(), apitest.NewNote{Title: fmt.Sprint("Note ", i), Text: strings.Repeat("words ", 100)})
			must(t, err)
		}
		h.stop()
	}
	plainFile, sealedFile := ana.backUp(""), ana.backUp(word)
	plain, err := os.ReadFile(plainFile)
	must(t, err)
	sealed, err := os.ReadFile(sealedFile)
	must(t, err)
	foreign, own := partsOf(t, other.backUp("")), partsOf(t, plainFile)
	key := fmt.Sprint(form.KindKey)
	entries := func(parts []string) []string {
		return slices.DeleteFunc(slices.Clone(parts), func(p string) bool { return !strings.HasPrefix(p, fmt.Sprint(form.KindEntry)) })
	}
	replaced := func(old, new string) []string {
		out := slices.Clone(own)
		out[slices.Index(out, old)] = new
		return out
	}
	last := entries(own)[len(entries(own))-1]
	unsigned := []byte(last)
	unsigned[len(unsigned)-1] ^= 1
	tests := []struct {
		name string
		b    []byte
		says string
	}{
		{"a byte of the plain one changed", flipped(plain, len(plain)/2), "damaged"},
		{"a byte of the sealed one changed", flipped(sealed, len(sealed)/2), "damaged"},
		{"the plain one cut off", plain[:len(plain)*3/4], "end is missing"},
		{"the sealed one cut off", sealed[:len(sealed)*3/4], "damaged"},
		{"the end of the plain one gone", plain[:len(plain)-1], "end is missing"},
		{"a byte more", append(bytes.Clone(plain), 0), "follows its end"},
		{"another file", []byte("#!/bin/sh\necho hello\n"), "not a backup of Kith"},
		{"an empty file", nil, "not a backup of Kith"},
		{"of a newer Kith", []byte("kith backup 9\nand so on"), "a newer Kith"},
		{"a note of another co-op in it", remade(t, plain, replaced(last, entries(foreign)[2])), "another co-op"},
		{"another device's key in it", remade(t, plain, replaced(own[0], foreign[0])), "another device's"},
		{"a key that is none", remade(t, plain, replaced(own[0], key+"hello")), "the device's key"},
		{"an entry that nobody signed", remade(t, plain, replaced(last, string(unsigned))), "signature"},
		{"no charter", remade(t, plain, replaced(entries(own)[0], last)), "no charter"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "b")
			must(t, os.WriteFile(file, test.b, 0o600))
			dir := filepath.Join(t.TempDir(), "home")
			_, err := backup.Restore(t.Context(), backup.RestoreOptions{Home: dir, File: file, Passphrase: typed(word)})
			var p *api.Problem
			if !asTold(err, &p) || p.Code != api.Invalid || !strings.Contains(p.Message, test.says) {
				t.Errorf("it says %v, want something with %q", err, test.says)
			}
			if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("something was written: %v", err)
			}
		})
	}
}

func flipped(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 0x10
	return b
}

// remade is a plain backup with other parts behind its header, and a checksum that is right: what
// somebody could make on purpose.
func remade(t testing.TB, whole []byte, parts []string) []byte {
	t.Helper()
	line := bytes.IndexByte(whole, '\n') + 1
	n := line + 5 + int(binary.BigEndian.Uint32(whole[line+1:]))
	b := bytes.Clone(whole[:n])
	add := func(kind byte, content []byte) {
		b = append(binary.BigEndian.AppendUint32(append(b, kind), uint32(len(content))), content...)
	}
	for _, p := range parts {
		add(p[0]-'0', []byte(p[1:]))
	}
	sum := sha256.Sum256(b)
	add(byte(form.KindEntry)+1, sum[:])
	return b
}

func TestARandomByteOfABackupIsNeverRestored(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	plain, err := os.ReadFile(ana.backUp(""))
	must(t, err)
	for range 100 {
		at := rand.Intn(len(plain))
		file := filepath.Join(t.TempDir(), "b")
		must(t, os.WriteFile(file, flipped(plain, at), 0o600))
		dir := filepath.Join(t.TempDir(), "home")
		if _, err := backup.Restore(t.Context(), backup.RestoreOptions{Home: dir, File: file}); err == nil {
			t.Fatalf("byte %d changed, and it was restored", at)
		}
	}
}

func TestABackupIsRestoredOnlyWhereNobodyIsAtHome(t *testing.T) {
	t.Parallel()
	all := coop(t, "Ana", "Ben")
	ana, ben := all[0], all[1]
	file := ana.backUp("")
	before := keyOf(t, ben)
	if _, err := backup.Restore(t.Context(), backup.RestoreOptions{Home: ben.dir, File: file}); err == nil || !strings.Contains(err.Error(), "belongs to a co-op") {
		t.Errorf("into Ben's home: %v", err)
	}
	if keyOf(t, ben) != before {
		t.Error("Ben's key is another one now")
	}
	// A join that didn't come to an end leaves a key, which somebody may have been let in with.
	dir := filepath.Join(t.TempDir(), "home")
	h, err := home.Open(dir)
	must(t, err)
	_, err = h.DeviceKey()
	must(t, err)
	must(t, h.Close())
	if _, err := backup.Restore(t.Context(), backup.RestoreOptions{Home: dir, File: file}); err == nil || !strings.Contains(err.Error(), "another device's key") {
		t.Errorf("beside another key: %v", err)
	}
}

func keyOf(t testing.TB, h *computer) entry.Device {
	t.Helper()
	opened, err := home.Open(h.dir)
	must(t, err)
	defer func() { must(t, opened.Close()) }()
	key, err := opened.DeviceKey()
	must(t, err)
	return key.Device()
}

func TestARestoreThatIsBrokenOffLeavesAHomeInNoCoopAndCanBeginAgain(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	ana.start()
	for i := range 20 {
		_, err := ana.client.CreateTask(t.Context(), apitest.NewTask{Title: fmt.Sprint("Task ", i)})
		must(t, err)
	}
	ana.stop()
	file := ana.backUp("")
	dir := filepath.Join(t.TempDir(), "home")
	ctx, cancel := context.WithCancel(t.Context())
	_, err := backup.Restore(ctx, backup.RestoreOptions{Home: dir, File: file, Progress: func(doing string, done, _ int64) {
		if strings.HasPrefix(doing, "accepting") && done == 10 {
			cancel()
			// what a crash would leave
			must(t, os.WriteFile(filepath.Join(dir, "restoring", "000009.sst"), []byte("half"), 0o600))
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
	must(t, os.MkdirAll(filepath.Join(dir, "restoring", "more"), 0o700))
	h, err := home.Open(dir)
	must(t, err)
	if h.InUse() {
		t.Error("the home belongs to a co-op")
	}
	must(t, h.Close())
	_, err = backup.Restore(t.Context(), backup.RestoreOptions{Home: dir, File: file})
	must(t, err)
}

func TestABackupIsThereWhenItIsWholeAndReplacesAnOlderOneOnlyIfAsked(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	dir := t.TempDir()
	o := backup.Options{Home: ana.dir, File: filepath.Join(dir, "b")}
	_, err := backup.Make(t.Context(), o)
	must(t, err)
	if _, err := backup.Make(t.Context(), o); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("over an older one: %v", err)
	}
	o.Replace = true
	_, err = backup.Make(t.Context(), o)
	must(t, err)
	before, err := os.ReadFile(o.File)
	must(t, err)
	o.Passphrase = "short"
	if _, err := backup.Make(t.Context(), o); !errors.Is(err, seal.ErrShort) {
		t.Errorf("with a short passphrase: %v", err)
	}
	after, err := os.ReadFile(o.File)
	must(t, err)
	files, err := os.ReadDir(dir)
	must(t, err)
	if !bytes.Equal(before, after) || len(files) != 1 {
		t.Errorf("what failed left something: %v", files)
	}
}

// A founder who came back from before a seat was filled would fill it twice, and split the co-op.
func TestInviteCodesAreNotInABackup(t *testing.T) {
	t.Parallel()
	ana := emptyPlace(t, "Ana")
	res, err := entrance.Init(t.Context(), entrance.InitOptions{Home: ana.dir, Coop: "Riso Print Co-op", As: "Ana", Founders: 2, Listen: here()})
	must(t, err)
	file := ana.backUp("")
	b, err := os.ReadFile(file)
	must(t, err)
	if bytes.Contains(b, []byte(res.Invites[0].Code)) {
		t.Error("the code is in it")
	}
	again := restored(t, "Ana", file)
	again.start()
	invites, err := again.client.Invites(t.Context())
	must(t, err)
	if len(invites) != 0 {
		t.Errorf("they came back: %+v", invites)
	}
}

// Somebody changed a backup that isn't sealed: it sends others elsewhere for this device, and all that it says
// through a relay of theirs.
func TestABackupThatIsntSealedLeadsNobodyElsewhereUnlessItsOwnerSaysSo(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	opened, err := home.Open(ana.dir)
	must(t, err)
	config, err := opened.Config()
	must(t, err)
	elsewhere, relay := []string{"/ip4/198.51.100.7/tcp/80"}, []string{"/ip4/198.51.100.9/tcp/4001/p2p/12D3KooWGRUQZjqYe3aT1Pd8hc2mRCSyVxXbPeLVJTqgqPz1y3bF"}
	config.Announce, config.Relays = elsewhere, relay
	must(t, opened.SetConfig(config))
	must(t, opened.Close())
	open, sealed := ana.backUp(""), ana.backUp(word)
	say := func(yes bool) func(announce, relays []string) (bool, error) {
		return func(announce, relays []string) (bool, error) {
			if !slices.Equal(announce, elsewhere) || !slices.Equal(relays, relay) {
				t.Errorf("it is asked about %q and %q", announce, relays)
			}
			return yes, nil
		}
	}
	for what, tt := range map[string]struct {
		backup.RestoreOptions
		taken bool
	}{
		"open, with nobody to ask": {backup.RestoreOptions{File: open}, false},
		"open, and it is wrong":    {backup.RestoreOptions{File: open, Led: say(false)}, false},
		"open, and it is right":    {backup.RestoreOptions{File: open, Led: say(true)}, true},
		"sealed":                   {backup.RestoreOptions{File: sealed, Passphrase: typed(word)}, true},
	} {
		again := emptyPlace(t, "Ana")
		o := tt.RestoreOptions
		o.Home = again.dir
		res, err := backup.Restore(t.Context(), o)
		must(t, err)
		opened, err := home.Open(again.dir)
		must(t, err)
		got, err := opened.Config()
		must(t, err)
		must(t, opened.Close())
		if !slices.Equal(got.Listen, config.Listen) || got.DeviceName != config.DeviceName {
			t.Errorf("%s: it listens at %q as %q", what, got.Listen, got.DeviceName)
		}
		want, left := home.Config{}, config
		if tt.taken {
			want, left = config, home.Config{}
		}
		if !slices.Equal(got.Announce, want.Announce) || !slices.Equal(got.Relays, want.Relays) {
			t.Errorf("%s: it announces %q and has the relays %q", what, got.Announce, got.Relays)
		}
		if !slices.Equal(res.Announce, left.Announce) || !slices.Equal(res.Relays, left.Relays) {
			t.Errorf("%s: it is said that %q and %q weren't taken", what, res.Announce, res.Relays)
		}
	}
}

func TestASealedBackupAsksForItsPassphrase(t *testing.T) {
	t.Parallel()
	file := coop(t, "Ana")[0].backUp(word)
	dir := filepath.Join(t.TempDir(), "home")
	for _, test := range []struct {
		name string
		ask  func() (string, error)
		says string
	}{
		{"nobody to ask", nil, "sealed with a passphrase"},
		{"a wrong one", typed("incorrect horse"), "the passphrase is wrong"},
		{"an empty one", typed(""), "the passphrase is wrong"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := backup.Restore(t.Context(), backup.RestoreOptions{Home: dir, File: file, Passphrase: test.ask})
			var p *api.Problem
			if !asTold(err, &p) || p.Code != api.NotAllowed || !strings.Contains(p.Message, test.says) {
				t.Errorf("it says %v", err)
			}
		})
	}
}
