package charter

import (
	"errors"

	"kith/crdt/entry"
)

// MaxRedemption bounds an encoded redemption, in bytes: two names, two keys, three
// signatures and what frames them.
const MaxRedemption = 2*MaxNameBytes + 2*32 + 3*64 + 32

// Redemption is the joiner's side of an invite code: who they are and on which device, with
// their keys' word for it and that of the code. It holds for one space and nothing else.
type Redemption struct {
	Name       string       // the joiner's name
	Member     entry.Device // their member key
	Device     entry.Device // their first device
	DeviceName string

	Certificate [64]byte // by the member key: the device speaks for it
	Accepted    [64]byte // by the device: it belongs to that member key, so nobody claims another's device
	Invite      [64]byte // by the invite key, over all of the above but the signatures
}

type wireRedemption struct {
	_           struct{} `cbor:",toarray"`
	Name        string
	Member      []byte
	Device      []byte
	DeviceName  string
	Certificate []byte
	Accepted    []byte
	Invite      []byte
}

// What a redemption can lack. Each means that somebody altered or made it up.
var (
	ErrCertificate = errors.New("the member key hasn't certified the device")
	ErrDevice      = errors.New("the device hasn't agreed to belong to the member key")
	ErrInvite      = errors.New("the invite code hasn't signed for this person and device")
	ErrClaim       = errors.New("the new member key hasn't signed for this member and device")
)

// NewRedemption redeems an invite to a space. The error is a *NameError.
func NewRedemption(space entry.SpaceID, invite, member, device entry.Signer, name, deviceName string) (Redemption, error) {
	r := Redemption{Member: member.Device(), Device: device.Device()}
	var err error
	if r.Name, err = CleanName(name); err != nil {
		return Redemption{}, err
	}
	if r.DeviceName, err = CleanName(deviceName); err != nil {
		return Redemption{}, err
	}
	r.Certificate = member.Sign(entry.DomainCertificate, certificateMessage(space, r.Device))
	r.Accepted = AcceptDevice(space, r.Member, device)
	r.Invite = invite.Sign(entry.DomainInvite, r.inviteMessage(space))
	return r, nil
}

// certificateMessage is what a member key signs about a device, and the device about it.
func certificateMessage(space entry.SpaceID, key entry.Device) []byte {
	return append(space[:], key[:]...)
}

func (r *Redemption) inviteMessage(space entry.SpaceID) []byte {
	b, err := encoding.Marshal([]any{space[:], r.Member[:], r.Device[:], r.Name, r.DeviceName})
	if err != nil {
		panic(err) // byte strings and text always encode
	}
	return b
}

// Verify checks that the redemption is of the given invite, for the given space. The error is
// ErrCertificate, ErrDevice, ErrInvite, or that of a name.
func (r *Redemption) Verify(space entry.SpaceID, invite entry.Device) error {
	if err := r.check(); err != nil {
		return err
	}
	switch {
	case !entry.VerifySignature(r.Member, entry.DomainCertificate, certificateMessage(space, r.Device), r.Certificate):
		return ErrCertificate
	case !entry.VerifySignature(r.Device, entry.DomainDevice, certificateMessage(space, r.Member), r.Accepted):
		return ErrDevice
	case !entry.VerifySignature(invite, entry.DomainInvite, r.inviteMessage(space), r.Invite):
		return ErrInvite
	}
	return nil
}

func (r *Redemption) check() error {
	if err := checkName(r.Name); err != nil {
		return err
	}
	return checkName(r.DeviceName)
}

// Encode returns the canonical encoding. The error is that of a name.
func (r *Redemption) Encode() ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	return encoding.Marshal(wireRedemption{
		Name: r.Name, Member: r.Member[:], Device: r.Device[:], DeviceName: r.DeviceName,
		Certificate: r.Certificate[:], Accepted: r.Accepted[:], Invite: r.Invite[:],
	})
}

// DecodeRedemption reads what Encode writes, and checks form and names, not the signatures
// (see Verify).
func DecodeRedemption(b []byte) (Redemption, error) {
	if len(b) > MaxRedemption {
		return Redemption{}, malformed("a redemption of %d bytes, the limit is %d", len(b), MaxRedemption)
	}
	var w wireRedemption
	if err := readExactly(b, &w, "redemption"); err != nil {
		return Redemption{}, err
	}
	r := Redemption{Name: w.Name, DeviceName: w.DeviceName}
	for _, f := range []struct {
		into, from []byte
		what       string
	}{
		{r.Member[:], w.Member, "member key"},
		{r.Device[:], w.Device, "device key"},
		{r.Certificate[:], w.Certificate, "certificate"},
		{r.Accepted[:], w.Accepted, "device's signature"},
		{r.Invite[:], w.Invite, "invite's signature"},
	} {
		if err := fill(f.into, f.from, f.what); err != nil {
			return Redemption{}, err
		}
	}
	return r, r.check()
}
