//go:build linux

package main

import (
	"bufio"
	"errors"
	"fmt"
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
		s, err := h.client.Status(l.ctx)
		if err != nil {
			return nil, nil, err
		}
		if len(s.Reach.Relays) != len(relays) {
			return nil, nil, fmt.Errorf("%s keeps no place at the relays that Ana named, but at %v: %s", h.name, s.Reach.Relays, s.Reach.Says)
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
