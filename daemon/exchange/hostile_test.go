package exchange_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"kith/crdt/batch"
	"kith/crdt/entry"
	"kith/daemon/exchange"
	"kith/daemon/exchange/rateless"
)

// The layout of docs/PROTOCOL.md, "Streams", written down a second time.

func frame(kind byte, body []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	return append(append(b, kind), body...)
}

func helloOf(oldest, newest uint16, space entry.SpaceID) []byte {
	b := binary.BigEndian.AppendUint16(nil, oldest)
	b = binary.BigEndian.AppendUint16(b, newest)
	return frame(1, append(append(b, space[:]...), 0))
}

func zipped(sort byte, raw []byte) []byte {
	w := must(zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1)))
	defer w.Close()
	return frame(6, w.EncodeAll(raw, []byte{sort}))
}

// batchOf is a batch of entries, of which the signatures needn't be right. Its layout has vectors of its own.
func batchOf(encoded ...[]byte) []byte {
	var all []*entry.Entry
	for _, e := range encoded {
		all = append(all, must(entry.Decode(e)))
	}
	return batch.Append(nil, all)
}

// spoiltBatch is a batch with an entry that is none: under rules 0.
func spoiltBatch(e *entry.Entry) []byte {
	b := batchOf(e.Encoded())
	b[2] = 0
	return b
}

// unsignedBatch is two entries of a stretch without the signature at its end.
func unsignedBatch(a, b *entry.Entry) []byte {
	raw := batchOf(a.Encoded(), b.Encoded())
	if !bytes.Equal(raw[len(raw)-64:], b.Signature[:]) || bytes.Contains(raw, a.Signature[:]) {
		panic("the signature isn't where it was looked for")
	}
	one := batchOf(a.Encoded())
	one = one[:len(one)-65]
	one[0] &^= 4
	return one
}

// symbols are some that no set has.
func symbols(n int) []byte { return bytes.Repeat(append(bytes.Repeat([]byte{0x5a}, 36), 0), n) }

// setOf greets with a set of n IDs, made up.
func setOf(n uint64) []byte {
	b := binary.BigEndian.AppendUint64(nil, n)
	return frame(2, slices.Concat(b, make([]byte, 32), symbols(12)))
}

func symbolsOf(n int) []byte { return frame(3, symbols(n)) }

func keyOf() []byte { return frame(12, make([]byte, 16)) }

// face runs r against a peer that says what it likes, reads all and answers nothing. It returns
// Run's error and what the peer was told last.
func face(r *replica, say []byte) (err error, goodbye string) {
	ours, theirs := net.Pipe()
	heard := make(chan []byte)
	go func() {
		all, _ := io.ReadAll(theirs)
		heard <- all
	}()
	said := make(chan struct{})
	go func() {
		defer close(said)
		for len(say) > 0 {
			// One frame after the other, as somebody does who waits for the answer.
			n := len(say)
			if n >= 5 {
				n = int(min(5+int64(binary.BigEndian.Uint32(say)), int64(n)))
			}
			if _, err := theirs.Write(say[:n]); err != nil {
				return
			}
			say = say[n:]
			time.Sleep(time.Millisecond)
		}
	}()
	err = r.x.Run(context.Background(), ours, nil)
	_ = theirs.Close()
	<-said
	for all := <-heard; len(all) >= 5; {
		size := binary.BigEndian.Uint32(all)
		if int64(size) > int64(len(all)-5) {
			break // the stream ended inside this frame
		}
		if all[4] == 11 {
			goodbye = string(all[5 : 5+size])
		}
		all = all[5+size:]
	}
	return err, goodbye
}

