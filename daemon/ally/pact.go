package ally

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/share"
	"kith/daemon/home"
	"kith/daemon/words"
)

const (
	// pactForm is the version of the form in which it is kept.
	pactForm = 1
	// pactLife is how long two co-ops have to agree once their people have compared the words; and how
	// long it is remembered how a pact that came to nothing ended, since the other side may ask late.
	pactLife = 14 * 24 * time.Hour
)

// Roles of a pact.
const (
	roleFirst  = "first"  // made the code, and signs last
	roleSecond = "second" // dialed with it
)

// pact is what a place keeps of a pact: how far it is made, and, when it is, whose share lies there. It
// is written before anybody is told what it says, so that after a crash at any moment it goes on from
// there; what was said twice is one.
type pact struct {
	Form   int    `json:"form"`
	Role   string `json:"role"`
	Home   string `json:"home"`            // space ID of the co-op that makes it
	Member string `json:"member"`          // of that co-op, whose daemon this is
	Share  string `json:"share,omitempty"` // space ID, once the share is here

	Code    string    `json:"code,omitempty"` // as people copy it; only until the share is here
	CodeKey []byte    `json:"code_key"`       // the public half of its key
	Begun   time.Time `json:"begun"`          // here
	Expires time.Time `json:"expires"`        // of the code; only the first side knows

	// What is to be signed. Of contacts and geneses, those of the first side come first.
	Purpose  string      `json:"purpose"`
	Ends     uint64      `json:"ends"`
	Voices   uint64      `json:"voices"`
	Contacts [2][]string `json:"contacts"`
	Geneses  [2][]byte   `json:"geneses"` // that of the other side is empty until it is known

	Nonces     [2][]byte `json:"nonces"`
	Commitment []byte    `json:"commitment,omitempty"` // of the second side, at the first
	Asks       int       `json:"asks,omitempty"`       // how often somebody began with the code
	Revealed   bool      `json:"revealed,omitempty"`   // both sides have both nonces

	Compared     time.Time `json:"compared"` // by the person here
	TheyCompared bool      `json:"they_compared,omitempty"`
	Agreed       bool      `json:"agreed,omitempty"` // the step is in force at home
	TheyAgreed   bool      `json:"they_agreed,omitempty"`
	Signature    []byte    `json:"signature,omitempty"` // of the second side, under the draft
	Lapses       time.Time `json:"lapses"`              // by the first side's clock
	Genesis      []byte    `json:"genesis,omitempty"`   // of the share: the pact as both signed it
	Record       []byte    `json:"record,omitempty"`    // where the other side's device is, signed by it

	// Of a further share with an ally: the share through which the code goes, and the request that holds it.
	Through string `json:"through,omitempty"`
	Ask     string `json:"ask,omitempty"`

	Over *pactEnd `json:"over,omitempty"` // it came to nothing
}

// pactEnd is how a pact came to nothing.
type pactEnd struct {
	How  ending    `json:"how"`
	They bool      `json:"they,omitempty"` // the other side ended it
	At   time.Time `json:"at"`
	Told bool      `json:"told,omitempty"` // the other side has heard
	Seen bool      `json:"seen,omitempty"` // the person here knows, and isn't shown it any more
}

// ending says how a pact came to nothing; it goes over the wire.
type ending uint64

const (
	endNone      ending = 0
	endCancelled ending = 1 // somebody thought better of it
	endWords     ending = 2 // the words were others
	endRefused   ending = 3 // the co-op of one side refused it, or took it back
	endLapsed    ending = 4 // it wasn't agreed on in time
	endExpired   ending = 5 // the words weren't compared while the code was good
	endUsed      ending = 6 // another co-op made it with the same code
	lastEnding          = endUsed
)

// pactAt reads what a place keeps of a pact; nil if it is about none. The error is a *PactError.
func pactAt(place *home.Home) (*pact, error) {
	b, err := place.Pact()
	if err != nil || b == nil {
		return nil, err
	}
	p, err := readPact(b)
	if err != nil {
		return nil, place.BadPact(err)
	}
	return p, nil
}

