package replica

import (
	"context"
	"errors"
)

// doubtRecord is a small record of a share, there as long as it isn't known whether the other side speaks for its co-op.
// Views are stored as of that.
const doubtRecord = "doubt"

// Doubt says whether it isn't known any more that the other side of this share speaks for its co-op: see share.Doubt. The
// documents that count its people are looked at anew. In a co-op it does nothing.
func (r *Replica) Doubt(ctx context.Context, yes bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return errors.Join(r.doubt(yes), r.judgeAgain(false))
}

func (r *Replica) doubt(yes bool) error {
	r.judging.Lock()
	defer r.judging.Unlock()
	g := r.ground.Load()
	if g.doubts() == yes {
		return nil
	}
	return r.growLocked(g.doubt(yes), nil, r.standing())
}
