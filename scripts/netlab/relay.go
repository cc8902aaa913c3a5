//go:build linux

package main

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	ma "github.com/multiformats/go-multiaddr"

	"kith/crdt/charter"
	"kith/crdt/entry"
	kithpeer "kith/daemon/peer"
)

// A relay that is nobody's member: as it comes with libp2p, but for its limits.

const relayCommand = "__relay"

// How a porch can be bad.
const (
	refuses = "refuses" // half of those who want a place, or through
	drops   = "drops"   // whatever goes over it after drop bytes
	drop    = 64 << 10
)

// fickle is a porch that takes every token, and tosses a coin for all else.
type fickle struct{}

func (fickle) AllowReserve(peer.ID, ma.Multiaddr) bool          { return rand.N(2) == 0 }
func (fickle) AllowConnect(peer.ID, ma.Multiaddr, peer.ID) bool { return rand.N(2) == 0 }

// relayKey is drawn from the address, so that the lab knows the identity beforehand.
func relayKey(ip string) (crypto.PrivKey, error) {
	var seed [ed25519.SeedSize]byte
	copy(seed[:], ip)
	return crypto.UnmarshalEd25519PrivateKey(ed25519.NewKeyFromSeed(seed[:]))
}

// serveRelay serves one that does what it is for, or is bad in some way.
func serveRelay(ip, bad string) error {
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
	options := []relay.Option{relay.WithReservationAddressFilter(func(ma.Multiaddr) bool { return true })}
	switch bad {
	case refuses:
		options = append(options, relay.WithACL(fickle{}))
	case drops:
		limits.Limit.Data = drop
	}
	if _, err := relay.New(h, append(options, relay.WithResources(limits))...); err != nil {
		return err
	}
	h.SetStreamHandler(kithpeer.PorchProtocol, func(s network.Stream) {
		kithpeer.AnswerPorch(s, func([]byte) kithpeer.PorchRefusal { return "" })
	})
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
	cmd, err := l.startRelay(on, ip, "")
	return cmd, fmt.Sprintf("/ip4/%s/tcp/4001/p2p/%s", ip, id), err
}

// badPorch starts one that is bad in some way, and returns a code of it.
func (l *lab) badPorch(on *computer, ip, bad string) (string, error) {
	key, err := relayKey(ip)
	if err != nil {
		return "", err
	}
	public, err := key.GetPublic().Raw()
	if err != nil {
		return "", err
	}
	at, err := ma.NewMultiaddr("/ip4/" + ip + "/tcp/4001")
	if err != nil {
		return "", err
	}
	if _, err := l.startRelay(on, ip, bad); err != nil {
		return "", err
	}
	return charter.NewPorchCode(charter.Answerer{Device: entry.Device(public), Address: at.Bytes()}).Encode()
}

func (l *lab) startRelay(on *computer, ip, bad string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, relayCommand, ip, bad)
	cmd.Stderr = os.Stderr
	if err := on.start(cmd); err != nil {
		return nil, err
	}
	l.programs = append(l.programs, cmd)
	return cmd, nil
}
