package server

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"kith/daemon/api"
)

// withAllies is a co-op with pacts.
type withAllies struct {
	*fake
	allies    []api.Ally
	confirmed api.AllyConfirmRequest
	cancelled string
	invited   api.AllyInviteRequest
}

func (f *withAllies) Allies(context.Context) ([]api.Ally, error) { return slices.Clone(f.allies), nil }

func (f *withAllies) AllyConfirm(_ context.Context, q api.AllyConfirmRequest) (api.Ally, error) {
	f.confirmed = q
	return api.Ally{ID: q.Ally}, nil
}

func (f *withAllies) AllyCancel(_ context.Context, id string) (api.Ally, error) {
	f.cancelled = id
	return api.Ally{ID: id}, nil
}

func (f *withAllies) AllyInvite(_ context.Context, q api.AllyInviteRequest) (api.Ally, error) {
	f.invited = q
	return api.Ally{ID: "v-1"}, nil
}

func newWithAllies() *withAllies {
	return &withAllies{fake: newFake(), allies: []api.Ally{
		{ID: "v-aaaa1111", Name: "Quilted", State: api.AllyGivenUp},
		{ID: "v-bbbb2222", Name: "Quilted", State: api.AllyMade, Share: &api.Named{ID: strings.Repeat("ab", 32)}},
		{ID: "v-cccc3333", Name: "Bäckerei", State: api.AllyCompare},
		{ID: "v-dddd4444", State: api.AllyInvited, Code: "kitha1xyz"},
	}}
}

func TestAPactIsNamedByTheOtherCoopByItsIDItsShareOrItsCode(t *testing.T) {
	f := newWithAllies()
	for word, want := range map[string]string{
		"quilted": "v-bbbb2222", "BACKEREI": "v-cccc3333", "v-aaaa": "v-aaaa1111", "abababab": "v-bbbb2222",
		"kitha1xyz": "v-dddd4444", "v-d": "v-dddd4444",
	} {
		if status, answer := ask(t, f, "GET", "allies/"+word, nil); status != 200 || !strings.Contains(answer, want) {
			t.Errorf("%s: %d %s", word, status, answer)
		}
	}
	for word, want := range map[string]api.Code{"Bakery": api.NotFound, "v-": api.Ambiguous, "ab": api.NotFound} {
		if p := refused(t, f, "GET", "allies/"+word, nil); p.Code != want || want == api.Ambiguous && len(p.Candidates) != 4 {
			t.Errorf("%s: %+v", word, p)
		}
	}
	if status, _ := ask(t, f, "POST", "allies/quilted/cancel", nil); status != 200 || f.cancelled != "v-bbbb2222" {
		t.Errorf("cancelled %q, %d", f.cancelled, status)
	}
}

func TestWordsAreForTheOnePactThatWaitsForThem(t *testing.T) {
	f := newWithAllies()
	body := func(s string) *strings.Reader { return strings.NewReader(s) }
	if status, answer := ask(t, f, "POST", "allies/confirm", body(`{"words":"apple river"}`)); status != 200 || f.confirmed != (api.AllyConfirmRequest{Words: "apple river", Ally: "v-cccc3333"}) {
		t.Errorf("%d %s: %+v", status, answer, f.confirmed)
	}
	f.allies = append(f.allies, api.Ally{ID: "v-eeee5555", Name: "Choir", State: api.AllyCompare})
	if p := refused(t, f, "POST", "allies/confirm", body(`{"words":"apple river"}`)); p.Code != api.Usage || len(p.Candidates) != 2 {
		t.Errorf("of two: %+v", p)
	}
	if status, _ := ask(t, f, "POST", "allies/confirm", body(`{"words":"apple river","ally":"choir"}`)); status != 200 || f.confirmed.Ally != "v-eeee5555" {
		t.Errorf("%d: %+v", status, f.confirmed)
	}
	f.allies = nil
	if p := refused(t, f, "POST", "allies/confirm", body(`{"words":"apple river"}`)); p.Code != api.NotFound {
		t.Errorf("of none: %+v", p)
	}
}

func TestAPactHasAPurposeAnEndAndBounds(t *testing.T) {
	f := newWithAllies()
	for what, test := range map[string]struct {
		body string
		want api.Code
	}{
		"no purpose":      {`{"ends":"2999-01-01"}`, api.Invalid},
		"a long purpose":  {fmt.Sprintf(`{"ends":"2999-01-01","purpose":%q}`, strings.Repeat("x", api.MaxPurpose+1)), api.Limit},
		"no end":          {`{"purpose":"a fair"}`, api.Usage},
		"no date":         {`{"purpose":"a fair","ends":"friday"}`, api.Invalid},
		"many contacts":   {`{"purpose":"a fair","ends":"2999-01-01","contacts":["a","b","c","d","e","f"]}`, api.Limit},
		"a nameless one":  {`{"purpose":"a fair","ends":"2999-01-01","contacts":[""]}`, api.Invalid},
		"a long life":     {`{"purpose":"a fair","ends":"2999-01-01","expires_in":99999999}`, api.Invalid},
		"an unknown word": {`{"purpose":"a fair","ends":"2999-01-01","end":"x"}`, api.Invalid},
	} {
		if p := refused(t, f, "POST", "allies", strings.NewReader(test.body)); p.Code != test.want {
			t.Errorf("%s: %+v", what, p)
		}
	}
	if status, answer := ask(t, f, "POST", "allies", strings.NewReader(`{"purpose":" a fair ","ends":"2999-01-01"}`)); status != 200 || f.invited.Purpose != "a fair" || f.invited.ExpiresIn != defaultAllyCode {
		t.Errorf("%d %s: %+v", status, answer, f.invited)
	}
}
