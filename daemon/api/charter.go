package api

import "kith/crdt/charter"

// Proposal is a step about the co-op itself, on which members agree together. Statements of the
// charter hold no time, so all times here are those at which they came to this device.
type Proposal struct {
	ID         string    `json:"id"`    // "p-" and 32 letters
	Short      string    `json:"short"` // as of a document
	Action     string    `json:"action"`
	Title      string    `json:"title"`   // the same in words: "admit Dora as a full member"
	Subject    *Named    `json:"subject"` // whom it is about; null: nobody
	Value      string    `json:"value"`   // of threshold, invites and rules: the new one; of a new key: its words
	Why        string    `json:"why"`
	By         Named     `json:"by"`
	At         Time      `json:"at"`
	Consents   []Consent `json:"consents"`
	Refusals   []Refusal `json:"refusals"`
	WaitingFor []Named   `json:"waiting_for"` // who hasn't answered
	Side       *Refusal  `json:"side"`        // what who is to be removed says to it, which isn't counted; null: nothing yet, or nobody is
	AboutMe    bool      `json:"about_me"`    // it is to end my membership, or to admit me
	Needs      int       `json:"needs"`       // consents in all
	Of         int       `json:"of"`          // members that count
	State      string    `json:"state"`       // open, in_force, overtaken, withdrawn
	Revision   string    `json:"revision"`    // names what is consented to, which never changes
	Shown      bool      `json:"shown"`       // to the member of this device, here
	Pending    bool      `json:"pending"`     // it asks for something: answers, or to be renewed
	Mine       string    `json:"mine"`        // my answer: none, consented, refused; "" where I am not asked
	WaitsForMe bool      `json:"waits_for_me"`
	Hopeless   bool      `json:"hopeless"`        // so many have refused that it can't come into force
	Says       []string  `json:"says"`            // what it still needs, and what follows from it, in sentences
	Space      *Named    `json:"space,omitempty"` // in an answer that is about several spaces
}

// Consent says who consented to a proposal.
type Consent struct {
	Member Named `json:"member"`
	At     Time  `json:"at"`
}

// Refusal says who refused one, and why.
type Refusal struct {
	Member Named  `json:"member"`
	Why    string `json:"why"`
	At     Time   `json:"at"`
}

// The actions of proposals.
const (
	ActionAdmit     = "admit"
	ActionRemove    = "remove"
	ActionNewKey    = "new-key"
	ActionThreshold = "threshold"
	ActionInvites   = "invites"
	ActionRules     = "rules"
	ActionPact      = "pact"
	ActionClose     = "close-founding"

	// In a share, what one's own side says to the other.
	ActionEndShare = "end-share"
	ActionTerms    = "share-terms" // binds both once the other side says the same
	ActionContacts = "share-contacts"

	// In a home, about what it shares with allies.
	ActionSharing = "sharing" // who may share
	ActionZone    = "time-zone"
	ActionChoose  = "share-document"

	ActionForget = "forget" // a document, whoever wrote in it
)

// Voices are the ways in which joint decisions count: each co-op once, or people.
var Voices = []string{"co-ops", "people"}

// Thresholds are the ways to count what an agreed step needs.
var Thresholds = []string{"majority", "two-thirds", "three-quarters", "all-but-one"}

// ProposalRequest proposes a step, with one's own consent to it.
type ProposalRequest struct {
	Action    string `json:"-"`                // stands in the path
	Member    string `json:"member,omitempty"` // whom it is about; the Backend gets an ID
	Why       string `json:"why,omitempty"`
	Threshold string `json:"threshold,omitempty"`
	Invites   int    `json:"invites,omitempty"`
	Rules     int    `json:"rules,omitempty"` // 0: the newest that this computer's Kith knows
	// Of ActionNewKey: what the person's new phrase gives, and which devices of theirs never were
	// theirs, by name or start of a key: nothing of those counts.
	Code      string   `json:"code,omitempty"`
	NotTheirs []string `json:"not_theirs,omitempty"`
	// Of ActionTerms, what is to be other than it is: the purpose, the date on which the pact ends, a word of
	// Voices; and of ActionContacts, all names.
	Purpose  string   `json:"purpose,omitempty"`
	Ends     string   `json:"ends,omitempty"`
	Voices   string   `json:"voices,omitempty"`
	Contacts []string `json:"contacts,omitempty"`
	// Of ActionZone, the name of a time zone: "Europe/Berlin".
	Zone string `json:"zone,omitempty"`
	// Of ActionSharing, a word of SharingRules.
	Rule string `json:"rule,omitempty"`
	// Yes says that the person knows what follows, where that has to be said before.
	Yes bool `json:"yes,omitempty"`
}

