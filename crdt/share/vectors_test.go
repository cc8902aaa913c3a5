package share_test

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/formattest"
	"kith/crdt/share"
)

var update = flag.Bool("update", false, "write the test vectors and the seeds of the fuzz targets")

// vectors are what a second implementation can test itself against.
type vectors struct {
	FirstSeed  string            `json:"first_founding_device_seed"` // Ed25519
	SecondSeed string            `json:"second_founding_device_seed"`
	Draft      string            `json:"draft"`
	Genesis    string            `json:"genesis"` // the entry
	Space      string            `json:"space"`
	Words      map[string]string `json:"words"`
	Seat       string            `json:"seat"` // of who isn't on the side yet, and one with all that a seat can hold
	FullSeat   string            `json:"full_seat"`
}

func makeVectors(t *testing.T) vectors {
	first, second := laptop("ana"), laptop("dora")
	p := &share.Pact{Terms: print, Sides: [2]share.Side{
		{Space: entry.SpaceID{1}, Contacts: []string{"Ana", "Ben"}}, {Space: entry.SpaceID{2}},
	}}
	draft, err := p.Draft()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Agree(second); err != nil {
		t.Fatal(err)
	}
	f, err := p.Genesis()
	if err != nil {
		t.Fatal(err)
	}
	genesis := make1(t, f, first)
	a, b := first.Seed(), second.Seed()
	v := vectors{
		FirstSeed: hex.EncodeToString(a[:]), SecondSeed: hex.EncodeToString(b[:]),
		Draft: hex.EncodeToString(draft), Genesis: hex.EncodeToString(genesis.Encoded()), Space: genesis.SpaceOf().String(),
		Words: map[string]string{},
	}
	for name, w := range sampleWords() {
		b, err := w.Encode()
		if err != nil {
			t.Fatal(err)
		}
		v.Words[name] = hex.EncodeToString(b)
	}
	for into, seat := range map[*string]*share.Seat{
		&v.Seat: newcomersSeat(t, "ben", seatHome, bensID, seatSide), &v.FullSeat: fullSeat(t),
	} {
		if *into, err = seat.Encode(); err != nil {
			t.Fatal(err)
		}
	}
	return v
}

func sampleWords() map[string]share.Word {
	return map[string]share.Word{
		"make":        {What: share.Make, Ally: "Quilted", Terms: print, Contacts: []string{"Ana", "Ben"}},
		"change":      {What: share.Change, Share: entry.SpaceID{3}, Number: 2, Terms: people},
		"end":         {What: share.End, Share: entry.SpaceID{3}},
		"contacts":    {What: share.Contacts, Share: entry.SpaceID{3}, Contacts: []string{"Cleo"}},
		"no-contacts": {What: share.Contacts, Share: entry.SpaceID{3}},
		"anyone":      {What: share.Sharing, Rule: share.Anyone},
		"agreed":      {What: share.Sharing, Rule: share.Agreed},
		"choose-read": {What: share.Choose, Share: entry.SpaceID{3}, Doc: entry.DocID{4}, Kept: true},
		"zone":        {What: share.Zone, Zone: "Europe/Berlin"},
		"choose":      {What: share.Choose, Share: entry.SpaceID{3}, Doc: entry.DocID{4}},
	}
}

func TestVectors(t *testing.T) {
	v := makeVectors(t)
	if *update {
		for name, word := range v.Words {
			formattest.Seed(t, "FuzzReadWord", name, unhex(t, word))
		}
		for name, seed := range map[string][]byte{
			"long-length": {0x82, 3, 0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
			"deep":        bytes.Repeat([]byte{0x81}, 300), "unknown": {0x81, 8}, "no-rule": {0x82, 5, 3},
			"indefinite": {0x9f, 3, 0xff},
		} {
			formattest.Seed(t, "FuzzReadWord", name, seed)
		}
		draft := unhex(t, v.Draft)
		formattest.Seed(t, "FuzzReadDraft", "right", draft)
		formattest.Seed(t, "FuzzReadDraft", "cut", draft[:40])
		formattest.Seed(t, "FuzzReadDraft", "longer", append(draft, 0))
		for name, seat := range map[string]string{"newcomer": v.Seat, "full": v.FullSeat, "cut": v.Seat[:100], "other": "_" + v.Seat[1:]} {
			formattest.Seed(t, "FuzzReadSeat", name, seat)
		}
	}
	formattest.Vectors(t, v, *update)
}

func unhex(t *testing.T, s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestWordsAreReadAsTheyWereWritten(t *testing.T) {
	for name, w := range sampleWords() {
		b, err := w.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := share.ReadWord(b)
		if err != nil || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", w) {
			t.Errorf("%s: read %+v, %v", name, got, err)
		}
	}
}

func TestAWordThatBreaksABoundIsRefused(t *testing.T) {
	long := strings.Repeat("x", share.MaxPurpose+1)
	for name, w := range map[string]share.Word{
		"nothing":           {},
		"a newer one":       {What: 7},
		"no rule":           {What: share.Sharing},
		"a newer rule":      {What: share.Sharing, Rule: 3},
		"no purpose":        {What: share.Change, Number: 1, Terms: share.Terms{Voices: share.People}},
		"a long purpose":    {What: share.Change, Number: 1, Terms: share.Terms{Purpose: long, Voices: share.People}},
		"a nameless ally":   {What: share.Make, Terms: print},
		"too many contacts": {What: share.Contacts, Contacts: []string{"a", "b", "c", "d", "e", "f"}},
		"a nameless one":    {What: share.Contacts, Contacts: []string{""}},
	} {
		if b, err := w.Encode(); err == nil {
			t.Errorf("%s: %x", name, b)
		}
	}
	for name, b := range map[string][]byte{
		"a document's ID cut short": slices.Concat([]byte{0x84, 6, 0x58, 32}, make([]byte, 32), []byte{0x53}, make([]byte, 19), []byte{1}),
		"chosen for nothing":        slices.Concat([]byte{0x84, 6, 0x58, 32}, make([]byte, 32), []byte{0x54}, make([]byte, 20), []byte{0}),
		"chosen of no share":        slices.Concat([]byte{0x84, 6, 0x40, 0x54}, make([]byte, 20), []byte{1}),
	} {
		if w, err := share.ReadWord(b); err == nil {
			t.Errorf("%s: %+v", name, w)
		}
	}
	if _, err := share.ReadWord(make([]byte, charter.MaxPact+1)); err == nil {
		t.Error("a word longer than any")
	}
}

// seeds holds that the committed seeds are there.
func seeds(f *testing.F, target string) {
	files, err := os.ReadDir(filepath.Join("testdata", "fuzz", target))
	if err != nil || len(files) < 3 {
		f.Fatalf("%d seeds of %s, %v", len(files), target, err)
	}
}

func FuzzReadWord(f *testing.F) {
	seeds(f, "FuzzReadWord")
	f.Fuzz(func(t *testing.T, in []byte) {
		w, err := share.ReadWord(in)
		if err != nil {
			return
		}
		if out, err := w.Encode(); err != nil || !bytes.Equal(in, out) {
			t.Errorf("read and encoded again: %v\nin  %x\nout %x", err, in, out)
		}
	})
}

func FuzzReadDraft(f *testing.F) {
	seeds(f, "FuzzReadDraft")
	f.Fuzz(func(t *testing.T, in []byte) {
		p, err := share.ReadDraft(in)
		if err != nil {
			return
		}
		if out, err := p.Draft(); err != nil || !bytes.Equal(in, out) {
			t.Errorf("read and encoded again: %v\nin  %x\nout %x", err, in, out)
		}
	})
}
