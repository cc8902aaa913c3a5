package cli

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"kith/daemon/api"
	"kith/daemon/api/apitest"
)

var quilted = api.Named{ID: strings.Repeat("5a", 32), Name: "Riso Print Co-op and Quilted"}

func (c *coop) Allies(context.Context) ([]api.Ally, error) {
	return []api.Ally{{ID: "v-7m2c", Name: "Quilted", Purpose: "the fair", State: api.AllyMade}}, nil
}

func (c *coop) Shares(context.Context) ([]api.Share, error) { return []api.Share{c.share}, nil }

func (c *coop) ShowShare(context.Context, string) (api.Share, error) { return c.share, nil }

func (c *coop) PreviewSharing(_ context.Context, share string, q api.ShareAdd) (api.SharePreview, error) {
	return api.SharePreview{
		Share: quilted, With: share, ID: q.ID, Short: q.ID[:6], Kind: "task", Title: "Order paper", Text: "A3,\n90 g", Tags: []string{"paper"},
		Fields: []api.Field{{Name: "status", Value: "open"}}, ReadOnly: q.ReadOnly, Says: []string{"Of Quilted, Dora can read it."},
	}, nil
}

func (c *coop) ShareDocument(_ context.Context, share string, q api.ShareAdd) (api.ShareResult, error) {
	c.told = []any{share, q}
	if c.share.Rule == "agreed" {
		return api.ShareResult{Proposal: &c.proposals[0]}, nil
	}
	return api.ShareResult{Document: &c.tasks[0].Document}, nil
}

func (c *coop) AskAlly(_ context.Context, q api.AskRequest) (api.Ask, error) {
	c.told = q
	return c.asked[0], nil
}

func (c *coop) AnswerAsk(_ context.Context, id string, q api.AnswerRequest) (api.Ask, error) {
	c.told = []any{id, q}
	return c.asked[0], nil
}

func (c *coop) WithdrawAsk(_ context.Context, id, why string) (api.Ask, error) {
	c.told = []any{id, why}
	return c.asked[0], nil
}

// allied is a co-op that shares something with another.
func allied() *coop {
	c := newCoop()
	dora := api.Named{ID: "m-dora", Name: "Dora (Quilted)"}
	mark := api.Shared{With: "Quilted", Share: quilted, ID: "t-8b3a", By: ben, Here: true, Ours: true}
	c.tasks[0].Shared = &mark
	c.asked = []api.Ask{
		{ID: "q-7m2c" + strings.Repeat("z", 28), Short: "q-7m2c", Title: "Could we see your pay agreement?", Share: quilted, With: "Quilted", By: dora, At: api.At(now.Add(-time.Hour)), State: "open"},
		{ID: "q-9k0p" + strings.Repeat("z", 28), Short: "q-9k0p", Title: "A ladder?", Share: quilted, With: "Quilted", Ours: true, By: ana, At: api.At(now.Add(-2 * time.Hour)), State: "refused",
			Answers: []api.AskAnswer{{Member: dora, Result: "refused", Why: "it is broken"}}},
	}
	there := c.tasks[0].Document
	there.ID, there.Short, there.Shared = "t-8b3a", "t-8b3a", &api.Shared{With: "Quilted", Share: quilted, ID: "t-8b3a", Ours: true, Here: true}
	theirs := api.Document{ID: "n-3c", Short: "n-3c9d", Kind: "note", Title: "Our accounts", CreatedBy: dora, Shared: &api.Shared{With: "Quilted", ID: "n-3c", ReadOnly: true, Here: true}}
	c.share = api.Share{
		Space: quilted, With: "Quilted", Title: "a fair", Voices: "co-ops", Rule: "anyone", Ends: api.At(time.Date(2027, 12, 1, 0, 0, 0, 0, time.UTC)),
		Ours: []api.Named{ana, ben}, Theirs: []api.Named{dora},
		Documents: []api.ShareDocument{{Document: there, Home: "t-4kq2", State: "open"}, {Document: theirs}}, Asks: c.asked,
	}
	return c
}

