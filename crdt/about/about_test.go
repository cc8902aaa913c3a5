package about_test

import (
	"strings"
	"testing"

	"kith/crdt/about"
)

func written(t *testing.T, p *about.Page, form string) string {
	t.Helper()
	var b strings.Builder
	if err := about.Formats[form](p, &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestThePageSaysWhoWeAreInBothLanguages(t *testing.T) {
	p := &about.Page{
		Coop: "Riso Print Co-op", Threshold: "two-thirds", People: []string{"Ana, printer"},
		Roles:      []about.Matter{{Title: "Intake", Says: "Write to us with what you need.", Who: []string{"Ana, printer"}}},
		Agreements: []about.Part{{Title: "Hours", Text: "# Hours\n\nWe work less.\n\n- no Mondays\n- no nights"}},
	}
	for language, words := range map[string][]string{
		"en": {"How we decide", "two thirds of us", "A coordinator isn't a boss", "Who has it: Ana, printer", "no Mondays"},
		"es": {"Cómo decidimos", "dos tercios", "Quien coordina no manda", "Quien lo lleva: Ana, printer", "no nights"},
	} {
		p.Language = language
		for form := range about.Formats {
			got := strings.ReplaceAll(written(t, p, form), "&#39;", "'")
			for _, w := range words {
				if !strings.Contains(got, w) {
					t.Errorf("%s in %s doesn't say %q:\n%s", form, language, w, got)
				}
			}
		}
	}
	p.Language = "en"
	if md := written(t, p, "md"); strings.Count(md, "Hours") != 1 {
		t.Errorf("a title is there twice:\n%s", md)
	}
	if md := written(t, p, "md"); !strings.Contains(md, "\n- no Mondays\n- no nights\n") {
		t.Errorf("a list isn't one any more:\n%s", md)
	}
	if html := written(t, p, "html"); !strings.Contains(html, "<li>no Mondays</li>\n<li>no nights</li>") || !strings.Contains(html, `<html lang="en">`) {
		t.Errorf("a list isn't one any more:\n%s", html)
	}
}

func TestWhatNobodyMeantForOthersHasNoHeading(t *testing.T) {
	p := &about.Page{Coop: "Riso", Language: "en"}
	if !p.IsBare() {
		t.Error("a page without words of members isn't bare")
	}
	for form := range about.Formats {
		if got := written(t, p, form); strings.Contains(got, "Who we are") || strings.Contains(got, "What we keep to") || strings.Contains(got, "Ask:") {
			t.Errorf("%s:\n%s", form, got)
		}
	}
}

// hostile are words that are markup somewhere, with what mustn't come out of them in each form.
var hostile = []struct{ words, md, html string }{
	{"<script>alert(1)</script>", "<script", "<script>alert"},
	{"<img src=x onerror=y>", "<img", "<img"},
	{"[pay here](http://evil.example)", "[pay here](", "<a "},
	{"![](http://evil.example/a.png)", "\n![](", "<img"},
	{"`code`", "\n`code", "<code"},
	{"# The boss", "\n# The boss", "<h1>The boss"},
	{"=== \n---", "\n===", "<hr"},
	{"1. first", "\n1. first", "<ol"},
	{"+ more", "\n+ more", "<li>more"},
	{"| a | b |", "\n| a", "<td"},
	{"*** bold ***", "\n***", "<strong"},
	{"&lt;b&gt;", "\n&lt;b", "<b>"},
	{"a\u202eevil\u202c\u2066b", "\u202e", "\u202e"},
	{"a\x1b[2Jb\x00", "\x1b", "\x1b"},
	{"</title><h1>", "</title><h1>", "</title><h1>"},
	{"    indented", "\n    indented", "<pre"},
}

func TestWhatPeopleWroteIsWordsAndNoMarkup(t *testing.T) {
	for _, test := range hostile {
		p := &about.Page{
			Coop: test.words, Language: "en", People: []string{test.words},
			Roles:      []about.Matter{{Title: test.words, Says: test.words, Who: []string{test.words}}},
			Agreements: []about.Part{{Title: test.words, Text: test.words}},
		}
		for form, never := range map[string]string{"md": test.md, "html": test.html} {
			got := written(t, p, form)
			if form == "html" {
				got = strings.Replace(got, "<li>", "", 5) // of Kith's own list
			}
			if strings.Contains(got, never) {
				t.Errorf("%q has %q in %s:\n%s", test.words, never, form, got)
			}
		}
	}
}

func TestAnAmpersandAloneIsOneInMarkdownToo(t *testing.T) {
	got := written(t, &about.Page{Coop: "Ñandú & Co &lt;b&gt;", Language: "en"}, "md")
	if !strings.Contains(got, "Ñandú & Co &amp;lt;b&amp;gt;") {
		t.Error(got)
	}
}

func TestAPageOfMarkdownHasNoHeadingThatAMemberMade(t *testing.T) {
	p := &about.Page{Coop: "Riso", Language: "en", Agreements: []about.Part{{Title: "a\n# b", Text: "x\n\n# y\n## z\n- ok"}}}
	headings := 0
	for line := range strings.Lines(written(t, p, "md")) {
		if strings.HasPrefix(line, "#") {
			headings++
		}
	}
	if headings != 5 { // the co-op, three of Kith's, and the agreement's title
		t.Errorf("%d headings", headings)
	}
}
