// Package seal closes bytes as age does (https://age-encryption.org/v1): with a passphrase (scrypt
// recipient), so that `age -d` opens it as well, or for devices, by the keys they sign with. It is the
// only package that knows age. Where passphrases and keys come from, and what is sealed, is the
// caller's business.
package seal

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"

	"kith/crdt/problem"
)

const (
	// MinPassphrase is how long a new passphrase must be, in bytes.
	MinPassphrase = 8
	// maxWork bounds what a file may make its reader do: 2^maxWork steps of scrypt, in as many KiB.
	maxWork = 20
	// intro begins every age file that isn't armored.
	intro = "age-encryption.org/v1\n"
)

// WorkFactor is 2^WorkFactor steps of scrypt in 2^WorkFactor KiB: a second, and 256 MiB, for each
// passphrase that anybody tries. Tests lower it.
var WorkFactor = 18

// ErrWrong says that the passphrase isn't the one that it was sealed with.
var ErrWrong = problem.New(problem.NotAllowed, "try again; it is the one that the backup was made with", "the passphrase is wrong")

// ErrShort says that a new passphrase is too short to be one.
var ErrShort = problem.New(problem.Invalid, "five or six words picked by chance are easy to keep and hard to guess", "a passphrase has at least %d characters", MinPassphrase)

// DamagedError says that something isn't as it was sealed.
type DamagedError struct{ Err error }

func (e *DamagedError) Error() string { return "it is damaged: " + e.Err.Error() }
func (e *DamagedError) Unwrap() error { return e.Err }

// NewWriter seals what is written to it, onto w. Close it to end what is sealed; w stays open.
func NewWriter(w io.Writer, passphrase string) (io.WriteCloser, error) {
	if len(passphrase) < MinPassphrase {
		return nil, ErrShort
	}
	r, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return nil, err
	}
	r.SetWorkFactor(WorkFactor)
	return age.Encrypt(w, r)
}

// IsSealed says whether a file that begins so is one of NewWriter's. It takes the first Intro bytes.
func IsSealed(begin []byte) bool { return bytes.HasPrefix(begin, []byte(intro)) }

// Intro is how many bytes IsSealed needs.
const Intro = len(intro)

// Opener opens what was sealed with one passphrase. To open the same file twice takes the work of
// once. It is not safe for concurrent use.
type Opener struct {
	passphrase string
	body       []byte // of the stanza that was opened last
	fileKey    []byte // what was in it
}

// NewOpener makes an opener.
func NewOpener(passphrase string) *Opener { return &Opener{passphrase: passphrase} }

// Open gives what was sealed in r. The error is ErrWrong, or a *DamagedError. Errors of reading are
// those of age: whatever they say, nothing that was read after the last whole chunk is given out.
func (o *Opener) Open(r io.Reader) (io.Reader, error) {
	out, err := age.Decrypt(r, o)
	switch {
	case errors.Is(err, ErrWrong):
		return nil, ErrWrong
	case err != nil:
		return nil, &DamagedError{err}
	}
	return out, nil
}

// Unwrap implements age.Identity.
func (o *Opener) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	if len(stanzas) == 1 && o.fileKey != nil && bytes.Equal(o.body, stanzas[0].Body) {
		return o.fileKey, nil
	}
	id, err := age.NewScryptIdentity(o.passphrase)
	if err != nil {
		return nil, ErrWrong // an empty one
	}
	id.SetMaxWorkFactor(maxWork)
	key, err := id.Unwrap(stanzas)
	if errors.Is(err, age.ErrIncorrectIdentity) {
		if len(stanzas) != 1 || stanzas[0].Type != "scrypt" {
			return nil, errors.New("it isn't sealed with a passphrase")
		}
		return nil, ErrWrong
	}
	if err == nil {
		o.body, o.fileKey = bytes.Clone(stanzas[0].Body), bytes.Clone(key)
	}
	return key, err
}

// Text seals a short secret as lines of text.
func Text(secret []byte, passphrase string) ([]byte, error) {
	var out bytes.Buffer
	lines := armor.NewWriter(&out)
	w, err := NewWriter(lines, passphrase)
	if err != nil {
		return nil, err
	}
	_, err = w.Write(secret)
	if err := errors.Join(err, w.Close(), lines.Close()); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// IsText says whether b is what Text made.
func IsText(b []byte) bool { return strings.HasPrefix(string(b), armor.Header) }

// maxSecret bounds what OpenText gives, in bytes.
const maxSecret = 4 << 10

// OpenText gives the secret that Text sealed; the errors are those of Open.
func OpenText(b []byte, passphrase string) ([]byte, error) {
	r, err := NewOpener(passphrase).Open(armor.NewReader(bytes.NewReader(b)))
	if err != nil {
		return nil, err
	}
	secret, err := io.ReadAll(io.LimitReader(r, maxSecret))
	if err != nil {
		return nil, &DamagedError{err}
	}
	return secret, nil
}