// The verbs of ProposalAnswer.
const (
	ProposalConsent  = "consent"
	ProposalRefuse   = "refuse"
	ProposalWithdraw = "withdraw" // take back: one's proposal, or one's consent
	ProposalRenew    = "renew"    // propose it again, after the newest step
)

// ProposalVerbs are all of them.
var ProposalVerbs = []string{ProposalConsent, ProposalRefuse, ProposalWithdraw, ProposalRenew}

// ProposalAnswer is what a member says to a proposal.
type ProposalAnswer struct {
	Verb string `json:"-"` // stands in the path
	Why  string `json:"why,omitempty"`
	// Revision is what a consent is to: that of the proposal as it was shown. Without it there is no consent.
	Revision string `json:"revision,omitempty"`
	// Anyway consents though an earlier consent to another proposal, taken back since, may have
	// completed that one elsewhere: the co-op would split then.
	Anyway bool `json:"anyway,omitempty"`
	// LeaveOut consents to a removal though more is here of who is to leave than it honours.
	LeaveOut bool `json:"leave_out,omitempty"`
}

// Charter is what the co-op has agreed on about itself.
type Charter struct {
	Space       Named      `json:"space"`
	Step        string     `json:"step"` // the newest, in hexadecimal
	Founder     Named      `json:"founder"`
	Founding    Founding   `json:"founding"`
	Threshold   string     `json:"threshold"`
	Needs       int        `json:"needs"` // consents for a step that is proposed now
	Of          int        `json:"of"`    // members that count
	Invites     int        `json:"invites"`
	Rules       int        `json:"rules"`
	TimeZone    string     `json:"time_zone"` // in which days end; "": none is agreed, and it is UTC
	Full        []Named    `json:"full"`
	Prospective []Named    `json:"prospective"`
	Former      []Ending   `json:"former"` // who resigned or was removed
	Pending     []Proposal `json:"pending"`
	Forks       []Fork     `json:"forks"`
	Says        []string   `json:"says"` // who may decide what, in sentences
}

// Ending says how a membership ended.
type Ending struct {
	Member Named   `json:"member"`
	At     Time    `json:"at"`  // when this device heard of it
	Why    string  `json:"why"` // the reason given
	By     []Named `json:"by"`  // who agreed on it; empty: the member left
}

// Founding says how far the founding is.
type Founding struct {
	Open   bool `json:"open"`
	Filled int  `json:"filled"` // seats
	Seats  int  `json:"seats"`
}

// Fork is a place where the charter goes on in more than one way: a split of the co-op.
type Fork struct {
	Parent   string   `json:"parent"`
	Branches []Branch `json:"branches"`
	Twice    []Named  `json:"twice"` // who consented to more than one of them
	Open     bool     `json:"open"`  // a full member is on another side, or this device is on none
	Says     []string `json:"says"`  // how it stands, how it came and what a person can do, in sentences
}

// Branch is one way on.
type Branch struct {
	Step     string  `json:"step"`
	Proposal string  `json:"proposal"` // short ID of the step's; "" for none
	Title    string  `json:"title"`    // what the step does
	Followed bool    `json:"followed"`
	Members  []Named `json:"members"` // who were full at the fork and are on this branch alone
	Joined   []Named `json:"joined"`  // who say that they follow it now, and have been on another
}

// CharterLine is one thing that was said about the charter.
type CharterLine struct {
	Entry    string `json:"entry"`
	At       Time   `json:"at"`
	By       *Named `json:"by"`       // null: nobody alone, as of a step that came into force
	Says     string `json:"says"`     // a sentence, without its subject if there is a By
	Why      string `json:"why"`      // the reason given
	Proposal string `json:"proposal"` // short ID of the one that it is about; "" for none
	Detail   bool   `json:"detail"`   // another line says it as well: a consent that a step in force names, an invite that was used
}

// InviteRequest asks for a code for a prospective member.
type InviteRequest struct {
	ExpiresIn int `json:"expires_in,omitempty"` // seconds; 0: three days
}

// MaxName bounds what somebody or something is called, in characters.
const MaxName = charter.MaxName

// RenameRequest says what a member, or a device of theirs, is called from now on.
type RenameRequest struct {
	Name string `json:"name"`
}

// ResignRequest leaves the co-op.
type ResignRequest struct {
	Why string `json:"why,omitempty"`
	Yes bool   `json:"yes,omitempty"` // the person knows what follows
}
