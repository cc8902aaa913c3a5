package knock

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/problem"
	"kith/crdt/share"
	"kith/daemon/peer"
	"kith/daemon/replica"
)

// Joining takes two requests, each answered with the charter as the answerer knows it. The
// first, "hello", says nothing of the joiner: it lets them check that who answers is a device of
// the co-op that the code is for. The second carries their redemption of the code; after it the
// charter has them in it.
const (
	RequestHello  = 0
	RequestRedeem = 1 // and the encoded charter.Redemption
)

// What may be asked over a join stream besides what an invite gives. All begin with
// requestHello, which says nothing of who asks and lets them see who answers.
const (
	RequestPair     = 2 // and an encoded pairRequest: a device asks to be added
	RequestReveal   = 3 // and its nonce: now both know the words
	RequestAdded    = 4 // waits a while for somebody to compare them
	RequestHonoured = 5 // by a member key: what is here of the member's devices, as frontiers
	RequestRecover  = 6 // by a member key: and the encoded entry that says which devices are live
)

// maxIntroduction bounds the statements that are put into a welcome, in bytes: with what frames them it fits
// into a reply (peer.MaxJoinReply). What a charter has beyond it, and acknowledgements, come with the sync that follows.
const maxIntroduction = 16 << 20

// maxWelcome bounds the statements that are read from a welcome. None has less than 200 bytes.
const maxWelcome = 100_000

// Welcome is the answer to both requests: the space, and its accepted statements in an order in
// which each comes after its past; of a share, those of both sides and the pact.
type Welcome struct {
	Space      entry.SpaceID
	Statements []*entry.Entry
	// Relays are those that who answers names, as a person would type them: for who is in now, and so only once they are. At most
	// maxRelays.
	Relays []string
}

// maxRelays bounds the relays in a welcome, and maxRelay each, in bytes: a code with three addresses has less.
const maxRelays, maxRelay = 4, 1024

type wireWelcome struct {
	_          struct{} `cbor:",toarray"`
	Space      []byte
	Statements [][]byte
	Relays     []string
}

func (w Welcome) encode() ([]byte, error) {
	out := wireWelcome{Space: w.Space[:], Relays: append([]string{}, w.Relays[:min(len(w.Relays), maxRelays)]...)}
	for _, e := range w.Statements {
		out.Statements = append(out.Statements, e.Encoded())
	}
	return cbor.Marshal(out)
}

// ReadWelcome reads a welcome from outside, of at most maxWelcome statements, and verifies their signatures. Whether
// they found the space that was meant is for who asked.
func ReadWelcome(b []byte) (Welcome, error) {
	mode, err := cbor.DecOptions{MaxArrayElements: maxWelcome, MaxNestedLevels: 4}.DecMode()
	if err != nil {
		return Welcome{}, err
	}
	var in wireWelcome
	if err := mode.Unmarshal(b, &in); err != nil {
		return Welcome{}, fmt.Errorf("read the welcome: %w", err)
	}
	if len(in.Space) != len(entry.SpaceID{}) {
		return Welcome{}, errors.New("read the welcome: it names no space")
	}
	w := Welcome{Space: entry.SpaceID(in.Space)}
	w.Relays = UsableRelays(in.Relays)
	for _, enc := range in.Statements {
		e, err := entry.Decode(enc)
		if err != nil {
			return Welcome{}, fmt.Errorf("read the welcome: %w", err)
		}
		w.Statements = append(w.Statements, e)
	}
	if i := entry.VerifyAll(w.Statements); i >= 0 {
		return Welcome{}, fmt.Errorf("read the welcome: statement %d: %w", i, entry.ErrSignature)
	}
	return w, nil
}

// UsableRelays gives those of the relays that somebody else names that can be used, at most maxRelays: one that can't is left out, and
// so is one at a name, which is for its owner to look up.
func UsableRelays(named []string) (all []string) {
	for _, r := range named {
		if _, ok := peer.ThroughRelay(r); ok && len(r) <= maxRelay && len(all) < maxRelays && peer.CheckRelays([]string{r}) == nil {
			all = append(all, r)
		}
	}
	return all
}

// ErrImpostor says that who answered isn't in the co-op that the code is for.
var ErrImpostor = problem.New(problem.NotFound, "check that the code is the one you were sent, or ask for a new one", "whoever answers there is not of the co-op that this code is for")

// Check makes sure that the welcome is of the space that the code is for, and that answerer
// belongs to it.
func (w Welcome) Check(code charter.Invite, answerer entry.Device) error {
	return w.of(code.Space[:], answerer)
}

// of makes sure that the welcome is of the space whose ID begins so, and that answerer belongs to it.
func (w Welcome) of(space []byte, answerer entry.Device) error {
	c := w.Charter(space)
	if c == nil {
		return ErrImpostor
	}
	if _, ok := c.MemberOf(answerer); !ok {
		return ErrImpostor
	}
	return nil
}

// Charter gives the charter of the space whose ID begins so: that of the welcome or, if it is to a share,
// that of a side. nil if the welcome is to neither.
func (w Welcome) Charter(space []byte) *charter.Charter {
	if bytes.HasPrefix(w.Space[:], space) {
		return charter.Fold(w.Space, w.Statements, charter.StepID{})
	}
	s := share.Fold(w.Space, w.Statements, [2]charter.StepID{})
	if state, _ := s.State(entry.ID(w.Space)); state != charter.Accepted {
		return nil
	}
	for i := range 2 {
		if id := s.Side(i).Space(); bytes.HasPrefix(id[:], space) {
			return s.Side(i)
		}
	}
	return nil
}

// Replica makes the replica that the welcome is for: its device is in the charter now. step is what the code
// says of the chain.
func (w Welcome) Replica(cfg replica.Config, step [8]byte) (*replica.Replica, error) {
	if s := share.Fold(w.Space, w.Statements, [2]charter.StepID{}); s.Pact() != nil {
		return replica.JoinShare(cfg, w.Space, w.Statements, step)
	}
	return replica.Join(cfg, w.Space, w.Statements, step)
}

// WelcomeNow is what the charter has to say to somebody new, as it is here; and the relays of this computer, to who is in.
func WelcomeNow(r *replica.Replica, relays ...string) ([]byte, error) {
	return Welcome{r.Space(), r.Introduction(maxIntroduction), relays}.encode()
}
