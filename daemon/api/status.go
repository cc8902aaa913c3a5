package api

// Named is a member, device or space: its ID, and what people call it.
type Named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Status is how a daemon is.
type Status struct {
	Space     Named    `json:"space"`
	Me        Named    `json:"me"`
	Device    Named    `json:"device"`
	Version   string   `json:"version"`
	StartedAt Time     `json:"started_at"`
	Addresses []string `json:"addresses"`
	Peers     []Peer   `json:"peers"`
	Entries   Entries  `json:"entries"`
	Documents int      `json:"documents"`
	InStep    bool     `json:"in_step"` // with every connected peer
	Notice    []string `json:"notice"`  // what the person has to know first, in sentences: that they are no member any more
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
	Connected bool    `json:"connected"`
	Transport string  `json:"transport"` // tcp, quic, …; "" while not connected
	Address   string  `json:"address"`
	RTT       float64 `json:"rtt_ms"`
	InStep    bool    `json:"in_step"`
	LastSeen  Time    `json:"last_seen"` // null: never
	Trouble   string  `json:"trouble"`   // why it is not connected or not in step, in words

	// How far the last comparison is, in entries, and what went over the connection.
	ToGet         int   `json:"to_get"`
	Got           int   `json:"got"`
	ToSend        int   `json:"to_send"`
	Sent          int   `json:"sent"`
	BytesReceived int64 `json:"bytes_received"`
	BytesSent     int64 `json:"bytes_sent"`

	EntriesReceived int64   `json:"entries_received"` // that were new here
	EntriesSent     int64   `json:"entries_sent"`
	ReceiveRate     float64 `json:"receive_rate"` // bytes a second, over the last five or so
	SendRate        float64 `json:"send_rate"`
	Slowed          bool    `json:"slowed"` // it is read slowly, since it sends what is here already
}

// Member is a person in the charter.
type Member struct {
	ID        string         `json:"id"`
	Name      string         `json:"name"`
	Standing  string         `json:"standing"` // full, prospective, resigned, removed
	Me        bool           `json:"me"`
	Devices   []MemberDevice `json:"devices"`
	Since     Time           `json:"since"`      // when this device heard of it
	InvitedBy *Named         `json:"invited_by"` // null: they founded the co-op
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

// InitResult is a new co-op. The recovery phrase is shown this once and never again.
type InitResult struct {
	Space          Named    `json:"space"`
	Member         Named    `json:"member"`
	Device         Named    `json:"device"`
	RecoveryPhrase string   `json:"recovery_phrase"`
	Invites        []Invite `json:"invites"`
}

// JoinResult is a co-op that was joined. The phrase is shown this once and never again.
type JoinResult struct {
	Space          Named  `json:"space"`
	Member         Named  `json:"member"`
	Device         Named  `json:"device"`
	RecoveryPhrase string `json:"recovery_phrase"`
}

// LogLine is one entry, in words.
type LogLine struct {
	Entry     string        `json:"entry"`
	At        Time          `json:"at"` // by the author's clock
	By        Named         `json:"by"`
	Device    Named         `json:"device"`
	State     string        `json:"state"`      // accepted, pending, void, elsewhere
	Why       string        `json:"why"`        // why it isn't accepted
	BroughtBy *Named        `json:"brought_by"` // who builds on it, and so keeps what the charter wouldn't honour; null: nobody need
	Kind      string        `json:"kind"`       // of the document, or charter
	ID        string        `json:"id"`         // "" for a charter statement, as Short and Title
	Short     string        `json:"short"`
	Title     string        `json:"title"`
	Says      []string      `json:"says"` // one sentence a thing done, without its subject: "set due to 2026-12-04"
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
	Space *Named  `json:"space,omitempty"` // in an answer that is about several spaces
}

// Today is what waits for me.
type Today struct {
	Asked      []Task     `json:"asked"`       // without my answer
	Due        []Task     `json:"due"`         // mine, due today or earlier
	Decisions  []Decision `json:"decisions"`   // without my position
	HelpWanted []Task     `json:"help_wanted"` // by others
	Proposals  []Proposal `json:"proposals"`   // without my answer, or mine and overtaken
}

// Event is something that happened.
type Event struct {
	Seq    uint64   `json:"seq"`
	At     Time     `json:"at"`
	Type   string   `json:"type"` // created, changed, position, member, charter, peer, sync, void
	Kind   string   `json:"kind"` // of the document; "" where there is none, as ID, Short, Title
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
var EventTypes = []string{"created", "changed", "position", "member", "charter", "peer", "sync", "void"}

// Check is one thing that the doctor looked at.
type Check struct {
	Name  string `json:"name"`            // "store", "clock"
	OK    bool   `json:"ok"`              // false: something is to be done
	Says  string `json:"says"`            // what was found
	Hint  string `json:"hint"`            // what to do; "" where nothing is
	Space *Named `json:"space,omitempty"` // where several are looked at
}
