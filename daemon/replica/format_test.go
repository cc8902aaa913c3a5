package replica

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"kith/crdt/problem"
	"kith/daemon/store"
)

// A home of another release is called what it is, and never damaged.
func TestAHomeOfAnotherReleaseIsntCalledDamaged(t *testing.T) {
	c := found(t, "Ana")
	cfg := c.all[0].cfg
	c.close()
	write := func(put func(b *store.Batch)) {
		t.Helper()
		s, err := store.Open(cfg.Dir, nil)
		must(t, err)
		b := store.NewBatch(nil)
		put(b)
		must(t, s.Commit(b))
		must(t, s.Close())
	}
	refuses := func(says, hint string) {
		t.Helper()
		_, err := Open(cfg)
		p, ok := problem.Of(err)
		if !ok || !errors.Is(err, ErrOtherFormat) || !strings.Contains(p.Message, says) || !strings.Contains(p.Hint, hint) || strings.Contains(p.Message, "damaged") {
			t.Errorf("%v: %+v", err, p)
		}
	}
	write(func(b *store.Batch) { b.PutSmall(formatRecord, binary.AppendUvarint(nil, Format+1)) })
	refuses("its store has form 2, and this Kith reads form 1", "use the newer Kith")

	// One of before says nothing. As long as it can be read it is taken, and says it from then on.
	stand := []byte(nil)
	write(func(b *store.Batch) { b.PutSmall(formatRecord, nil) })
	r, err := Open(cfg)
	must(t, err)
	if stand, err = r.Store().Small(formatRecord); err != nil || len(stand) != 1 {
		t.Errorf("its form isn't noted: %x, %v", stand, err)
	}
	must(t, r.Close())

	// What can't be read of it may be of another release.
	write(func(b *store.Batch) { b.PutSmall(formatRecord, nil); b.PutSmall(sideRecord, []byte("another form")) })
	refuses("from before its form was noted", "makes a backup: kith backup FILE")
	write(putFormat)
	if _, err := Open(cfg); !errors.Is(err, store.ErrCorrupt) || errors.Is(err, ErrOtherFormat) {
		t.Errorf("of this release it is damage: %v", err)
	}
}
