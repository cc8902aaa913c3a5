package ally

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"time"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/share"
	"kith/daemon/entrance"
	"kith/daemon/knock"
	"kith/daemon/peer"
)

// newsWait is how long an answer waits for something new to say, unless it has that at once. A join
// stream has 30 seconds in all.
const newsWait = 20 * time.Second

var _ peer.Invites = (*contact)(nil)

// Issued implements peer.Invites.
func (k *contact) Issued(key entry.Device) bool {
	p, _ := k.look()
	return bytes.Equal(key[:], p.CodeKey)
}

// Leads implements peer.Invites: only this side's host answers its code.
func (k *contact) Leads(_, _ entry.Device) bool { return false }

// Redeem implements peer.Invites: it answers who has the code.
func (k *contact) Redeem(ctx context.Context, _ entry.Device, request []byte) ([]byte, error) {
	if len(request) == 0 {
		return nil, &peer.JoinError{Code: peer.JoinBadRequest}
	}
	switch rest := request[1:]; request[0] {
	case knock.RequestHello:
		return k.hello()
	case requestBegin:
		return k.begin(rest)
	case requestMeet:
		return nil, k.meet(rest)
	case requestNews:
		return k.news(ctx, rest)
	}
	return nil, &peer.JoinError{Code: peer.JoinBadRequest}
}

// unreadable answers what can't be read: who is older or newer is told so.
func unreadable(err error) error {
	var newer *newerMeetError
	if errors.As(err, &newer) {
		return &peer.JoinError{Code: peer.JoinRefused, Reason: fmt.Sprintf("the Kith there knows version %d of the messages between allies, yours speaks %d; theirs has to be updated", meetVersion, newer.version)}
	}
	return &peer.JoinError{Code: peer.JoinBadRequest}
}

// gone says to the holder of a code why it isn't good any more; nil if it is.
func (p *pact) gone() error {
	if p.Over == nil {
		return nil
	}
	switch p.Over.How {
	case endExpired:
		return &peer.JoinError{Code: peer.JoinExpired}
	case endLapsed:
		return &peer.JoinError{Code: peer.JoinExpired, Reason: "the pact wasn't agreed on in time"}
	case endWords:
		return &peer.JoinError{Code: peer.JoinRevoked, Reason: "the words that were compared weren't the same"}
	}
	return &peer.JoinError{Code: peer.JoinRevoked}
}

func (k *contact) hello() ([]byte, error) {
	p, _ := k.look()
	if err := p.gone(); err != nil {
		return nil, err
	}
	if p.Revealed || p.made() {
		return nil, &peer.JoinError{Code: peer.JoinUsed}
	}
	return p.offer()
}

// begin takes who asks to make the pact, and gives this side's part of what the words are made of.
func (k *contact) begin(request []byte) ([]byte, error) {
	q, err := readBeginning(request)
	if err != nil {
		return nil, unreadable(err)
	}
	// Whether this co-op has a pact with theirs already is looked at by who confirms the words: the holder of a
	// code could find out else with whom it has pacts.
	if own := k.ownSide(); charter.FoldName(q.side.coop) == charter.FoldName(own.coop) || q.side.genesis.Device == own.genesis.Device {
		k.troubled(fmt.Errorf("somebody asked with the code in the name of “%s”, which your own co-op is called", q.side.coop))
		return nil, &peer.JoinError{Code: peer.JoinRefused, Reason: "their own co-op is called “" + own.coop + "”; ask who sent you the code"}
	}
	if p, _ := k.look(); p.Through != "" { // nobody compares words: it is for the ally that the code went to
		switch x := k.pacts.follow.Base(p.through()); {
		case x == nil:
			return nil, &peer.JoinError{Code: peer.JoinRevoked}
		case q.side.coop != x.Ally():
			return nil, &peer.JoinError{Code: peer.JoinRefused, Reason: "the code is for “" + x.Ally() + "”"}
		}
	}
	var nonce [32]byte
	rand.Read(nonce[:]) // never fails (Go 1.24)
	err = k.change(func(p *pact) error {
		if err := p.gone(); err != nil {
			return err
		}
		again := bytes.Equal(p.Geneses[1], q.side.genesis.Encoded())
		switch {
		case p.made(), !p.Compared.IsZero(), p.Revealed && !again:
			return &peer.JoinError{Code: peer.JoinUsed}
		case p.Asks >= entrance.MaxAsks:
			p.end(endCancelled, false, k.now())
			return nil
		}
		p.Geneses[1], p.Contacts[1] = q.side.genesis.Encoded(), slices.Clone(q.contacts)
		if _, err := p.draft().Draft(); err != nil {
			return &peer.JoinError{Code: peer.JoinBadRequest}
		}
		p.Nonces = [2][]byte{bytes.Clone(nonce[:]), nil}
		p.Commitment, p.Revealed, p.Asks = bytes.Clone(q.commitment[:]), false, p.Asks+1
		return nil
	})
	if err != nil {
		return nil, err
	}
	if p, _ := k.look(); p.Over != nil {
		return nil, p.gone()
	}
	return nonce[:], nil
}

// ownSide is this side.
func (k *contact) ownSide() *aSide {
	p, _ := k.look()
	return p.at(p.side())
}

