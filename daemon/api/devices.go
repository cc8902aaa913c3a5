package api

import (
	"slices"
	"strings"
)

// Device is one computer of the member who asks.
type Device struct {
	ID        string `json:"id"` // its public key, in hexadecimal
	Name      string `json:"name"`
	Retired   bool   `json:"retired"`
	This      bool   `json:"this"`     // the one that answers
	Consents  bool   `json:"consents"` // the one from which its member consents to agreed steps
	AddedBy   *Named `json:"added_by"` // the device that added it; null: it came with the member, or by the phrase
	ByPhrase  bool   `json:"by_phrase"`
	Since     Time   `json:"since"` // when this device heard of it; null: with the member
	Connected bool   `json:"connected"`
	LastSeen  Time   `json:"last_seen"` // null: not since the start
}

// DeviceCodeRequest asks for a code for a new device.
type DeviceCodeRequest struct {
	ExpiresIn int `json:"expires_in,omitempty"` // seconds; 0: a quarter of an hour
}

// DeviceCode is a code with which another computer becomes a device of the same member.
type DeviceCode struct {
	Code      string `json:"code"`
	ExpiresAt Time   `json:"expires_at"`
}

// The states of a Pairing.
const (
	PairingNone    = "none"    // no code was made since the daemon's start
	PairingOpen    = "open"    // nobody has asked with it yet
	PairingAsked   = "asked"   // a device asks, and waits for the words to be compared
	PairingAdded   = "added"   // it is in
	PairingEnded   = "ended"   // the words were others, or somebody thought better of it
	PairingExpired = "expired" // its time is up
)

// Pairing says how it stands with the newest code for a new device.
type Pairing struct {
	State     string   `json:"state"`
	ExpiresAt Time     `json:"expires_at"`
	Device    *Named   `json:"device"` // that asks; null: none yet
	Words     []string `json:"words"`  // which it shows as well, if nobody is between
}

// RetireRequest takes a device out of use.
type RetireRequest struct {
	Consents string `json:"consents,omitempty"` // the device that consents from then on; the Backend gets an ID
	Yes      bool   `json:"yes,omitempty"`      // the person knows what follows
}

// WayBack is the code with which a member comes back who has lost all devices.
type WayBack struct {
	Code   string `json:"code"`
	Member Named  `json:"member"`
}

// Compare is what a new device shows before it is added.
type Compare struct {
	Words  []string `json:"words"`
	Member string   `json:"member"` // whose device it will be
	Space  string   `json:"space"`
}

// DeviceJoinRequest makes this computer another device of a member, with a code.
type DeviceJoinRequest struct {
	Code    string `json:"code"`
	Name    string `json:"name,omitempty"`    // of the device; "": what the home remembers, or the computer's
	Another bool   `json:"another,omitempty"` // beside the co-ops that are in this home
}

// DeviceJoinLine is a line of the answer to that: the words to compare once there are some, and at last how it ended.
type DeviceJoinLine struct {
	Compare *Compare      `json:"compare,omitempty"`
	Result  *DeviceJoined `json:"result,omitempty"`
	Error   *Problem      `json:"error,omitempty"`
}

// DeviceJoined is a computer that has become a member's device.
type DeviceJoined struct {
	Space  Named    `json:"space"`
	Member Named    `json:"member"`
	Device Named    `json:"device"`
	Relays []string `json:"relays"` // see JoinResult
}

// Recovered is a member who came back.
type Recovered struct {
	Space   Named    `json:"space"`
	Member  Named    `json:"member"`
	Device  Named    `json:"device"`
	Kept    []Named  `json:"kept"`    // other devices of theirs that stay in use
	Retired []Named  `json:"retired"` // those that don't
	Relays  []string `json:"relays"`  // see JoinResult
}

// RecoverRequest brings a member back by their phrase. Devices are named by ID.
type RecoverRequest struct {
	Via     string   `json:"via"`                // the code of a way back
	Phrase  string   `json:"phrase"`             // twelve words
	Name    string   `json:"name,omitempty"`     // of this device; "": what the home remembers, or the computer's
	Chosen  bool     `json:"chosen,omitempty"`   // the next two are what its owner says of all their devices
	Keep    []string `json:"keep,omitempty"`     // stay in use
	NotMine []string `json:"not_mine,omitempty"` // never were theirs: nothing of them counts
	Another bool     `json:"another,omitempty"`  // beside the co-ops that are in this home
}

// RecoverAnswer is what came of it: either it is done, or nothing is and devices are to be chosen about.
type RecoverAnswer struct {
	Result  *Recovered `json:"result"`
	Member  string     `json:"member"` // who comes back
	Devices []Device   `json:"devices"`
}

// NewPhraseRequest has a new recovery phrase drawn.
type NewPhraseRequest struct {
	Via     string `json:"via"`
	Name    string `json:"name,omitempty"`
	Another bool   `json:"another,omitempty"`
}

// RecoverChoice says what becomes of the other devices of a member who comes back, by ID.
type RecoverChoice struct {
	Keep    []string // stay in use
	NotMine []string // never were theirs: nothing of them counts
}