func TestAShareIsShownSoThatOneUnderstandsIt(t *testing.T) {
	d := newServedDesk(t, allied())
	want := `Quilted  “a fair”
Until 30 Nov 2027.
In joint decisions each co-op is one voice.
Any full member of your co-op may share a document.

of us      Ana and Ben
of them    Dora (Quilted)

ID      TITLE         WHAT        FROM            FOR               AT HOME
t-8b3a  Order paper   task, open  Ana             both write in it  t-4kq2
n-3c9d  Our accounts  note        Dora (Quilted)  we read it

q-7m2c  Could we see your pay agreement?
        Dora (Quilted) asks you, 1 hour ago
        to answer: kith ally answer q-7m2c --say TEXT, or with --share ID, or --no WHY
q-9k0p  A ladder?
        Ana asks Quilted, 2 hours ago
        Dora (Quilted) refused: it is broken

To work in it: kith task add TITLE --space Quilted, and so with notes and decisions.
`
	if got := d.ok("share", "show", "Quilted"); got != want {
		t.Errorf("shown:\n%s\nwant\n%s", got, want)
	}
	if got, want := d.ok("share", "list"), "ALLY     TITLE   UNTIL        OF US        OF THEM         ID\nQuilted  a fair  30 Nov 2027  Ana and Ben  Dora (Quilted)  5a5a5a5a\n"; got != want {
		t.Errorf("listed:\n%s\nwant\n%s", got, want)
	}
	d.coop.share.Over, d.coop.share.Until, d.coop.share.OverBy, d.coop.share.Rule = true, api.At(now), []string{"Quilted"}, "agreed"
	over := d.ok("share", "show", "Quilted")
	if words := "It is over since 24 Nov 2026: Quilted ended it."; !strings.Contains(over, words) {
		t.Errorf("of one that is over it isn't said %q:\n%s", words, over)
	}
	for _, words := range []string{"To work in it", "by an agreed step only", "both write in it"} {
		if strings.Contains(over, words) {
			t.Errorf("of one that is over it is said %q:\n%s", words, over)
		}
	}
	d.coop.share = api.Share{With: "Quilted", Title: "a fair", Voices: "people", Rule: "agreed"}
	for _, words := range []string{"No end date.", "people count", "by an agreed step only", "Nothing is in it yet. To share a document: kith share add Quilted ID", "of us      nobody"} {
		if got := d.ok("share", "show", "Quilted"); !strings.Contains(got, words) {
			t.Errorf("of an empty one it isn't said %q:\n%s", words, got)
		}
	}
}

