//go:build linux

package main

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	ma "github.com/multiformats/go-multiaddr"
)

// A relay that is nobody's member: as it comes with libp2p, but for its limits.

const relayCommand = "__relay"

// relayKey is drawn from the address, so that the lab knows the identity beforehand.
func relayKey(ip string) (crypto.PrivKey, error) {
	var seed [ed25519.SeedSize]byte
	copy(seed[:], ip)
	return crypto.UnmarshalEd25519PrivateKey(ed25519.NewKeyFromSeed(seed[:]))
}

func serveRelay(ip string) error {
	key, err := relayKey(ip)
	if err != nil {
		return err
	}
	h, err := libp2p.New(libp2p.Identity(key), libp2p.ListenAddrStrings("/ip4/"+ip+"/tcp/4001"), libp2p.DisableMetrics())
	if err != nil {
		return err
	}
	defer h.Close()
	limits := relay.DefaultResources()
	limits.Limit = &relay.RelayLimit{Duration: time.Hour, Data: 1 << 30}
	if _, err := relay.New(h, relay.WithResources(limits), relay.WithReservationAddressFilter(func(ma.Multiaddr) bool { return true })); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	<-ctx.Done()
	return nil
}

// relay starts one on a computer and returns its address.
func (l *lab) relay(on *computer, ip string) (*exec.Cmd, string, error) {
	key, err := relayKey(ip)
	if err != nil {
		return nil, "", err
	}
	id, err := peer.IDFromPrivateKey(key)
	if err != nil {
		return nil, "", err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, "", err
	}
	cmd := exec.Command(self, relayCommand, ip)
	cmd.Stderr = os.Stderr
	if err := on.start(cmd); err != nil {
		return nil, "", err
	}
	l.programs = append(l.programs, cmd)
	return cmd, fmt.Sprintf("/ip4/%s/tcp/4001/p2p/%s", ip, id), nil
}
