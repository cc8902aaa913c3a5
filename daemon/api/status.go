package api

import (
	"encoding/json"
	"net"
	"slices"
	"strconv"
	"strings"

	"kith/crdt/charter"
	"kith/crdt/kind"
	"kith/crdt/kinds"
)

// Named is a member, device or space: its ID, and what people call it.
type Named = kind.Named

// Status is how a daemon is.
type Status struct {
	Space     Named    `json:"space"`
	Me        Named    `json:"me"`
	Device    Named    `json:"device"`
	Version   string   `json:"version"`
	StartedAt Time     `json:"started_at"`
	Addresses []string `json:"addresses"`
	Peers     []Peer   `json:"peers"`
	Reach     Reach    `json:"reach"` // of this device
	Entries   Entries  `json:"entries"`
	Documents int      `json:"documents"`
	// InStep: with every device that is connected, and one is, or there is no other. InStepWith says how many that are:
	// nobody, some, majority or all, of the members; Unsent counts the entries here, at most, of which nobody else is known to
	// have got all.
	InStep     bool     `json:"in_step"`
	InStepWith string   `json:"in_step_with"`
	Unsent     int      `json:"unsent"`
	Joining    []string `json:"joining"` // allies of this co-op into whose share this computer is on its way
	Drops      []Drop   `json:"drops"`
	Notice     []string `json:"notice"` // what the person has to know first, in sentences: that the co-op has split, that they are no member any more
}

// The values of Status.InStepWith.
const (
	WithNobody   = "nobody"
	WithSome     = "some"
	WithMajority = "majority" // with me, more than half of us
	WithAll      = "all"
)

// Overview is all that a daemon serves.
type Overview struct {
	Spaces []Status `json:"spaces"`
	InStep bool     `json:"in_step"` // all of them
}

// Reach is how devices on other networks reach this one.
type Reach struct {
	Reachable string   `json:"reachable"` // directly: yes, no, or unknown while nobody on another network could say
	Relays    []string `json:"relays"`    // through whom: devices' names, or addresses
	Says      string   `json:"says"`      // all of it, in a sentence
}

// Entries counts what is stored.
type Entries struct {
	Stored  int `json:"stored"`
	Pending int `json:"pending"`
	Void    int `json:"void"`
	// Quarantined entries are kept from the Automerge core, on this device alone: see kith doctor.
	Quarantined int `json:"quarantined"`
}

// Peer is another device of the charter.
type Peer struct {
	Member    Named   `json:"member"`
	Device    Named   `json:"device"`
	Space     *Named  `json:"space,omitempty"` // in an answer that is about several spaces
	Connected bool    `json:"connected"`
	Transport string  `json:"transport"` // tcp, quic, relay; "" while not connected
	Via       string  `json:"via"`       // the relay: a device's name, or an address; "" for a direct connection, or where it isn't known
	Address   string  `json:"address"`
	RTT       float64 `json:"rtt_ms"`
	InStep    bool    `json:"in_step"`
	LastSeen  Time    `json:"last_seen"` // null: never
	Trouble   string  `json:"trouble"`   // why it is not connected or not in step, in words

	// How far the last comparison is, in entries, and what went over the connection. Of a device that isn't
	// connected ToSend is what came here since the two were last in step, and the others are 0: it may have
	// got some of that from others, and what it has written itself isn't known.
	ToGet         int   `json:"to_get"`
	Got           int   `json:"got"`
	ToSend        int   `json:"to_send"`
	Sent          int   `json:"sent"`
	BytesReceived int64 `json:"bytes_received"`
	BytesSent     int64 `json:"bytes_sent"`

	EntriesReceived int64 `json:"entries_received"` // that were new here
	EntriesSent     int64 `json:"entries_sent"`
	Slowed          bool  `json:"slowed"` // it is read slowly, since much that it sends is here already or stands for nothing

	RateReceived float64 `json:"rate_received"` // bytes a second, lately
	RateSent     float64 `json:"rate_sent"`
	InStepAt     Time    `json:"in_step_at"` // when each last had all that the other had; null: that isn't known
	CarriedAt    Time    `json:"carried_at"` // when a bundle of the device was last read from a drop folder; null: not since the start

	Spends Spends `json:"spends"` // what it costs this device

	// What the device has, by its own word: it acknowledges once a day what it has got. It may have
	// more than this says, and not less. Only in an answer to who asks for it.
	Acknowledged     bool `json:"acknowledged"`      // it ever did
	Unconfirmed      int  `json:"unconfirmed"`       // changes of others that it hasn't, 1,000 at most
	UnconfirmedSince Time `json:"unconfirmed_since"` // when the oldest of them was made; null: there is none
}

