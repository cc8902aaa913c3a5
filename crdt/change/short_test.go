package change_test

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/change"
)

// knownBefore is what both sides know before the first of some changes.
func knownBefore() *change.Known {
	return &change.Known{Actor: change.Actor(bytes.Repeat([]byte{7}, 16))}
}

func TestWhatIsWrittenShortReadsBackByteForByte(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		writer, reader := knownBefore(), knownBefore()
		var last change.Hash
		seq, start := uint64(0), uint64(1)
		for range rapid.IntRange(1, 6).Draw(t, "changes") {
			actor := rapid.SampledFrom([]change.Actor{writer.Actor, "another", "x"}).Draw(t, "actor")
			c := &change.Change{Actor: actor, Seq: seq + 1, StartOp: start, Time: rapid.Int64Range(0, change.MaxTime).Draw(t, "time"),
				Message: rapid.StringN(0, 10, -1).Draw(t, "message")}
			if rapid.Bool().Draw(t, "another number") {
				c.Seq = rapid.Uint64Range(1, change.MaxCounter).Draw(t, "number")
			}
			switch rapid.IntRange(0, 3).Draw(t, "dependencies") {
			case 0:
			case 1:
				c.Deps = []change.Hash{{3}, {9}}
			default:
				if last != (change.Hash{}) {
					c.Deps = []change.Hash{last}
				}
			}
			if rapid.Bool().Draw(t, "an operation") {
				c.Ops = []change.Op{{InMap: true, Key: "title", Action: change.Set, Value: change.StrValue("words")}}
			}
			chunk := c.Encode()
			if rapid.IntRange(0, 5).Draw(t, "spoilt") == 0 {
				chunk[rapid.IntRange(0, len(chunk)-1).Draw(t, "where")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
			}
			before := *writer
			short, ok := change.AppendShort([]byte("before"), chunk, writer)
			if !ok {
				if *writer != before || string(short) != "before" {
					t.Fatal("what has no short form left something behind")
				}
				continue
			}
			if len(short)-len("before") >= len(chunk) {
				t.Errorf("short of %d bytes has %d", len(chunk), len(short))
			}
			again, err := change.AppendLong([]byte("before"), short[len("before"):], reader)
			if err != nil || !bytes.Equal(again[len("before"):], chunk) || *reader != *writer {
				t.Fatalf("%v\ngot  %x\nwant %x\nreader %+v\nwriter %+v", err, again, chunk, reader, writer)
			}
			last, seq, start = writer.Last, writer.Seq, writer.Start+1
		}
	})
}

func TestTheNextChangeOfAnAuthorSaysNeitherDependencyNorActor(t *testing.T) {
	writer := knownBefore()
	a := (&change.Change{Actor: writer.Actor, Seq: 1, StartOp: 1, Time: 1_700_000_000_000}).Encode()
	first, ok := change.AppendShort(nil, a, writer)
	b := (&change.Change{Actor: writer.Actor, Seq: 2, StartOp: 1, Time: 1_700_000_000_500, Deps: []change.Hash{writer.Last}}).Encode()
	second, fine := change.AppendShort(nil, b, writer)
	if !ok || !fine || len(first) > len(a)-16-11 || len(second) > len(b)-32-16-12-4 {
		t.Errorf("%d bytes for %d, then %d for %d", len(first), len(a), len(second), len(b))
	}
}

func FuzzLong(f *testing.F) {
	for _, b := range [][]byte{{}, {7}, {0, 0, 0}, {8, 0}, {7, 0, 1, 'x', 1, 1, 0, 0}, {7, 0xff, 0xff, 3}, {4, 1, 1, 1, 0, 0, 0}} {
		f.Add(b, true)
		f.Add(b, false)
	}
	f.Fuzz(func(t *testing.T, in []byte, last bool) {
		k := knownBefore()
		if last {
			k.Last = change.Hash{1}
		}
		before := *k
		chunk, err := change.AppendLong(nil, in, k)
		if err != nil {
			if len(chunk) > 0 || *k != before {
				t.Fatal("an error left something behind")
			}
			return
		}
		if len(chunk) > len(in)+120 {
			t.Fatalf("%d bytes became %d", len(in), len(chunk))
		}
		// Where it is a change, it has a short form, which is none the longer.
		if _, err := change.Parse(chunk); err == nil {
			if short, ok := change.AppendShort(nil, chunk, &before); !ok || len(short) > len(in) {
				t.Fatalf("%x has the short form %x", in, short)
			}
		}
	})
}
