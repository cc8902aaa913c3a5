package charter_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"slices"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/formattest"
)

var update = flag.Bool("update", false, "write the test vectors and the seeds of the fuzz targets")

// vectors are what a second implementation can test itself against.
type vectors struct {
	Phrases []struct {
		Phrase string `json:"phrase"`
		Key    string `json:"member_key"`
	} `json:"phrases"`
	Invite struct {
		Seed   string   `json:"seed"`
		Space  string   `json:"space"`
		Step   string   `json:"step"`
		Device string   `json:"answerer"`
		Addr   string   `json:"address"`
		Key    string   `json:"invite_key"`
		Codes  []string `json:"codes"` // without and with the answerer
	} `json:"invite"`
	Genesis  string   `json:"genesis"`  // an entry
	Space    string   `json:"space"`    // its ID
	Steps    []string `json:"steps"`    // of the genesis and of the seats
	Seats    []string `json:"seats"`    // entries
	Members  []string `json:"members"`  // IDs, in seat order
	Proposal string   `json:"proposal"` // of the first seat
	Redeemed string   `json:"redemption"`
	Ask      string   `json:"ask"` // for that seat
	// One of each type, with more or less in it: payloads.
	Statements map[string]string `json:"statements"`
}

// makeVectors computes all vectors from fixed keys.
func makeVectors(t *testing.T) vectors {
	var v vectors
	for _, phrase := range []string{zeroPhrase, legal} {
		s, err := charter.SignerFromPhrase(phrase)
		if err != nil {
			t.Fatal(err)
		}
		v.Phrases = append(v.Phrases, struct {
			Phrase string `json:"phrase"`
			Key    string `json:"member_key"`
		}{phrase, s.Device().String()})
	}
	co := found(t, 3)
	statements := co.chain("ben", "cleo")
	c := charter.Fold(co.space, statements, charter.StepID{})

	i := charter.Invite{Seed: [16]byte([]byte("sixteen byte seed")), Space: co.space}
	tip := c.Tip()
	i.Step = [8]byte(tip[:8])
	answerer := charter.Answerer{Device: co.founder.Device(), Address: []byte{4, 192, 168, 1, 7, 6, 0x1f, 0x90}}
	v.Invite.Seed, v.Invite.Space, v.Invite.Step = hex.EncodeToString(i.Seed[:]), hex.EncodeToString(i.Space[:]), hex.EncodeToString(i.Step[:])
	v.Invite.Device, v.Invite.Addr, v.Invite.Key = answerer.Device.String(), hex.EncodeToString(answerer.Address), i.Key().Device().String()
	for range 2 {
		code, err := i.Encode()
		if err != nil {
			t.Fatal(err)
		}
		v.Invite.Codes = append(v.Invite.Codes, code)
		i.Answerers = []charter.Answerer{answerer}
	}
	v.Genesis, v.Space = hex.EncodeToString(co.genesis.Encoded()), co.space.String()
	v.Steps = []string{charter.GenesisStep(co.space).String()}
	for _, e := range statements[1:] {
		v.Seats = append(v.Seats, hex.EncodeToString(e.Encoded()))
		v.Steps = append(v.Steps, stepOf(t, e).String())
	}
	for _, m := range c.Members() {
		v.Members = append(v.Members, m.ID.String())
	}
	s, _ := charter.ReadStatement(statements[1].Payload)
	v.Proposal = hex.EncodeToString(s.Step.Proposal)
	r, err := s.Step.Seat.Redemption.Encode()
	if err != nil {
		t.Fatal(err)
	}
	v.Redeemed = hex.EncodeToString(r)
	if v.Ask, err = (charter.Ask{Space: [16]byte(co.space[:16]), Invite: s.Step.Seat.Invite, Redemption: s.Step.Seat.Redemption}).Encode(); err != nil {
		t.Fatal(err)
	}
	v.Statements = map[string]string{}
	for name, payload := range samples(t, co) {
		v.Statements[name] = hex.EncodeToString(payload)
	}
	return v
}

