package form

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"testing"
	"time"

	"kith/crdt/entry"
)

var header = Header{
	MadeAt: time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC), Version: "test",
	Space: Named{"5pace", "Riso Print Co-op"}, Device: Named{"d", "laptop"}, Entries: 2,
}

func small(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := NewWriter(&b, header)
	must(t, err)
	must(t, w.Part(KindKey, []byte("key")))
	must(t, w.Part(KindConfig, []byte("{}")))
	must(t, w.Small("address/1", []byte("here")))
	must(t, w.Quarantined(entry.ID{1}, entry.DocID{2}))
	must(t, w.Part(KindEntry, []byte("first")))
	must(t, w.Part(KindEntry, []byte("second")))
	must(t, w.Close())
	return b.Bytes()
}

// read gives all parts but the header, or the error.
func read(b []byte) (parts []string, err error) {
	r, err := NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	for {
		kind, content, err := r.Next()
		if err == io.EOF {
			return parts, nil
		}
		if err != nil {
			return nil, err
		}
		parts = append(parts, string(rune('0'+kind))+string(content))
	}
}

func TestABackupReadsAsItWasWritten(t *testing.T) {
	b := small(t)
	r, err := NewReader(bytes.NewReader(b))
	must(t, err)
	if r.Header() != header {
		t.Errorf("the header is %+v", r.Header())
	}
	parts, err := read(b)
	must(t, err)
	if len(parts) != 6 || parts[0] != "2key" || parts[5] != "6second" {
		t.Errorf("the parts are %q", parts)
	}
	if name, value, err := SplitSmall([]byte(parts[2][1:])); name != "address/1" || string(value) != "here" || err != nil {
		t.Errorf("the small record is %q: %q, %v", name, value, err)
	}
	if id, doc, err := SplitQuarantined([]byte(parts[3][1:])); id != (entry.ID{1}) || doc != (entry.DocID{2}) || err != nil {
		t.Errorf("kept from the core: %v of %v, %v", id, doc, err)
	}
}

func TestNoBitOfABackupChangesUnnoticed(t *testing.T) {
	whole := small(t)
	for at := range whole {
		for bit := range 8 {
			b := bytes.Clone(whole)
			b[at] ^= 1 << bit
			if parts, err := read(b); err == nil {
				t.Fatalf("bit %d of byte %d: read %q", bit, at, parts)
			}
		}
	}
}

func TestABackupThatIsCutOffAnywhereOrGoesOnIsRefused(t *testing.T) {
	whole := small(t)
	for at := range whole {
		var damaged *DamagedError
		_, err := read(whole[:at])
		if at < len(magic) && !errors.Is(err, ErrForeign) || at >= len(magic) && !errors.As(err, &damaged) {
			t.Errorf("cut off at %d: %v", at, err)
		}
	}
	if _, err := read(append(whole, 0)); err == nil {
		t.Error("a byte more was taken")
	}
}

func TestAnotherFileIsNoBackup(t *testing.T) {
	for _, b := range []string{"", "kith", "PK\x03\x04 and whatever follows in an archive", "kith backup\nis a command"} {
		if _, err := read([]byte(b)); !errors.Is(err, ErrForeign) {
			t.Errorf("%q: %v", b, err)
		}
	}
	if _, err := read([]byte("kith backup 2\nof the future")); !errors.Is(err, ErrNewer) {
		t.Errorf("of a newer Kith: %v", err)
	}
}

// forge makes a backup of parts in any order, with a checksum that is right.
func forge(parts ...[]byte) []byte {
	b := []byte(magic)
	for _, p := range parts {
		b = append(b, p...)
	}
	sum := sha256.Sum256(b)
	return append(b, part(kindEnd, sum[:])...)
}

func part(kind Kind, content []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{byte(kind)}, uint32(len(content))), content...)
}

func TestABackupIsRefusedWhosePartsAreNotAsTheyShouldBe(t *testing.T) {
	head, key, config, one := part(KindHeader, []byte(`{"entries":1}`)), part(KindKey, nil), part(KindConfig, nil), part(KindEntry, []byte("e"))
	huge := binary.BigEndian.AppendUint32([]byte{byte(KindEntry)}, 1<<31)
	tests := []struct {
		name string
		b    []byte
		good bool
	}{
		{"all in their places", forge(head, key, config, one), true},
		{"no header", forge(key, config, one), false},
		{"two headers", forge(head, head, key, config, one), false},
		{"no key", forge(head, config, one), false},
		{"no config", forge(head, key, one), false},
		{"two keys", forge(head, key, key, config, one), false},
		{"an entry before the key", forge(head, one, key, config), false},
		{"a small record after an entry", forge(head, key, config, one, part(KindSmall, []byte("\x00\x00"))), false},
		{"an entry less than it says", forge(head, key, config), false},
		{"an entry more than it says", forge(head, key, config, one, one), false},
		{"a part of an unknown kind", forge(head, key, config, one, part(99, nil)), false},
		{"a part of two gigabytes", forge(head, key, config, huge), false},
		{"a header that isn't one", forge(part(KindHeader, []byte("x")), key, config, one), false},
		{"nothing", forge(), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := read(test.b); (err == nil) != test.good {
				t.Errorf("read: %v", err)
			}
		})
	}
}

func FuzzReadNeverPanicsAndKeepsToItsBounds(f *testing.F) {
	f.Add(small(f))
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, b []byte) {
		parts, err := read(b)
		if err != nil {
			return // refusing is right; a panic, a hang or a lot of memory isn't
		}
		total := 0
		for _, p := range parts {
			total += len(p)
		}
		if total > len(b) {
			t.Errorf("%d bytes came out of %d", total, len(b))
		}
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
