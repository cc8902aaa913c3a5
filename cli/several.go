package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"kith/crdt/problem"
	"kith/daemon/api"
	"kith/daemon/api/client"
)

// each does the same with everything that is named, one by one, and says of each what became of it: what show prints,
// or why it wasn't done. One that fails doesn't keep the others from being done.
//
// As JSON one thing gives its answer alone, and several a list, in which what failed is {id,error}.
func (c *call) each(ids []string, do func(d *client.Client, id string) (answer any, show func(), err error)) error {
	client, err := c.api()
	if err != nil {
		return err
	}
	if len(ids) == 1 {
		answer, show, err := do(client, ids[0])
		if err != nil {
			return err
		}
		return c.out.show(answer, show)
	}
	var answers []any
	var failed []string
	var first *api.Problem
	for _, id := range ids {
		answer, show, err := do(client, id)
		p, known := problem.Of(err)
		switch {
		case err == nil:
			answers = append(answers, answer)
			if !c.out.json {
				show()
			}
			continue
		case known && p.Code == api.Nothing:
			answers = append(answers, map[string]any{"id": id, "changed": false})
			c.note([]string{oneLine(id, 40) + ": " + nothingChanged(p)})
			continue
		case !known, p.Code == api.NotRunning, errors.Is(err, context.Canceled):
			return c.stoppedAt(answers, id, err) // the others would fail alike
		}
		failed = append(failed, oneLine(id, 40))
		if first == nil {
			first = p
		}
		answers = append(answers, map[string]any{"id": id, "error": p})
		if !c.out.json {
			c.tell(p, oneLine(id, 40)+": ")
		}
	}
	if c.out.json {
		if err := c.out.show(answers, nil); err != nil {
			return err
		}
	}
	if len(failed) > 0 {
		hint := "the others are done"
		if len(failed) == len(ids) {
			hint = ""
		}
		return api.Problemf(first.Code, hint, "%d of %d failed: %s", len(failed), len(ids), strings.Join(failed, ", "))
	}
	return nil
}

// stoppedAt ends a row of things to do in the middle, and says where.
func (c *call) stoppedAt(answers []any, id string, err error) error {
	if c.out.json && len(answers) > 0 {
		if err := c.out.show(answers, nil); err != nil {
			return err
		}
	}
	if len(answers) == 0 {
		return err
	}
	return fmt.Errorf("stopped at %s: %w", oneLine(id, 40), err)
}
