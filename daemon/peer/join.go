package peer

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/connmgr"
	"github.com/libp2p/go-libp2p/core/control"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/sec"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	ma "github.com/multiformats/go-multiaddr"

	"kith/crdt/entry"
)

// A join stream carries one request, a length of 4 bytes (big-endian) and its bytes, and one
// answer: three such parts, which are the code (empty if it went well), the reply (the reason if
// it didn't), and the answerer's address record.

const maxCode, maxReason = 32, 512

// handleJoin answers the holder of an invite.
func (p *Peers) handleJoin(ctx context.Context, s network.Stream) {
	defer s.Close() //nolint:errcheck // nothing is left to do
	invite, err := deviceOf(s.Conn().RemotePeer())
	if err != nil || !p.gate.mayJoin(invite) {
		_ = s.Reset()
		return
	}
	if !pause(ctx, p.joins.take(invite, joinRation, time.Now())) {
		_ = s.Reset()
		return
	}
	_ = s.SetDeadline(time.Now().Add(streamTime))
	request, err := readPart(s, MaxJoinRequest)
	if err != nil {
		p.log.Warn("a join request that can't be read", "err", err)
		_ = s.Reset()
		return
	}
	ctx, cancel := context.WithTimeout(ctx, streamTime)
	defer cancel()
	reply, err := p.cfg.Invites.Redeem(ctx, invite, request)
	var code JoinCode
	if err != nil {
		refusal := &JoinError{Code: JoinFailed}
		if !errors.As(err, &refusal) {
			p.log.Error("redeem an invite", "err", err)
		}
		code, reply = refusal.Code, []byte(refusal.Reason[:min(len(refusal.Reason), maxReason)])
	}
	var record []byte
	if code == "" { // who is refused learns why, and nothing else
		p.signOwn() // a router may have opened a port just now: perhaps there is no other way in that the newcomer learns of
		record = p.Record()
	}
	for _, part := range [][]byte{[]byte(code), reply, record} {
		if err := writePart(s, part); err != nil {
			p.log.Warn("a join reply that didn't go out", "err", err)
			_ = s.Reset()
			return
		}
	}
}

func writePart(w io.Writer, b []byte) error {
	_, err := w.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...))
	return err
}

// readPart reads one part, growing as it arrives.
func readPart(r io.Reader, limit int) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if int64(n) > int64(limit) {
		return nil, fmt.Errorf("a part of %d bytes, the limit is %d", n, limit)
	}
	b, err := io.ReadAll(io.LimitReader(r, int64(n)))
	if err == nil && len(b) < int(n) {
		err = io.ErrUnexpectedEOF
	}
	return b, err
}

// Join redeems an invite: it dials the addresses that its code names, as the invite, and hands
// over request to one of those who are there: to the one that was reached first, and to the next if that doesn't know
// the invite, refuses, gives what takes finds wrong, or says nothing for a while. So nobody whom a code names keeps out whom
// another would let in. The addresses may lead through a relay, and may end in /p2p/ and an identity; without it, whoever answers
// is asked, since only the caller can tell from the reply whether it belongs to the space. takes may be nil: any reply is right.
//
// The error is a *JoinError, the first that takes gave, a *NobodyAnsweredError, an *UnknownCodeError, or that of ctx.
func Join(ctx context.Context, invite entry.Signer, addrs []string, request []byte, takes func(*Joined) error) (*Joined, error) {
	if len(request) > MaxJoinRequest {
		return nil, fmt.Errorf("a join request of %d bytes, the limit is %d", len(request), MaxJoinRequest)
	}
	h, err := newHost(invite, callers{}, nil, libp2p.EnableRelay())
	if err != nil {
		return nil, err
	}
	defer h.Close() //nolint:errcheck // a host of our own that has done its work
	j := &joins{host: h, request: request, takes: takes, asked: map[peer.ID]bool{}, reached: make(chan dialed), answers: make(chan answered)}
	targets := group(addrs, &j.tried)
	j.silent = len(j.tried) > 0
	inside, hangUp := context.WithCancel(ctx)
	defer j.working.Wait()
	defer hangUp()
	j.dial(inside, targets)
	return j.run(ctx, inside)
}

// joins is one Join under way. What isn't said to be for its goroutines is of the one that runs it.
type joins struct {
	host    host.Host      // for all
	request []byte         // for all
	working sync.WaitGroup // for all
	reached chan dialed    // for all
	answers chan answered  // for all
	takes   func(*Joined) error

	dialing []*target // of whom nothing was heard yet
	next    []network.Conn
	asked   map[peer.ID]bool
	asking  int

	tried   []Attempt
	refusal *JoinError // the first
	wrong   error      // what was wrong with the first reply that takes didn't take
	unknown bool       // somebody is there and doesn't know the invite
	silent  bool       // others aren't there
}

// answered is what came of asking somebody.
type answered struct {
	conn       network.Conn
	joined     *Joined
	err, wrong error
}