// meet takes the second side's part of the words.
func (k *contact) meet(nonce []byte) error {
	return k.change(func(p *pact) error {
		if err := p.gone(); err != nil {
			return err
		}
		switch {
		case p.Revealed && bytes.Equal(p.Nonces[1], nonce):
			return nil // the answer may have been lost
		case p.Revealed:
			return &peer.JoinError{Code: peer.JoinUsed}
		case !p.known() || len(p.Nonces[0]) == 0 || len(nonce) != 32:
			return &peer.JoinError{Code: peer.JoinBadRequest}
		}
		p.Nonces = [2][]byte{p.Nonces[0], bytes.Clone(nonce)}
		m, err := p.meeting()
		if err != nil {
			return err
		}
		if m.Commitment() != [32]byte(p.Commitment) {
			return &peer.JoinError{Code: peer.JoinBadRequest}
		}
		p.Revealed = true
		return nil
	})
}

// news takes how it stands on the second side, and answers how it stands here; if the other side knows
// that, it waits a while for it to become different.
func (k *contact) news(ctx context.Context, request []byte) ([]byte, error) {
	n, err := readNews(request)
	if err != nil {
		return nil, unreadable(err)
	}
	k.mu.Lock()
	close(k.asking)
	k.asking = make(chan struct{})
	anew := k.asking
	k.mu.Unlock()
	if err := k.change(func(p *pact) error { return p.hear(n, k.now()) }); err != nil {
		return nil, err
	}
	wait := time.NewTimer(newsWait)
	defer wait.Stop()
	for {
		p, moved := k.look()
		reply, err := p.answer().encode()
		if err != nil || n.over != endNone || startOf(reply) != n.seen {
			return reply, err
		}
		select {
		case <-moved:
			continue
		case <-anew:
		case <-wait.C:
		case <-ctx.Done():
		}
		return reply, nil
	}
}

// startOf is what the other side remembers of an answer.
func startOf(reply []byte) [8]byte {
	sum := sha256.Sum256(reply)
	return [8]byte(sum[:8])
}

// speaks says whether news are of the side that the words were made with.
func (p *pact) speaks(n *news) bool {
	return p.Revealed && subtle.ConstantTimeCompare(p.Nonces[1], n.nonce[:]) == 1
}

// hear notes what the second side says.
func (p *pact) hear(n *news, now time.Time) error {
	if !p.speaks(n) {
		return &peer.JoinError{Code: peer.JoinBadRequest}
	}
	if !p.open() {
		if p.Over != nil {
			p.Over.Told = true
		}
		return nil
	}
	p.TheyCompared = p.TheyCompared || n.compared
	if n.over != endNone {
		p.end(n.over, true, now)
		p.Over.Told = true
		return nil
	}
	if len(n.signature) > 0 && len(p.Signature) == 0 {
		draft, err := p.draft().Draft()
		if err != nil {
			return err
		}
		if !entry.VerifySignature(p.at(1).genesis.Device, entry.DomainPact, draft, [64]byte(n.signature)) {
			return &peer.JoinError{Code: peer.JoinBadRequest}
		}
		p.Signature, p.TheyAgreed, p.TheyCompared = bytes.Clone(n.signature), true, true
	}
	return nil
}

// answer is how it stands here, for the second side.
func (p *pact) answer() *answer {
	a := &answer{compared: !p.Compared.IsZero(), agreed: p.Agreed, lapses: p.Lapses, genesis: p.Genesis}
	if a.lapses.IsZero() {
		a.lapses = p.Expires
	}
	if p.Over != nil {
		a.over, a.they = p.Over.How, p.Over.They
	}
	return a
}

// doorOfPact answers the other side at the host of the share, of which it may not know yet that it is
// made.
type doorOfPact struct{ p *pact }

// Issued implements peer.Invites.
func (d doorOfPact) Issued(key entry.Device) bool { return bytes.Equal(key[:], d.p.CodeKey) }

// Leads implements peer.Invites: only the host that made the code answers it.
func (d doorOfPact) Leads(_, _ entry.Device) bool { return false }

// Redeem implements peer.Invites.
func (d doorOfPact) Redeem(_ context.Context, _ entry.Device, request []byte) ([]byte, error) {
	if len(request) == 0 || request[0] != requestNews {
		return nil, &peer.JoinError{Code: peer.JoinUsed}
	}
	n, err := readNews(request[1:])
	if err != nil {
		return nil, unreadable(err)
	}
	if !d.p.speaks(n) {
		return nil, &peer.JoinError{Code: peer.JoinUsed}
	}
	return d.p.answer().encode()
}

// checkGenesis makes sure that an entry is the pact that both have signed, and nothing else.
func (p *pact) checkGenesis(b []byte) error {
	e, err := entry.Decode(b)
	if err != nil {
		return err
	}
	if err := e.Verify(); err != nil {
		return err
	}
	if len(p.Signature) != len(share.Pact{}.Agreed) {
		return errors.New("the other side says that the pact is made, and this side hasn't signed it")
	}
	d := p.draft()
	copy(d.Agreed[:], p.Signature)
	want, err := d.Genesis()
	if err != nil {
		return err
	}
	if e.Kind != want.Kind || e.Run != want.Run || e.Number != want.Number || !bytes.Equal(e.Payload, want.Payload) || e.Device != p.at(0).genesis.Device {
		return errors.New("what the other side has signed isn't what was agreed on")
	}
	return nil
}
