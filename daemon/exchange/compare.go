package exchange

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"kith/crdt/entry"
	"kith/daemon/exchange/rateless"
)

// comparison finds out, together with the peer's, in what two sets differ. Both sides say the
// same at the same time, and each decides by what both know, so that they always agree on what
// comes next without a word about it:
//
//	set, symbols…           under the key that all know; enough for nearly every reconnect
//	key, set, symbols…      under one drawn for this session, if somebody chose IDs to make the first fail
//	list                    of the smaller set, where the difference is too large for symbols
//
// It does no I/O: what is to be said is put into out.
type comparison struct {
	set    *idSet
	random func([]byte)
	pace   func(ids int) (wait time.Duration) // until a key may be used for so many IDs; 0 uses it. nil: no pause

	mu     sync.Mutex // not held while anything is waited for
	stage  stage
	keyed  bool
	ours   *rateless.Snapshot
	theirs []byte // the peer's set, while it waits for ours
	diff   *rateless.Diff
	sent   int // symbols; as many are to come
	told   int // how many IDs we said our set has
	claims int // how many IDs the peer said its set has
	nonce  [nonceSize]byte
	said   bool     // our part of the key was
	part   []byte   // the peer's, while ours wasn't
	list   *listing // the peer's, while it arrives
	out    []saying
}

type stage int

const (
	resting  stage = iota // none is under way
	invited               // the peer has sent its set, and waits for ours
	opened                // we sent our set, and wait for the peer's
	decoding              // we wait for the peer's next symbols
	keying                // we wait for the peer's part of the key
	weList                // we are to send our list
	theyList              // we wait for the peer's list
)

// saying is a frame to be written.
type saying struct {
	kind frameType
	body []byte
}

// outcome is what a step has led to.
type outcome int

const (
	nothing outcome = iota // it goes on
	found                  // diff holds the difference
	list                   // we are to send our list
	listed                 // the peer's list is here, all of it
)

// open starts a comparison, or answers the peer's.
func (c *comparison) open() (outcome, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keyed = false
	return c.openLocked(c.set.snapshot())
}

func (c *comparison) openLocked(ours *rateless.Snapshot) (outcome, error) {
	c.stage, c.ours, c.told, c.sent = opened, ours, ours.Len, firstSymbols
	b := binary.BigEndian.AppendUint64(nil, uint64(ours.Len))
	b = append(b, ours.Digest[:]...)
	c.out = append(c.out, saying{frameSet, ours.Append(b, 0, firstSymbols)})
	if c.theirs == nil {
		return nothing, nil
	}
	return c.meetLocked()
}

// invitation says whether the peer's set waits for ours.
func (c *comparison) invitation() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stage == invited
}

// readSet takes the peer's set. mayOpen says whether a new comparison may begin now.
func (c *comparison) readSet(body []byte, mayOpen bool) (outcome, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.theirs = bytes.Clone(body)
	switch {
	case c.stage == opened:
		return c.meetLocked()
	case c.stage == resting && mayOpen, c.stage == theyList && c.list == nil:
		// The second: its set has grown while it waited to be sent much, so that it compares anew.
		c.stage = invited
		return nothing, nil
	}
	return nothing, broken("%q out of place", frameSet)
}

// meetLocked goes on when both sets are here.
func (c *comparison) meetLocked() (outcome, error) {
	body := c.theirs
	c.theirs = nil
	n := binary.BigEndian.Uint64(body)
	if n > MaxListed {
		return nothing, broken("a set of %d IDs, the limit is %d", n, MaxListed)
	}
	c.diff = rateless.NewDiff(c.ours, int(n), rateless.Digest(body[8:40]))
	c.stage, c.claims = decoding, int(n)
	return c.symbolsLocked(body[40:])
}

func (c *comparison) readSymbols(body []byte) (outcome, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stage != decoding {
		return nothing, broken("%q out of place", frameSymbols)
	}
	return c.symbolsLocked(body)
}

