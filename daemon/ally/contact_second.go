package ally

import (
	"bytes"
	"context"
	"errors"
	"time"

	"kith/crdt/charter"
	"kith/daemon/knock"
	"kith/daemon/peer"
)

// The second side asks again after a pause that doubles while nothing is new; an answer itself waits a
// while for something new (newsWait).
const (
	firstNewsPause = time.Second
	mostNewsPause  = 5 * time.Minute
	// boundPause is that of who has signed what came to nothing, as both said.
	boundPause = time.Hour
)

// asks says whether there is anything left to ask the first side, and how long a pause there is at least before it is asked again.
func (p *pact) asks(now time.Time) (again bool, least time.Duration) {
	switch {
	case p.made():
		return false, 0
	case p.Over == nil || !p.Over.They && !p.Over.Told:
		return true, 0
	}
	return p.bound(now), boundPause
}

// ask keeps asking the first side, until the pact is made, or there is nothing more to say.
func (k *contact) ask(ctx context.Context) {
	pause, seen := firstNewsPause, [8]byte{}
	for {
		p, moved := k.look()
		again, least := p.asks(k.now())
		if !again {
			return
		}
		soon, cancel := context.WithCancel(ctx)
		stop := make(chan struct{})
		go func() {
			defer close(stop)
			select { // what is new here is said at once
			case <-moved:
				cancel()
			case <-soon.Done():
			}
		}()
		err := k.askOnce(soon, p, &seen)
		cancel()
		<-stop
		if now, _ := k.look(); now != p {
			pause = firstNewsPause
			continue
		}
		if ctx.Err() != nil {
			return
		}
		k.troubled(err)
		wait := time.NewTimer(max(pause, least))
		select {
		case <-ctx.Done():
			wait.Stop()
			return
		case <-moved:
			wait.Stop()
			pause = firstNewsPause
		case <-wait.C:
			pause = min(2*pause, mostNewsPause)
		}
	}
}

// dial is what the second side asks with.
func (p *pact) dial() (*knock.Knock, error) {
	code, err := charter.DecodeAllyCode(p.Code)
	if err != nil {
		return nil, err
	}
	return knock.To(code.Answerers, code.Key(), code.Space[:])
}

// sendTo sends a request of a pact that is under way, and checks that the first side answers.
func sendTo(ctx context.Context, k *knock.Knock, p *pact, request []byte) error {
	first := p.at(0).genesis.Device
	return k.SendFor(ctx, request, func(joined *peer.Joined) error {
		if joined.Answerer != first {
			return knock.ErrImpostor
		}
		return nil
	})
}

// insist asks again while nobody answers, until ctx ends.
func insist(ctx context.Context, ask func() error) error {
	for {
		err := ask()
		if !errors.As(err, new(*peer.NobodyAnsweredError)) || knock.Pause(ctx, knock.AskAgain) != nil {
			return err
		}
	}
}

// askOnce says how it stands here and hears how it stands there.
func (k *contact) askOnce(ctx context.Context, p *pact, seen *[8]byte) error {
	to, err := p.dial()
	if err != nil {
		return err
	}
	if len(p.Nonces[0]) == 0 { // a crash came between
		return k.refused(k.beginWith(ctx, to))
	}
	if !p.Revealed {
		if err := sendTo(ctx, to, p, append([]byte{requestMeet}, p.Nonces[1]...)); err != nil {
			return k.refused(err)
		}
		return k.change(func(p *pact) error { p.Revealed = true; return nil })
	}
	n := &news{nonce: [32]byte(p.Nonces[1]), compared: !p.Compared.IsZero(), signature: p.Signature, seen: *seen}
	if p.Over != nil {
		n.over = p.Over.How
	}
	b, err := n.encode()
	if err != nil {
		return err
	}
	if err := sendTo(ctx, to, p, append([]byte{requestNews}, b...)); err != nil {
		return k.refused(err)
	}
	a, err := readAnswer(to.Joined.Reply)
	if err != nil {
		return err
	}
	if err := k.change(func(p *pact) error { return p.learn(n, a, to.Joined.Record, k.now()) }); err != nil {
		return err
	}
	*seen = startOf(to.Joined.Reply)
	return nil
}

// refused notes it if the first side says that the code isn't good any more; else the error is for the
// next try.
func (k *contact) refused(err error) error {
	var refusal *peer.JoinError
	if !errors.As(err, &refusal) {
		return err
	}
	how := endNone
	switch refusal.Code {
	case peer.JoinExpired:
		how = endExpired
	case peer.JoinRevoked:
		how = endCancelled
	case peer.JoinUsed:
		how = endUsed
	default:
		return err
	}
	return k.change(func(p *pact) error {
		p.end(how, true, k.now())
		if p.Over != nil {
			p.Over.Told = true
		}
		return nil
	})
}

// learn notes what the first side answers to news.
func (p *pact) learn(n *news, a *answer, record []byte, now time.Time) error {
	if p.made() {
		return nil
	}
	if len(record) > 0 {
		p.Record = bytes.Clone(record)
	}
	if len(a.genesis) > 0 {
		if err := p.checkGenesis(a.genesis); err != nil {
			return err
		}
		p.Genesis, p.Over = bytes.Clone(a.genesis), nil // made before they heard of an end
		p.TheyCompared, p.TheyAgreed = true, true
		return nil
	}
	p.TheyCompared, p.TheyAgreed, p.Lapses = a.compared, a.agreed, a.lapses
	if a.over != endNone {
		p.end(a.over, !a.they, now)
	}
	if p.Over != nil && (a.over != endNone || n.over != endNone) { // an end here may be newer than the news
		p.Over.Told = true
	}
	return nil
}
