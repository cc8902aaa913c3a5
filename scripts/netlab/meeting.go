//go:build linux

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"kith/daemon/api"
)

// porch starts one on a computer and makes a code of it.
func (l *lab) porch(on *computer, ip string) (*exec.Cmd, string, error) {
	h := &home{lab: l, name: "porch", dir: filepath.Join(l.dir, "porch-"+ip), on: on}
	if err := os.RemoveAll(h.dir); err != nil {
		return nil, "", err
	}
	cmd := h.command("porch", "run", filepath.Join(h.dir, "porch"), "--listen", "/ip4/"+ip+"/tcp/4001", "--json")
	cmd.Stderr = os.Stderr
	said, err := cmd.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	if err := on.start(cmd); err != nil {
		return nil, "", err
	}
	l.programs = append(l.programs, cmd)
	if _, err := bufio.NewReader(said).ReadString('\n'); err != nil { // it is open
		return nil, "", err
	}
	out, err := h.types("porch", "code", "--for", "Lab Co-op", "--jq", ".code")
	return cmd, strings.TrimSpace(string(out)), err
}

// atRelay starts a relay that is nobody's member.
func atRelay(l *lab, w *world) ([]string, error) {
	const ip = "5.0.0.20"
	on, err := l.plugged("relay", w.internet, ip+"/16", "")
	if err != nil {
		return nil, err
	}
	_, relay, err := l.relay(on, ip)
	return []string{relay}, err
}

// threeBehind founds a co-op of three, each behind a router that lets nobody through, through relays that are nobody's
// member and that only Ana names. More homes are behind routers of their own, and empty.
func (l *lab) threeBehind(through func(*lab, *world) ([]string, error), more ...string) (founders, others []*home, err error) {
	relays := 0
	founders, others, err = l.foundBehind(func(l *lab, w *world) ([]string, error) {
		named, err := through(l, w)
		relays = len(named)
		return named, err
	}, more...)
	if err != nil {
		return nil, nil, err
	}
	for _, h := range founders {
		s, err := h.client.Status(l.ctx)
		if err != nil {
			return nil, nil, err
		}
		if len(s.Reach.Relays) != relays {
			return nil, nil, fmt.Errorf("%s keeps no place at the relays that Ana named, but at %v: %s", h.name, s.Reach.Relays, s.Reach.Says)
		}
	}
	return founders, others, nil
}

// foundBehind does so, whether or not each keeps a place at all relays.
func (l *lab) foundBehind(through func(*lab, *world) ([]string, error), more ...string) (founders, others []*home, err error) {
	names := append([]string{"Ana", "Ben", "Cleo"}, more...)
	w, err := l.world(len(names), true)
	if err != nil {
		return nil, nil, err
	}
	relays, err := through(l, w)
	if err != nil {
		return nil, nil, err
	}
	var named []string
	for _, r := range relays {
		named = append(named, "--relay", r)
	}
	var all []*home
	for i, name := range names {
		h, err := l.home(name, w.homes[i])
		if err != nil {
			return nil, nil, err
		}
		h.flags = []string{"--no-mdns"}
		all = append(all, h)
	}
	founders, others = all[:3], all[3:]
	if err := founders[0].found(3, named...); err != nil {
		return nil, nil, err
	}
	l.say("Ana has founded a co-op. She alone typed where relays are.")
	for _, h := range founders[1:] {
		if err := h.join(h.on); err != nil {
			return nil, nil, err
		}
	}
	l.say("Ben and Cleo have joined from their homes, with the codes as they were.")
	for i, h := range founders {
		if err := h.meets("is in step, through the relay, with", func(p api.Peer) bool { return isRelayed(p) && p.InStep }, founders[(i+1)%3]); err != nil {
			return nil, nil, err
		}
	}
	l.say("They are in step with each other, and nobody's router was touched.")
	return founders, others, nil
}

func threeHomes(l *lab) error {
	founders, _, err := l.threeBehind(atRelay)
	if err != nil {
		return err
	}
	if err := founders[1].adds(20, "By Ben"); err != nil {
		return err
	}
	return l.converge(20, founders...)
}