func (c *comparison) symbolsLocked(body []byte) (outcome, error) {
	state, err := c.diff.Read(body, c.sent)
	if err != nil {
		return nothing, broken("symbols: %v", err)
	}
	switch next := c.diff.Next(); {
	case state == rateless.Found:
		c.stage = resting
		return found, nil
	case c.diff.Apart() > farApart || listFactor*next > c.diff.Smaller():
		return c.listLocked()
	case state == rateless.Failed && c.keyed:
		return c.listLocked()
	case state == rateless.Failed:
		c.random(c.nonce[:])
		c.stage, c.said, c.part = keying, false, nil
		to, _, err := c.keyLocked()
		return to, err
	default:
		c.out = append(c.out, saying{frameSymbols, c.ours.Append(nil, c.sent, next)})
		c.sent = next
	}
	return nothing, nil
}

// key says our part of the key as soon as that may be; wait is how long it isn't yet.
func (c *comparison) key() (to outcome, wait time.Duration, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.keyLocked()
}

func (c *comparison) keyLocked() (to outcome, wait time.Duration, err error) {
	if c.stage != keying || c.said {
		return nothing, 0, nil
	}
	if c.pace != nil {
		if wait := c.pace(c.told); wait > 0 {
			return nothing, wait, nil
		}
	}
	c.said = true
	c.out = append(c.out, saying{frameKey, bytes.Clone(c.nonce[:])})
	to, err = c.underLocked()
	return to, 0, err
}

// readKey takes the peer's part of the key.
func (c *comparison) readKey(body []byte) (outcome, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stage != keying || c.part != nil {
		return nothing, broken("%q out of place", frameKey)
	}
	c.part = bytes.Clone(body)
	return c.underLocked()
}

// underLocked begins once more under the key that both sides' parts make, when both were said.
func (c *comparison) underLocked() (outcome, error) {
	if !c.said || c.part == nil {
		return nothing, nil
	}
	ours, ids := c.set.list()
	c.keyed = true
	return c.openLocked(ours.Under(sessionKey(c.nonce[:], c.part), slices.Values(ids)))
}

// sessionKey makes a key of two parts, whoever drew which.
func sessionKey(a, b []byte) rateless.Key {
	if bytes.Compare(a, b) > 0 {
		a, b = b, a
	}
	sum := sha256.Sum256(slices.Concat([]byte("kith/symbols/1\x00"), a, b))
	return rateless.Key(sum[:])
}

// listLocked goes over to lists: the smaller set is listed.
func (c *comparison) listLocked() (outcome, error) {
	order := c.diff.Order()
	c.ours, c.diff = nil, nil // they aren't small, and turns may take their time
	switch order {
	case 0:
		return nothing, broken("the same set, with other symbols")
	case -1:
		c.stage, c.list = theyList, nil
		return nothing, nil
	}
	c.stage = weList
	return list, nil
}

// rest ends the comparison: our list is being written. It returns how many IDs the peer said its set has.
func (c *comparison) rest() (claims int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stage = resting
	return c.claims
}

// readList takes a part of the peer's list; an empty one ends it.
func (c *comparison) readList(body []byte) (outcome, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stage != theyList {
		return nothing, broken("a list out of place")
	}
	if c.list == nil {
		_, ids := c.set.list()
		c.list = &listing{mine: ids}
	}
	if len(body) > 0 {
		return nothing, c.list.chunk(body)
	}
	c.stage = resting
	return listed, nil
}

// result returns what was found: what the peer lacks, what we do, and whether there is more that
// we lack. It lets go of all that the comparison took.
func (c *comparison) result() (missing, lack []entry.ID, more bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.list != nil {
		missing, lack, more = c.list.end(), c.list.lack, c.list.more
	} else {
		missing, lack = c.diff.Mine(), c.diff.Theirs()
	}
	c.ours, c.diff, c.list = nil, nil, nil
	return missing, lack, more
}

// say returns what is to be written next.
func (c *comparison) say() (saying, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.out) == 0 {
		return saying{}, false
	}
	s := c.out[0]
	c.out = c.out[1:]
	return s, true
}

// size is how many IDs our set had when the comparison began.
func (c *comparison) size() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.told
}