// keep writes it to its place.
func (p *pact) keep(place *home.Home) error {
	b, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	return place.SetPact(append(b, '\n'))
}

func readPact(b []byte) (*pact, error) {
	p := &pact{}
	if err := json.Unmarshal(b, p); err != nil {
		return nil, err
	}
	switch {
	case p.Form > pactForm:
		return nil, fmt.Errorf("it is of a newer Kith, form %d; update yours", p.Form)
	case p.Form != pactForm || p.Role != roleFirst && p.Role != roleSecond:
		return nil, errors.New("it is no record of a pact")
	case len(p.CodeKey) != len(entry.Device{}):
		return nil, fmt.Errorf("a code's key of %d bytes, not %d", len(p.CodeKey), len(entry.Device{}))
	case p.Over != nil && (p.Over.How == endNone || p.Over.How > lastEnding):
		return nil, fmt.Errorf("an end that this release doesn't know: %d", p.Over.How)
	}
	for i, n := range p.Nonces {
		if len(n) != 0 && len(n) != 32 {
			return nil, fmt.Errorf("nonce %d has %d bytes, not 32", i+1, len(n))
		}
		if len(p.Geneses[i]) == 0 && i != p.other() {
			return nil, errors.New("this side's own charter is missing")
		}
		if len(p.Geneses[i]) > 0 {
			if _, err := readSide(p.Geneses[i]); err != nil {
				return nil, fmt.Errorf("the charter of side %d: %w", i+1, err)
			}
		}
	}
	if p.known() {
		if _, err := p.draft().Draft(); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// home is the co-op that makes the pact, and through the share that a further one comes through; zero if what is kept
// names none.
func (p *pact) home() (id entry.SpaceID) {
	_ = home.ReadID((*[32]byte)(&id), p.Home)
	return id
}

func (p *pact) through() (id entry.SpaceID) {
	_ = home.ReadID((*[32]byte)(&id), p.Through)
	return id
}

// side is which of the two sides this one is, other the other one.
func (p *pact) side() int {
	if p.Role == roleSecond {
		return 1
	}
	return 0
}

func (p *pact) other() int { return 1 - p.side() }

func (p *pact) terms() share.Terms {
	return share.Terms{Purpose: p.Purpose, Ends: p.Ends, Voices: share.Voices(min(p.Voices, 255))}
}

func (p *pact) setTerms(t share.Terms) {
	p.Purpose, p.Ends, p.Voices = t.Purpose, t.Ends, uint64(t.Voices)
}

// known says whether both sides are.
func (p *pact) known() bool { return len(p.Geneses[0]) > 0 && len(p.Geneses[1]) > 0 }

// met says whether there are words to compare.
func (p *pact) met() bool {
	return p.known() && len(p.Nonces[0]) > 0 && len(p.Nonces[1]) > 0 && (p.Revealed || p.side() == 1)
}

// made says whether both have signed, and this side knows it.
func (p *pact) made() bool { return len(p.Genesis) > 0 }

// openTo says whether anything may still come of it.
func (p *pact) open() bool { return p.Over == nil && !p.made() }

// bound says whether this side has signed and hasn't heard that the other one has. They may sign yet, whatever they or this side
// said since, and then there is a share in which this side is: so it keeps its key and its place and goes on asking, as long as the
// pact would hold. The first side signs last, and nobody is bound by what it hasn't signed.
func (p *pact) bound(now time.Time) bool {
	return p.side() == 1 && len(p.Signature) > 0 && !p.made() && !words.Past(p.Ends, now)
}

// end lets it come to nothing, unless it has already or is made.
func (p *pact) end(how ending, they bool, now time.Time) {
	if p.open() {
		p.Over = &pactEnd{How: how, They: they, At: now.UTC()}
	}
}

// aSide is the charter of one side as its genesis alone founds it.
type aSide struct {
	genesis *entry.Entry
	coop    string
	founder charter.Member
}

func (s *aSide) space() entry.SpaceID { return s.genesis.SpaceOf() }

// maxSideGenesis bounds the genesis of a side, in bytes: three names, two keys, two signatures.
const maxSideGenesis = 4 << 10

// readSide reads a genesis that somebody gave and checks that it founds a charter.
func readSide(b []byte) (*aSide, error) {
	if len(b) > maxSideGenesis {
		return nil, fmt.Errorf("a genesis of %d bytes, the limit is %d", len(b), maxSideGenesis)
	}
	e, err := entry.Decode(b)
	if err != nil {
		return nil, err
	}
	if err := e.Verify(); err != nil {
		return nil, err
	}
	c := charter.Fold(e.SpaceOf(), []*entry.Entry{e}, charter.StepID{})
	if state, why := c.State(e.ID()); state != charter.Accepted || c.Tip() == (charter.StepID{}) {
		return nil, fmt.Errorf("what should found a side founds nothing: %s", why)
	}
	founder, ok := c.MemberOf(e.Device)
	if !ok {
		return nil, errors.New("who founded a side doesn't speak on it")
	}
	return &aSide{genesis: e, coop: c.Name(), founder: founder}, nil
}

// at gives a side that is known; readPact and what changes a pact have read it before.
func (p *pact) at(side int) *aSide {
	s, err := readSide(p.Geneses[side])
	if err != nil {
		panic(err)
	}
	return s
}

// name is what the other co-op is called; "" as long as nobody has used the code.
func (p *pact) name() string {
	if len(p.Geneses[p.other()]) == 0 {
		return ""
	}
	return p.at(p.other()).coop
}

// draft is what both sides are to sign.
func (p *pact) draft() *share.Pact {
	d := &share.Pact{Terms: p.terms()}
	for i := range d.Sides {
		d.Sides[i] = share.Side{Space: p.at(i).space(), Contacts: p.Contacts[i]}
	}
	return d
}

// meeting is what the words stand for; known must hold.
func (p *pact) meeting() (*share.Meeting, error) {
	draft, err := p.draft().Draft()
	if err != nil {
		return nil, err
	}
	m := &share.Meeting{Code: entry.Device(p.CodeKey), Draft: draft}
	for i := range m.Devices {
		m.Devices[i] = p.at(i).genesis.Device
		copy(m.Nonces[i][:], p.Nonces[i])
	}
	return m, nil
}

// word is what this side's co-op has to agree on at home.
func (p *pact) word() ([]byte, error) {
	return share.Word{What: share.Make, Ally: p.name(), Terms: p.terms(), Contacts: p.Contacts[p.side()]}.Encode()
}

// id is what the pact is called until the share is here, and after.
func (p *pact) id() string { return "v-" + entry.Text.EncodeToString(p.CodeKey[:5]) }

// why is the reason that is given for the step at home. It tells one pact from another with the same
// words, such as one that was given up and begun again.
func (p *pact) why() string {
	return fmt.Sprintf("%s and %s of %s have compared the words (%s)", p.at(p.side()).founder.Name, p.at(p.other()).founder.Name, p.name(), p.id())
}

// standing is how the step stands at home.
type standing int

const (
	stepNone standing = iota
	stepOpen
	stepOvertaken
	stepGone // refused or withdrawn
	stepInForce
)

// atHome says how the step that makes the pact stands in the home's charter.
func (p *pact) atHome(c *charter.Charter) (standing, charter.Proposal) {
	word, err := p.word()
	if err != nil {
		return stepNone, charter.Proposal{}
	}
	best, found := stepNone, charter.Proposal{}
	pending := c.Pending()
	for _, q := range c.Proposals() { // the oldest first
		if q.Type != charter.ProposalPact || !slices.Equal(q.Pact, word) || q.Why != p.why() {
			continue
		}
		s := stepGone
		switch {
		case q.State == charter.ProposalInForce:
			return stepInForce, q
		case q.State == charter.ProposalOpen && !q.Hopeless:
			s = stepOpen
		case q.State == charter.ProposalOvertaken && slices.ContainsFunc(pending, func(o charter.Proposal) bool { return o.ID == q.ID }):
			s = stepOvertaken
		}
		if best == stepNone || s != stepGone || best == stepGone {
			best, found = s, q
		}
	}
	return best, found
}
