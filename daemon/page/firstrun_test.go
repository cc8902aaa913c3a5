package page_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

var phraseWord = regexp.MustCompile(`<li><span class="own">([a-z]+)</span></li>`)

// wordsOn are those of the phrase that a page shows.
func wordsOn(page string) (words []string) {
	for _, m := range phraseWord.FindAllStringSubmatch(page, -1) {
		words = append(words, m[1])
	}
	return words
}

// starts sends a form of the first run, with what is hidden in it.
func (m *member) starts(form, action string, fields url.Values) answer {
	m.t.Helper()
	all := hiddenIn(m.fetch("GET", m.base+form, nil).body, "/"+action)
	for name, values := range fields {
		all[name] = values
	}
	return m.fetch("POST", m.base+action, all)
}

func TestTheWordsAreShownUntilTheyAreConfirmedAndThenNeverAgain(t *testing.T) {
	ana := alone(t, "Ana")
	ana.fetch("GET", ana.base, nil).says(t, "Found a co-op, or join one.")
	for field, wrong := range map[string]string{"founders": "0", "name": "\u202e", "as": ""} {
		fields := url.Values{"as": {"Ana"}, "name": {"Riso Print Co-op"}, "founders": {"2"}}
		fields.Set(field, wrong)
		if a := ana.starts("start/found", "start/found", fields); a.status != http.StatusUnprocessableEntity || len(wordsOn(a.body)) > 0 {
			t.Errorf("%s %q is answered with %d: %s", field, wrong, a.status, plain(a.body))
		}
	}
	shown := ana.starts("start/found", "start/found", url.Values{"as": {"Ana"}, "name": {"Riso Print Co-op"}, "founders": {"2"}})
	words := wordsOn(shown.body)
	if len(words) != 12 {
		t.Fatalf("%d words are shown: %s", len(words), plain(shown.body))
	}
	if again := ana.fetch("GET", shown.at, nil); len(wordsOn(again.body)) != 12 {
		t.Error("a reload loses the words")
	}
	check := strings.Replace(shown.at, "/words", "/written", 1)
	asked := ana.fetch("GET", check, nil)
	if len(wordsOn(asked.body)) > 0 || strings.Contains(asked.body, words[0]+" ") {
		t.Error("who is asked for words reads them there")
	}
	fields := hiddenIn(asked.body, "/start/written")
	places := fields["place"]
	if len(places) != 3 {
		t.Fatalf("%d words are asked for", len(places))
	}
	for _, place := range places {
		fields.Set("word-"+place, "zebra")
	}
	wrong := ana.fetch("POST", ana.base+"start/written", fields)
	wrong.says(t, "Not all of these are the words that were shown")
	for _, place := range places {
		fields.Set("word-"+place, " "+strings.ToUpper(words[number(t, place)-1])+" ")
	}
	if a := ana.fetch("POST", ana.base+"start/written", url.Values{"key": fields["key"]}); strings.Contains(a.at, "invites") {
		t.Error("no words at all confirm the phrase")
	}
	right := ana.fetch("POST", ana.base+"start/written", fields)
	right.says(t, "A code waits for somebody.")
	if gone := ana.fetch("GET", shown.at, nil); gone.status != http.StatusGone || len(wordsOn(gone.body)) > 0 {
		t.Errorf("the words are still shown: %d", gone.status)
	}
}

func number(t testing.TB, s string) (n int) {
	t.Helper()
	for _, r := range s {
		n = 10*n + int(r-'0')
	}
	return n
}

func TestAFormThatIsSentTwiceFoundsOneCoop(t *testing.T) {
	ana := alone(t, "Ana")
	fields := hiddenIn(ana.fetch("GET", ana.base+"start/found", nil).body, "/start/found")
	fields.Set("as", "Ana")
	fields.Set("name", "Riso Print Co-op")
	fields.Set("founders", "1")
	first, second := ana.fetch("POST", ana.base+"start/found", fields), ana.fetch("POST", ana.base+"start/found", fields)
	if first.at != second.at {
		t.Errorf("it leads to %s, and then to %s", first.at, second.at)
	}
	all, err := ana.client.Spaces(t.Context())
	must(t, err)
	if len(all.Spaces) != 1 {
		t.Errorf("there are %d co-ops", len(all.Spaces))
	}
}