func TestNothingIsSharedBeforeThePersonKnowsWhatWillBeShown(t *testing.T) {
	d := newServedDesk(t, allied())
	const shown = "What Quilted will see:\n\n    task: Order paper\n    status open · #paper\n\n    A3,\n    90 g\n\nOf Quilted, Dora can read it.\n"
	id := d.coop.tasks[0].ID
	out, errs, exit := d.run("share", "add", "Quilted", "t-4kq2", "--read")
	if exit != 5 || out != "" || !strings.HasPrefix(errs, shown) || !strings.Contains(errs, "nothing is shared yet") || !strings.Contains(errs, "--yes") || d.coop.told != nil {
		t.Errorf("exit %d, prints %q, says %q, told %v", exit, out, errs, d.coop.told)
	}
	out, errs, exit = d.run("share", "add", "Quilted", "t-4kq2", "--read", "--yes")
	if want := []any{quilted.ID, api.ShareAdd{ID: id, ReadOnly: true}}; exit != 0 || out != "t-4kq2\n" || errs != shown || !reflect.DeepEqual(d.coop.told, want) {
		t.Errorf("exit %d, prints %q, says %q, told %v", exit, out, errs, d.coop.told)
	}
	if got := d.ok("share", "add", "Quilted", "t-4kq2", "--together", "--yes", "--jq", ".document.short"); got != "t-4kq2\n" {
		t.Errorf("as JSON: %s", got)
	}
	d.coop.share.Rule = "agreed"
	if out, errs, exit = d.run("share", "add", "Quilted", "t-4kq2", "--together", "--yes"); exit != 0 || out != "p-4kq2\n" || !strings.Contains(errs, "1 more to come") {
		t.Errorf("where a step is needed: exit %d, prints %q, says %q", exit, out, errs)
	}
	for typed, tt := range map[string]struct {
		exit int
		says string
	}{
		"share add Quilted t-4kq2 --yes":                     {2, "for the ally to read, or to work on together"},
		"share add Quilted t-4kq2 --read --together --yes":   {2, "for reading, or to work on together"},
		"share add Quilted t-zz --read --yes":                {4, "no document has an ID"},
		"share add Quilted":                                  {2, "needs ID"},
		"share rule everybody":                               {6, "one of: anyone, agreed"},
		"ally answer q-7m2c":                                 {2, "say what to share, answer in words, or refuse"},
		"ally answer q-7m2c --share t-4kq7":                  {2, "for the ally to read, or to work on together"},
		"ally answer q-7m2c --no busy --why busy":            {2, "shares something, or refuses"},
		"ally answer q-zz --no busy":                         {4, "nothing that was asked has an ID"},
		"ally answer t-4kq2 --no busy":                       {4, "is the ID of a task"},
		"ally withdraw q-7m2c":                               {2, "needs --why"},
		"ally answer q-7m2c --share t-4kq2 --no busy --read": {2, "shares something, or refuses"},
	} {
		if says := d.fails(tt.exit, strings.Fields(typed)...); !strings.Contains(says, tt.says) {
			t.Errorf("kith %s says\n%swant …%s…", typed, says, tt.says)
		}
	}
}

func TestWhatAnAllyIsToldInAnswer(t *testing.T) {
	d := newServedDesk(t, allied())
	ask := d.coop.asked[0].ID
	for _, tt := range []struct {
		typed []string
		want  any
	}{
		{[]string{"ally", "ask", "Quilted", "A ladder?", "--text", "Two metres."}, api.AskRequest{Ally: "Quilted", Title: "A ladder?", Text: "Two metres."}},
		{[]string{"ally", "answer", "q-7m", "--no", "not yet"}, []any{ask, api.AnswerRequest{No: true, Why: "not yet"}}},
		{[]string{"ally", "answer", "q-7m", "--share", "t-4kq2"}, []any{ask, api.AnswerRequest{IDs: []string{d.coop.tasks[0].ID}}}}, // it is shared already
		{[]string{"ally", "withdraw", "q-7m", "--why", "found one"}, []any{ask, "found one"}},
	} {
		if out := d.ok(tt.typed...); out != "q-7m2c\n" || !reflect.DeepEqual(d.coop.told, tt.want) {
			t.Errorf("%q prints %q\ntold %s\nwant %s", tt.typed, out, asJSON(d.coop.told), asJSON(tt.want))
		}
	}
	out, errs, exit := d.run("ally", "answer", "q-7m", "--share", "t-4kq7", "--read", "--yes", "--why", "with pleasure")
	if want := []any{ask, api.AnswerRequest{IDs: []string{d.coop.tasks[1].ID}, ReadOnly: true, Why: "with pleasure"}}; exit != 0 || out != "q-7m2c\n" ||
		!strings.Contains(errs, "Dora can read it") || !reflect.DeepEqual(d.coop.told, want) {
		t.Errorf("exit %d, prints %q, says %q, told %s", exit, out, errs, asJSON(d.coop.told))
	}
	if got := d.ok("ally", "asks"); !strings.HasPrefix(got, "q-7m2c  Could we see your pay agreement?\n        Dora (Quilted) asks you, 1 hour ago\n") {
		t.Errorf("asked:\n%s", got)
	}
	if got := d.ok("today"); !strings.Contains(got, "Allies ask\n  q-7m2c  Could we see your pay agreement?  by Dora (Quilted)  kith ally answer q-7m2c") || strings.Contains(got, "A ladder?") {
		t.Errorf("today:\n%s", got)
	}
}

