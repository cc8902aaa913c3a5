package charter

import "kith/crdt/entry"

// Rekey is what a member shows to the others who lost their phrase, or whose phrase was
// stolen: a new member key, and the device on which they go on. It holds for one space and
// member; the co-op brings it into force by an agreed step.
type Rekey struct {
	Member     MemberID
	Key        entry.Device // the new member key
	Device     entry.Device // a device that isn't in the charter yet
	DeviceName string

	Certificate [64]byte // by the new member key: the device speaks for it
	Accepted    [64]byte // by the device: it belongs to that member key
	Claim       [64]byte // by the new member key, over all of the above but the signatures
}

type wireRekey struct {
	_           struct{} `cbor:",toarray"`
	Member      []byte
	Key         []byte
	Device      []byte
	DeviceName  string
	Certificate []byte
	Accepted    []byte
	Claim       []byte
}

// NewRekey makes the request for a new member key, on the device that goes on with it. The
// error is a *NameError.
func NewRekey(space entry.SpaceID, who MemberID, member, device entry.Signer, deviceName string) (Rekey, error) {
	name, err := CleanName(deviceName)
	if err != nil {
		return Rekey{}, err
	}
	r := Rekey{Member: who, Key: member.Device(), Device: device.Device(), DeviceName: name}
	r.Certificate = member.Sign(entry.DomainCertificate, certificateMessage(space, r.Device))
	r.Accepted = AcceptDevice(space, r.Key, device)
	r.Claim = member.Sign(entry.DomainRecovery, r.message(space))
	return r, nil
}

// AcceptDevice is a device's word that it belongs to a member key, without which nobody can
// claim it.
func AcceptDevice(space entry.SpaceID, memberKey entry.Device, device entry.Signer) [64]byte {
	return device.Sign(entry.DomainDevice, certificateMessage(space, memberKey))
}

func (r *Rekey) message(space entry.SpaceID) []byte {
	b, err := encoding.Marshal([]any{space[:], r.Member[:], r.Device[:], r.DeviceName})
	if err != nil {
		panic(err) // byte strings and text always encode
	}
	return b
}

// Verify checks the signatures. The error is ErrCertificate, ErrDevice, ErrClaim, or that of
// the name.
func (r *Rekey) Verify(space entry.SpaceID) error {
	if err := checkName(r.DeviceName); err != nil {
		return err
	}
	switch {
	case !entry.VerifySignature(r.Key, entry.DomainCertificate, certificateMessage(space, r.Device), r.Certificate):
		return ErrCertificate
	case !entry.VerifySignature(r.Device, entry.DomainDevice, certificateMessage(space, r.Key), r.Accepted):
		return ErrDevice
	case !entry.VerifySignature(r.Key, entry.DomainRecovery, r.message(space), r.Claim):
		return ErrClaim
	}
	return nil
}

// Encode returns the canonical encoding. The error is that of the name.
func (r *Rekey) Encode() ([]byte, error) {
	if err := checkName(r.DeviceName); err != nil {
		return nil, err
	}
	return encoding.Marshal(wireRekey{
		Member: r.Member[:], Key: r.Key[:], Device: r.Device[:], DeviceName: r.DeviceName,
		Certificate: r.Certificate[:], Accepted: r.Accepted[:], Claim: r.Claim[:],
	})
}

// DecodeRekey reads what Encode writes, and checks the form, not the signatures.
func DecodeRekey(b []byte) (Rekey, error) {
	r, err := readRekey(b)
	if err != nil {
		return Rekey{}, err
	}
	return *r, nil
}

func readRekey(b []byte) (*Rekey, error) {
	if len(b) > MaxRedemption {
		return nil, malformed("a new key of %d bytes, the limit is %d", len(b), MaxRedemption)
	}
	var w wireRekey
	if err := readExactly(b, &w, "new key"); err != nil {
		return nil, err
	}
	r := &Rekey{DeviceName: w.DeviceName}
	for _, f := range []struct {
		into, from []byte
		what       string
	}{
		{r.Member[:], w.Member, "member"},
		{r.Key[:], w.Key, "member key"},
		{r.Device[:], w.Device, "device key"},
		{r.Certificate[:], w.Certificate, "certificate"},
		{r.Accepted[:], w.Accepted, "device's signature"},
		{r.Claim[:], w.Claim, "member key's signature"},
	} {
		if err := fill(f.into, f.from, f.what); err != nil {
			return nil, err
		}
	}
	return r, checkName(r.DeviceName)
}
