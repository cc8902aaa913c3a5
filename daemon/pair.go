package daemon

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"

	"github.com/fxamacker/cbor/v2"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/peer"
	"kith/daemon/replica"
)

// maxPairRequest bounds an encoded pairRequest: a name, a key, a signature, a hash and their frame.
const maxPairRequest = charter.MaxNameBytes + 32 + 64 + 32 + 32

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

// JoinDeviceOptions is what a computer becomes another device of a member with.
type JoinDeviceOptions struct {
	Home     string
	Code     string
	Name     string // of the device; "": what the home remembers, or the computer's
	Listen   []string
	Announce []string
	Another  bool // beside the co-ops that are in the home
	// Show tells the person whose device this will be, and the words to compare.
	Show func(api.Compare)
	Log  *slog.Logger
}

// JoinDevice makes an empty home another device of the member who made the code. It returns once
// somebody has compared the words at the other device and the charter is stored; everything
// else follows when the daemon runs.
func JoinDevice(ctx context.Context, o JoinDeviceOptions) (res api.DeviceJoined, err error) {
	code, err := charter.DecodeDeviceCode(o.Code)
	if err != nil {
		return res, err
	}
	home, place, err := newPlace(o.Home, o.Another)
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, home.Close()) }()
	config, key, err := place.newDevice(o.Name, o.Listen, o.Announce)
	if err != nil {
		return res, err
	}
	at, err := addresses(charter.Invite{Answerers: code.Answerers})
	if err != nil {
		return res, err
	}
	k := &knock{key: code.Key(), at: at, space: code.Space[:]}
	w, err := k.ask(ctx, []byte{requestHello})
	if err != nil {
		return res, err
	}
	c := w.charter(code.Space[:])
	owner, ok := c.MemberOf(k.joined.Answerer)
	if !ok {
		return res, errImpostor
	}
	if m, is := c.MemberOf(key.Device()); !is || m.ID != owner.ID { // else the answer got lost on the way
		if w, err = k.pair(ctx, c, &owner, key, config.DeviceName, o.Show); err != nil {
			return res, err
		}
	}
	space, member, device, err := place.settle(w, key, code.Step, k.joined, o.Log)
	return api.DeviceJoined{Space: space, Member: member, Device: device}, err
}

// newDevice fixes where this home listens and what its device is called, and draws its key.
func (h *Home) newDevice(name string, listen, announce []string) (Config, entry.Signer, error) {
	config, err := h.choose(listen, announce)
	if err != nil {
		return config, entry.Signer{}, err
	}
	if name != "" {
		if config.DeviceName, err = charter.CleanName(name); err != nil {
			return config, entry.Signer{}, err
		}
		if err := h.SetConfig(config); err != nil {
			return config, entry.Signer{}, err
		}
	}
	key, err := h.DeviceKey()
	return config, key, err
}

// settle makes the replica in an empty home whose device the charter has now.
func (h *Home) settle(w welcome, key entry.Signer, step [8]byte, from *peer.Joined, log *slog.Logger) (space, member, device api.Named, err error) {
	r, err := w.replica(replica.Config{Dir: h.storeDir(), Key: key, Log: log}, step)
	if err != nil {
		return space, member, device, err
	}
	if from.Record != nil {
		err = (addressBook{r.Store()}).Save(from.Answerer, from.Record)
	}
	space, member, device = named(r)
	return space, member, device, errors.Join(err, r.Close())
}

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

// pair asks to be added as a device of owner, shows the words, and waits until somebody has
// compared them.
func (k *knock) pair(ctx context.Context, c *charter.Charter, owner *charter.Member, key entry.Signer, name string, show func(api.Compare)) (welcome, error) {
	p := charter.Pairing{Space: c.Space(), Code: k.key.Device(), By: k.joined.Answerer, New: key.Device()}
	rand.Read(p.NonceNew[:]) // never fails (Go 1.24)
	q := pairRequest{commitment: p.Commitment()}
	q.device = charter.NewDevice{Key: key.Device(), Name: name, Accepted: charter.AcceptDevice(c.Space(), owner.Key, key)}
	b, err := q.encode()
	if err != nil {
		return welcome{}, err
	}
	if err := k.send(ctx, append([]byte{requestPair}, b...)); err != nil {
		return welcome{}, err
	}
	if k.joined.Answerer != p.By || len(k.joined.Reply) != len(p.NonceBy) {
		return welcome{}, errImpostor
	}
	p.NonceBy = [32]byte(k.joined.Reply)
	if err := k.send(ctx, append([]byte{requestReveal}, p.NonceNew[:]...)); err != nil {
		return welcome{}, err
	}
	if show != nil {
		show(api.Compare{Words: p.Words(), Member: owner.Name, Space: c.Name()})
	}
	for {
		w, err := k.ask(ctx, []byte{requestAdded})
		var refused *peer.JoinError
		var nobody *peer.NobodyAnsweredError
		switch {
		case ctx.Err() != nil:
			return w, ctx.Err()
		case errors.As(err, &refused) && refused.Code == peer.JoinWaiting:
			continue
		case errors.As(err, &nobody):
			if err := pause(ctx, askAgain); err != nil {
				return w, err
			}
			continue // the other daemon may be on its way back; its person may be there any minute
		}
		return w, err
	}
}