// Where a co-op can't go on, another one is founded from it in the browser, with copies of what is there.
func TestACoopIsFoundedFromAnotherOne(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	ana.sends("notes/new", "notes", url.Values{"title": {"How to clean the drum"}, "text": {"With <warm> water."}})
	old, err := ana.client.Status(t.Context())
	must(t, err)
	ana.sees("charter").says(t, "Found another one of those who are there")
	root := strings.TrimSuffix(ana.base, strings.Split(ana.base, "/")[3]+"/")
	form := ana.fetch("GET", root+"start/found?from="+old.Space.ID, nil)
	if !strings.Contains(form.body, `value="`+old.Space.ID+`" selected`) {
		t.Errorf("it isn't asked from which: %s", form.body)
	}
	fields := hiddenIn(form.body, "/start/found")
	for name, value := range map[string]string{"as": "Ana", "name": old.Space.Name, "founders": "1", "from": old.Space.ID} {
		fields.Set(name, value)
	}
	if a := ana.fetch("POST", root+"start/found", fields); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a second one of its name is answered with %d", a.status)
	}
	fields.Set("name", "Riso Anew")
	words := ana.fetch("POST", root+"start/found", fields)
	written := root + "start/written?key=" + strings.SplitN(words.at, "key=", 2)[1]
	asked := ana.fetch("GET", written, nil)
	confirm, all := hiddenIn(asked.body, "/start/written"), wordsOn(words.body)
	for _, place := range confirm["place"] {
		confirm.Set("word-"+place, all[number(t, place)-1])
	}
	page := ana.fetch("POST", root+"start/written", confirm)
	until(t, "it is copied", func() bool {
		page = ana.fetch("GET", page.at, nil)
		return strings.Contains(plain(page.body), "copied from "+old.Space.Name)
	})
	page.says(t, "One document was copied from "+old.Space.Name+", which stays as it is.")
	base, _, _ := strings.Cut(page.at, "?")
	ana.fetch("GET", base+"notes", nil).says(t, "How to clean the drum")

	// Once more with the same name, what isn't there yet is copied: nothing.
	fields.Set("once", "another")
	page = ana.fetch("POST", root+"start/found", fields)
	until(t, "it is looked at", func() bool {
		page = ana.fetch("GET", page.at, nil)
		return strings.Contains(plain(page.body), "had been copied before")
	})
	page.says(t, "Nothing was left to copy")
}

// Ana founds a co-op and Ben joins it, each in a browser and with no terminal.
func TestACoopIsFoundedAndJoinedInTheBrowserAlone(t *testing.T) {
	unwatched(t)
	t.Parallel()
	ana, ben := alone(t, "Ana"), alone(t, "Ben")
	a := browser(t, ana)
	code := a.found("Riso Print Co-op", "2")[0]
	if !js[bool](a, `!!document.querySelector(".card svg.qr path.qr-dark")`) {
		t.Error("there is no picture of the code for a camera")
	}

	b := browser(t, ben)
	b.join(code)
	a.untilSays("Used") // by itself: the page of Ana hears of it

	// A second computer of Ana's: both show the same two words.
	second := alone(t, "Ana, at home")
	a.goTo("devices")
	a.click(`.page-head button`)
	a.until("the code is there", `!!document.querySelector(".pairing .card-code code")`)
	c := browser(t, second)
	c.click(`a[href="/start/device"]`)
	c.untilSays("Ask to be added")
	c.fill("code", js[string](a, `document.querySelector(".pairing .card-code code").innerText`))
	c.click("main button.filled")
	words := `document.querySelector(".two-words")?.innerText.trim().replace(/\s+/g, " ")`
	c.until("words are there", words)
	a.until("words are there", words)
	if there, here := js[string](c, words), js[string](a, words); there != here || len(strings.Fields(here)) != 2 {
		t.Errorf("one shows %q, the other %q", there, here)
	}
	a.click(".pairing button.filled")
	c.untilSays("Nothing waits for you, Ana.")
	a.untilSays("It is a computer of yours now.")
	a.quiet()
	b.quiet()
	c.quiet()
}