// samples is a statement of each type but genesis and seat, and a proposal of each.
func samples(t fataler, co *coop) map[string][]byte {
	step, ids := charter.StepID{1, 2, 3}, []entry.ID{{1}, {2}}
	runs := charter.Frontier{{Run: entry.Run{1}, Entry: entry.ID{3}}, {Run: entry.Run{2}, Entry: entry.ID{4}}}
	lists := []charter.DeviceFrontier{{Device: laptop("ana").Device(), Frontier: runs}, {Device: laptop("ben").Device()}}
	slices.SortFunc(lists, func(a, b charter.DeviceFrontier) int { return bytes.Compare(a.Device[:], b.Device[:]) })
	phone := newDevice(co.space, "ben", key("ben's phone"))
	old := charter.NewDevice{Key: laptop("ben").Device(), Name: "laptop"}
	code, r := co.redeem("dora")
	rekey, err := charter.NewRekey(co.space, charter.MemberIDOf(co.space, key("ben").Device()), key("ben again"), key("ben's desk"), "desk")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for name, s := range map[string]charter.Statement{
		"consent":     {Type: charter.TypeConsent, Of: step},
		"refuse":      {Type: charter.TypeRefuse, Of: step, Why: "too soon"},
		"take-back":   {Type: charter.TypeTakeBack, Of: step},
		"enact":       {Type: charter.TypeEnact, Of: step},
		"certify":     {Type: charter.TypeCertify, New: &phone},
		"retire":      {Type: charter.TypeRetire, Device: phone.Key, Frontier: runs},
		"recover":     {Type: charter.TypeRecover, Live: []charter.NewDevice{phone, old}, Lists: lists[:1]},
		"resign":      {Type: charter.TypeResign, Lists: lists, Why: "I move away"},
		"prospective": {Type: charter.TypeProspective, Invite: code, Joiner: &r},
		"move":        {Type: charter.TypeMove, Device: phone.Key},
		"seen":        {Type: charter.TypeSeen, Lists: lists},
		"seen-none":   {Type: charter.TypeSeen},
		"follow":      {Type: charter.TypeFollow, Of: step},
		"invite":      {Type: charter.TypeInvite, Invite: code, Expires: 1_800_000_000_000},
		"revoke":      {Type: charter.TypeRevoke, Invite: code},
		"rename":      {Type: charter.TypeRename, Name: "Anna"},
		"rename-box":  {Type: charter.TypeRename, Device: code, Name: "box"},
		"forget":      {Type: charter.TypeForget, Doc: entry.DocID{7}, Why: "a bank number"},
	} {
		all[name] = raw(t, s)
	}
	for _, terms := range []charter.Terms{
		{Type: charter.ProposalClose, Why: "we are all in"},
		{Type: charter.ProposalAdmit, Admission: entry.ID{5}, Resigned: ids},
		{Type: charter.ProposalRemove, Member: charter.MemberID{6}, Frontiers: lists, Why: "they took the till"},
		{Type: charter.ProposalKey, Rekey: &rekey, Frontiers: lists, Stay: ids},
		{Type: charter.ProposalThreshold, Threshold: charter.ThreeQuarters},
		{Type: charter.ProposalInvites, Invites: 3, Resigned: ids[:1]},
		{Type: charter.ProposalRules, Rules: 2},
		{Type: charter.ProposalPact, Pact: []byte{0x80}, Why: "so"},
	} {
		all["propose-"+terms.Type.String()] = raw(t, charter.Statement{Type: charter.TypePropose, Step: &charter.Step{Parent: step, Terms: terms}})
	}
	return all
}

func TestVectors(t *testing.T) {
	if *update {
		writeCorpus(t)
	}
	formattest.Vectors(t, makeVectors(t), *update)
}