func TestWhatBreaksTheProtocolEndsTheStreamWithItsName(t *testing.T) {
	ana, genesis := found(1)
	foreigner, foreign := found(9)
	good := ana.write("good")
	badSignature := bytes.Clone(ana.write("signed by nobody").Encoded())
	badSignature[len(badSignature)-1] ^= 1
	// Somebody else's entry under one's own signature is as bad as garbage.
	hi := helloOf(1, 1, ana.space)
	bomb := make([]byte, 64<<20)
	id := func(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }

	tests := []struct {
		name string
		say  []byte
		want string // in the error
		as   any    // pointer to the error's type
	}{
		{"garbage", bytes.Repeat([]byte{0xab}, 100), "unknown type", new(*exchange.ProtocolError)},
		{"a length of one GiB", slices.Concat(hi, []byte{0x40, 0, 0, 0, 6}), "1073741824 bytes", new(*exchange.ProtocolError)},
		{"a length of one GiB at the start", []byte{0x40, 0, 0, 0, 1}, "1073741824 bytes", new(*exchange.ProtocolError)},
		{"an unknown type", slices.Concat(hi, frame(77, nil)), "unknown type (77)", new(*exchange.ProtocolError)},
		{"no greeting", setOf(9), "out of place", new(*exchange.ProtocolError)},
		{"two greetings", slices.Concat(hi, hi), "out of place", new(*exchange.ProtocolError)},
		{"a newer version only", helloOf(7, 9, ana.space), "newer version", new(*exchange.VersionError)},
		{"an older version only", helloOf(0, 0, ana.space), "older version", new(*exchange.VersionError)},
		{"another space", helloOf(1, 1, foreigner.space), "another space", nil},
		{"features that run over", frame(1, append(bytes.Clone(hi[5:41]), 3, 200)), "inside its features", new(*exchange.ProtocolError)},
		{"its set twice", slices.Concat(hi, setOf(900), setOf(900)), "out of place", new(*exchange.ProtocolError)},
		{"a set too large", slices.Concat(hi, setOf(1<<24+1)), "a set of 16777217 IDs", new(*exchange.ProtocolError)},
		{"a set of 2^64 IDs", slices.Concat(hi, setOf(math.MaxUint64)), "a set of 18446744073709551615 IDs", new(*exchange.ProtocolError)},
		{"a set without symbols", slices.Concat(hi, frame(2, make([]byte, 40))), "40 bytes", new(*exchange.ProtocolError)},
		{"a set with a symbol too many", slices.Concat(hi, frame(2, append(make([]byte, 40), symbols(13)...))), "that many symbols", new(*exchange.ProtocolError)},
		{"a count that never ends", slices.Concat(hi, frame(2, append(make([]byte, 40), bytes.Repeat([]byte{0xff}, 12*37)...))), "that many symbols", new(*exchange.ProtocolError)},
		{"symbols before the set", slices.Concat(hi, symbolsOf(12)), "out of place", new(*exchange.ProtocolError)},
		{"more symbols than Kept", slices.Concat(hi, frame(3, symbols(6000))), "222000 bytes", new(*exchange.ProtocolError)},
		{"a key out of place", slices.Concat(hi, keyOf()), "out of place", new(*exchange.ProtocolError)},
		{"a list out of place", slices.Concat(hi, frame(4, id(5))), "out of place", new(*exchange.ProtocolError)},
		{"a list out of order", slices.Concat(hi, setOf(0), frame(4, append(id(5), id(4)...))), "isn't in order", new(*exchange.ProtocolError)},
		{"a list with an ID twice", slices.Concat(hi, setOf(0), frame(4, append(id(5), id(5)...))), "isn't in order", new(*exchange.ProtocolError)},
		{"a list that ends inside an ID", slices.Concat(hi, setOf(0), frame(4, id(5)[:31])), "ends inside one", new(*exchange.ProtocolError)},
		{"done before it began", slices.Concat(hi, frame(7, nil)), "out of place", new(*exchange.ProtocolError)},
		{"begin out of place", slices.Concat(hi, frame(5, make([]byte, 8))), "out of place", new(*exchange.ProtocolError)},
		{"entries not announced", slices.Concat(hi, zipped(1, batchOf(good.Encoded()))), "not announced", new(*exchange.ProtocolError)},
		{"more announced than can be", slices.Concat(hi, frame(5, bytes.Repeat([]byte{0xff}, 8))), "announced", new(*exchange.ProtocolError)},
		{"acknowledging what wasn't sent", slices.Concat(hi, frame(8, bytes.Repeat([]byte{1}, 8))), "acknowledged", new(*exchange.ProtocolError)},
		{"entries that aren't compressed", slices.Concat(hi, frame(6, []byte("\x00plain"))), "decompressed", new(*exchange.ProtocolError)},
		{"entries of a third sort", slices.Concat(hi, frame(6, []byte("\x02x"))), "unknown sort", new(*exchange.ProtocolError)},
		{"a zstd bomb", slices.Concat(hi, zipped(0, bomb)), "decompressed", new(*exchange.ProtocolError)},
		{"a batch that ends inside an entry", slices.Concat(hi, zipped(0, batchOf(good.Encoded())[:40])), "ends inside", new(*exchange.ProtocolError)},
		{"a batch that ends before a signature", slices.Concat(hi, zipped(0, unsignedBatch(ana.write("below"), ana.write("above")))), "before a signature", new(*exchange.ProtocolError)},
		{"an entry that is none", slices.Concat(hi, zipped(0, spoiltBatch(good))), "not an entry", new(*exchange.BadEntryError)},
		{"an entry of a foreign space", slices.Concat(hi, zipped(0, batchOf(foreign.Encoded()))), "another space", new(*exchange.BadEntryError)},
		{"garbage in the signature of an inner entry", slices.Concat(hi, zipped(0, batchOf(good.Encoded(), badSignature))), "the signature is not", new(*exchange.BadEntryError)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				a := newReplica(t, ana.space, genesis)
				err, goodbye := face(a, test.say)
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Fatalf("%v; want %q in it", err, test.want)
				}
				if test.as != nil && !errors.As(err, test.as) {
					t.Errorf("%v is a %T, want %T", err, err, test.as)
				}
				if goodbye == "" {
					t.Error("the peer wasn't told why")
				}
				if a.Len() != 1 {
					t.Errorf("%d entries were stored of a batch that isn't valid as a whole", a.Len()-1)
				}
			})
		})
	}
}

