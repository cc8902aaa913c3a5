package main

import (
	"context"
	stded25519 "crypto/ed25519"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	libpeer "github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/core/record"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	ma "github.com/multiformats/go-multiaddr"

	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/api/apitest"
	kithhome "kith/daemon/home"
	"kith/daemon/peer"
)

// hostileFor is how long each attack goes on before it is measured, so that what there is at once is used up, and then
// for how long it is.
const hostileFor = 6 * time.Second

// perEdit is a person's pace, or that of twenty people.
const perEdit = 50 * time.Millisecond

// attacker is a device of a member that does one thing as fast as it can.
type attacker struct {
	host   host.Host
	key    entry.Signer
	space  entry.SpaceID
	victim libpeer.AddrInfo
	zip    *zstd.Encoder
	done   atomic.Int64 // how often it did it
}

// hostile measures what a member's device at full speed costs the others, one attack after the other: the part of one
// processor that an honest daemon gives to it, and how long edits take between two who are honest.
func (b *bench) hostile(ctx context.Context) error {
	ana, ben, mel, err := b.three(ctx)
	if err != nil {
		return err
	}
	defer ana.stop()
	defer ben.stop()
	quiet, err := b.under(ctx, ana, ben, "nothing", nil)
	if err != nil {
		return err
	}
	b.add("one hostile device: nothing", "edits, p50", ms(quiet.p50), "ms", "")
	b.add("one hostile device: nothing", "edits, p95", ms(quiet.p95), "ms", "")
	for _, attack := range []struct {
		name string
		run  func(context.Context, *attacker) error
	}{
		{"pings", func(ctx context.Context, a *attacker) error {
			return a.talk(ctx, func() []byte { return frame(9, make([]byte, 8)) })
		}},
		{"void statements", func(ctx context.Context, a *attacker) error {
			return a.talk(ctx, func() []byte { return a.entries(a.statement()) })
		}},
		{"one entry again and again", func(ctx context.Context, a *attacker) error {
			old := a.entries(a.statement())
			return a.talk(ctx, func() []byte { return old })
		}},
		{"comparisons that never fit", func(ctx context.Context, a *attacker) error {
			set := make([]byte, 8+32+12*37)
			_, _ = rand.Read(set)
			binary.BigEndian.PutUint64(set, 8)
			return a.talk(ctx, func() []byte { return frame(2, set[:484]) })
		}},
		{"streams", func(ctx context.Context, a *attacker) error { return a.knock(ctx, peer.ReachProtocol, nil) }},
		{"sessions", func(ctx context.Context, a *attacker) error { return a.knock(ctx, peer.SyncProtocol, a.hello()) }},
		{"address records", func(ctx context.Context, a *attacker) error {
			return a.knock(ctx, peer.AddressesProtocol, slices.Concat(slices.Repeat([][]byte{a.record()}, peer.MaxRecords)...))
		}},
		{"places at the relay", func(ctx context.Context, a *attacker) error {
			_, err := client.Reserve(ctx, a.host, a.victim)
			a.done.Add(1)
			return err
		}},
	} {
		a, err := newAttacker(ctx, ana, mel)
		if err != nil {
			return err
		}
		got, err := b.under(ctx, ana, ben, attack.name, func(ctx context.Context) { a.goOn(ctx, attack.run) })
		a.host.Close()
		if err != nil {
			return err
		}
		work := "one hostile device: " + attack.name
		b.add(work, "of a processor", 100*max(0, got.share-quiet.share), "%", "≤ 10 %")
		b.add(work, "edits, p50", ms(got.p50), "ms", fmt.Sprintf("≤ %.1f ms", 2*ms(quiet.p50)))
		b.add(work, "edits, p95", ms(got.p95), "ms", fmt.Sprintf("≤ %.1f ms", 2*ms(quiet.p95)))
		b.add(work, "tried", float64(a.done.Load())/(2*hostileFor).Seconds(), "a second", "")
		// It may have been left alone: a new start forgets that.
		if err := ana.stop(); err != nil {
			return err
		}
		if _, err := ana.start(ctx); err != nil {
			return err
		}
		if _, err := ana.client.Sync(ctx, time.Minute); err != nil {
			return err
		}
	}
	return nil
}

