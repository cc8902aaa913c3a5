package knock

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

// Knock is a computer that isn't in the charter and asks a device of the co-op for something.
type Knock struct {
	Key    entry.Signer // dials
	At     []string
	Space  []byte // the first bytes of the space's ID
	Joined *peer.Joined
}

// To returns a knock of the holder of key at those whom a code names, of the space whose ID begins so.
func To(answerers []charter.Answerer, key entry.Signer, space []byte) (*Knock, error) {
	at, err := Addresses(answerers)
	if err != nil {
		return nil, err
	}
	return &Knock{Key: key, At: at, Space: space}, nil
}

// Ask sends a request that is answered with the charter, and checks that who answers is of the co-op.
func (k *Knock) Ask(ctx context.Context, request []byte) (Welcome, error) {
	return k.AskFor(ctx, request, func(Welcome) error { return nil })
}

// AskFor is Ask for a charter that takes finds right. Who gives another one is passed over, as if they weren't there: of the co-op
// is also who wants to keep somebody out, by a charter of last year or by saying that they let them in.
func (k *Knock) AskFor(ctx context.Context, request []byte, takes func(Welcome) error) (w Welcome, err error) {
	err = k.SendFor(ctx, request, func(joined *peer.Joined) (err error) {
		if w, err = ReadWelcome(joined.Reply); err != nil {
			return err
		}
		if err := w.of(k.Space, joined.Answerer); err != nil {
			return err
		}
		return takes(w)
	})
	if err != nil {
		return Welcome{}, err
	}
	return w, nil
}

// Send sends a request; Joined has the answer then.
func (k *Knock) Send(ctx context.Context, request []byte) error { return k.SendFor(ctx, request, nil) }

// SendFor is Send for an answer that takes finds right.
func (k *Knock) SendFor(ctx context.Context, request []byte, takes func(*peer.Joined) error) (err error) {
	k.Joined, err = peer.Join(ctx, k.Key, k.At, request, takes)
	return err
}

// AskAgain is how long somebody who waits for an answer lets pass before asking anew.
const AskAgain = time.Second

// Pause lets time pass.
func Pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// PairRequest is how a device asks to be added: who it is, its word that it belongs to the member,
// and what binds it to its part of the words.
type PairRequest struct {
	Device     charter.NewDevice
	Commitment [32]byte
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

// Encode writes the request, for ReadPairRequest.
func (q *PairRequest) Encode() ([]byte, error) {
	return cbor.Marshal(wirePairRequest{
		Device: q.Device.Key[:], Name: q.Device.Name, Accepted: q.Device.Accepted[:], Commitment: q.Commitment[:],
	})
}

// ReadPairRequest reads a request from outside, of at most maxPairRequest bytes. Whether the device accepts is
// another question: Accepts.
func ReadPairRequest(b []byte) (q PairRequest, err error) {
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
	q.Device = charter.NewDevice{Key: entry.Device(w.Device), Name: name, Accepted: [64]byte(w.Accepted)}
	q.Commitment = [32]byte(w.Commitment)
	return q, nil
}

// Accepts says whether the device has agreed to belong to a member key.
func (q *PairRequest) Accepts(space entry.SpaceID, memberKey entry.Device) bool {
	return charter.DeviceAccepts(space, memberKey, q.Device)
}