// writeCorpus writes the seeds of the fuzz targets: what is right, and what is nearly so.
func writeCorpus(t *testing.T) {
	v := makeVectors(t)
	payload := func(s string) []byte {
		b, _ := hex.DecodeString(s)
		e, err := entry.Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		return e.Payload
	}
	redemption, _ := hex.DecodeString(v.Redeemed)
	for name, s := range v.Statements {
		payload, _ := hex.DecodeString(s)
		formattest.Seed(t, "FuzzReadStatement", name, payload)
	}
	for target, seeds := range map[string]map[string][]byte{
		"FuzzReadStatement": {
			"genesis": payload(v.Genesis), "seat": payload(v.Seats[0]), "unknown": {0x82, 16, 0xff},
			"unknown-proposal": append(append([]byte{0x83, 2, 0x58, 32}, make([]byte, 32)...), 0x42, 0x81, 10),
			"long-length":      {0x83, 2, 0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
			"deep":             bytes.Repeat([]byte{0x81}, 300), "indefinite": {0x9f, 1, 0xff},
		},
		"FuzzDecodeRedemption": {"right": redemption, "cut": redemption[:40], "longer": append(bytes.Clone(redemption), 0)},
	} {
		for name, seed := range seeds {
			formattest.Seed(t, target, name, seed)
		}
	}
	for name, code := range map[string]string{"plain": v.Invite.Codes[0], "answerer": v.Invite.Codes[1], "cut": v.Invite.Codes[1][:90], "capitals": strings.ToUpper(v.Invite.Codes[0])} {
		formattest.Seed(t, "FuzzDecodeInvite", name, code)
	}
}

func FuzzReadStatement(f *testing.F) {
	formattest.NeedSeeds(f)
	co := found(f, 3)
	before := charter.Fold(co.space, co.chain("ben"), charter.StepID{})
	f.Fuzz(func(t *testing.T, payload []byte) {
		s, err := charter.ReadStatement(payload)
		if err == nil && s.Known() && s.Genesis == nil {
			if again := raw(t, s); !bytes.Equal(again, payload) {
				t.Fatalf("a statement has two encodings\nin  %x\nout %x", payload, again)
			}
		}
		if len(payload) == 0 || len(payload) > entry.MaxPayload {
			return
		}
		// Whatever the founder's device signs: only a seat that was redeemed changes the members.
		e := (&coop{t: t, space: co.space, founder: co.founder}).sign(co.founder, payload, before.Heads()...)
		c := before.With(e)
		if state, _ := c.State(e.ID()); state == charter.Accepted && (s.Type == charter.TypeFounding || s.Type == charter.TypeResign || s.Type == charter.TypeRetire || s.Type == charter.TypeRename) {
			return // these change who is in, what speaks, and what somebody is called
		}
		if names(c.Members()) != "Ana Ben" || c.Members()[0].Standing != charter.Full {
			t.Fatalf("%x makes the members %q", payload, names(c.Members()))
		}
	})
}

func FuzzDecodeRedemption(f *testing.F) {
	formattest.NeedSeeds(f)
	f.Fuzz(func(t *testing.T, in []byte) {
		r, err := charter.DecodeRedemption(in)
		if err != nil {
			return
		}
		if out, err := r.Encode(); err != nil || !bytes.Equal(in, out) {
			t.Fatalf("a redemption has two encodings\nin  %x\nout %x, %v", in, out, err)
		}
		r.Verify(entry.SpaceID{}, entry.Device{})
	})
}

func TestAStatementIsReadInOneFormOnly(t *testing.T) {
	co := found(t, 3)
	seat := co.chain("ben")[1].Payload
	for _, test := range []struct {
		name    string
		payload []byte
		why     string
	}{
		{"nothing", nil, "no array"},
		{"a number", []byte{1}, "no array"},
		{"an empty array", []byte{0x80}, "no array"},
		{"an array without an end", []byte{0x9f, 1, 0xff}, "no array"},
		{"a type that is text", []byte{0x81, 0x61, 'a'}, "not a number"},
		{"type 0", []byte{0x81, 0}, "not a number"},
		{"a type written long", []byte{0x81, 0x18, 3}, "not a number"},
		{"a type cut off", []byte{0x81, 0x19, 3}, "not a number"},
		{"a seat written long", append([]byte{0x98, 3}, seat[1:]...), "no array"},
		{"a seat with more behind it", append(bytes.Clone(seat), 0), "step"},
		{"a seat cut off", seat[:len(seat)-1], "step"},
		{"a huge length", []byte{0x83, 2, 0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, "step"},
		{"too much", make([]byte, charter.MaxStatement+1), "the limit is 262144"},
		{"a short parent", []byte{0x83, 2, 0x41, 1, 0x42, 0x81, 2}, "parent step has 1 bytes"},
		{"a proposal that is none", append(append([]byte{0x83, 2, 0x58, 32}, make([]byte, 32)...), 0x41, 0), "no array"},
	} {
		_, err := charter.ReadStatement(test.payload)
		var form *charter.StatementError
		if !errors.As(err, &form) || !strings.Contains(err.Error(), test.why) {
			t.Errorf("%s: %v, want %q", test.name, err, test.why)
		}
	}
	for name, g := range map[string]charter.Genesis{
		"no seat":           {Coop: "A", Founder: "B"},
		"21 seats":          {Coop: "A", Founder: "B", Seats: 21},
		"a threshold of 5":  {Coop: "A", Founder: "B", Seats: 1, Threshold: 5},
		"a co-op unnamed":   {Founder: "B", Seats: 1},
		"a founder unnamed": {Coop: "A", Founder: " ", Seats: 1},
	} {
		if _, err := charter.NewGenesis(g, key("a"), key("b"), "laptop"); err == nil {
			t.Errorf("%s can be founded", name)
		}
	}
	if _, err := charter.NewGenesis(charter.Genesis{Coop: "A", Founder: "B", Seats: 1}, key("a"), key("b"), ""); err == nil {
		t.Error("a device unnamed can found")
	}
}

// Field by field, with a general encoder: each breaks one thing.
func TestAGenesisOrRedemptionOutOfBoundsIsRefused(t *testing.T) {
	co := found(t, 3)
	_, r := co.redeem("ben")
	redemption, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	readGenesis := func(b []byte) error { _, err := charter.ReadStatement(b); return err }
	readRedemption := func(b []byte) error { _, err := charter.DecodeRedemption(b); return err }
	for _, test := range []struct {
		name  string
		right []byte
		read  func([]byte) error
		field int
		value any
	}{
		{"no seats", co.genesis.Payload, readGenesis, 3, 0},
		{"21 seats", co.genesis.Payload, readGenesis, 3, 21},
		{"2^32+3 seats", co.genesis.Payload, readGenesis, 3, 1<<32 + 3},
		{"2^64-1 seats", co.genesis.Payload, readGenesis, 3, uint64(1<<64 - 1)},
		{"threshold 0", co.genesis.Payload, readGenesis, 4, 0},
		{"threshold 257", co.genesis.Payload, readGenesis, 4, 257},
		{"a co-op's name of a megabyte", co.genesis.Payload, readGenesis, 1, strings.Repeat("a", 200000)},
		{"a founder with a control character", co.genesis.Payload, readGenesis, 2, "A\x00"},
		{"a short member key", co.genesis.Payload, readGenesis, 5, []byte{1}},
		{"no device name", co.genesis.Payload, readGenesis, 6, ""},
		{"a long certificate", co.genesis.Payload, readGenesis, 7, make([]byte, 65)},
		{"no name", redemption, readRedemption, 0, ""},
		{"a name as bytes", redemption, readRedemption, 0, []byte("Ben")},
		{"a name with space around it", redemption, readRedemption, 0, " Ben"},
		{"a long member key", redemption, readRedemption, 1, make([]byte, 33)},
		{"no device", redemption, readRedemption, 2, []byte{}},
		{"a null device name", redemption, readRedemption, 3, nil},
		{"a short certificate", redemption, readRedemption, 4, make([]byte, 63)},
		{"a short agreement", redemption, readRedemption, 5, make([]byte, 63)},
		{"a signature as text", redemption, readRedemption, 6, strings.Repeat("a", 64)},
		{"a megabyte of signature", redemption, readRedemption, 6, make([]byte, 1<<20)},
	} {
		if err := test.read(test.right); err != nil {
			t.Fatal(err)
		}
		var fields []any
		if err := cbor.Unmarshal(test.right, &fields); err != nil {
			t.Fatal(err)
		}
		if b, _ := cbor.Marshal(fields); !bytes.Equal(b, test.right) {
			t.Fatal("the test's own encoding is another")
		}
		fields[test.field] = test.value
		b, err := cbor.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		if err := test.read(b); err == nil {
			t.Errorf("%s passes", test.name)
		} else if len(err.Error()) > 300 {
			t.Errorf("%s: %d bytes of error", test.name, len(err.Error()))
		}
	}
}

func TestMemberIDsAreReadInOneFormOnly(t *testing.T) {
	id := charter.MemberIDOf(entry.SpaceID{1}, entry.Device{2})
	if got, err := charter.ParseMemberID(id.String()); err != nil || got != id {
		t.Fatal(got, err)
	}
	if id == charter.MemberIDOf(entry.SpaceID{2}, entry.Device{2}) || id == charter.MemberIDOf(entry.SpaceID{1}, entry.Device{1}) {
		t.Error("two members have one ID")
	}
	s := id.String()
	for _, wrong := range []string{"", "m-", s[2:], strings.ToUpper(s), s + "0", s[:33], "t-" + s[2:], s[:33] + "\n", s[:33] + "u", s[:2] + "\n" + s[2:]} {
		if _, err := charter.ParseMemberID(wrong); err == nil {
			t.Errorf("%q is read as a member ID", wrong)
		}
	}
}
