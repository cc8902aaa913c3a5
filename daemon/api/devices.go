package api

import (
	"context"
	"net/http"
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
	Words  []string
	Member string // whose device it will be
	Space  string
}

// DeviceJoined is a computer that has become a member's device.
type DeviceJoined struct {
	Space  Named `json:"space"`
	Member Named `json:"member"`
	Device Named `json:"device"`
}

// Recovered is a member who came back.
type Recovered struct {
	Space   Named   `json:"space"`
	Member  Named   `json:"member"`
	Device  Named   `json:"device"`
	Kept    []Named `json:"kept"`    // other devices of theirs that stay in use
	Retired []Named `json:"retired"` // those that don't
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

// maxDeviceCode bounds how long a code for a new device is good, in seconds.
const maxDeviceCode = 24 * 3600

func (s *Server) devices(r *http.Request) (any, error) { return s.backend.Devices(r.Context()) }

func (s *Server) addDevice(r *http.Request) (any, error) {
	var q DeviceCodeRequest
	if err := decode(r, &q); err != nil {
		return nil, err
	}
	if q.ExpiresIn < 0 || q.ExpiresIn > maxDeviceCode {
		return nil, Problemf(Invalid, "kith device add --expires 15m", "a code for a new device holds for 1 second to 24 hours")
	}
	return s.backend.AddDevice(r.Context(), q)
}

func (s *Server) pairing(r *http.Request) (any, error) { return s.backend.Pairing(r.Context()) }

type wordsRequest struct {
	Words string `json:"words"`
}

func (s *Server) confirmDevice(r *http.Request) (any, error) {
	var q wordsRequest
	if err := decode(r, &q); err != nil {
		return nil, err
	}
	return s.backend.ConfirmDevice(r.Context(), q.Words)
}

func (s *Server) declineDevice(r *http.Request) (any, error) {
	if err := decode(r, &struct{}{}); err != nil {
		return nil, err
	}
	return s.backend.DeclineDevice(r.Context())
}

func (s *Server) retireDevice(r *http.Request) (any, error) {
	var q RetireRequest
	if err := decode(r, &q); err != nil {
		return nil, err
	}
	d, err := s.resolveDevice(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if q.Consents != "" {
		next, err := s.resolveDevice(r.Context(), q.Consents)
		if err != nil {
			return nil, err
		}
		q.Consents = next.ID
	}
	return s.backend.RetireDevice(r.Context(), d.ID, q)
}

func (s *Server) moveConsents(r *http.Request) (any, error) {
	if err := decode(r, &struct{}{}); err != nil {
		return nil, err
	}
	d, err := s.resolveDevice(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return s.backend.MoveConsents(r.Context(), d.ID)
}

func (s *Server) wayBack(r *http.Request) (any, error) {
	if err := decode(r, &struct{}{}); err != nil {
		return nil, err
	}
	m, err := s.resolveMember(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return s.backend.WayBack(r.Context(), m.ID)
}

// resolveDevice finds the one device of this member that word names: by name, those in use first,
// or by a start of its key; "this" is the one that answers unless one is called so.
func (s *Server) resolveDevice(ctx context.Context, word string) (Device, error) {
	all, err := s.backend.Devices(ctx)
	if err != nil {
		return Device{}, err
	}
	return ResolveDevice(all, word)
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
	if start := strings.ToLower(strings.TrimSpace(word)); len(found) == 0 && len(start) >= minBareID {
		found = pick(func(d Device) bool { return strings.HasPrefix(d.ID, start) })
	}
	switch len(found) {
	case 0:
		return Device{}, Problemf(NotFound, "kith device list", "there is no device called “%s”", brief(word))
	case 1:
		return found[0], nil
	}
	p := Problemf(Ambiguous, "use the start of its key", "“%s” may be more than one device", brief(word))
	for _, d := range found[:min(len(found), maxCandidates)] {
		p.Candidates = append(p.Candidates, Candidate{d.ID, d.ID[:min(len(d.ID), 8)], d.Name})
	}
	return Device{}, p
}

// Devices gives the devices of the member who asks.
func (c *Client) Devices(ctx context.Context) ([]Device, error) {
	return call[[]Device](ctx, c, "GET", "devices", nil, nil)
}

// AddDevice makes a code for a new device.
func (c *Client) AddDevice(ctx context.Context, q DeviceCodeRequest) (DeviceCode, error) {
	return call[DeviceCode](ctx, c, "POST", "devices", nil, q)
}

// Pairing says how it stands with that code.
func (c *Client) Pairing(ctx context.Context) (Pairing, error) {
	return call[Pairing](ctx, c, "GET", "devices/pairing", nil, nil)
}

// ConfirmDevice adds the device that shows these words.
func (c *Client) ConfirmDevice(ctx context.Context, words string) (Device, error) {
	return call[Device](ctx, c, "POST", "devices/pairing/confirm", nil, wordsRequest{words})
}

// DeclineDevice makes the code useless.
func (c *Client) DeclineDevice(ctx context.Context) (Pairing, error) {
	return call[Pairing](ctx, c, "POST", "devices/pairing/decline", nil, nil)
}

// RetireDevice takes a device out of use.
func (c *Client) RetireDevice(ctx context.Context, device string, q RetireRequest) (Device, error) {
	return call[Device](ctx, c, "POST", at("devices", device, "retire"), nil, q)
}

// MoveConsents lets another device consent from now on.
func (c *Client) MoveConsents(ctx context.Context, device string) (Device, error) {
	return call[Device](ctx, c, "POST", at("devices", device, "consents"), nil, nil)
}

// WayBack makes the code with which a member comes back.
func (c *Client) WayBack(ctx context.Context, member string) (WayBack, error) {
	return call[WayBack](ctx, c, "POST", at("members", member, "way"), nil, nil)
}
