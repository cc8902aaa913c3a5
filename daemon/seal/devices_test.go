package seal

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"testing"
)

// device is a seed and the public key that follows from it.
func device(name string) (seed, key [32]byte) {
	seed = sha256.Sum256([]byte(name))
	return seed, [32]byte(ed25519.NewKeyFromSeed(seed[:]).Public().(ed25519.PublicKey))
}

func sealedFor(t testing.TB, text string, devices ...[32]byte) []byte {
	t.Helper()
	d, err := ForDevices(devices)
	if err != nil || d.Len() != len(devices) {
		t.Fatalf("for %d: %v", d.Len(), err)
	}
	var b bytes.Buffer
	w, err := d.NewWriter(&b)
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func openFor(b []byte, seed [32]byte) (string, error) {
	r, err := OpenFor(bytes.NewReader(b), seed)
	if err != nil {
		return "", err
	}
	out, err := io.ReadAll(r)
	return string(out), err
}

func TestWhatIsSealedForDevicesIsOpenedByEachOfThemAndByNoOther(t *testing.T) {
	anaSeed, ana := device("ana")
	benSeed, ben := device("ben")
	cleoSeed, _ := device("cleo")
	b := sealedFor(t, "we met", ana, ben)
	if bytes.Contains(b, []byte("we met")) || bytes.Contains(b, ana[:]) {
		t.Error("it lies open")
	}
	for _, seed := range [][32]byte{anaSeed, benSeed} {
		if got, err := openFor(b, seed); got != "we met" || err != nil {
			t.Errorf("opened: %q, %v", got, err)
		}
	}
	if _, err := openFor(b, cleoSeed); !errors.Is(err, ErrOthers) {
		t.Errorf("Cleo: %v", err)
	}
	var withWord bytes.Buffer
	w, err := NewWriter(&withWord, "five words picked")
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openFor(withWord.Bytes(), benSeed); !errors.Is(err, ErrPassphrase) {
		t.Errorf("what is sealed with a passphrase: %v", err)
	}
}

func TestNoBitOfWhatIsSealedForADeviceChangesUnnoticed(t *testing.T) {
	seed, key := device("ana")
	whole := sealedFor(t, "we met", key)
	for at := range whole {
		for bit := range 8 {
			b := bytes.Clone(whole)
			b[at] ^= 1 << bit
			if got, err := openFor(b, seed); err == nil {
				t.Fatalf("bit %d of byte %d: %q", bit, at, got)
			}
		}
		if got, err := openFor(whole[:at], seed); err == nil {
			t.Fatalf("cut at %d: %q", at, got)
		}
	}
}

// A hostile member may put any 32 bytes into the charter as a device of theirs.
func TestAKeyThatNothingCanBeSealedForDoesNotKeepTheOthersFromIt(t *testing.T) {
	seed, good := device("ana")
	var zero, one, noPoint [32]byte
	one[0] = 1 // the neutral element: of low order
	_, _ = hex.Decode(noPoint[:], []byte("0200000000000000000000000000000000000000000000000000000000000000"))
	d, err := ForDevices([][32]byte{zero, one, good, noPoint})
	if err != nil || d.Len() != 1 {
		t.Fatalf("for %d: %v", d.Len(), err)
	}
	var b bytes.Buffer
	w, err := d.NewWriter(&b)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openFor(b.Bytes(), seed); err != nil {
		t.Error(err)
	}
	for _, nobody := range [][][32]byte{{zero, noPoint}, nil} {
		if _, err := ForDevices(nobody); !errors.Is(err, ErrNoDevice) {
			t.Errorf("for nobody: %v", err)
		}
	}
	many := make([][32]byte, MaxDevices+1)
	for i := range many {
		many[i] = good
	}
	if _, err := ForDevices(many); !errors.Is(err, ErrManyDevices) {
		t.Errorf("for more than age opens: %v", err)
	}
}
