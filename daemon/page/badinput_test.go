package page_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

// As by the back button, or from a second tab with the same form.
func TestAWordThatIsSentTwiceIsSaidOnce(t *testing.T) {
	ana := coop(t, "Ana")[0]
	made := ana.sends("decisions/new", "decisions", url.Values{"title": {"A second riso"}, "process": {"consent"}})
	path := strings.TrimPrefix(made.at, ana.base)
	word := hiddenIn(made.body, path+"/position")
	word.Set("stance", "object")
	word.Set("why", "the rent first")
	for range 3 {
		if a := ana.fetch("POST", ana.base+path+"/position", word); a.status != http.StatusOK {
			t.Errorf("it is answered with %d: %s", a.status, plain(a.body))
		}
	}
	d, err := ana.client.Decision(t.Context(), strings.TrimPrefix(path, "decisions/"))
	must(t, err)
	if len(d.Positions) != 1 || d.Positions[0].Why != "the rent first" {
		t.Errorf("there are %+v", d.Positions)
	}
	versions, err := ana.client.History(t.Context(), "decisions", d.ID)
	must(t, err)
	if len(versions) != 2 {
		t.Errorf("it was said %d times", len(versions)-1)
	}
	other := hiddenIn(made.body, path+"/position") // the form of another tab, from before
	other.Set("stance", "consent")
	ana.fetch("POST", ana.base+path+"/position", other).says(t, "You consent")
}

func TestNamesAndWordsInEveryScriptStandAsTheyWereTyped(t *testing.T) {
	ana := coopCalled(t, "Коллектив «Печать»", "عائشة")[0]
	for _, title := range []string{"Résumé naïve", "Заказать бумагу", "订购纸张", "طلب الورق", "להזמין נייר", "กระดาษ", "कागज़", "👩‍👩‍👧 und ﬁ", "a\u0301", "Ünïcödé “x” <y> & z", strings.Repeat("ж", 120)} {
		made := ana.sends("tasks/new", "tasks", url.Values{"title": {title}, "text": {title + "\r\n\r\n" + title}})
		if made.status != http.StatusOK {
			t.Errorf("%q can't be begun: %d", title, made.status)
			continue
		}
		path := strings.TrimPrefix(made.at, ana.base)
		for _, at := range []string{path, "tasks", "tasks?of=board", ""} {
			if page := plain(ana.sees(at).body); !strings.Contains(norm.NFC.String(page), norm.NFC.String(title)) {
				t.Errorf("%q isn't at %s: %s", title, at, page)
			}
		}
	}
	for _, member := range []string{"members", "step", "charter", "load", "allies"} {
		ana.sees(member, "Accept-Language", "es")
	}
	ana.sees("members").says(t, "عائشة")
}