func (j *joins) dial(ctx context.Context, targets []*target) {
	j.dialing = targets
	for _, to := range targets {
		j.working.Go(func() {
			there := to.dial(ctx, j.host)
			there.to = to
			select {
			case j.reached <- there:
			case <-ctx.Done():
			}
		})
	}
}

// ask asks the next of those who are there, if there is one.
func (j *joins) ask(ctx context.Context) {
	if len(j.next) == 0 {
		return
	}
	conn := j.next[0]
	j.next, j.asking = j.next[1:], j.asking+1
	j.working.Go(func() {
		joined, err := ask(ctx, j.host, conn, j.request)
		select {
		case j.answers <- answered{conn: conn, joined: joined, err: err}:
		case <-ctx.Done():
		}
	})
}

func (j *joins) run(ctx, inside context.Context) (*Joined, error) {
	for len(j.dialing) > 0 || j.asking > 0 || len(j.next) > 0 {
		if j.asking == 0 {
			j.ask(inside)
		}
		// Somebody says nothing while another is there; or one has refused, and the others may not be there at all.
		var patience <-chan time.Time
		if len(j.next) > 0 || j.asking == 0 && (j.refusal != nil || j.wrong != nil) {
			patience = time.After(answerPatience)
		}
		select {
		case there := <-j.reached:
			j.met(there)
		case a := <-j.answers:
			j.asking--
			if a.err == nil && j.takes != nil {
				a.wrong = j.takes(a.joined)
			}
			if a.err == nil && a.wrong == nil {
				return a.joined, nil
			}
			if ctx.Err() == nil {
				j.failed(a)
			}
		case <-patience:
			if len(j.next) == 0 {
				return nil, j.why()
			}
			j.ask(inside)
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), nobody(append(j.tried, attemptsTo(all(j.dialing), ctx.Err())...)))
		}
	}
	return nil, j.why()
}

func (j *joins) met(there dialed) {
	j.dialing = slices.DeleteFunc(j.dialing, func(to *target) bool { return to == there.to })
	j.tried = append(j.tried, there.tried...)
	j.silent = j.silent || len(there.conns) == 0 && !there.shut
	j.unknown = j.unknown || there.shut
	for _, conn := range there.conns {
		if id := conn.RemotePeer(); !j.asked[id] {
			j.asked[id] = true
			j.next = append(j.next, conn)
		}
	}
}

func (j *joins) failed(a answered) {
	var refused *JoinError
	switch {
	case a.wrong != nil:
		if j.wrong == nil {
			j.wrong = a.wrong
		}
		a.err = a.wrong
	case errors.As(a.err, &refused):
		j.refusal = cmp.Or(j.refusal, refused)
	case errors.Is(a.err, errNotLetIn):
		j.unknown = true
	default:
		j.silent = true
	}
	j.tried = append(j.tried, attemptsTo([]ma.Multiaddr{a.conn.RemoteMultiaddr()}, a.err)...)
}

// why says why nobody let us in.
func (j *joins) why() error {
	switch {
	case j.refusal != nil:
		return j.refusal
	case j.wrong != nil:
		return j.wrong
	case j.unknown:
		return &UnknownCodeError{Tried: j.tried, Others: j.silent}
	}
	return nobody(j.tried)
}

func nobody(tried []Attempt) error { return &NobodyAnsweredError{tried} }

// dialed is what came of dialing a target: a connection, or several where it wasn't said who answers.
type dialed struct {
	to    *target
	conns []network.Conn
	shut  bool // somebody is there and didn't let us in
	tried []Attempt
}

// dial connects to a target at whichever of its addresses answers.
func (to *target) dial(ctx context.Context, h host.Host) (out dialed) {
	ids := []peer.ID{to.id}
	if to.id == "" {
		ids = identities(ctx, h.Network(), to.addrs, &out.tried)
	}
	for _, id := range ids {
		h.Peerstore().AddAddrs(id, to.addrs, streamTime)
		conn, err := h.Network().DialPeer(network.WithDialPeerTimeout(ctx, dialTime), id)
		if err != nil {
			if reasonOf(err) == errNotLetIn.Error() {
				err, out.shut = errNotLetIn, true
			}
			out.tried = append(out.tried, attemptsTo(to.addrs, err)...)
			continue
		}
		out.conns = append(out.conns, conn)
	}
	return out
}

// all are the addresses of all targets.
func all(targets []*target) (addrs []ma.Multiaddr) {
	for _, to := range targets {
		addrs = append(addrs, to.addrs...)
	}
	return addrs
}