// A peer whose symbols lead nowhere is answered with a key, and at last asked for its list; then
// it gets what that lacks. All of it costs a bounded number of bytes.
func TestSymbolsThatLeadNowhereEndInAList(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ana, genesis := found(1)
		a := newReplica(t, ana.space, append(ana.writeMany(800), genesis)...)
		ours := rateless.NewSet()
		for id := range a.IDs() {
			ours.Add(id)
		}
		// The sums are ours, the digest isn't: nobody's set has both.
		set := binary.BigEndian.AppendUint64(nil, 801)
		set = frame(2, ours.Snapshot().Append(append(set, make([]byte, 32)...), 0, 12))
		say := slices.Concat(helloOf(1, 1, ana.space), set, keyOf(), setOf(801), symbolsOf(180), frame(4, idBytes(genesis)), frame(4, nil))
		near, theirs := net.Pipe()
		w := &wire{ReadWriteCloser: near}
		go func() { _, _ = io.Copy(io.Discard, theirs) }()
		var said sync.WaitGroup
		said.Go(func() {
			for len(say) > 0 {
				n := 5 + binary.BigEndian.Uint32(say)
				_, _ = theirs.Write(say[:n])
				say = say[n:]
				time.Sleep(time.Millisecond)
			}
		})
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan error)
		go func() { ended <- a.x.Run(ctx, w, nil) }()
		said.Wait()
		settle()
		_, frames := w.get()
		if frames[2] != 4 || frames[12] != 2 || frames[3] != 2 || frames[5] != 1 || frames[6] == 0 {
			t.Errorf("frames by type: %v; want the key, the symbols under it, a list, and then entries", frames)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		_ = theirs.Close()
	})
}

// A peer that wants what it was not shown is no peer.
func TestNobodyIsAskedForWhatIsNotHere(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ana, genesis := found(1)
		a := newReplica(t, ana.space, genesis)
		err, _ := face(a, slices.Concat(helloOf(1, 1, ana.space), setOf(50), frame(4, make([]byte, 32))))
		if err == nil || !strings.Contains(err.Error(), "isn't here") || !exchange.Blame(err) {
			t.Error(err)
		}
	})
}

