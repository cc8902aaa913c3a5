package charter

import "kith/crdt/entry"

// The wire forms of statements that carry no proposal.
type wireOf struct { // consent, take back, enact, follow, move, revoke
	_    struct{} `cbor:",toarray"`
	Type Type
	Of   []byte
}

type wireRefuse struct {
	_    struct{} `cbor:",toarray"`
	Type Type
	Of   []byte
	Why  string
}

type wireCertify struct {
	_        struct{} `cbor:",toarray"`
	Type     Type
	Device   []byte
	Name     string
	Accepted []byte
}

type wireRetire struct {
	_      struct{} `cbor:",toarray"`
	Type   Type
	Device []byte
	Runs   []wireLast
}

type wireListed struct {
	_        struct{} `cbor:",toarray"`
	Device   []byte
	Name     string
	Accepted []byte
}

type wireRecover struct {
	_       struct{} `cbor:",toarray"`
	Type    Type
	Live    []wireListed
	Retired []wireFrontier
}

type wireResign struct {
	_         struct{} `cbor:",toarray"`
	Type      Type
	Frontiers []wireFrontier
	Why       string
}

type wireSeen struct {
	_    struct{} `cbor:",toarray"`
	Type Type
	Seen []wireFrontier
}

type wireProspective struct {
	_          struct{} `cbor:",toarray"`
	Type       Type
	Invite     []byte
	Redemption []byte
}

type wireInvite struct {
	_       struct{} `cbor:",toarray"`
	Type    Type
	Invite  []byte
	Expires uint64
}

// encode returns the payload of a statement that carries no proposal.
func (s *Statement) encode() ([]byte, error) {
	switch s.Type {
	case TypeConsent, TypeTakeBack, TypeEnact, TypeFollow:
		return encoding.Marshal(wireOf{Type: s.Type, Of: s.Of[:]})
	case TypeMove:
		return encoding.Marshal(wireOf{Type: s.Type, Of: s.Device[:]})
	case TypeRevoke:
		return encoding.Marshal(wireOf{Type: s.Type, Of: s.Invite[:]})
	case TypeRefuse:
		return encoding.Marshal(wireRefuse{Type: s.Type, Of: s.Of[:], Why: s.Why})
	case TypeCertify:
		return encoding.Marshal(wireCertify{Type: s.Type, Device: s.New.Key[:], Name: s.New.Name, Accepted: s.New.Accepted[:]})
	case TypeRetire:
		return encoding.Marshal(wireRetire{Type: s.Type, Device: s.Device[:], Runs: wireLasts(s.Frontier)})
	case TypeRecover:
		w := wireRecover{Type: s.Type, Retired: wireFrontiers(s.Lists)}
		for i := range s.Live {
			l := wireListed{Device: s.Live[i].Key[:], Name: s.Live[i].Name}
			if s.Live[i].Accepted != ([64]byte{}) {
				l.Accepted = s.Live[i].Accepted[:]
			}
			w.Live = append(w.Live, l)
		}
		return encoding.Marshal(w)
	case TypeResign:
		return encoding.Marshal(wireResign{Type: s.Type, Frontiers: wireFrontiers(s.Lists), Why: s.Why})
	case TypeSeen:
		return encoding.Marshal(wireSeen{Type: s.Type, Seen: wireFrontiers(s.Lists)})
	case TypeProspective:
		redemption, err := s.Joiner.Encode()
		if err != nil {
			return nil, err
		}
		return encoding.Marshal(wireProspective{Type: s.Type, Invite: s.Invite[:], Redemption: redemption})
	case TypeInvite:
		return encoding.Marshal(wireInvite{Type: s.Type, Invite: s.Invite[:], Expires: s.Expires})
	case TypeForget:
		return encoding.Marshal(wireForget{Type: s.Type, Doc: s.Doc[:], Why: s.Why})
	case TypeRename:
		w := wireRename{Type: s.Type, Name: s.Name}
		if s.Device != (entry.Device{}) {
			w.Device = s.Device[:]
		}
		return encoding.Marshal(w)
	}
	return nil, malformed("type %d", s.Type)
}