// ask hands over the request to who is at the other end of a connection.
func ask(ctx context.Context, h host.Host, conn network.Conn, request []byte) (*Joined, error) {
	id := conn.RemotePeer()
	ctx, cancel := context.WithTimeout(ctx, streamTime)
	defer cancel()
	s, err := h.NewStream(network.WithAllowLimitedConn(network.WithNoDial(ctx, "dialed already"), "an answer is short"), id, JoinProtocol)
	if err != nil {
		return nil, notLetIn(ctx, h, id, err)
	}
	defer s.Reset() //nolint:errcheck // it is over
	defer context.AfterFunc(ctx, func() { _ = s.Reset() })()
	// The request says how long it is; closing would only cross with an answer that is on its way.
	if err := writePart(s, request); err != nil {
		return nil, notLetIn(ctx, h, id, err)
	}
	var parts [3][]byte
	for i, limit := range []int{maxCode, MaxJoinReply, MaxRecord} {
		if parts[i], err = readPart(s, limit); err != nil {
			return nil, notLetIn(ctx, h, id, err)
		}
	}
	if code := JoinCode(parts[0]); code != "" {
		return nil, &JoinError{Code: code, Reason: string(parts[1][:min(len(parts[1]), maxReason)])}
	}
	joined := &Joined{Reply: parts[1], Address: conn.RemoteMultiaddr().String()}
	if joined.Answerer, err = deviceOf(id); err != nil {
		return nil, err
	}
	if r, err := openRecord(parts[2]); err == nil && r.device == joined.Answerer {
		joined.Record = r.sealed
	}
	return joined, nil
}

// notLetIn tells a gate that shut from a connection that ended later: only who was let in has
// heard which protocols there are.
func notLetIn(ctx context.Context, h host.Host, id peer.ID, err error) error {
	if ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) {
		return context.DeadlineExceeded
	}
	if known, _ := h.Peerstore().GetProtocols(id); len(known) > 0 {
		return errors.New(connectionEnded)
	}
	return errNotLetIn
}

// target is one peer to ask, at one or more addresses. An empty id stands for whoever answers.
type target struct {
	id    peer.ID
	addrs []ma.Multiaddr
}

// group sorts addresses by identity, in the order of the code.
func group(addrs []string, tried *[]Attempt) []*target {
	var all []*target
	byID := map[peer.ID]*target{}
	for _, s := range addrs {
		a, err := ma.NewMultiaddr(s)
		if err != nil {
			*tried = append(*tried, Attempt{s, "not an address"})
			continue
		}
		a, id := splitIdentity(a)
		if byID[id] == nil {
			byID[id] = &target{id: id}
			all = append(all, byID[id])
		}
		byID[id].addrs = append(byID[id].addrs, a)
	}
	return all
}

// splitIdentity takes /p2p/… off the end of an address.
func splitIdentity(a ma.Multiaddr) (ma.Multiaddr, peer.ID) {
	transport, id := peer.SplitAddr(a)
	return transport, id
}

// identities finds out who answers at addresses that come without an identity: it dials them as
// if somebody else were there, and the handshake says who is instead.
func identities(ctx context.Context, n network.Network, addrs []ma.Multiaddr, tried *[]Attempt) []peer.ID {
	nobody, err := peerID(entry.NewSigner().Device())
	if err != nil {
		return nil
	}
	n.Peerstore().AddAddrs(nobody, addrs, streamTime)
	defer n.Peerstore().ClearAddrs(nobody)
	_, err = n.DialPeer(network.WithDialPeerTimeout(ctx, dialTime), nobody)
	var dial *swarm.DialError
	if !errors.As(err, &dial) {
		*tried = append(*tried, attemptsTo(addrs, err)...)
		return nil
	}
	var found []peer.ID
	for i := range dial.DialErrors {
		var other sec.ErrPeerIDMismatch
		if errors.As(dial.DialErrors[i].Cause, &other) {
			found = append(found, other.Actual)
			continue
		}
		*tried = append(*tried, Attempt{where(dial.DialErrors[i].Address), reasonOf(dial.DialErrors[i].Cause)})
	}
	return found
}

// attemptsTo lists what came of dialing addresses.
func attemptsTo(addrs []ma.Multiaddr, err error) []Attempt {
	var dial *swarm.DialError
	if errors.As(err, &dial) && len(dial.DialErrors) > 0 {
		return attempts(dial)
	}
	var all []Attempt
	seen := map[string]bool{}
	for _, a := range addrs {
		if at := where(a); err != nil && !seen[at] {
			seen[at] = true
			all = append(all, Attempt{at, reasonOf(err)})
		}
	}
	return all
}

// callers is the gate of a host that only dials.
type callers struct{}

var _ connmgr.ConnectionGater = callers{}

func (callers) InterceptPeerDial(peer.ID) bool               { return true }
func (callers) InterceptAddrDial(peer.ID, ma.Multiaddr) bool { return true }
func (callers) InterceptAccept(network.ConnMultiaddrs) bool  { return false }
func (callers) InterceptSecured(dir network.Direction, _ peer.ID, _ network.ConnMultiaddrs) bool {
	return dir == network.DirOutbound
}
func (callers) InterceptUpgraded(network.Conn) (bool, control.DisconnectReason) { return true, 0 }