func TestWhatIsSharedIsMarked(t *testing.T) {
	d := newServedDesk(t, allied())
	mark := d.coop.tasks[0].Shared
	if got := d.ok("task", "list"); !strings.Contains(got, "help wanted, shared with Quilted") {
		t.Errorf("listed:\n%s", got)
	}
	for _, tt := range []struct {
		change func(*api.Shared)
		list   string
		show   []string
	}{
		{func(*api.Shared) {}, "shared with Quilted", []string{"shared with Quilted, who writes in it, too"}},
		{func(s *api.Shared) { s.ReadOnly = true }, "shared with Quilted", []string{"to read: only people of your co-op write in it"}},
		{func(s *api.Shared) { s.Here = false }, "not here yet", []string{"this is how it was before"}},
		{func(s *api.Shared) { s.Alone = true }, "by Ben alone", []string{"who writes in it, too", "shared by Ben alone: the co-op's rule asks for an agreed step"}},
		{func(s *api.Shared) { s.Copy = true }, "a note of it is shared with Quilted", []string{"in a note; it goes on here"}},
		{func(s *api.Shared) { s.Over, s.Until = true, api.At(now) }, "was shared with Quilted", []string{"was shared with Quilted until 24 Nov 2026"}},
		{func(s *api.Shared) { s.Over = true }, "was shared with Quilted", []string{"was shared with Quilted; it goes on here"}},
		{func(s *api.Shared) { s.ID, s.ReadOnly = d.coop.tasks[0].ID, true }, "for Quilted to read", []string{"for Quilted to read"}},
		{func(s *api.Shared) { s.ID, s.ReadOnly, s.Ours = d.coop.tasks[0].ID, true, false }, "for us to read", []string{"Quilted shared it for you to read"}},
	} {
		s := *mark
		tt.change(&s)
		d.coop.tasks[0].Shared = &s
		if got := d.ok("task", "list"); !strings.Contains(got, tt.list) {
			t.Errorf("%+v is listed\n%s", s, got)
		}
		got := d.ok("task", "show", "t-4kq2")
		for _, words := range tt.show {
			if !strings.Contains(got, words) {
				t.Errorf("%+v is shown without %q\n%s", s, words, got)
			}
		}
	}
	d.coop.decisions[0].Voices = []apitest.Voice{{Says: "Riso Print Co-op: for (2 of 2)"}, {Says: "Quilted: open (0 of 1 are for it); Eli hasn't answered yet"}}
	if got := d.ok("decision", "show", "9f2c"); !strings.Contains(got, "\nRiso Print Co-op: for (2 of 2)\nQuilted: open (0 of 1 are for it); Eli hasn't answered yet\n") {
		t.Errorf("a joint decision:\n%s", got)
	}
}

func TestAlliesAndWhatTheyAskAreOffered(t *testing.T) {
	d := newServedDesk(t, allied())
	for line, want := range map[string]string{
		"share show ":            "Quilted",
		"share add ":             "Quilted",
		"share add Quilted t-4k": "t-4kq2",
		"ally ask ":              "Quilted",
		"ally answer ":           "q-7m2c",
		"share rule ":            "agreed",
	} {
		words := strings.Split(line, " ")
		if got := d.ok(append([]string{"__complete"}, words...)...); !strings.Contains(got, want) {
			t.Errorf("kith %s… offers %q, without %s", line, got, want)
		}
	}
}