// A peer that compares again and again gets an answer every three seconds.
func TestComparisonsHaveAPause(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ana, genesis := found(1)
		a := newReplica(t, ana.space, genesis)
		ours := rateless.NewSet()
		ours.Add(genesis.ID())
		now := ours.Snapshot()
		same := frame(2, now.Append(append(binary.BigEndian.AppendUint64(nil, 1), now.Digest[:]...), 0, 12))
		near, theirs := net.Pipe()
		w := &wire{ReadWriteCloser: near}
		heard := make(chan byte, 100)
		var said sync.WaitGroup
		said.Go(func() {
			defer close(heard)
			for {
				var h [5]byte
				if _, err := io.ReadFull(theirs, h[:]); err != nil {
					return
				}
				_, _ = io.CopyN(io.Discard, theirs, int64(binary.BigEndian.Uint32(h[:])))
				heard <- h[4]
			}
		})
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan error)
		go func() { ended <- a.x.Run(ctx, w, nil) }()
		_, _ = theirs.Write(helloOf(1, 1, ana.space))
		begin := time.Now()
		for range 4 {
			_, _ = theirs.Write(same)
			for kind := range heard {
				if kind == 2 {
					break
				}
			}
		}
		if took := time.Since(begin); took < 9*time.Second {
			t.Errorf("four comparisons in %v", took)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		_ = theirs.Close()
		said.Wait()
	})
}

// Attack 24: a relay puts garbage into the signature of an inner entry. The relay is dropped, and
// the author's entry comes in by another way.
func TestARelayThatSpoilsASignatureIsDroppedAndNotTheAuthor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ana, genesis := found(1)
		ben := ana.other(2)
		e := ben.write("Ben's")
		spoilt := bytes.Clone(e.Encoded())
		spoilt[len(spoilt)-9] ^= 0x40
		a := newReplica(t, ana.space, genesis)
		err, _ := face(a, slices.Concat(helloOf(1, 1, ana.space), zipped(0, batchOf(spoilt))))
		var bad *exchange.BadEntryError
		if !errors.As(err, &bad) || !errors.Is(err, entry.ErrSignature) || bad.Device != ben.key.Device() || !exchange.Blame(err) {
			t.Fatalf("%v", err)
		}
		b := newReplica(t, ana.space, genesis, e)
		m := meet(a, b, nil)
		defer m.end()
		settle()
		wantSame(t, a, b)
	})
}

func TestHostileSizesCostNoMemory(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ana, genesis := found(1)
		a := newReplica(t, ana.space, genesis)
		say := slices.Concat(helloOf(1, 1, ana.space), zipped(0, make([]byte, 256<<20)))
		_, _ = face(a, helloOf(9, 9, ana.space)) // all that is made once is made
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _ = face(a, say)
		_, _ = face(a, slices.Concat(helloOf(1, 1, ana.space), []byte{0x00, 0x10, 0, 0, 6})) // 1 MiB announced, none sent
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
			t.Errorf("256 MiB in a bomb and an empty promise allocated %d bytes", grown)
		}
	})
}

func TestAPeerThatSaysNothingIsLeft(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ana, genesis := found(1)
		a := newReplica(t, ana.space, genesis)
		begin := time.Now()
		err, _ := face(a, helloOf(1, 1, ana.space))
		if !errors.Is(err, exchange.ErrSilent) || time.Since(begin) != 60*time.Second {
			t.Errorf("after %v: %v", time.Since(begin), err)
		}
		err, _ = face(a, append(helloOf(1, 1, ana.space), 0, 1, 0, 0, 6))
		if !errors.Is(err, exchange.ErrSlow) {
			t.Errorf("a frame that never ends: %v", err)
		}
	})
}

// drip reads one byte a second.
type drip struct {
	io.ReadWriteCloser
	every time.Duration
}

func (d drip) Read(b []byte) (int, error) {
	time.Sleep(d.every)
	return d.ReadWriteCloser.Read(b[:min(1, len(b))])
}

