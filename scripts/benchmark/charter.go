package main

import (
	"context"
	"fmt"
	"time"

	"kith/crdt/charter"
	"kith/crdt/entry"
)

const (
	statements = 10_000
	again      = 20 // times that each is measured
)

// charter folds the charter of a co-op of one after many steps, in this process: nothing else in a
// daemon's start grows with it. Then one more statement comes in: after those steps, and after as many
// statements beside each other, as a hostile device could sign them.
func (b *bench) charter(ctx context.Context) error {
	s, err := foundStatements()
	if err != nil {
		return err
	}
	for i := 0; len(s.all) < statements; i++ {
		var step charter.StepID
		propose := func(c *charter.Charter) (payload []byte, err error) {
			payload, step, err = c.Propose(s.device.Device(), charter.Terms{Type: charter.ProposalInvites, Invites: 1 + i%2})
			return payload, err
		}
		consent := func(c *charter.Charter) ([]byte, error) { return c.Consent(s.device.Device(), step, false) }
		enact := func(c *charter.Charter) ([]byte, error) { return c.Enact(s.device.Device(), step) }
		for _, say := range []func(*charter.Charter) ([]byte, error){propose, consent, enact} {
			if err := s.say(say); err != nil {
				return fmt.Errorf("step %d: %w", i, err)
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	var folds, more, beside []time.Duration
	for range again {
		began := time.Now()
		charter.Fold(s.now.Space(), s.all, charter.StepID{})
		folds = append(folds, time.Since(began))
	}
	seen, err := s.now.Follow(s.device.Device(), s.now.Tip())
	if err != nil {
		return err
	}
	for i := range again { // another one each time: what was judged once is remembered
		e, err := s.first(2*statements+i, seen, s.now.Heads())
		if err != nil {
			return err
		}
		began := time.Now()
		s.now.With(e)
		more = append(more, time.Since(began))
	}
	flooded := s.now
	heads := flooded.Heads()
	var flood []*entry.Entry
	for i := range statements {
		e, err := s.first(i, seen, heads)
		if err != nil {
			return err
		}
		flood = append(flood, e)
	}
	flooded = flooded.With(flood...)
	for i := range again {
		e, err := s.first(statements+i, seen, heads)
		if err != nil {
			return err
		}
		began := time.Now()
		flooded.With(e)
		beside = append(beside, time.Since(began))
	}
	work := fmt.Sprintf("charter of %d statements: ", statements)
	b.spread(work+"folded", folds, map[string]string{"p50": "≤ 1000 ms"})
	b.spread(work+"one more", more, map[string]string{"p50": "≤ 5 ms"})
	b.spread(work+"one more beside as many that nobody stands on", beside, map[string]string{"p50": "≤ 50 ms"})
	if err := b.takenBack(s); err != nil {
		return err
	}
	return b.besideEachOther()
}

// besideEachOther has one device say much beside each other that its member's name, or which of their devices consents, hangs on. Then one more
// comes in, and it is looked who is in and what is honoured of whom, as a daemon does after each.
func (b *bench) besideEachOther() error {
	const times = 4000
	for what, payload := range map[string]func(*signed, int) ([]byte, error){
		"names": func(s *signed, i int) ([]byte, error) { return s.now.Rename(s.device.Device(), fmt.Sprint("Ana ", i)) },
		"moves of her consents": func(s *signed, _ int) ([]byte, error) {
			return s.now.MoveConsents(s.device.Device(), s.device.Device())
		},
	} {
		s, err := foundStatements()
		if err != nil {
			return err
		}
		heads := s.now.Heads()
		say := func(i int) (*entry.Entry, error) {
			said, err := payload(s, i)
			if err != nil {
				return nil, err
			}
			return s.first(i, said, heads)
		}
		var flood []*entry.Entry
		for i := range times {
			e, err := say(i)
			if err != nil {
				return err
			}
			flood = append(flood, e)
		}
		flooded := s.now.With(flood...)
		var more []time.Duration
		for i := range again {
			e, err := say(times + i)
			if err != nil {
				return err
			}
			began := time.Now()
			next := flooded.With(e)
			next.Members()
			next.CutsSince(flooded)
			more = append(more, time.Since(began))
		}
		b.spread(fmt.Sprintf("one more behind %d %s that she said beside each other", times, what), more, map[string]string{"p50": "≤ 50 ms"})
	}
	return nil
}

// takenBack has a consent given and taken back thousands of times, one after the other. Then one more statement comes in, and it
// is looked what could be enacted, as a daemon does after each.
func (b *bench) takenBack(s *signed) error {
	const times = 4000
	var step charter.StepID
	if err := s.say(func(c *charter.Charter) (payload []byte, err error) {
		payload, step, err = c.Propose(s.device.Device(), charter.Terms{Type: charter.ProposalThreshold, Threshold: charter.TwoThirds})
		return payload, err
	}); err != nil {
		return err
	}
	given, err := s.now.Consent(s.device.Device(), step, false)
	if err != nil {
		return err
	}
	back, err := s.now.TakeBack(s.device.Device(), step)
	if err != nil {
		return err
	}
	var flood []*entry.Entry
	heads := s.now.Heads()
	for i := range 2 * times {
		payload := given
		if i%2 == 1 {
			payload = back
		}
		e, err := s.sign(payload, heads)
		if err != nil {
			return err
		}
		s.all, flood, heads = append(s.all, e), append(flood, e), []entry.ID{e.ID()}
	}
	s.now = s.now.With(flood...)
	var more []time.Duration
	for i := range again {
		e, err := s.first(4*statements+i, given, heads)
		if err != nil {
			return err
		}
		began := time.Now()
		s.now.With(e).Enactable()
		more = append(more, time.Since(began))
	}
	b.spread(fmt.Sprintf("one more behind a consent that was given and taken back %d times, and what could be enacted", times), more, map[string]string{"p50": "≤ 50 ms"})
	return nil
}

// signed is a charter as one device writes it.
type signed struct {
	member entry.Signer
	device entry.Signer
	run    entry.Run
	all    []*entry.Entry
	now    *charter.Charter
}

func foundStatements() (*signed, error) {
	s := &signed{device: entry.NewSigner(), run: entry.Run{1}}
	var err error
	if s.member, err = charter.SignerFromPhrase(charter.NewPhrase()); err != nil {
		return nil, err
	}
	genesis, err := charter.NewGenesis(charter.Genesis{Coop: "Riso Print Co-op", Founder: "Ana", Seats: 1}, s.member, s.device, "laptop")
	if err != nil {
		return nil, err
	}
	first, err := entry.New(entry.Fields{Kind: entry.Statement, Run: s.run, Number: 1, Payload: genesis}, s.device)
	if err != nil {
		return nil, err
	}
	s.all = append(s.all, first)
	s.now = charter.Fold(first.SpaceOf(), s.all, charter.StepID{})
	return s, nil
}

// sign makes the next statement of the device's run.
func (s *signed) sign(payload []byte, heads []entry.ID) (*entry.Entry, error) {
	last := s.all[len(s.all)-1]
	return entry.New(entry.Fields{
		Space: s.now.Space(), Heads: heads, Kind: entry.Statement, Run: s.run, Number: last.Number + 1,
		Previous: last.ID(), Payload: payload,
	}, s.device)
}

// first makes the first statement of another run of the device's.
func (s *signed) first(run int, payload []byte, heads []entry.ID) (*entry.Entry, error) {
	return entry.New(entry.Fields{
		Space: s.now.Space(), Heads: heads, Kind: entry.Statement, Run: entry.Run{2, byte(run), byte(run >> 8)}, Number: 1,
		Payload: payload,
	}, s.device)
}

func (s *signed) say(what func(*charter.Charter) ([]byte, error)) error {
	payload, err := what(s.now)
	if err != nil {
		return err
	}
	e, err := s.sign(payload, s.now.Heads())
	if err != nil {
		return err
	}
	s.all, s.now = append(s.all, e), s.now.With(e)
	return nil
}
