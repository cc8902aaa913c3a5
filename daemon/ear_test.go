package daemon

import (
	"bytes"
	"context"
	stded25519 "crypto/ed25519"
	"encoding/binary"
	"io"
	"iter"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	libpeer "github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/core/sec"
	tptu "github.com/libp2p/go-libp2p/p2p/net/upgrader"
	"github.com/libp2p/go-libp2p/p2p/security/noise"

	"kith/crdt/entry"
	"kith/daemon/exchange"
	"kith/daemon/peer"
	"kith/daemon/replica"
	"kith/daemon/waittest"
)

// ear hears every byte that a host is sent, as it comes out of the encryption: Kith's protocols and
// the library's own alike.
type ear struct {
	mu    sync.Mutex
	conns []*bytes.Buffer
}

// tapped is the library's encryption, with an ear at it.
type tapped struct {
	*noise.Transport
	ear *ear
}

func (t *tapped) SecureInbound(ctx context.Context, insecure net.Conn, p libpeer.ID) (sec.SecureConn, error) {
	return t.ear.tap(t.Transport.SecureInbound(ctx, insecure, p))
}

func (t *tapped) SecureOutbound(ctx context.Context, insecure net.Conn, p libpeer.ID) (sec.SecureConn, error) {
	return t.ear.tap(t.Transport.SecureOutbound(ctx, insecure, p))
}