func TestAPeerThatReadsOneByteASecondHoldsUpNobody(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ana, genesis := found(1)
		a := newReplica(t, ana.space, append(ana.writeMany(2000), genesis)...)
		slow, quick := newReplica(t, ana.space), newReplica(t, ana.space)
		m1 := meet(slow, a, func(rw io.ReadWriteCloser) io.ReadWriteCloser { return drip{rw, time.Second} })
		m2 := meet(quick, a, nil)
		settle()
		wantSame(t, a, quick)
		for range 50 {
			a.Add(ana.write("live"))
			after(time.Second)
			wantSame(t, a, quick)
		}
		after(10 * time.Minute)
		m2.end()
		m1.end()
		if !errors.Is(m1.errs[1], exchange.ErrSlow) {
			t.Errorf("the slow one was kept for ever: %v", m1.errs[1])
		}
	})
}

// Two that lack each other's entries, and one of them dawdles: the third doesn't wait for it.
func TestAPeerThatDawdlesLosesItsTurn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ana, genesis := found(1)
		ben := ana.other(2)
		a := newReplica(t, ana.space, genesis)
		b := newReplica(t, ana.space, append(ben.writeMany(500), genesis)...)
		ours, theirs := net.Pipe()
		go func() { _, _ = io.Copy(io.Discard, theirs) }()
		go func() { _, _ = theirs.Write(append(helloOf(1, 1, ana.space), setOf(100)...)) }() // and then nothing
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan error)
		go func() { ended <- a.x.Run(ctx, ours, nil) }()
		settle()
		m := meet(a, b, nil)
		settle()
		if a.Len() != 1 {
			t.Fatal("it had the turn, so this shows nothing")
		}
		after(2 * time.Second)
		wantSame(t, a, b)
		m.end()
		stop()
		<-ended
		_ = theirs.Close()
	})
}

func TestOwnTroubleIsNotThePeersFault(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ana, genesis := found(1)
		a, b := newReplica(t, ana.space), newReplica(t, ana.space, genesis)
		full := errors.New("no space left on device")
		a.Refuse = func([]*entry.Entry) error { return full }
		m := meet(a, b, nil)
		m.done.Wait()
		m.stop()
		if !errors.Is(m.errs[0], full) || exchange.Blame(m.errs[0]) {
			t.Errorf("a: %v", m.errs[0])
		}
		if s := fmt.Sprint(m.errs[1]); !strings.Contains(s, "trouble of its own") || strings.Contains(s, "no space") {
			t.Errorf("b heard %q", s)
		}
	})
}

// What only the replica can see, such as a change that is no change, is the peer's fault as well.
func TestABadEntryThatTheReplicaFindsIsThePeersFault(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ana, genesis := found(1)
		a, b := newReplica(t, ana.space), newReplica(t, ana.space, genesis)
		why := errors.New("it holds no change")
		a.Refuse = func(batch []*entry.Entry) error {
			return &exchange.BadEntryError{ID: batch[0].ID(), Device: batch[0].Device, Why: why}
		}
		m := meet(a, b, nil)
		m.done.Wait()
		m.stop()
		if !exchange.Blame(m.errs[0]) || !errors.Is(m.errs[0], why) || !strings.Contains(fmt.Sprint(m.errs[1]), "no change") {
			t.Errorf("%v, %v", m.errs[0], m.errs[1])
		}
	})
}

// Attack 29, as far as one space goes: whoever serves another space gets no entry of this one.
func TestWhoServesAnotherSpaceGetsNothingOfThisOne(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ana, genesis := found(1)
		other, _ := found(9)
		a := newReplica(t, ana.space, append(ana.writeMany(100), genesis)...)
		near, theirs := net.Pipe()
		w := &wire{ReadWriteCloser: near}
		var both sync.WaitGroup
		both.Go(func() { _, _ = io.Copy(io.Discard, theirs) })
		both.Go(func() {
			for _, f := range [][]byte{helloOf(1, 1, other.space), setOf(0)} {
				_, _ = theirs.Write(f)
			}
		})
		if err := a.x.Run(context.Background(), w, nil); !errors.Is(err, exchange.ErrOtherSpace) {
			t.Error(err)
		}
		_ = theirs.Close()
		both.Wait()
		// Types of frames with entries or lists of IDs in them.
		if _, frames := w.get(); frames[4]+frames[5]+frames[6] > 0 || a.Len() != 101 {
			t.Errorf("frames by type: %v; %d entries", frames, a.Len())
		}
	})
}
