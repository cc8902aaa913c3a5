package charter

import (
	"errors"

	"kith/crdt/entry"
)

// Ask is an invite code redeemed in a text that anybody may carry, where no network leads to who answers the code: the redemption,
// and of which code of which space. It holds no secret, and lets in nobody but who made it: the code's key has signed for their
// keys and names. Who sees it learns these, and half of the space's ID, by which nothing that a device of it announces is recognised.
type Ask struct {
	Space      [16]byte     // the first bytes of the space's ID; the redemption signs for all of it
	Invite     entry.Device // the public half of the code's key
	Redemption Redemption
}

// ErrAskElsewhere says that an ask is for another space; ErrAskChanged that it isn't as its maker signed it.
var (
	ErrAskElsewhere = errors.New("this request is to join another co-op")
	ErrAskChanged   = errors.New("somebody changed this request to join on its way; have them send it anew")
)

// NewAsk redeems a code. The error is a *NameError.
func NewAsk(code Invite, member, device entry.Signer, name, deviceName string) (Ask, error) {
	r, err := NewRedemption(code.Space, code.Key(), member, device, name, deviceName)
	return Ask{Space: [16]byte(code.Space[:16]), Invite: code.Key().Device(), Redemption: r}, err
}

// Encode returns the ask as text: "kithq1" and lower-case letters and digits, at most 1,700. The error is that of a name.
func (a Ask) Encode() (string, error) {
	r, err := a.Redemption.Encode()
	if err != nil {
		return "", err
	}
	b := append([]byte{1}, a.Space[:]...)
	b = append(b, a.Invite[:]...)
	return askCode.write(append(b, r...)), nil
}

// DecodeAsk reads an ask as people paste and send it, and checks its form, not the signatures (see Verify). The error is a
// *CodeError. No input makes it panic.
func DecodeAsk(text string) (Ask, error) {
	var a Ask
	b, err := askCode.read(text)
	if err != nil {
		return a, err
	}
	if len(b) < len(a.Space)+len(a.Invite) {
		return a, askCode.isNone()
	}
	b = b[copy(a.Space[:], b):]
	b = b[copy(a.Invite[:], b):]
	if a.Redemption, err = DecodeRedemption(b); err != nil {
		return Ask{}, askCode.isNone()
	}
	return a, nil
}

// Verify checks that the ask is for the given space and as its maker signed it. The error is ErrAskElsewhere or ErrAskChanged.
func (a Ask) Verify(space entry.SpaceID) error {
	if [16]byte(space[:16]) != a.Space {
		return ErrAskElsewhere
	}
	if a.Redemption.Verify(space, a.Invite) != nil {
		return ErrAskChanged
	}
	return nil
}
