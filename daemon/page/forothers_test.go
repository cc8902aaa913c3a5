package page_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// What is for others outside is shown as it would be handed out, in either language, with what of it members wrote; and nothing else.
func TestWhatOthersReadIsShownAndSaved(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	ana.sees("for-others").says(t, "Nobody has meant anything for others yet")
	ana.sends("roles/new", "roles", url.Values{"title": {"Intake"}, "public": {"Write to us <b>first</b>"}})
	ana.sends("roles/new", "roles", url.Values{"title": {"Accounts, for us alone"}})
	ana.sends("profiles/new", "profiles", url.Values{"title": {"Ana"}, "public": {"Ana, printer"}, "shared": {"sum"}})

	page := ana.sees("for-others")
	for _, says := range []string{"Riso Print Co-op is a worker co-operative", "Write to us <b>first</b>", "Ana, printer", "A coordinator isn't a boss", "Save it as text (Markdown)"} {
		page.says(t, says)
	}
	if strings.Contains(plain(page.body), "for us alone") || strings.Contains(page.body, "<b>first") {
		t.Errorf("it says too much: %s", page.body)
	}
	spanish := ana.sees("for-others?language=es")
	spanish.says(t, "es una cooperativa de trabajo")
	spanish.says(t, "This is what others read about us.") // the reader's own language stays
	if !strings.Contains(spanish.body, `<article class="handout" lang="es">`) {
		t.Errorf("it isn't said in which language it is: %s", spanish.body)
	}
	for form, begins := range map[string]string{"md": "# Riso Print Co-op\n", "html": "<!doctype html>"} {
		file := ana.sees("for-others/" + form + "?language=es")
		if !strings.HasPrefix(file.body, begins) || file.header.Get("Content-Disposition") != `attachment; filename="about-es.`+form+`"` {
			t.Errorf("%s is %q, as %s", form, file.body, file.header)
		}
	}
	if a := ana.fetch("GET", ana.base+"for-others/exe", nil); a.status != http.StatusNotFound {
		t.Errorf("a form that there isn't is answered with %d", a.status)
	}
}

// The page speaks as somebody's profile says, and in a browser as they chose there.
func TestThePageSpeaksAsTheProfileSays(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	lang := func() string {
		t.Helper()
		_, rest, _ := strings.Cut(ana.sees("", "Accept-Language", "en").body, `<html lang="`)
		return rest[:2]
	}
	if lang() != "en" {
		t.Error("it isn't in that of the browser")
	}
	made := ana.sends("profiles/new", "profiles", url.Values{"title": {"Ana"}, "language": {"es"}, "shared": {"sum"}})
	if made.status != http.StatusOK || lang() != "es" {
		t.Errorf("it is in %s: %s", lang(), plain(made.body))
	}
	made.says(t, "Español")
	ana.fetch("POST", strings.TrimSuffix(ana.base, strings.Split(ana.base, "/")[3]+"/")+"language", url.Values{"language": {"en"}, "back": {"/"}})
	if lang() != "en" {
		t.Error("what was chosen in this browser counts for nothing")
	}
}
