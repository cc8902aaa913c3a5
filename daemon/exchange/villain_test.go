package exchange_test

import (
	"crypto/sha256"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"kith/crdt/entry"
)

// villains are the ways in which a device that belongs to the space, and keeps to the form of what it says, can
// be of no use to the others: each is a real exchange whose frames are held back, or joined by others.
var villains = []string{
	"silent",  // greets, and says nothing more
	"deaf",    // answers pings, and nothing else
	"stingy",  // names entries, and gives none
	"resends", // names entries, and gives old ones for ever in their place
	"drips",   // gives what it is asked for, a frame every two seconds
	"talks",   // says something new every few seconds
	"slow",    // reads forty bytes a second
	"spoils",  // makes each comparison fail
	"crumbs",  // says all that it should, one byte after the other
	"forgets", // acknowledges what it gets, keeps nothing of it, and asks for it anew
	"hangs up",
}

// phantoms are IDs that nothing has.
func phantoms(rnd *rand.Rand, n int) (ids []entry.ID) {
	for range n {
		ids = append(ids, sha256.Sum256(binary.BigEndian.AppendUint64(nil, rnd.Uint64())))
	}
	return ids
}

// villain is its end of a connection.
type villain struct {
	*end
	how string
	old []byte // a frame of entries that everybody has
	new func() []byte

	heard []byte        // of a frame that came
	gave  atomic.Uint64 // frames of entries that its exchange wrote
	turn  chan struct{} // holds one while a frame is written; a mutex would stop the clock of a bubble
	rest  []byte
	held  [][]byte // frames that it takes its time with
	begun bool     // it has announced what it gives
}

// frames that a villain may hold back.
const (
	hello   = 1
	set     = 2
	symbol  = 3
	begin   = 5
	entries = 6
	done    = 7
	ack     = 8
	pong    = 10
	bare    = 13
)

func (v *villain) Read(b []byte) (int, error) {
	if v.how == "slow" {
		time.Sleep(time.Second)
		return v.end.Read(b[:min(40, len(b))])
	}
	for len(v.heard) == 0 {
		frame := make([]byte, 5)
		if _, err := io.ReadFull(v.end, frame); err != nil {
			return 0, err
		}
		frame = append(frame, make([]byte, binary.BigEndian.Uint32(frame))...)
		if _, err := io.ReadFull(v.end, frame[5:]); err != nil {
			return 0, err
		}
		if frame[4] == ack { // also of what the exchange knows nothing of
			binary.BigEndian.PutUint64(frame[5:], min(binary.BigEndian.Uint64(frame[5:]), v.gave.Load()))
		}
		v.heard = frame
	}
	n := copy(b, v.heard)
	v.heard = v.heard[n:]
	return n, nil
}

func (v *villain) Write(b []byte) (int, error) {
	v.turn <- struct{}{}
	defer func() { <-v.turn }()
	v.rest = append(v.rest, b...)
	for len(v.rest) >= 5 {
		n := 5 + int(binary.BigEndian.Uint32(v.rest))
		if n > len(v.rest) {
			break
		}
		frame := append([]byte(nil), v.rest[:n]...)
		v.rest = v.rest[n:]
		if err := v.say(frame); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

// say writes a frame, if it wants to.
func (v *villain) say(frame []byte) error {
	kind := frame[4]
	if kind == entries {
		v.gave.Add(1)
	}
	switch v.how {
	case "silent":
		if kind != hello {
			return nil
		}
	case "deaf":
		if kind != hello && kind != pong {
			return nil
		}
	case "stingy":
		if kind == bare || kind == entries && frame[5] == 1 {
			return nil
		}
	case "resends":
		if v.begun = v.begun || kind == begin; v.begun && (kind == done || kind == bare || kind == entries && frame[5] == 1) {
			return nil
		}
	case "drips":
		if kind == done || kind == bare || kind == entries && frame[5] == 1 {
			v.held = append(v.held, frame)
			return nil
		}
	case "spoils":
		if kind == set {
			frame[5+8] ^= 1 // the digest
		}
	}
	if v.how != "crumbs" {
		_, err := v.end.Write(frame)
		return err
	}
	for i := range frame {
		time.Sleep(100 * time.Millisecond)
		if _, err := v.end.Write(frame[i : i+1]); err != nil {
			return err
		}
	}
	return nil
}

// act does what it does by itself, until the connection ends.
func (v *villain) act() {
	for n := 1; ; n++ {
		time.Sleep(950 * time.Millisecond)
		v.turn <- struct{}{}
		var err error
		switch {
		case v.how == "resends" && v.begun:
			_, err = v.end.Write(v.old)
		case v.how == "talks" && n%3 == 0:
			_, err = v.end.Write(v.new())
		case v.how == "drips" && n%2 == 0 && len(v.held) > 0:
			_, err = v.end.Write(v.held[0])
			v.held = v.held[1:]
		case v.how == "hangs up" && n%2 == 0:
			err = io.ErrClosedPipe
		}
		<-v.turn
		if over, _ := v.over(); over || err != nil {
			_ = v.Close()
			return
		}
	}
}