// NewPhrase is a new recovery phrase that the co-op has to agree on. It is shown this once.
type NewPhrase struct {
	RecoveryPhrase string   `json:"recovery_phrase"`
	Code           string   `json:"code"`  // for the others
	Words          []string `json:"words"` // that stand for it
	Device         Named    `json:"device"`
}

// WordsRequest says which words were heard or are shown.
type WordsRequest struct {
	Words string `json:"words"`
}

// ResolveDevice finds the one device of a list that word names.
func ResolveDevice(all []Device, word string) (Device, error) {
	pick := func(is func(Device) bool) []Device {
		return slices.DeleteFunc(slices.Clone(all), func(d Device) bool { return !is(d) })
	}
	folded := FoldName(word)
	found := pick(func(d Device) bool { return FoldName(d.Name) == folded })
	if live := slices.DeleteFunc(slices.Clone(found), func(d Device) bool { return d.Retired }); len(live) > 0 {
		found = live
	}
	if len(found) == 0 && folded == "this" {
		found = pick(func(d Device) bool { return d.This })
	}
	if start := strings.ToLower(strings.TrimSpace(word)); len(found) == 0 && len(start) >= MinBareID {
		found = pick(func(d Device) bool { return strings.HasPrefix(d.ID, start) })
	}
	switch len(found) {
	case 0:
		return Device{}, Problemf(NotFound, "kith device list", "there is no device called “%s”", Brief(word))
	case 1:
		return found[0], nil
	}
	p := Problemf(Ambiguous, "use the start of its key", "“%s” may be more than one device", Brief(word))
	return Device{}, WithCandidates(p, found, func(d Device) Candidate { return Candidate{ID: d.ID, Short: d.ID[:min(len(d.ID), 8)], Title: d.Name} })
}

// PorchCode is a code of a place at a porch, as who runs it knows it.
type PorchCode struct {
	ID        string `json:"id"`
	Label     string `json:"label"`
	Code      string `json:"code"` // once, when it is made
	MadeAt    Time   `json:"made_at"`
	RevokedAt Time   `json:"revoked_at"`
	// How it was some seconds ago: places kept by it, connections that lead through these, and bytes that went over it this month.
	Places   int         `json:"places"`
	Circuits int         `json:"circuits"`
	Bytes    int64       `json:"bytes_month"`
	Limits   PorchLimits `json:"limits"`
}

// PorchLimits are what one code of a porch may have.
type PorchLimits struct {
	Places         int   `json:"places"`
	BytesMonth     int64 `json:"bytes_month"`     // both ways
	CodeCircuits   int   `json:"code_circuits"`   // through all of its places
	Circuits       int   `json:"circuits"`        // through one of its places
	CircuitBytes   int64 `json:"circuit_bytes"`   // through one circuit, each way
	CircuitSeconds int   `json:"circuit_seconds"` // that one may last
}

// PorchRequest names a porch by its code, or one that an ally lends by its ID or label.
type PorchRequest struct {
	Code  string `json:"code"`
	Label string `json:"label,omitempty"` // what it is to be called; "": where it is
}

// PorchNamed names a porch of the co-op by its ID, the start of it, or its label.
type PorchNamed struct {
	Porch string `json:"porch"`
}

// How it stands with a porch on this computer.
const (
	PorchUsed    = "used"    // it keeps a place for this computer
	PorchReady   = "ready"   // it would, if that was needed
	PorchTrouble = "trouble" // it is of no use now
	PorchLeft    = "left"    // this computer's person doesn't want it here
	PorchSpare   = "spare"   // a computer uses so many, and others come first
	PorchVoid    = "void"    // it is none for us
	PorchLent    = "lent"    // an ally lends it, and nobody has added it here
	PorchRemoved = "removed" // it was just given up
)

// Porch is a porch of the co-op, and how it stands with it on this computer.
type Porch struct {
	ID      string `json:"id"`
	Short   string `json:"short"`
	Label   string `json:"label"`
	At      string `json:"at"` // its first address, with its identity
	By      Named  `json:"by"` // who added it
	AddedAt Time   `json:"added_at"`
	State   string `json:"state"` // used, ready, trouble, left, spare, void, lent, removed
	Says    string `json:"says"`  // why, in words
}

// PorchAdded is a porch that came, and what its person should know.
type PorchAdded struct {
	Porch
	Advice []string `json:"advice"`
}

// PickPorch finds the one porch of a list that word names.
func PickPorch(all []Porch, word string) (Porch, error) {
	word = strings.TrimSpace(word)
	var found []Porch
	for _, p := range all {
		start := strings.ToLower(word)
		if FoldName(p.Label) == FoldName(word) || len(start) >= len("po-")+MinBareID && strings.HasPrefix(p.ID, start) || len(start) >= MinBareID && strings.HasPrefix(p.ID, "po-"+start) {
			found = append(found, p)
		}
	}
	switch len(found) {
	case 0:
		return Porch{}, Problemf(NotFound, "kith porch list", "there is no porch called “%s”", Brief(word))
	case 1:
		return found[0], nil
	}
	p := Problemf(Ambiguous, "use the start of its ID", "“%s” may be more than one porch", Brief(word))
	return Porch{}, WithCandidates(p, found, func(one Porch) Candidate { return Candidate{ID: one.ID, Short: one.Short, Title: one.Label} })
}