func porchDies(l *lab) error {
	var porches []*exec.Cmd
	founders, _, err := l.threeBehind(func(l *lab, w *world) (codes []string, err error) {
		porches, codes, err = twoPorches(l, w)
		return codes, err
	})
	if err != nil {
		return err
	}
	ana, ben, cleo := founders[0], founders[1], founders[2]
	if err := cleo.stop(syscall.SIGTERM); err != nil {
		return err
	}
	if err := porches[0].Process.Kill(); err != nil {
		return err
	}
	l.say("Each has a place at both porches. The first one is killed, while Cleo is away.")
	if err := ben.adds(20, "By Ben"); err != nil {
		return err
	}
	if err := cleo.start(); err != nil {
		return err
	}
	if err := l.converge(20, ana, ben, cleo); err != nil {
		return err
	}
	s, err := cleo.client.Status(l.ctx)
	if err != nil {
		return err
	}
	l.say("Cleo's status: %s", s.Reach.Says)
	return nil
}

// twoPorches starts two, on computers of their own.
func twoPorches(l *lab, w *world) (porches []*exec.Cmd, codes []string, err error) {
	for i := range 2 {
		ip := fmt.Sprintf("5.0.0.%d", 20+i)
		on, err := l.plugged(fmt.Sprintf("porch %d", i+1), w.internet, ip+"/16", "")
		if err != nil {
			return nil, nil, err
		}
		cmd, code, err := l.porch(on, ip)
		if err != nil {
			return nil, nil, err
		}
		porches, codes = append(porches, cmd), append(codes, code)
	}
	return porches, codes, nil
}

// porchStates waits until as many porches of the co-op stand so for somebody.
func (h *home) porchStates(state string, n int) error {
	return h.until(fmt.Sprintf("%s has %d porches that are %s", h.name, n, state), func() (bool, error) {
		all, err := h.client.Porches(h.ctx)
		found := 0
		for _, p := range all {
			if p.State == state {
				found++
			}
		}
		return found == n, err
	})
}

func porchesOfCoop(l *lab) error {
	w, err := l.world(3, true)
	if err != nil {
		return err
	}
	porches, codes, err := twoPorches(l, w)
	if err != nil {
		return err
	}
	var all []*home
	for i, name := range []string{"Ana", "Ben", "Cleo"} {
		h, err := l.home(name, w.homes[i])
		if err != nil {
			return err
		}
		h.flags = []string{"--no-mdns"}
		all = append(all, h)
	}
	ana, ben, cleo := all[0], all[1], all[2]
	if err := ana.found(3); err != nil {
		return err
	}
	for i, code := range codes {
		if _, err := ana.types("porch", "add", code, "--label", fmt.Sprintf("Porch %d", i+1)); err != nil {
			return err
		}
	}
	if err := ana.porchStates(api.PorchUsed, 2); err != nil {
		return err
	}
	invites, err := ana.client.Invites(l.ctx)
	if err != nil {
		return err
	}
	l.codes = nil
	for _, i := range invites {
		l.codes = append(l.codes, i.Code)
	}
	l.say("Ana has founded a co-op and added two porches, for all. The codes of before lead through them now.")
	for _, h := range all[1:] {
		if err := h.join(h.on); err != nil {
			return err
		}
	}
	for i, h := range all {
		if err := h.meets("is in step, through a relay, with", func(p api.Peer) bool { return isRelayed(p) && p.InStep }, all[(i+1)%3]); err != nil {
			return err
		}
		if err := h.porchStates(api.PorchUsed, 2); err != nil {
			return err
		}
	}
	l.say("Ben and Cleo have joined, and keep places at both.")
	if err := porches[0].Process.Kill(); err != nil {
		return err
	}
	if err := cleo.porchStates(api.PorchTrouble, 1); err != nil {
		return err
	}
	if err := ben.adds(20, "By Ben"); err != nil {
		return err
	}
	for _, h := range all {
		if err := l.until(h.name+" has what Ben wrote", func() (bool, error) {
			s, err := h.client.Status(l.ctx)
			return s.Documents == 20+len(codes), err // each porch is one
		}); err != nil {
			return err
		}
	}
	s, err := cleo.client.Status(l.ctx)
	if err != nil {
		return err
	}
	l.say("The first one is killed. Cleo's status: %s", s.Reach.Says)
	if _, err := ben.types("porch", "remove", "Porch 1"); err != nil {
		return err
	}
	for _, h := range all {
		if err := h.porchStates(api.PorchTrouble, 0); err != nil {
			return err
		}
	}
	if s, err = cleo.client.Status(l.ctx); err != nil {
		return err
	}
	l.say("Ben has removed it, for all. Cleo's status: %s", s.Reach.Says)
	return nil
}

