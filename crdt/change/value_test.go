package change_test

import (
	"bytes"
	"math"
	"testing"

	"kith/crdt/change"
	"kith/crdt/change/changetest"
)

func TestValuesKeepTheirTypeAndBits(t *testing.T) {
	all := append([]change.Value{
		change.BoolValue(false), change.IntValue(0), change.IntValue(-64), change.IntValue(64), change.UintValue(0),
		change.UintValue(127), change.UintValue(128), change.FloatValue(math.NaN()), change.FloatValue(math.Copysign(0, -1)),
		change.CounterValue(0), change.TimestampValue(0), change.StrValue("żółć 🦊"),
	}, values...)
	for _, v := range all {
		c := changetest.New(change.NewHistory(), ana, changetest.Put(root, "k", v))
		if got := c.Ops[0].Value; got != v {
			t.Errorf("%v came back as %v", v, got)
		}
	}
	seven := []change.Value{
		change.BoolValue(true), change.IntValue(-7), change.UintValue(7), change.FloatValue(7.5), change.StrValue("7"),
		change.BytesValue([]byte{7}), change.CounterValue(7), change.TimestampValue(7),
	}
	for _, v := range seven {
		is := func(k ...change.Kind) bool { return bytes.IndexByte(kinds(k), byte(v.Kind)) >= 0 }
		if v.Bool() != is(change.BoolKind) || (v.Int() != 0) != is(change.IntKind, change.CounterKind, change.TimestampKind) ||
			(v.Uint() == 7) != is(change.UintKind) || (v.Float() == 7.5) != is(change.FloatKind) ||
			(v.Str() == "7") != is(change.StrKind) || (len(v.Bytes()) == 1) != is(change.BytesKind) {
			t.Errorf("%v reads as another kind", v)
		}
		if v.String() == "" || v.Kind.String() == "" {
			t.Errorf("%d has no name", v.Kind)
		}
	}
}

func kinds(k []change.Kind) []byte {
	var b []byte
	for _, k := range k {
		b = append(b, byte(k))
	}
	return b
}

func TestHashesAreReadAsTheyAreWritten(t *testing.T) {
	h := change.Hash{1, 2, 0xff}
	if got, err := change.ParseHash(h.String()); err != nil || got != h {
		t.Errorf("got %v, %v", got, err)
	}
	for _, s := range []string{"", "zz", h.String()[1:], h.String() + "00"} {
		if _, err := change.ParseHash(s); err == nil {
			t.Errorf("%q is taken", s)
		}
	}
}

func TestOperationsAreOrderedByCounterThenActor(t *testing.T) {
	ascending := []change.OpID{{}, {Counter: 1, Actor: "b"}, {Counter: 2, Actor: "a"}, {Counter: 2, Actor: "aa"}, {Counter: 2, Actor: "b"}}
	for i, a := range ascending {
		for j, b := range ascending {
			if a.Less(b) != (i < j) {
				t.Errorf("%v before %v: %v", a, b, a.Less(b))
			}
		}
	}
}

// Whoever grinds two changes whose hashes start alike gains nothing.
func TestHashesThatStartAlikeAreToldApart(t *testing.T) {
	h := change.NewHistory()
	var alike []*change.Change
	for i := range 3 {
		c := changetest.New(h, ana, changetest.Put(root, "k", change.IntValue(int64(i))))
		copy(c.Hash[:], "alike to the last byte but one..")
		c.Hash[31] = byte(i)
		if h.Has(c.Hash) {
			t.Fatalf("%d is here already", i)
		}
		must(t, h.Check(c))
		h.Add(c)
		alike = append(alike, c)
	}
	for i, c := range alike {
		if info, ok := h.Change(c.Hash); !ok || info.Seq != uint64(i+1) {
			t.Errorf("%d is %+v", i, info)
		}
	}
	if !h.IsPast(alike[0].Hash, alike[2].Hash) || h.IsPast(alike[2].Hash, alike[1].Hash) {
		t.Error("past is wrong")
	}
}

func TestErrorsSayWhatAndWhere(t *testing.T) {
	tests := []struct {
		err  error
		want string
	}{
		{&change.SyntaxError{Offset: 12, What: "empty key"}, "change chunk, byte 12: empty key"},
		{&change.LimitError{What: "bytes of a key", Got: 2000, Limit: 1024}, "bytes of a key: 2000, the limit is 1024"},
		{&change.ContextError{Op: 3, What: "increment of something other than a counter"},
			"change doesn't fit its document: operation 3: increment of something other than a counter"},
		{&change.ContextError{Op: -1, What: "too soon"}, "change doesn't fit its document: too soon"},
		{&change.MissingError{Deps: []change.Hash{{}}},
			"1 of the change's dependencies missing, the first is 0000000000000000000000000000000000000000000000000000000000000000"},
	}
	for _, tt := range tests {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}
