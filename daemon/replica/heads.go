package replica

import (
	"context"
	"fmt"
	"time"

	"github.com/automerge/automerge-go"

	"kith/crdt/change"
	"kith/crdt/entry"
)

// maxOpenHeads is how many heads a document may have before they are joined. A change names all
// that its author sees, and no change may name more than change.MaxDeps: a member whose device
// writes a thousand changes beside each other could keep everybody from writing.
const maxOpenHeads = change.MaxDeps / 2

// joinHeads joins the heads of a document until there are few enough for an edit to stand on all
// of them: by changes that write nothing, each on a part of the heads. Each is of a run of its
// own, since a change has to stand on what its actor wrote before. The caller holds the stripe;
// after an error the document must be dropped.
func (r *Replica) joinHeads(d *document, now time.Time) error {
	for len(d.judge.Heads()) > maxOpenHeads {
		ru := newRun()
		part := make([]automerge.ChangeHash, maxOpenHeads)
		for i, h := range d.judge.Heads()[:maxOpenHeads] {
			part[i] = automerge.ChangeHash(h)
		}
		am, err := d.am.Fork(part...)
		if err != nil {
			return fmt.Errorf("join the heads of document %s: %w", d.id, err)
		}
		joined := &document{am: am}
		if err := joined.writeAs(entry.ActorOf(r.space, r.device, ru.nonce, d.id)); err != nil {
			return err
		}
		payload, c, err := written(am, automerge.CommitOptions{Time: &now, AllowEmpty: true})
		if err != nil {
			return err
		}
		if err := d.am.LoadIncremental(payload); err != nil {
			return fmt.Errorf("join the heads of document %s: %w", d.id, err)
		}
		if _, err := r.bring(context.Background(), ru, d, entry.Fields{Kind: entry.Change, Doc: d.id, Payload: payload}, c); err != nil {
			return err
		}
	}
	return nil
}
