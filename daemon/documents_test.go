package daemon

import (
	"encoding/json"
	"testing"

	"kith/daemon/api"
)

func TestAnAgreementInWhosePlaceAnotherHoldsGetsNoEarlierTextBack(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	ana.start()
	ctx := t.Context()
	add := func(title string) (a api.Document) {
		raw, err := ana.client.MakeDocument(ctx, "agreements", map[string]any{"title": title, "text": "Ten to six."})
		must(t, err)
		must(t, json.Unmarshal(raw, &a))
		return a
	}
	hours, winter := add("Opening hours"), add("Opening hours in winter")
	_, err := ana.client.EditDocument(ctx, "agreements", hours.ID, map[string]any{"text": map[string]any{"text": "Ten to seven."}})
	must(t, err)
	versions, err := ana.client.History(ctx, "agreements", hours.ID)
	must(t, err)
	_, err = ana.client.Do(ctx, "agreements", hours.ID, "replace", map[string]any{"by": winter.ID})
	must(t, err)
	_, err = ana.client.Restore(ctx, "agreements", hours.ID, versions[len(versions)-1].Head)
	refusedFor(t, "an earlier text of what is replaced", err, "another agreement holds in its place")
}