// three founds a co-op of three, two of whom are on and in step.
func (b *bench) three(ctx context.Context) (ana, ben, mel *home, err error) {
	var all []*home
	for _, name := range []string{"hostile-a", "hostile-b", "hostile-c"} {
		h, err := b.home(name)
		if err != nil {
			return nil, nil, nil, err
		}
		all = append(all, h)
	}
	founded, err := all[0].found(ctx, 3)
	if err != nil {
		return nil, nil, nil, err
	}
	if _, err := all[0].start(ctx); err != nil {
		return nil, nil, nil, err
	}
	for i, name := range []string{"Ben", "Mel"} {
		if _, err := all[i+1].run(ctx, "join", founded.Invites[i].Code, "--as", name, "--listen", "/ip4/127.0.0.1/tcp/0"); err != nil {
			return nil, nil, nil, err
		}
	}
	if _, err := all[1].start(ctx); err != nil {
		return nil, nil, nil, err
	}
	_, err = all[1].client.Sync(ctx, time.Minute)
	return all[0], all[1], all[2], err
}

// found founds a co-op with so many seats.
func (h *home) found(ctx context.Context, seats int) (founded api.InitResult, err error) {
	out, err := h.run(ctx, "init", "Bench", "--as", "Ana", "--founders", fmt.Sprint(seats), "--listen", "/ip4/127.0.0.1/tcp/0", "--json")
	if err != nil {
		return founded, err
	}
	return founded, json.Unmarshal(out, &founded)
}

// toll is what an attack costs.
type toll struct {
	share    float64 // of one processor
	p50, p95 time.Duration
}

// under measures edits from one to the other, and what the first one's daemon works, while something goes on.
func (b *bench) under(ctx context.Context, ana, ben *home, name string, attack func(context.Context)) (t toll, err error) {
	ctx, stop := context.WithCancel(ctx)
	over := make(chan struct{})
	go func() {
		defer close(over)
		if attack != nil {
			attack(ctx)
		}
	}()
	defer func() { stop(); <-over }()
	if _, err := edits(ctx, ana, ben, name+", at first", hostileFor); err != nil {
		return t, err
	}
	before, err := ana.worked()
	if err != nil {
		return t, err
	}
	began := time.Now()
	took, err := edits(ctx, ana, ben, name, hostileFor)
	if err != nil {
		return t, err
	}
	after, err := ana.worked()
	if err != nil {
		return t, err
	}
	slices.Sort(took)
	t.share = float64(after-before) / float64(time.Since(began))
	t.p50, t.p95 = took[len(took)/2], took[len(took)*95/100]
	return t, nil
}

// edits has one make edits at a person's pace, and returns how long each took to be at the other.
func edits(ctx context.Context, one, two *home, what string, for_ time.Duration) (took []time.Duration, err error) {
	task, err := one.client.CreateTask(ctx, apitest.NewTask{Title: what})
	if err != nil {
		return nil, err
	}
	watch, cancel := context.WithCancel(ctx)
	defer cancel()
	seen, ready := make(chan string, 64), make(chan struct{})
	go func() {
		for e, err := range two.client.Events(watch, []string{"task"}, func() { close(ready) }) {
			if err != nil {
				return
			}
			select {
			case seen <- e.Title:
			case <-watch.Done():
				return
			}
		}
	}()
	<-ready
	for until, i := time.Now().Add(for_), 0; time.Now().Before(until); i++ {
		title := fmt.Sprintf("%s, %d", what, i)
		began := time.Now()
		if _, err := one.client.EditTask(ctx, task.ID, apitest.TaskEdit{Title: &title}); err != nil {
			return nil, err
		}
		for there := false; !there; {
			select {
			case got := <-seen:
				there = got == title
			case <-time.After(time.Minute):
				return nil, fmt.Errorf("under %s an edit did not arrive", what)
			}
		}
		took = append(took, time.Since(began))
		time.Sleep(perEdit)
	}
	return took, nil
}