// Spends is what a device has had this one do since the daemon started, by cause. Each is rationed for that device alone,
// so that nobody can make others work without end: docs/SECURITY.md.
type Spends struct {
	BusyMs      float64 `json:"busy_ms"`         // checking, storing and comparing what it brought
	Entries     Spent   `json:"entries"`         // that it brought and were new here; refused: void ones by its own person, and those held back
	Connections Spent   `json:"connections"`     // that it made
	Streams     Spent   `json:"streams"`         // that it opened
	Sessions    Spent   `json:"sessions"`        // of sync, that it began
	Dials       Spent   `json:"dials"`           // of addresses that are known of it
	DialBacks   Spent   `json:"dial_backs"`      // questions whether it can be dialed
	Records     Spent   `json:"address_records"` // that it told, of anybody
	Saved       Spent   `json:"address_writes"`  // of its own address, to this disk
	Relayed     Spent   `json:"relayed"`         // places and connections through this device, of all devices of its person
}

// Spent is how much of something was done, and refused.
type Spent struct {
	Done    int `json:"done"`
	Refused int `json:"refused"`
}

// Lacks says what this daemon's device lacks of a peer's and the other way, in entries, as far as is known.
func (p Peer) Lacks() (toFetch, toSend int) {
	if p.InStep {
		return 0, 0
	}
	return max(0, p.ToGet-p.Got), max(0, p.ToSend-p.Sent)
}

// Member is a person in the charter.
type Member struct {
	ID        string         `json:"id"`
	Name      string         `json:"name"`
	Standing  string         `json:"standing"` // full, prospective, resigned, removed
	Me        bool           `json:"me"`
	Coop      string         `json:"coop"` // in a share, whose; "" in a co-op
	Devices   []MemberDevice `json:"devices"`
	Since     Time           `json:"since"`        // when this device heard of it
	InvitedBy *Named         `json:"invited_by"`   // null: they founded the co-op
	Former    []FormerName   `json:"former_names"` // what they were called before, the oldest first
}

// FormerName is what a member was called before.
type FormerName struct {
	Name  string `json:"name"`
	Until Time   `json:"until"` // when this device heard of the next one
}

// Called is the name of a member, in a share together with the co-op.
func (m Member) Called() string {
	if m.Coop == "" {
		return m.Name
	}
	return m.Name + " (" + m.Coop + ")"
}

// MemberDevice is one computer of a member.
type MemberDevice struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Retired  bool   `json:"retired"`
	Consents bool   `json:"consents"` // the one from which its member consents to agreed steps
}

// Invite is a code that lets somebody in.
type Invite struct {
	ID        string   `json:"id"`
	Code      string   `json:"code"`     // "" where the code isn't known any more
	Standing  string   `json:"standing"` // full, prospective
	ExpiresAt Time     `json:"expires_at"`
	State     string   `json:"state"` // open, used, revoked, expired
	Says      []string `json:"says"`  // what follows from it, in sentences
}

// HasCode says whether a code is that of the invite, whatever addresses were in it when it was copied.
func (i Invite) HasCode(code string) bool {
	own, err := charter.DecodeInvite(i.Code)
	typed, typedErr := charter.DecodeInvite(code)
	return i.Code == code || err == nil && typedErr == nil && own.Seed == typed.Seed
}

// InitResult is a new co-op. The recovery phrase is shown this once and never again.
type InitResult struct {
	Space          Named    `json:"space"`
	Member         Named    `json:"member"`
	Device         Named    `json:"device"`
	RecoveryPhrase string   `json:"recovery_phrase"`
	Invites        []Invite `json:"invites"`
	Carried        *Carried `json:"carried,omitempty"` // with --from: what was carried into it
}

// Carried is what was carried from another co-op into one that was founded from it.
type Carried struct {
	From      Named         `json:"from"`
	Documents int           `json:"documents"`  // copies made now
	Before    int           `json:"before"`     // and by an earlier run
	Archived  int           `json:"archived"`   // of those made now, put away there
	Newer     int           `json:"newer"`      // documents that need a newer Kith than this one, wholly or in part: what it can't read wasn't carried
	Forgotten int           `json:"forgotten"`  // documents of which nothing is left, because they were forgotten there
	LeftCount int           `json:"left_count"` // of what wasn't carried, wholly or in part
	Left      []CarriedLeft `json:"left"`       // the first of those
}

// CarriedLeft is a document that wasn't carried, wholly or in part.
type CarriedLeft struct {
	Kind  string `json:"kind"`
	ID    string `json:"id"`
	Short string `json:"short"`
	Title string `json:"title"`
	Why   string `json:"why"`
}

// MaxCarriedLeft bounds Carried.Left.
const MaxCarriedLeft = 50

