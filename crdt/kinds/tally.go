package kinds

import (
	"fmt"
	"maps"
	"slices"

	"kith/crdt/charter"
)

// The processes by which a co-op decides. A decision keeps the one that it was proposed with.
const (
	ProcessConsent   = "consent"
	ProcessConsensus = "consensus"
	ProcessMajority  = "majority"
	ProcessAdvice    = "advice"

	// Among options; see CountBallots.
	ProcessApproval = "approval"
	ProcessScore    = "score"
	ProcessRanking  = "ranking"
	ProcessDates    = "dates"
	ProcessSense    = "sense" // what members think of it: decides nothing
)

// Processes lists them in the order in which they are explained.
var Processes = []string{
	ProcessConsent, ProcessConsensus, ProcessMajority, ProcessAdvice,
	ProcessApproval, ProcessScore, ProcessRanking, ProcessDates, ProcessSense,
}

// The words with which a member takes a position.
const (
	Consent    = "consent"     // good enough for now, safe enough to try
	Object     = "object"      // it would harm us, and I say how
	StandAside = "stand-aside" // not for me, but go on
	Block      = "block"       // it goes against what we are here for
	Abstain    = "abstain"     // I leave it to the others
	Agree      = "agree"
	Disagree   = "disagree"
	Advise     = "advise" // what I would have you consider
	Choose     = "choose" // from options
)

// Stances lists the words that a process offers. A position in another word counts for what the
// word means (see Tally), so that nobody's "no" is lost for its form.
func Stances(process string) []string {
	switch process {
	case ProcessConsent:
		return []string{Consent, Object, StandAside, Abstain}
	case ProcessConsensus:
		return []string{Agree, Consent, Disagree, StandAside, Block, Abstain}
	case ProcessMajority:
		return []string{Agree, Disagree, Abstain}
	case ProcessAdvice:
		return []string{Advise, Agree, Disagree, Abstain}
	case ProcessSense:
		return []string{Agree, Disagree, Abstain, Advise}
	}
	return []string{Abstain} // or Choose, which has a verb of its own
}

func knownStance(s string) bool {
	switch s {
	case Consent, Object, StandAside, Block, Abstain, Agree, Disagree, Advise, Choose:
		return true
	}
	return false
}

// for and against are what words mean to a tally; every other word is an answer that is neither.
func isFor(stance string) bool     { return stance == Consent || stance == Agree }
func isAgainst(stance string) bool { return stance == Object || stance == Block || stance == Disagree }

// What positions give.
const (
	Open      = "open" // no outcome yet
	Agreed    = "agreed"
	NotAgreed = "not_agreed"
	Chosen    = "chosen" // one of the options
	Tied      = "tied"   // several come out first
	Heard     = "heard"  // a sense check, which decides nothing
)

// Stand is a position as far as a tally is concerned: of a member, on the text that is decided.
type Stand struct {
	Member charter.MemberID
	Stance string
	Choice Ballot // of Choose
}

// Counts says how many full members said what.
type Counts struct {
	Full       int `json:"full"`   // full members, who all count
	Silent     int `json:"silent"` // of them, who have not said anything on this text
	Consent    int `json:"consent"`
	Object     int `json:"object"`
	StandAside int `json:"stand_aside"`
	Block      int `json:"block"`
	Abstain    int `json:"abstain"`
	Agree      int `json:"agree"`
	Disagree   int `json:"disagree"`
	Advise     int `json:"advise"`
	Choose     int `json:"choose"`
}

func (c *Counts) add(stance string) {
	switch stance {
	case Consent:
		c.Consent++
	case Object:
		c.Object++
	case StandAside:
		c.StandAside++
	case Block:
		c.Block++
	case Abstain:
		c.Abstain++
	case Agree:
		c.Agree++
	case Disagree:
		c.Disagree++
	case Advise:
		c.Advise++
	case Choose:
		c.Choose++
	}
}

