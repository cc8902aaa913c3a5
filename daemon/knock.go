package daemon

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fxamacker/cbor/v2"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/peer"
)

// knock is a computer that isn't in the charter and asks a device of the co-op for something.
type knock struct {
	key    entry.Signer // dials
	at     []string
	space  []byte // the first bytes of the space's ID
	joined *peer.Joined
}

// ask sends a request that is answered with the charter, and checks that who answers is of the co-op.
func (k *knock) ask(ctx context.Context, request []byte) (welcome, error) {
	if err := k.send(ctx, request); err != nil {
		return welcome{}, err
	}
	w, err := readWelcome(k.joined.Reply)
	if err != nil {
		return welcome{}, err
	}
	return w, w.of(k.space, k.joined.Answerer)
}

func (k *knock) send(ctx context.Context, request []byte) (err error) {
	k.joined, err = peer.Join(ctx, k.key, k.at, request)
	return err
}

// askAgain is how long somebody who waits for an answer lets pass before asking anew.
const askAgain = time.Second

// pause lets time pass.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pairRequest is how a device asks to be added: who it is, its word that it belongs to the member,
// and what binds it to its part of the words.
type pairRequest struct {
	device     charter.NewDevice
	commitment [32]byte
}

type wirePairRequest struct {
	_          struct{} `cbor:",toarray"`
	Device     []byte
	Name       string
	Accepted   []byte
	Commitment []byte
}

// maxPairRequest bounds an encoded pairRequest: a name, a key, a signature, a hash and their frame.
const maxPairRequest = charter.MaxNameBytes + 32 + 64 + 32 + 32

func (q *pairRequest) encode() ([]byte, error) {
	return cbor.Marshal(wirePairRequest{
		Device: q.device.Key[:], Name: q.device.Name, Accepted: q.device.Accepted[:], Commitment: q.commitment[:],
	})
}

func readPairRequest(b []byte) (q pairRequest, err error) {
	if len(b) > maxPairRequest {
		return q, fmt.Errorf("a request of %d bytes to add a device, the limit is %d", len(b), maxPairRequest)
	}
	var w wirePairRequest
	if err := cbor.Unmarshal(b, &w); err != nil {
		return q, fmt.Errorf("a request to add a device: %w", err)
	}
	name, err := charter.CleanName(w.Name)
	if err != nil {
		return q, err
	}
	if name != w.Name || len(w.Device) != 32 || len(w.Accepted) != 64 || len(w.Commitment) != 32 {
		return q, errors.New("a request to add a device has a part of another size")
	}
	q.device = charter.NewDevice{Key: entry.Device(w.Device), Name: name, Accepted: [64]byte(w.Accepted)}
	q.commitment = [32]byte(w.Commitment)
	return q, nil
}

// accepts says whether the device has agreed to belong to a member key.
func (q *pairRequest) accepts(space entry.SpaceID, memberKey entry.Device) bool {
	return charter.DeviceAccepts(space, memberKey, q.device)
}
