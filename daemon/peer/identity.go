package peer

import (
	stded25519 "crypto/ed25519"
	"errors"
	"fmt"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"

	"kith/crdt/entry"
)

// hostKey is a device's key in the form that libp2p takes.
func hostKey(key entry.Signer) (crypto.PrivKey, error) {
	seed := key.Seed()
	return crypto.UnmarshalEd25519PrivateKey(stded25519.NewKeyFromSeed(seed[:]))
}

// peerID is the name of a device in libp2p. An Ed25519 key stands in it as it is.
func peerID(d entry.Device) (peer.ID, error) {
	key, err := crypto.UnmarshalEd25519PublicKey(d[:])
	if err != nil {
		return "", fmt.Errorf("device %.8s: %w", d, err)
	}
	return peer.IDFromPublicKey(key)
}

// Identity is what stands after /p2p/ in the addresses of a device. The error is that of 32 bytes
// that are no key.
func Identity(d entry.Device) (string, error) {
	id, err := peerID(d)
	return id.String(), err
}

var errNoDevice = errors.New("its identity isn't an Ed25519 key")

// deviceOf is the reverse. Kith's devices have Ed25519 keys, others have no name here.
func deviceOf(id peer.ID) (entry.Device, error) {
	key, err := id.ExtractPublicKey()
	if err != nil {
		return entry.Device{}, fmt.Errorf("%w: %w", errNoDevice, err)
	}
	raw, err := key.Raw()
	if err != nil || key.Type() != crypto.Ed25519 || len(raw) != len(entry.Device{}) {
		return entry.Device{}, errNoDevice
	}
	return entry.Device(raw), nil
}
