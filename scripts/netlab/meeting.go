//go:build linux

package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"

	"kith/daemon/api"
)

// threeBehind founds a co-op of three, each behind a router that lets nobody through, through a relay that is nobody's
// member and that only Ana names. More homes are behind routers of their own, and empty.
func (l *lab) threeBehind(more ...string) (founders, others []*home, err error) {
	names := append([]string{"Ana", "Ben", "Cleo"}, more...)
	w, err := l.world(len(names), true)
	if err != nil {
		return nil, nil, err
	}
	const ip = "5.0.0.20"
	on, err := l.plugged("relay", w.internet, ip+"/16", "")
	if err != nil {
		return nil, nil, err
	}
	_, relay, err := l.relay(on, ip)
	if err != nil {
		return nil, nil, err
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
	if err := founders[0].found(3, "--relay", relay); err != nil {
		return nil, nil, err
	}
	l.say("Ana has founded a co-op. She alone typed the address of a relay.")
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
		if !slices.ContainsFunc(s.Reach.Relays, func(at string) bool { return strings.HasPrefix(at, ip) }) {
			return nil, nil, fmt.Errorf("%s keeps no place at the relay that the code named, but at %v", h.name, s.Reach.Relays)
		}
	}
	l.say("They are in step with each other, and nobody's router was touched.")
	return founders, others, nil
}

func threeHomes(l *lab) error {
	founders, _, err := l.threeBehind()
	if err != nil {
		return err
	}
	if err := founders[1].adds(20, "By Ben"); err != nil {
		return err
	}
	return l.converge(20, founders...)
}

func guestByAnother(l *lab) error {
	founders, others, err := l.threeBehind("Dora", "Eli")
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