func newAttacker(ctx context.Context, ana, mel *home) (*attacker, error) {
	place, err := kithhome.Open(mel.dir)
	if err != nil {
		return nil, err
	}
	defer place.Close()
	a := &attacker{}
	if a.key, err = place.DeviceKey(); err != nil {
		return nil, err
	}
	s, err := ana.client.Status(ctx)
	if err != nil {
		return nil, err
	}
	space, err := hex.DecodeString(s.Space.ID)
	if err != nil || len(space) != len(a.space) {
		return nil, fmt.Errorf("%q is no space: %w", s.Space.ID, err)
	}
	a.space = entry.SpaceID(space)
	if len(s.Addresses) == 0 {
		return nil, errors.New("nobody listens")
	}
	info, err := libpeer.AddrInfoFromString(s.Addresses[0])
	if err != nil {
		return nil, err
	}
	a.victim = *info
	if a.zip, err = zstd.NewWriter(nil); err != nil {
		return nil, err
	}
	private, err := a.private()
	if err != nil {
		return nil, err
	}
	a.host, err = libp2p.New(libp2p.Identity(private), libp2p.NoListenAddrs, libp2p.DisableMetrics())
	return a, err
}

func (a *attacker) private() (crypto.PrivKey, error) {
	seed := a.key.Seed()
	return crypto.UnmarshalEd25519PrivateKey(stded25519.NewKeyFromSeed(seed[:]))
}

// goOn attacks until ctx ends. It comes in again four times a second at most: more isn't let in from one IP address, but
// on loopback it would be.
func (a *attacker) goOn(ctx context.Context, attack func(context.Context, *attacker) error) {
	for ctx.Err() == nil {
		err := a.host.Connect(ctx, a.victim)
		for err == nil && ctx.Err() == nil && a.host.Network().Connectedness(a.victim.ID) == network.Connected {
			err = attack(ctx, a)
			if a.host.Network().Connectedness(a.victim.ID) == network.Connected {
				err = nil // only that was refused
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second / 4):
		}
	}
}

// talk begins one session, and says more in it until it ends.
func (a *attacker) talk(ctx context.Context, more func() []byte) error {
	s, err := a.host.NewStream(network.WithNoDial(ctx, "only what is there"), a.victim.ID, peer.SyncProtocol)
	if err != nil {
		return err
	}
	defer s.Reset() //nolint:errcheck // it is over
	defer context.AfterFunc(ctx, func() { _ = s.Reset() })()
	go func() { _, _ = io.Copy(io.Discard, s) }()
	for _, err = s.Write(a.hello()); err == nil; _, err = s.Write(more()) {
		a.done.Add(1)
	}
	return err
}

// knock opens a stream, says something and hangs up.
func (a *attacker) knock(ctx context.Context, id protocol.ID, say []byte) error {
	s, err := a.host.NewStream(network.WithNoDial(ctx, "only what is there"), a.victim.ID, id)
	a.done.Add(1)
	if err != nil {
		return err
	}
	if len(say) > 0 {
		_ = s.SetDeadline(time.Now().Add(5 * time.Second))
		_, _ = s.Write(say)
		_ = s.CloseWrite()
		_, _ = s.Read(make([]byte, 1))
	}
	return s.Reset()
}

func frame(kind byte, body []byte) []byte {
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), kind), body...)
}

func (a *attacker) hello() []byte {
	b := append([]byte{0, 1, 0, 1}, a.space[:]...)
	return frame(1, append(b, 0))
}

// statement is one that says nothing, in a run of its own.
func (a *attacker) statement() *entry.Entry {
	f := entry.Fields{Space: a.space, Heads: []entry.ID{entry.ID(a.space)}, Kind: entry.Statement, Number: 1, Payload: make([]byte, 100)}
	_, _ = rand.Read(f.Run[:])
	e, err := entry.New(f, a.key)
	if err != nil {
		panic(err) // of constants
	}
	return e
}

func (a *attacker) entries(e *entry.Entry) []byte {
	batch := append(binary.BigEndian.AppendUint32(nil, uint32(len(e.Encoded()))), e.Encoded()...)
	return frame(6, append([]byte{0}, a.zip.EncodeAll(batch, nil)...))
}

// record is one that says where this device is, as it goes over a stream.
func (a *attacker) record() []byte {
	private, err := a.private()
	if err != nil {
		panic(err)
	}
	sealed, err := record.Seal(&libpeer.PeerRecord{PeerID: a.host.ID(), Seq: 1, Addrs: []ma.Multiaddr{ma.StringCast("/ip4/127.0.0.1/tcp/1")}}, private)
	if err != nil {
		panic(err)
	}
	b, err := sealed.Marshal()
	if err != nil {
		panic(err)
	}
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...)
}