// readOwn reads a statement that carries no proposal; one of an unknown type no further.
func (s *Statement) readOwn(payload []byte) error {
	switch s.Type {
	case TypeConsent, TypeTakeBack, TypeEnact, TypeFollow:
		return s.readOf(payload, s.Of[:], "step")
	case TypeMove:
		return s.readOf(payload, s.Device[:], "device")
	case TypeRevoke:
		return s.readOf(payload, s.Invite[:], "invite key")
	case TypeRefuse:
		var w wireRefuse
		if err := readExactly(payload, &w, "refusal"); err != nil {
			return err
		}
		s.Why = w.Why
		return firstError(fill(s.Of[:], w.Of, "step"), checkWhy(w.Why))
	case TypeCertify:
		var w wireCertify
		if err := readExactly(payload, &w, "certificate"); err != nil {
			return err
		}
		s.New = &NewDevice{Name: w.Name}
		return firstError(fill(s.New.Key[:], w.Device, "device"), checkName(w.Name),
			fill(s.New.Accepted[:], w.Accepted, "device's signature"))
	case TypeRetire:
		var w wireRetire
		if err := readExactly(payload, &w, "retirement"); err != nil {
			return err
		}
		var err error
		runs := 0
		s.Frontier, err = readLasts(w.Runs, &runs)
		return firstError(err, fill(s.Device[:], w.Device, "device"))
	case TypeRecover:
		return s.readRecover(payload)
	case TypeResign:
		var w wireResign
		if err := readExactly(payload, &w, "resignation"); err != nil {
			return err
		}
		var err error
		s.Lists, err = readFrontiers(w.Frontiers)
		s.Why = w.Why
		return firstError(err, checkWhy(w.Why))
	case TypeSeen:
		var w wireSeen
		if err := readExactly(payload, &w, "acknowledgement"); err != nil {
			return err
		}
		var err error
		s.Lists, err = readFrontiers(w.Seen)
		return err
	case TypeProspective:
		var w wireProspective
		if err := readExactly(payload, &w, "redemption"); err != nil {
			return err
		}
		r, err := DecodeRedemption(w.Redemption)
		s.Joiner = &r
		return firstError(err, fill(s.Invite[:], w.Invite, "invite key"))
	case TypeInvite:
		var w wireInvite
		if err := readExactly(payload, &w, "invite"); err != nil {
			return err
		}
		s.Expires = w.Expires
		return fill(s.Invite[:], w.Invite, "invite key")
	case TypeForget:
		return s.readForget(payload)
	case TypeRename:
		return s.readRename(payload)
	}
	return nil
}

func (s *Statement) readOf(payload, into []byte, what string) error {
	var w wireOf
	if err := readExactly(payload, &w, "statement"); err != nil {
		return err
	}
	return fill(into, w.Of, what)
}

func (s *Statement) readRecover(payload []byte) error {
	var w wireRecover
	if err := readExactly(payload, &w, "list of devices"); err != nil {
		return err
	}
	if len(w.Live) == 0 || len(w.Live) > MaxListed {
		return malformed("%d live devices, 1 to %d are possible", len(w.Live), MaxListed)
	}
	s.Live = make([]NewDevice, len(w.Live))
	listed := map[entry.Device]bool{}
	for i, l := range w.Live {
		d := &s.Live[i]
		d.Name = l.Name
		if err := firstError(fill(d.Key[:], l.Device, "device"), checkName(l.Name)); err != nil {
			return err
		}
		if len(l.Accepted) > 0 {
			if err := fill(d.Accepted[:], l.Accepted, "device's signature"); err != nil {
				return err
			}
			if d.Accepted == ([64]byte{}) {
				return malformed("a device's signature is zero")
			}
		}
		if listed[d.Key] {
			return malformed("a device is listed twice")
		}
		listed[d.Key] = true
	}
	var err error
	if s.Lists, err = readFrontiers(w.Retired); err != nil {
		return err
	}
	for _, d := range s.Lists {
		if listed[d.Device] {
			return malformed("a device is listed as live and as retired")
		}
	}
	return nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
