package peer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"kith/crdt/charter"
)

// A porch is a named relay that keeps places for who has its code (package porch). Circuit relay v2 has no field for that, so the
// code's token is shown over a stream of its own before a place is asked for: a length (4) and the token there, a length (4) and
// a word back, nothing if it is good.

// PorchRefusal is why a porch keeps no place for somebody, as it goes over the wire.
type PorchRefusal string

// The refusals.
const (
	PorchUnknown PorchRefusal = "unknown" // it has no such code, or not any more
	PorchFull    PorchRefusal = "full"    // as many keep a place with the code, or there, as may
	PorchSpent   PorchRefusal = "spent"   // so much went over it this month as may
)

// maxPorchRefusal bounds such a word, in bytes.
const maxPorchRefusal = 32

// readPorch reads the code of a porch.
func readPorch(code string) (at []ma.Multiaddr, id peer.ID, token []byte, err error) {
	v, err := charter.DecodePorchCode(code)
	if err != nil {
		return nil, "", nil, err
	}
	if id, err = peerID(v.At[0].Device); err != nil {
		return nil, "", nil, &RelayError{code, err}
	}
	whose, err := ma.NewMultiaddr("/p2p/" + id.String())
	if err != nil {
		return nil, "", nil, err
	}
	for _, a := range v.At {
		addr, err := ma.NewMultiaddrBytes(a.Address)
		if err != nil || !plain(addr) || isRelayed(addr) {
			return nil, "", nil, &RelayError{code, errors.New("its address isn't one; ask for the code again")}
		}
		at = append(at, addr.Encapsulate(whose))
	}
	return at, id, v.Token[:], nil
}

// RelayAddress is where a named relay is, without what opens it: of a porch, its first address with its identity.
func RelayAddress(relay string) string {
	if charter.IsPorchCode(relay) {
		if at, _, _, err := readPorch(relay); err == nil {
			return at[0].String()
		}
	}
	return relay
}

// PorchError says that a porch keeps no place for this device.
type PorchError struct{ Why PorchRefusal }

func (e *PorchError) Error() string {
	switch e.Why {
	case PorchUnknown:
		return "it doesn't take the code (any more): ask whose it is for a new one"
	case PorchFull:
		return "as many have a place there as may: ask whose it is for a code of your own"
	case PorchSpent:
		return "as much went over it this month as may: name another relay, or wait for the next"
	}
	return "it gives no reason that this Kith knows"
}

// Present shows a porch the token of its code. The error is a *PorchError if it isn't taken.
func Present(ctx context.Context, h host.Host, id peer.ID, token []byte) error {
	s, err := h.NewStream(ctx, id, PorchProtocol)
	if err != nil {
		return fmt.Errorf("it is no porch, or doesn't answer: %w", err)
	}
	defer s.Reset() //nolint:errcheck // it is over
	_ = s.SetDeadline(time.Now().Add(greetTime))
	if err := writePart(s, token); err != nil {
		return err
	}
	why, err := readPart(s, maxPorchRefusal)
	switch {
	case err != nil:
		return err
	case len(why) > 0:
		return &PorchError{PorchRefusal(why)}
	}
	return nil
}

// AnswerPorch reads the token that somebody shows to a porch, and tells them what take says of it: why not, or nothing.
func AnswerPorch(s network.Stream, take func(token []byte) PorchRefusal) {
	_ = s.SetDeadline(time.Now().Add(greetTime))
	token, err := readPart(s, len(charter.PorchCode{}.Token))
	if err == nil {
		err = writePart(s, []byte(take(bytes.Clone(token))))
	}
	if err != nil {
		_ = s.Reset()
		return
	}
	_ = s.Close()
}

// refusals says which porches keep no place for this device, and why; "" if there are none.
func (p *Peers) refusals() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []string
	for id, err := range p.places.refused {
		var no *PorchError
		if errors.As(err, &no) {
			all = append(all, fmt.Sprintf("The porch at %s keeps no place for it: %v.", p.relayNameLocked(id), no))
		}
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// PorchOptions are what the host of a porch has in common with those of devices: over what they come, and what all of them may take.
func PorchOptions() ([]libp2p.Option, error) {
	resources, err := resourceManager(forPorch)
	return append(transports(), libp2p.ResourceManager(resources)), err
}