// JoinResult is a co-op that was joined. The phrase is shown this once and never again.
type JoinResult struct {
	Space          Named  `json:"space"`
	Member         Named  `json:"member"`
	Device         Named  `json:"device"`
	RecoveryPhrase string `json:"recovery_phrase"`
	Standing       string `json:"standing"` // full, prospective
	// Relays are those outside the co-op that the code named and that this computer keeps a place at from now on.
	Relays []string `json:"relays"`
}

// JoinAsked is a request to join that goes out as a file. The phrase is shown this once and never again.
type JoinAsked struct {
	File           string `json:"file"`
	Ask            string `json:"ask"` // its text: as good as the file
	As             string `json:"as"`
	RecoveryPhrase string `json:"recovery_phrase"` // "": it is the request of before, and was shown then
	Changed        bool   `json:"changed"`         // false: the request of before
}

// JoinLine is the answer to a file that was sent to join by: how it ended.
type JoinLine struct {
	Result *JoinResult `json:"result,omitempty"`
	Error  *Problem    `json:"error,omitempty"`
}

// RelaysKept says that a computer keeps places at relays because a code named them; "" if there are none.
func RelaysKept(relays []string) string {
	if len(relays) == 0 {
		return ""
	}
	var at []string
	for _, r := range relays {
		at = append(at, relayAt(r))
	}
	return "The code came with a relay, at " + strings.Join(at, " and ") + ", that is no member's computer. Yours keeps a place there from now on, so that the others reach it behind its router; what goes through it can't be read there. To leave it: kith daemon --relay none"
}

// relayAt is where a relay is, as people write it: 203.0.113.7:4001.
func relayAt(multiaddr string) string {
	parts := strings.Split(multiaddr, "/") // /ip4/203.0.113.7/tcp/4001/p2p/…
	if len(parts) < 5 {
		return multiaddr
	}
	return net.JoinHostPort(parts[2], parts[4])
}

// LogLine is one entry, in words.
type LogLine struct {
	Entry     string        `json:"entry"`
	At        Time          `json:"at"` // by the author's clock
	By        Named         `json:"by"`
	Device    Named         `json:"device"`
	State     string        `json:"state"`      // accepted, pending, void, elsewhere; held: several of a device together, of which nothing is kept here
	Why       string        `json:"why"`        // why it isn't accepted
	Adoptable bool          `json:"adoptable"`  // a full member can take it over: kith adopt
	SeenBy    []Named       `json:"seen_by"`    // whose devices have said that they have it, or built on it; without who made it
	NotYetBy  []Named       `json:"not_yet_by"` // who is in, and of whom nothing is known about it yet
	BroughtBy *Named        `json:"brought_by"` // who builds on it, and so keeps what the charter wouldn't honour; null: nobody need
	Kind      string        `json:"kind"`       // of the document, or charter
	ID        string        `json:"id"`         // "" for a charter statement, as Short and Title
	Short     string        `json:"short"`
	Title     string        `json:"title"`
	Says      []string      `json:"says"` // one sentence a thing done, without its subject: "said when it is due: 4 Dec 2026"
	Changes   []FieldChange `json:"changes"`
}

// FieldChange is one thing that a change did.
type FieldChange struct {
	Field  string `json:"field"`
	Verb   string `json:"verb"`
	To     string `json:"to"`
	Member *Named `json:"member"` // whom the field belongs to or is about; null: nobody
}

// Hit is one document that a search found.
type Hit struct {
	ID    string  `json:"id"`
	Short string  `json:"short"`
	Kind  string  `json:"kind"`
	Title string  `json:"title"`
	Line  string  `json:"line"` // the line that matches best
	Score float64 `json:"score"`
	Near  bool    `json:"near"`            // nothing is spelled so, and this is by a letter
	Space *Named  `json:"space,omitempty"` // in an answer that is about several spaces

	Shared *Shared `json:"shared"` // as of a document
}

// Today is what waits for me.
type Today struct {
	Notice    []string   `json:"notice"`    // what I have to know first, as in Status
	Sections  []Section  `json:"sections"`  // all that waits, in one form, in the order in which it is told
	AboutMe   []Proposal `json:"about_me"`  // about my own membership, open
	Proposals []Proposal `json:"proposals"` // without my answer, or mine and overtaken
	Asks      []Ask      `json:"asks"`      // by allies, without an answer
	Mentions  []Mention  `json:"mentions"`  // where I am named in what is said

	// Documents is what waits in documents of each kind, by the key that its declaration has for that: "asked".
	Documents map[string][]json.RawMessage `json:"-"`
}

// Section is what waits for one reason.
type Section struct {
	Name  string        `json:"name"`
	Title string        `json:"title"`
	Items []SectionItem `json:"items"`
	More  bool          `json:"more,omitempty"` // there are others behind them, which come when all are asked for
}