// words counts the positions by their words as in JSON, those that nobody took left out.
func (c *Counts) words() map[string]int {
	out := map[string]int{
		"consent": c.Consent, "object": c.Object, "stand_aside": c.StandAside, "block": c.Block,
		"abstain": c.Abstain, "agree": c.Agree, "disagree": c.Disagree, "advise": c.Advise, "choose": c.Choose,
	}
	maps.DeleteFunc(out, func(_ string, n int) bool { return n == 0 })
	return out
}

// whatAnswersDo says what a yes, a no and silence do to a decision that is open; nothing of one that isn't. hasDay: it has a day
// until which positions are hoped for.
func whatAnswersDo(d *Deciding, hasDay bool) []string {
	if d.Status != Open {
		return []string{}
	}
	if at := d.round(); !d.inPositions() {
		return append([]string{"Now is the round of " + Rounds[at] + ". What is asked and said goes into its thread; positions are taken in the last round. Anybody ends a round."}, howItIsDecided(d, hasDay)...)
	}
	return howItIsDecided(d, hasDay)
}

func howItIsDecided(d *Deciding, hasDay bool) []string {
	if d.Joint != nil && len(d.Joint.Sides) == 2 && !d.Joint.ByPeople && !isChoice(d.Process) && d.Process != ProcessSense {
		return []string{"Each co-op is one voice, which its people give by " + d.Process + "; both have to be for it. Silence counts for nothing, either way."}
	}
	says := asProcess(d)
	if d.waitsForAll() && len(says) > 0 && len(d.Full) > 1 && d.Process != ProcessSense {
		if hasDay {
			says[0] += " Until its day is over it waits for all of them to have answered once."
		} else {
			says[0] += " It waits for all of them to have answered once, as it has no day."
		}
	}
	if need := Enough(d.Quorum, len(d.Full)); need > 0 {
		says = append(says, fmt.Sprintf("Its quorum is %s: %d of %s must have answered, whatever they say.", d.Quorum, need, people(len(d.Full))))
	}
	return says
}

func asProcess(d *Deciding) []string {
	n := len(d.Full)
	half := n/2 + 1
	heard := max(half, Enough(d.Quorum, n)) // who must have answered, whatever they say
	switch d.Process {
	case ProcessConsent:
		return []string{fmt.Sprintf("By consent: it can be closed as agreed when %d of %s have answered, one consents, and nobody objects. One objection stops it, until it is resolved. Silence isn't consent.", heard, people(n))}
	case ProcessConsensus:
		return []string{fmt.Sprintf("By consensus: it can be closed as agreed when %d of %s agree, and nobody disagrees or blocks. One who disagrees or blocks stops it, until that is resolved. Silence isn't agreement.", half, people(n))}
	case ProcessMajority:
		return []string{fmt.Sprintf("By majority: agreed with %d of %s for it, not agreed with %d against it. Silence counts for nothing, either way.", half, people(n), (n+1)/2)}
	case ProcessApproval:
		return []string{fmt.Sprintf("By approval: each chooses all that they can live with; it can be closed when %d of %s have answered. Most approvals come out first.", heard, people(n))}
	case ProcessScore:
		return []string{fmt.Sprintf("By score: each gives 0 to %d points to each; it can be closed when %d of %s have answered. Most points come out first.", MaxScore, heard, people(n))}
	case ProcessRanking:
		return []string{fmt.Sprintf("By ranking: each puts them in an order; it can be closed when %d of %s have answered. What beats all others in pairs comes out first; in a circle, Schulze's method says what does.", heard, people(n))}
	case ProcessDates:
		return []string{fmt.Sprintf("When we meet: each says when they can; it can be closed when %d of %s have answered. Most who can come decide, and then fewest who only can if need be.", heard, people(n))}
	case ProcessSense:
		return []string{"A sense check: what members think of it. It decides nothing, whatever they say."}
	case ProcessAdvice:
		return []string{"By advice: who proposes it decides, after at least one other full member has answered. No answer stops it."}
	}
	return []string{}
}

