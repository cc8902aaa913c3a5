package seal

import (
	"crypto/ed25519"
	"errors"
	"io"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"golang.org/x/crypto/ssh"
)

// MaxDevices bounds for how many devices something is sealed; age opens nothing that is for more.
const MaxDevices = 1024

var (
	// ErrNoDevice says that there is no device that something could be sealed for.
	ErrNoDevice = errors.New("there is no device that could open it")
	// ErrManyDevices says that there are more than MaxDevices.
	ErrManyDevices = errors.New("it can be sealed for 1,024 devices at most")
	// ErrOthers says that something is sealed for other devices.
	ErrOthers = errors.New("it is sealed for other devices")
	// ErrPassphrase says that something is sealed with a passphrase, and not for devices.
	ErrPassphrase = errors.New("it is sealed with a passphrase")
)

// Devices are those that something is sealed for.
type Devices struct{ recipients []age.Recipient }

// ForDevices takes the Ed25519 keys of devices. Each can open with its private key what is sealed for
// it: age turns them into keys of X25519 (its ssh-ed25519 recipient). A key that is no good for that is
// passed over, since whoever named it must not keep the others from sealing.
func ForDevices(keys [][32]byte) (Devices, error) {
	var d Devices
	for _, key := range keys {
		if r := recipient(key); r != nil {
			d.recipients = append(d.recipients, r)
		}
	}
	switch n := len(d.recipients); {
	case n == 0:
		return d, ErrNoDevice
	case n > MaxDevices:
		return d, ErrManyDevices
	}
	return d, nil
}

// Len returns how many they are.
func (d Devices) Len() int { return len(d.recipients) }

// NewWriter seals what is written to it, onto w. Close it to end what is sealed; w stays open.
// Whoever finds it sees for how many devices it is, and can tell whether one whose public key they
// know is among them.
func (d Devices) NewWriter(w io.Writer) (io.WriteCloser, error) {
	return age.Encrypt(w, d.recipients...)
}

// recipient returns nil for a key that is no point of the curve, or one of the few that give no secret.
func recipient(device [32]byte) age.Recipient {
	key, err := ssh.NewPublicKey(ed25519.PublicKey(device[:]))
	if err != nil {
		return nil
	}
	r, err := agessh.NewEd25519Recipient(key)
	if err != nil {
		return nil
	}
	if _, err := r.Wrap(make([]byte, 16)); err != nil {
		return nil
	}
	return r
}

// OpenFor gives what was sealed in r for the device whose key has this seed. The error is ErrOthers,
// ErrPassphrase, or a *DamagedError.
func OpenFor(r io.Reader, seed [32]byte) (io.Reader, error) {
	id, err := agessh.NewEd25519Identity(ed25519.NewKeyFromSeed(seed[:]))
	if err != nil {
		return nil, err
	}
	out, err := age.Decrypt(r, id)
	var others *age.NoIdentityMatchError
	switch {
	case errors.As(err, &others) && len(others.StanzaTypes) == 1 && others.StanzaTypes[0] == "scrypt":
		return nil, ErrPassphrase
	case errors.As(err, &others):
		return nil, ErrOthers
	case err != nil:
		return nil, &DamagedError{err}
	}
	return out, nil
}
