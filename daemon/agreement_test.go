package daemon

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"kith/daemon/api"
	"kith/daemon/api/apitest"
)

// agreement is what tests read of one.
type agreement struct {
	api.Document
	Text       string      `json:"text"`
	Status     string      `json:"status"`
	Decision   string      `json:"decision"`
	ReplacedBy string      `json:"replaced_by"`
	Revision   string      `json:"revision"`
	ReadBy     []api.Named `json:"read_by"`
	UnreadBy   []api.Named `json:"unread_by"`
}

// read reads an answer of the API about an agreement.
func read(t *testing.T) func(json.RawMessage, error) agreement {
	return func(raw json.RawMessage, err error) (a agreement) {
		t.Helper()
		must(t, err)
		must(t, json.Unmarshal(raw, &a))
		return a
	}
}

// An agreement's whole way into a share and back: what it says of other documents stays at home and goes on there.
func TestAnAgreementThatGoesOnInAShareKnowsAtHomeWhatMadeItAndWhatHoldsInItsPlace(t *testing.T) {
	t.Parallel()
	ana, dora, anas, doras := alliedHomes(t, aFair)
	ctx, home := t.Context(), ana.homeClient()
	say := func(c *apitest.Client, id, verb string, body map[string]any) (json.RawMessage, error) {
		return c.Do(ctx, "agreements", id, verb, body)
	}
	nine, err := home.CreateDecision(ctx, apitest.NewDecision{Title: "We open at nine"})
	must(t, err)
	hours := read(t)(home.MakeDocument(ctx, "agreements", map[string]any{"title": "Opening hours", "text": "Nine.", "decision": nine.ID}))
	summer := read(t)(home.MakeDocument(ctx, "agreements", map[string]any{"title": "Hours in summer", "text": "Eight."}))
	p, err := home.PreviewSharing(ctx, "Quilted", api.ShareAdd{ID: hours.ID})
	must(t, err)
	if !slices.ContainsFunc(p.Says, func(s string) bool {
		return strings.Contains(s, "stays at home") && strings.Contains(s, "isn't shown: decision")
	}) {
		t.Errorf("the preview doesn't say that the decision stays at home: %q", p.Says)
	}
	ana.shares("Quilted", hours.ID, false)
	at := func() agreement { t.Helper(); return read(t)(home.Document(ctx, "agreements", hours.ID)) }
	if a := at(); a.Decision != nine.ID || a.Status != "current" || a.Shared == nil {
		t.Errorf("shared, it is %+v", a)
	}
	// The ally reads it, says so, and learns of no ID of the home.
	there := at().Shared.ID
	var theirs agreement
	dora.until("it is there", func() bool {
		raw, err := doras.Document(ctx, "agreements", there)
		if err == nil {
			theirs = read(t)(raw, nil)
		}
		return err == nil
	})
	if theirs.Decision != "" || theirs.ReplacedBy != "" || len(theirs.UnreadBy) != 2 {
		t.Errorf("Dora sees %+v", theirs)
	}
	read(t)(say(doras, there, "read", map[string]any{"revision": theirs.Revision}))
	ana.until("Dora has read it", func() bool { return len(at().ReadBy) == 1 })
	// At home another takes its place, and none that has lost its own.
	a := read(t)(say(home, hours.ID, "replace", map[string]any{"by": summer.Short}))
	if a.ReplacedBy != summer.ID || a.Status != "replaced" {
		t.Errorf("replaced, it is %+v", a)
	}
	_, err = say(home, summer.ID, "replace", map[string]any{"by": hours.ID})
	refusedFor(t, "a ring", err, "another agreement holds in its place")
	_, err = home.EditDocument(ctx, "agreements", hours.ID, map[string]any{"text": map[string]any{"text": "Ten."}})
	refusedFor(t, "an edit of what is replaced", err, "another agreement holds in its place")
	var current []agreement
	raw, err := home.Documents(ctx, "agreements", url.Values{"current": {"true"}})
	must(t, err)
	must(t, json.Unmarshal(raw, &current))
	if len(current) != 1 || current[0].ID != summer.ID {
		t.Errorf("what holds at home: %+v", current)
	}
	// Who reads it in the share is told so, and not by what.
	if a := read(t)(anas.Document(ctx, "agreements", there)); a.ReplacedBy != "(not shared)" || a.Status != "replaced" {
		t.Errorf("in the share: %+v", a)
	}
	theirsIs := func(what, status string) {
		t.Helper()
		dora.until(what, func() bool { return read(t)(doras.Document(ctx, "agreements", there)).Status == status })
	}
	theirsIs("she knows that it doesn't hold any more", "replaced")
	_, err = doras.EditDocument(ctx, "agreements", there, map[string]any{"title": "Ours"})
	refusedFor(t, "an edit of what is replaced", err, "another agreement holds in its place, which isn't shared")
	_, err = say(doras, there, "replace", map[string]any{"undo": true})
	refusedFor(t, "an ally's word of what holds", err, "what holds in its place is theirs to say")
	a = read(t)(say(home, hours.ID, "replace", map[string]any{"undo": true}))
	if a.Status != "current" {
		t.Errorf("undone, it is %+v", a)
	}
	theirsIs("it holds again there as well", "current")
	// One edit can be of both: the text is the share's, the decision the home's.
	ten, err := home.CreateDecision(ctx, apitest.NewDecision{Title: "We open at ten"})
	must(t, err)
	a = read(t)(home.EditDocument(ctx, "agreements", hours.ID, map[string]any{"text": map[string]any{"text": "Ten."}, "decision": ten.Short}))
	if a.Text != "Ten." || a.Decision != ten.ID || len(a.ReadBy) != 0 {
		t.Errorf("edited, it is %+v", a)
	}
	dora.until("she reads ten", func() bool {
		a := read(t)(doras.Document(ctx, "agreements", there))
		return a.Text == "Ten." && a.Decision == ""
	})
	// What is shared for reading asks nobody who can't say that they have read it.
	ana.shares("Quilted", summer.ID, true)
	kept := read(t)(home.Document(ctx, "agreements", summer.ID))
	if len(kept.UnreadBy) != 1 || !strings.HasPrefix(kept.UnreadBy[0].Name, "Ana") {
		t.Errorf("asked to read: %+v", kept.UnreadBy)
	}
	dora.until("it is there to read", func() bool {
		_, err := doras.Document(ctx, "agreements", kept.Shared.ID)
		return err == nil
	})
	raw, err = doras.Documents(ctx, "agreements", url.Values{"unread": {"true"}})
	must(t, err)
	var unread []agreement
	must(t, json.Unmarshal(raw, &unread))
	if slices.ContainsFunc(unread, func(a agreement) bool { return a.ID == kept.Shared.ID }) {
		t.Error("Dora is asked to read what she can't say she has read")
	}
	// What doesn't hold isn't shared as if it did.
	old := read(t)(home.MakeDocument(ctx, "agreements", map[string]any{"title": "Old hours"}))
	read(t)(say(home, old.ID, "replace", map[string]any{"by": hours.ID}))
	_, err = home.PreviewSharing(ctx, "Quilted", api.ShareAdd{ID: old.ID})
	refusedFor(t, "sharing what is replaced", err, "another agreement holds in its place")
	ana.stop()
	dora.stop()
}
