package share_test

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/entry"
	"kith/crdt/share"
)

func aMeeting(t *rapid.T) *share.Meeting {
	bytes := func(name string) (b [32]byte) {
		copy(b[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, name))
		return b
	}
	return &share.Meeting{
		Code: entry.Device(bytes("code")), Devices: [2]entry.Device{bytes("first"), bytes("second")},
		Draft: rapid.SliceOfN(rapid.Byte(), 1, 200).Draw(t, "draft"), Nonces: [2][32]byte{bytes("nonce"), bytes("other nonce")},
	}
}

// The words are of no use if anything that they stand for can be another.
func TestTheWordsOfAMeetingChangeWithAllThatTheyStandFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := aMeeting(t)
		words, bound := m.Words(), m.Commitment()
		if len(words) != share.MeetingWords || !slices.Equal(slices.Concat(m.Reads(0), m.Reads(1)), words) {
			t.Fatalf("%v is read as %v and %v", words, m.Reads(0), m.Reads(1))
		}
		for side := range 2 {
			if !slices.Equal(m.Reads(side), m.Hears(1-side)) {
				t.Fatal("a side doesn't hear what the other reads")
			}
		}
		parts := [][]byte{m.Code[:], m.Devices[0][:], m.Devices[1][:], m.Draft, m.Nonces[0][:], m.Nonces[1][:]}
		at := rapid.IntRange(0, len(parts)-1).Draw(t, "part")
		bit := rapid.IntRange(0, 8*len(parts[at])-1).Draw(t, "bit")
		parts[at][bit/8] ^= 1 << (bit % 8)
		if slices.Equal(m.Words(), words) { // by chance once in 2^44
			t.Fatal("the words are the same")
		}
		if (m.Commitment() == bound) != (at == 4) {
			t.Fatal("the commitment binds another part than all but the first side's nonce")
		}
	})
}

// Who stands between the two shows each side a co-op of their own making, and is bound to a nonce on
// one side before it knows that of the other. All that is left is a guess.
func TestWhoStandsBetweenTwoCoopsMakesTheirWordsDiffer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		honest := aMeeting(t)
		between := [2]entry.Device{entry.NewSigner().Device(), entry.NewSigner().Device()}
		toFirst, toSecond := *honest, *honest
		toFirst.Devices[1], toSecond.Devices[0] = between[1], between[0]
		rand.Read(toFirst.Nonces[1][:])
		rand.Read(toSecond.Nonces[0][:])
		if rapid.Bool().Draw(t, "passes nonces on") {
			toSecond.Nonces[0] = toFirst.Nonces[0]
		}
		if slices.Equal(toFirst.Hears(0), toSecond.Reads(1)) && slices.Equal(toSecond.Hears(1), toFirst.Reads(0)) {
			t.Fatal("both sides hear what they expect")
		}
		// The second side's nonce can't be passed on to the first: its commitment is to another meeting.
		toFirst.Nonces[1] = honest.Nonces[1]
		if toFirst.Commitment() == toSecond.Commitment() {
			t.Fatal("a commitment is good in two meetings")
		}
	})
}

func TestTheEndOfADraftIsPartOfWhatTheWordsStandFor(t *testing.T) {
	a, b := share.Meeting{Draft: []byte{1, 2}}, share.Meeting{Draft: []byte{1, 2, 0}}
	if slices.Equal(a.Words(), b.Words()) {
		t.Error("two drafts have the same words")
	}
}

// What another implementation must compute as well.
func TestTheWordsOfAMeetingAreThoseOfTheProtocol(t *testing.T) {
	m := share.Meeting{Code: entry.Device{1}, Devices: [2]entry.Device{{2}, {3}}, Draft: []byte{4, 5}, Nonces: [2][32]byte{{6}, {7}}}
	if got := strings.Join(m.Words(), " "); got != "today state poverty wonder" {
		t.Errorf("words: %s", got)
	}
	if got := fmt.Sprintf("%x", m.Commitment()); got != "8b3d8cc2e95ab87a1ff20c11b3b6942258dc5e9f15302439e724a69bed891fd5" {
		t.Errorf("commitment: %s", got)
	}
}