// badPorches is three homes that only two bad porches join.
func badPorches(l *lab) error {
	founders, _, err := l.foundBehind(func(l *lab, w *world) (codes []string, err error) {
		for i, bad := range []string{refuses, drops} {
			ip := fmt.Sprintf("5.0.0.%d", 20+i)
			on, err := l.plugged("a porch that "+bad, w.internet, ip+"/16", "")
			if err != nil {
				return nil, err
			}
			code, err := l.badPorch(on, ip, bad)
			if err != nil {
				return nil, err
			}
			codes = append(codes, code)
		}
		return codes, nil
	})
	if err != nil {
		return err
	}
	const docs = 400 // several times what one of them carries before it drops the rest
	if err := founders[1].adds(docs, "By Ben"); err != nil {
		return err
	}
	if err := l.converge(docs, founders...); err != nil {
		return err
	}
	s, err := founders[2].client.Status(l.ctx)
	if err != nil {
		return err
	}
	l.say("Cleo's status: %s", s.Reach.Says)
	return nil
}

func guestByAnother(l *lab) error {
	founders, others, err := l.threeBehind(atRelay, "Dora", "Eli")
	if err != nil {
		return err
	}
	ana, ben, cleo, dora, eli := founders[0], founders[1], founders[2], others[0], others[1]
	invite, err := ben.client.Invite(l.ctx, 0)
	if err != nil {
		return err
	}
	if err := l.converge(0, founders...); err != nil { // they have heard of the invite
		return err
	}
	for _, h := range []*home{ben, cleo} {
		if err := h.stop(syscall.SIGTERM); err != nil {
			return err
		}
	}
	l.say("Ben has made a code for Dora, and gone to bed, as has Cleo.")
	if err := dora.joinWith(invite.Code); err != nil {
		return err
	}
	if err := dora.start(); err != nil {
		return err
	}
	if err := dora.meets("is in step with", inStep, ana); err != nil {
		return err
	}
	l.say("Dora is in: Ana's computer let her in.")
	// With the same code nobody else gets anything, whoever is asked.
	err = eli.joinWith(invite.Code, "--wait", "3s")
	if err == nil {
		return errors.New("Eli is in with a used code")
	}
	l.say("Eli, with the same code, is told: %v", err)
	if err := ben.start(); err != nil {
		return err
	}
	if err := ben.meets("is in step with", inStep, dora); err != nil {
		return err
	}
	all, err := ben.client.Invites(l.ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(i api.Invite) bool { return i.ID == invite.ID && i.State == "used" }) {
		return fmt.Errorf("Ben's list of codes says %+v", all)
	}
	return nil
}

func onlyIPv6(l *lab) error {
	w := l.wire()
	on, err := l.row(w, 2, "192.168.7")
	if err != nil {
		return err
	}
	for i, c := range on {
		for _, do := range []string{"addr flush dev eth0", fmt.Sprintf("addr add 2001:db8::%d/64 dev eth0 nodad", 10+i)} {
			if err := c.ip(do); err != nil {
				return err
			}
		}
	}
	l.listen = nil // as it is by itself
	all, err := l.coop([]string{"Ana", "Ben"}, on, "--no-mdns")
	if err != nil {
		return err
	}
	if err := all[0].adds(20, "By Ana"); err != nil {
		return err
	}
	return l.converge(20, all...)
}

// apart makes so many homes on computers that no wire leads to.
func (l *lab) apart(names ...string) (all []*home, err error) {
	for _, name := range names {
		on, err := l.computer("the computer of " + name)
		if err != nil {
			return nil, err
		}
		h, err := l.home(name, on)
		if err != nil {
			return nil, err
		}
		all = append(all, h)
	}
	return all, nil
}

// joinsByFile joins with the next code of a home, by a request and an answer that somebody carries to and fro.
func (h *home) joinsByFile(by *home) error {
	ask, welcome := h.dir+".ask.kith", h.dir+".welcome.kith"
	defer os.Remove(ask)
	defer os.Remove(welcome)
	if err := h.joinWith(by.codes[0], "--write", ask); err != nil {
		return err
	}
	by.codes = by.codes[1:]
	if _, err := by.types("invite", "answer", ask, "--write", welcome); err != nil {
		return err
	}
	if _, err := h.types("join", "--read", welcome); err != nil {
		return err
	}
	return h.start()
}

// foundByFile founds a co-op of homes that no network joins.
func (l *lab) foundByFile(names ...string) ([]*home, error) {
	all, err := l.apart(names...)
	if err != nil {
		return nil, err
	}
	if err := all[0].found(len(all)); err != nil {
		return nil, err
	}
	for _, h := range all[1:] {
		if err := h.joinsByFile(all[0]); err != nil {
			return nil, err
		}
	}
	l.say("%s have founded a co-op, by files that somebody carried.", strings.Join(names, ", "))
	return all, nil
}