// SectionItem is one thing that waits: a document, a step about the co-op, what an ally asks or answers, a share, somebody who is away.
type SectionItem struct {
	ID          string `json:"id"`
	Short       string `json:"short"`
	Kind        string `json:"kind"` // of the document; or proposal, ask, share, member
	Title       string `json:"title"`
	Why         string `json:"why"`             // in words; ""
	Who         *Named `json:"who"`             // whose doing it is, or whose thing; null: mine, or nobody's in particular
	At          Time   `json:"at"`              // since when, by the clock of who did it; null: that isn't known
	Due         string `json:"due"`             // the day that it is about; ""
	OverdueDays int    `json:"overdue_days"`    // days since that day, of what was to be done by then; else 0
	Command     string `json:"command"`         // what to type; words in capitals stand for what only the reader knows
	Then        string `json:"then,omitempty"`  // what answers, once they have read what Command shows
	Space       *Named `json:"space,omitempty"` // in an answer that is about several spaces
}

// UnmarshalJSON reads it, and keeps apart what waits in documents.
func (t *Today) UnmarshalJSON(b []byte) error {
	type plain Today
	if err := json.Unmarshal(b, (*plain)(t)); err != nil {
		return err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(b, &all); err != nil {
		return err
	}
	t.Documents = map[string][]json.RawMessage{}
	for _, k := range kinds.All.Nouns() {
		for _, w := range k.Today {
			var waiting []json.RawMessage
			if err := json.Unmarshal(all[w.Key], &waiting); all[w.Key] != nil && err != nil {
				return err
			}
			t.Documents[w.Key] = waiting
		}
	}
	return nil
}

// Event is something that happened.
type Event struct {
	Seq    uint64   `json:"seq"`
	At     Time     `json:"at"`
	Type   string   `json:"type"`  // created, changed, position, member, charter, peer, sync, void; missed: kith watch tells of it later
	Entry  string   `json:"entry"` // that it came with, as in the log; "": none
	Kind   string   `json:"kind"`  // of the document; "" where there is none, as ID, Short, Title
	ID     string   `json:"id"`
	Short  string   `json:"short"`
	Title  string   `json:"title"`
	By     *Named   `json:"by"`              // null: nobody in particular
	Fields []string `json:"fields"`          // what changed
	Says   []string `json:"says"`            // the same in words, without the subject
	Why    string   `json:"why"`             // of a void entry, or of trouble with a peer
	Space  *Named   `json:"space,omitempty"` // where several spaces are watched
}

// EventTypes are the values of Event.Type.
var EventTypes = []string{"created", "changed", "position", "forgotten", "member", "charter", "peer", "sync", "void", "ally"}

// EventKinds are the words by which events can be picked: kinds of documents, and types.
func EventKinds() []string {
	var words []string
	for _, k := range kinds.All.All() {
		if !slices.Contains(EventTypes, k.Name) {
			words = append(words, k.Name)
		}
	}
	return append(words, EventTypes...)
}

// Check is one thing that the doctor looked at.
type Check struct {
	Name  string `json:"name"`            // "store", "clock"
	OK    bool   `json:"ok"`              // false: something is to be done
	Says  string `json:"says"`            // what was found
	Hint  string `json:"hint"`            // what to do; "" where nothing is
	Space *Named `json:"space,omitempty"` // where several are looked at
}

// Told is how a thing that is no document stood when the member of this device was told of it here. What stands so still
// is no news to them.
type Told struct {
	Of    string `json:"of"`    // what: see News
	Stood string `json:"stood"` // how: "refused"
}

// ToldRequest says what they were told.
type ToldRequest struct {
	Things []Told `json:"things"`
}

// MaxTold bounds the things of one ToldRequest, and MaxToldWord the bytes of each of their words.
const (
	MaxTold     = 500
	MaxToldWord = 100
)

// News is the ask as a thing to be told of: how it stands.
func (a Ask) News() Told { return Told{"ask/" + a.ID, a.State} }

// News is the share as a thing to be told of: that it is over.
func (s Share) News() Told {
	if s.Over {
		return Told{"share/" + s.Space.ID, "over"}
	}
	return Told{"share/" + s.Space.ID, "open"}
}

// News is the end of a membership as a thing to be told of.
func (e Ending) News() Told { return leaving(e.Member.ID) }

// News is the member as a thing to be told of: that they are none any more.
func (m Member) News() Told { return leaving(m.ID) }

// Renamed is what the member is called as a thing to be told of.
func (m Member) Renamed() Told { return Told{"name/" + m.ID, strconv.Itoa(len(m.Former))} }

func leaving(id string) Told { return Told{"member/" + id, "over"} }

// News is the proposal as a thing to be told of: how it stands, and that it can't come into force any more.
func (p Proposal) News() Told {
	if p.Hopeless {
		return Told{"step/" + p.ID, "hopeless"}
	}
	return Told{"step/" + p.ID, p.State}
}