func (e *ear) tap(conn sec.SecureConn, err error) (sec.SecureConn, error) {
	if err != nil {
		return conn, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	heard := new(bytes.Buffer)
	e.conns = append(e.conns, heard)
	return &overheard{conn, e, heard}, nil
}

type overheard struct {
	sec.SecureConn
	ear   *ear
	heard *bytes.Buffer
}

func (o *overheard) Read(b []byte) (int, error) {
	n, err := o.SecureConn.Read(b)
	o.ear.mu.Lock()
	defer o.ear.mu.Unlock()
	o.heard.Write(b[:n])
	return n, err
}

// heard is what came over one stream.
type heard struct {
	protocol string
	bytes    []byte // negotiation included
	unzipped []byte // what was compressed in it
	counts   []uint64
}

// streams takes apart what was heard: connections into streams (yamux), and those of sync into frames, whose
// batches are unpacked. The counts are those that replicas tell of their sets.
func (e *ear) streams(t *testing.T) (all []*heard) {
	t.Helper()
	unzip, err := zstd.NewReader(nil)
	must(t, err)
	defer unzip.Close()
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, conn := range e.conns {
		byStream := map[uint32]*heard{}
		for b := conn.Bytes(); len(b) >= 12; {
			if b[0] != 0 || b[1] > 3 {
				t.Fatalf("this isn't yamux: % x", b[:12])
			}
			id, n := binary.BigEndian.Uint32(b[4:]), 0
			if b[1] == 0 { // data
				n = min(int(binary.BigEndian.Uint32(b[8:])), len(b)-12)
			}
			if byStream[id] == nil {
				byStream[id] = &heard{}
				all = append(all, byStream[id])
			}
			byStream[id].bytes = append(byStream[id].bytes, b[12:12+n]...)
			b = b[12+n:]
		}
	}
	for _, h := range all {
		rest := h.bytes
		for len(rest) > 1 && int(rest[0]) < len(rest) && rest[1] == '/' && rest[rest[0]] == '\n' { // multistream-select
			h.protocol, rest = string(rest[1:rest[0]]), rest[1+rest[0]:]
		}
		for h.protocol == string(peer.SyncProtocol) && len(rest) >= 5 && len(rest) >= 5+int(binary.BigEndian.Uint32(rest)) {
			body := rest[5 : 5+binary.BigEndian.Uint32(rest)]
			switch rest[4] {
			case 2:
				h.counts = append(h.counts, binary.BigEndian.Uint64(body))
			case 6:
				h.unzipped, err = unzip.DecodeAll(body[1:], h.unzipped)
				must(t, err)
			}
			rest = rest[5+len(body):]
		}
	}
	return all
}

// listener is an ally's device whose program hears and keeps all: a bare host with its key, which knows of
// Kith's protocols what a modified daemon would. Its replica is an honest one, so that all it may have comes.
type listener struct {
	t       *testing.T
	key     entry.Signer
	replica *replica.Replica
	host    host.Host
	ear     *ear

	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup
}

func listen(t *testing.T, cfg replica.Config) *listener {
	t.Helper()
	r, err := replica.Open(cfg)
	must(t, err)
	l := &listener{t: t, key: cfg.Key, replica: r, ear: &ear{}}
	l.host = l.hostWith(cfg.Key)
	x := exchange.New(kept{r})
	ctx, stop := context.WithCancel(context.Background())
	l.host.SetStreamHandler(peer.SyncProtocol, l.serve(func(s network.Stream) {
		_ = x.Run(ctx, hangUp{s}, nil) // how it ends is looked at from the other side
	}))
	for _, id := range []protocol.ID{peer.AddressesProtocol, peer.ReachProtocol, peer.JoinProtocol} {
		l.host.SetStreamHandler(id, l.serve(func(s network.Stream) {
			_, _ = io.Copy(io.Discard, s)
			_ = s.Close()
		}))
	}
	t.Cleanup(func() {
		l.mu.Lock()
		l.closed = true
		l.mu.Unlock()
		stop()
		_ = l.host.Close()
		l.running.Wait()
		x.Close()
		must(t, r.Close())
	})
	return l
}

// kept is an honest replica as the exchange sees it.
type kept struct{ *replica.Replica }

func (k kept) IDs() iter.Seq[entry.ID] {
	return func(yield func(entry.ID) bool) { k.Replica.IDs(yield) }
}

func (k kept) Entry(id entry.ID) ([]byte, bool) {
	b, err := k.Replica.Entry(id)
	return b, err == nil
}

func (k kept) Accept(ctx context.Context, batch []*entry.Entry) error {
	_, err := k.Replica.Accept(ctx, batch)
	return err
}

func (k kept) Order(ids []entry.ID) { k.CatchUpOrder(ids) }

func (k kept) First(ids []entry.ID) int { return k.CatchUpFirst(ids) }

func (k kept) Keep([]byte) error { return nil }

func (k kept) Kept() []byte { return nil }

func (k kept) Idle([]*entry.Entry, entry.Device) int { return 0 }

// serve has streams served until the listener is closed.
func (l *listener) serve(f func(network.Stream)) network.StreamHandler {
	return func(s network.Stream) {
		l.mu.Lock()
		if l.closed {
			l.mu.Unlock()
			_ = s.Reset()
			return
		}
		l.running.Add(1)
		l.mu.Unlock()
		defer l.running.Done()
		f(s)
	}
}

// hostWith makes a host with an ear, and a key of one's choice. It dials with noise, and listens nowhere.
func (l *listener) hostWith(key entry.Signer) host.Host {
	l.t.Helper()
	seed := key.Seed()
	private, err := crypto.UnmarshalEd25519PrivateKey(stded25519.NewKeyFromSeed(seed[:]))
	must(l.t, err)
	h, err := libp2p.New(libp2p.Identity(private), libp2p.NoListenAddrs, libp2p.DisableMetrics(), libp2p.EnableRelay(),
		libp2p.Security(noise.ID, func(id protocol.ID, key crypto.PrivKey, muxers []tptu.StreamMuxer) (*tapped, error) {
			inner, err := noise.New(id, key, muxers)
			return &tapped{inner, l.ear}, err
		}))
	must(l.t, err)
	return h
}

// hangUp lets go of a stream at once when it is closed.
type hangUp struct{ network.Stream }

func (h hangUp) Close() error { return h.Reset() }

// ask says something over a new stream to a peer, and returns what comes back until the other side ends it
// or says no more. It is an error if nobody there speaks the protocol.
func ask(t *testing.T, h host.Host, to libpeer.ID, id protocol.ID, say []byte) ([]byte, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), waittest.Limit)
	defer cancel()
	s, err := h.NewStream(ctx, to, id)
	if err != nil {
		return nil, err
	}
	defer s.Reset() //nolint:errcheck // it is over
	_ = s.SetDeadline(time.Now().Add(waittest.Limit))
	_, _ = s.Write(say) // what comes back says how it went
	_ = s.CloseWrite()
	got, _ := io.ReadAll(s)
	return got, nil
}