func byFile(l *lab) error {
	all, err := l.foundByFile("Ana", "Ben", "Cleo")
	if err != nil {
		return err
	}
	// Each carries what they have to the next, once around and, so that all have all, once more.
	for _, h := range all {
		if err := h.adds(5, "By "+h.name); err != nil {
			return err
		}
	}
	for i := range 2*len(all) - 1 {
		from, to := all[i%len(all)], all[(i+1)%len(all)]
		file := filepath.Join(l.dir, "carried.bundle")
		if _, err := from.types("bundle", "write", file, "--replace"); err != nil {
			return err
		}
		if _, err := to.types("bundle", "read", file); err != nil {
			return err
		}
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	return l.converge(15, all...)
}

// noNetwork is two laptops that are opened before the network is there, which joins them later.
func noNetwork(l *lab) error {
	all, err := l.foundByFile("Ana", "Ben")
	if err != nil {
		return err
	}
	w := l.wire()
	for i, h := range all {
		if err := w.plug(h.on, "eth0", fmt.Sprintf("192.168.7.%d/24", 10+i)); err != nil {
			return err
		}
	}
	if err := all[0].meets("is in step with", inStep, all[1]); err != nil {
		return err
	}
	l.say("There is a network, and they have found each other.")
	for _, h := range all {
		if err := h.on.ip("link set eth0 down"); err != nil {
			return err
		}
		if err := h.stop(syscall.SIGTERM); err != nil {
			return err
		}
		if err := h.start(); err != nil { // without one it ends, too
			return err
		}
	}
	return nil
}

// dropFolder is two homes that only a folder joins: a small file system, which becomes full, and is then handed to Ana so that she can't
// write there.
func dropFolder(l *lab) error {
	all, err := l.foundByFile("Ana", "Ben")
	if err != nil {
		return err
	}
	ana, ben := all[0], all[1]
	stick := filepath.Join(l.dir, "stick")
	if err := os.Mkdir(stick, 0o700); err != nil {
		return err
	}
	defer os.Remove(stick)
	const size = 8 << 20
	mount := func(options string) error {
		return syscall.Mount("kith-lab", stick, "tmpfs", 0, options)
	}
	if err := mount(fmt.Sprintf("size=%d", size)); err != nil {
		return fmt.Errorf("mount a small file system: %w", err)
	}
	defer syscall.Unmount(stick, syscall.MNT_DETACH) //nolint:errcheck // nothing of it stays
	if err := ana.adds(20, "By Ana"); err != nil {
		return err
	}
	for _, h := range all {
		if _, err := h.types("drop", "add", stick); err != nil {
			return err
		}
	}
	if err := l.converge(20, all...); err != nil {
		return err
	}
	l.say("A folder has brought Ben all that Ana wrote.")

	if err := fill(filepath.Join(stick, "films"), size); err != nil {
		return err
	}
	if err := ben.adds(5, "By Ben"); err != nil {
		return err
	}
	if err := ben.ofDrop("There is no room left there."); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(stick, "films")); err != nil {
		return err
	}
	if err := l.converge(25, all...); err != nil {
		return err
	}

	if err := syscall.Mount("", stick, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		return err
	}
	if err := ben.adds(5, "By Ben, to a folder that takes nothing"); err != nil {
		return err
	}
	if err := ben.ofDrop("Nothing can be written there."); err != nil {
		return err
	}
	if err := syscall.Mount("", stick, "", syscall.MS_REMOUNT, ""); err != nil {
		return err
	}
	return l.converge(30, all...)
}

// fill fills a file until the disk is full.
func fill(file string, most int64) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	_, err = io.CopyN(f, zeros{}, most)
	if errors.Is(err, syscall.ENOSPC) {
		err = nil
	}
	return errors.Join(err, f.Close())
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// ofDrop waits until somebody is told so of their drop folder.
func (h *home) ofDrop(want string) error {
	var last []api.Drop
	err := h.until(fmt.Sprintf("%s is told of the drop folder: %s", h.name, want), func() (bool, error) {
		all, err := h.client.Drops(h.ctx)
		last = all
		return len(all) == 1 && slices.ContainsFunc(all[0].Says, func(s string) bool { return strings.HasPrefix(s, want) }), err
	})
	if err != nil {
		return fmt.Errorf("%w; last: %+v", err, last)
	}
	h.say("%s is told: %s", h.name, strings.Join(last[0].Says, " "))
	return nil
}