func people(n int) string {
	if n == 1 {
		return "1 full member"
	}
	return fmt.Sprintf("%d full members", n)
}

// Result is what positions give.
type Result struct {
	Outcome string // Open, Agreed, NotAgreed, Chosen, Tied or Heard
	Counts  Counts
	Against []charter.MemberID // whose position stands in the way, for consent and consensus
	Chosen  []string           // of options, by name: what comes out first
	Missing int                // how many more have to say something, or to be for it, at least
}

// quorate keeps a result open as long as fewer full members have answered than a quorum asks for. Whatever they said counts as
// an answer.
func quorate(r Result, quorum string) Result {
	need := Enough(quorum, r.Counts.Full)
	if missing := need - (r.Counts.Full - r.Counts.Silent); missing > 0 {
		r.Outcome, r.Missing = Open, max(r.Missing, missing)
	}
	return r
}

// gives says whether it is what a record says.
func (r Result) gives(record Record) bool {
	return r.Outcome == record.Result && slices.Equal(r.Chosen, record.Chosen)
}

// Tally says what positions give. Only those of full members count, one each. It knows no time:
// what nobody closes stays open, and silence is neither a yes nor a no.
//
//   - consent: agreed when more than half of the full members have answered, at least one of them
//     consents, and nobody objects (a block or a disagreement counts as an objection). Standing
//     aside and abstaining are answers.
//   - consensus: agreed when more than half of the full members agree, and nobody disagrees or
//     blocks.
//   - majority: agreed when more than half of the full members agree; not agreed when that can't
//     be reached any more because half or more disagree, or because all have answered.
//   - advice: the proposer decides, after at least one other full member has answered (a co-op of
//     one needs none); not agreed if the proposer's own position is against it by then.
//
// Why more than half, and not everybody: somebody who is away must not stop the others for good,
// and two such groups always share a member. Objections have no number: one is enough.
func Tally(process string, proposer charter.MemberID, full []charter.MemberID, positions []Stand) Result {
	r := Result{Outcome: Open}
	r.Counts.Full = len(full)
	stances := make(map[charter.MemberID]string, len(positions))
	for _, p := range positions {
		if _, twice := stances[p.Member]; !twice && knownStance(p.Stance) && slices.Contains(full, p.Member) {
			stances[p.Member] = p.Stance
		}
	}
	var yes, no, answered, others int
	for _, m := range full {
		stance, ok := stances[m]
		if !ok {
			r.Counts.Silent++
			continue
		}
		answered++
		r.Counts.add(stance)
		switch {
		case isFor(stance):
			yes++
		case isAgainst(stance):
			no++
			r.Against = append(r.Against, m)
		}
		if m != proposer {
			others++
		}
	}
	n := len(full)
	half := n/2 + 1 // the least number that is more than half
	if n == 0 {
		r.Missing = 1
		return r
	}
	switch process {
	case ProcessConsent:
		r.Missing = max(half-answered, 0)
		if r.Missing == 0 && yes == 0 {
			r.Missing = 1
		}
		if r.Missing == 0 && no == 0 {
			r.Outcome = Agreed
		}
	case ProcessConsensus:
		r.Missing = max(half-yes, 0)
		if r.Missing == 0 && no == 0 {
			r.Outcome = Agreed
		}
	case ProcessMajority:
		r.Against = nil // they are outvoted or outvote: nobody stands in the way
		r.Missing = max(half-yes, 0)
		switch {
		case yes >= half:
			r.Outcome = Agreed
		case 2*no >= n || answered == n:
			r.Outcome = NotAgreed
		}
	case ProcessAdvice:
		r.Against = nil
		switch {
		case !slices.Contains(full, proposer):
			r.Missing = 1 // nobody is there to decide
		case others == 0 && n > 1:
			r.Missing = 1
		case isAgainst(stances[proposer]):
			r.Outcome = NotAgreed
		default:
			r.Outcome = Agreed
		}
	}
	return r
}
