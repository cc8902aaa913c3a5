package page_test

import (
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// says says what somebody thinks of the decision that the window shows.
func (w *window) says(stance, why string) {
	w.t.Helper()
	w.choose(`input[name=stance][value=` + stance + `]`)
	if why != "" {
		w.fill("why", why)
	}
	w.click(`.a-word .filled`)
}

// state waits until the decision that the window shows stands so.
func (w *window) state(says string) {
	w.t.Helper()
	w.until("it is "+says, `[...document.querySelectorAll(".state")].some((e) => e.innerText.startsWith(`+quote(says)+`))`)
}

// here is the address of the document that the window shows, below the co-op.
func (w *window) here() string {
	w.t.Helper()
	return strings.TrimPrefix(js[string](w, `location.origin + location.pathname`), w.m.base)
}

// comesTo opens a document that somebody else has just begun, as soon as it is here.
func (w *window) comesTo(path string) {
	w.t.Helper()
	until(w.t, w.m.name+" has "+path, func() bool { return w.m.fetch("GET", w.m.base+path, nil).status == 200 })
	w.goTo(path)
}

// A month of three people who only ever click: they found, decide with an objection and another text, ask and accept, write together while one
// is cut off, one leaves, and another co-op asks for something.
func TestAMonthInThreeBrowsers(t *testing.T) {
	unwatched(t)
	t.Parallel()
	ana, ben, cleo := alone(t, "Ana"), alone(t, "Ben"), alone(t, "Cleo")
	a, b, c := browser(t, ana), browser(t, ben), browser(t, cleo)
	all := []*window{a, b, c}
	codes := a.found("Riso Print Co-op", "3")
	if len(codes) != 2 {
		t.Fatalf("there are %d codes", len(codes))
	}
	b.join(codes[0])
	c.join(codes[1])
	for _, w := range all {
		w.goTo("members")
		w.untilSays("We are three, and nobody is in charge.")
	}

	// Cleo proposes, Ben objects, Cleo changes the text, and then all consent.
	c.goTo("decisions/new")
	c.fill("title", "Buy a second riso", "text", "A used one, for 2,500.")
	c.choose(`input[value=consent]`)
	c.tap("Propose it to everybody")
	c.untilSays("What may happen next")
	decision := c.here()
	b.goTo("")
	b.untilSays("A decision waits for your word, Ben.")
	b.tap("Read and answer")
	b.untilSays("A used one, for 2,500.")
	b.says("object", "the rent comes first")
	b.untilSays("Your objection stands.")
	c.untilSays("the rent comes first")
	c.tap("Change the text")
	c.untilSays("What is it called?")
	c.fill("text", "A used one, for 2,000, once the rent is paid.")
	c.tap("Save it")
	c.untilSays("once the rent is paid")
	b.untilSays("What changed since you spoke")
	b.says("consent", "")
	a.comesTo(decision)
	a.untilSays("once the rent is paid")
	a.says("consent", "")
	c.says("consent", "")
	c.untilSays("So far: three.")
	c.tap("Close it")
	c.untilSays("What else is there to say?")
	c.fill("text", "Ben looks for one.")
	c.tap("Close it")
	for _, w := range all {
		w.state("Agreed")
		w.untilSays("Ben looks for one.")
	}

	// Ben asks Cleo for something, and she does it.
	b.goTo("tasks/new")
	b.fill("title", "Order paper", "hours", "2")
	b.tap("Add the task")
	b.untilSays("Nobody has it")
	b.tap("Ask somebody")
	b.until("Cleo is chosen", `(() => { const e = [...document.querySelectorAll("main label")].find((e) => e.innerText.trim() === "Cleo")?.querySelector("input"); if (e && !e.checked) e.click(); return e?.checked })()`)
	b.click("main form .filled")
	b.untilSays("Asked: Cleo")
	c.goTo("")
	c.untilSays("Ben asks you for something, Cleo.")
	c.tap("Accept")
	b.untilSays("Cleo has it")
	c.goTo(b.here())
	c.tap("Done")
	b.untilSays("It is to be done after all")

	// The three write in one note; Ben's daemon is gone for a while, and he goes on.
	a.goTo("notes/new")
	a.fill("title", "Minutes", "text", "We met at seven. ")
	a.tap("Begin the note")
	a.untilSays("We met at seven.")
	note := a.here()
	writers := []*types{{w: a, name: "ana"}, {w: b, name: "ben"}, {w: c, name: "cleo"}}
	for _, one := range writers {
		one.w.comesTo(note)
		one.w.tap("Write in it")
		one.w.until("it is written together", `document.querySelector("form[data-write] [data-sent]")`)
	}
	r := rand.New(rand.NewPCG(17, 29))
	everybody := func() {
		for _, one := range writers {
			one.someWord(r)
		}
	}
	everybody()
	ben.stop()
	b.until("the banner shows", `!document.getElementById("gone").hidden`)
	everybody()
	ben.start()
	b.until("the banner goes", `document.getElementById("gone").hidden`)
	everybody()
	every := strings.Fields("We met at seven.")
	for _, one := range writers {
		every = append(every, one.words...)
	}
	slices.Sort(every)
	for end := time.Now().Add(patience); ; { // the last words are on their way
		var texts []string
		for _, one := range writers {
			texts = append(texts, js[string](one.w, `document.getElementById("f-text").value`))
		}
		is := strings.Fields(texts[0])
		slices.Sort(is)
		if texts[0] == texts[1] && texts[1] == texts[2] && slices.Equal(is, every) {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("not whole: %q of %q", texts, every)
		}
	}

	// Cleo leaves; the others hear why.
	c.goTo("members")
	c.tap("Cleo, you")
	c.tap("Leave the co-op")
	c.untilSays("Why, if you like")
	c.fill("why", "I move to Lisbon")
	c.click("main form .filled")
	c.untilSays("Has left")
	for _, w := range []*window{a, b} {
		w.goTo("members")
		w.untilSays("We are two, and nobody is in charge.")
	}
	a.goTo("charter")
	a.untilSays("I move to Lisbon")

	// Another co-op makes a pact with the two, and asks for something.
	dora := coopCalled(t, "Quilted", "Dora")[0]
	a.goTo("allies/new")
	a.fill("purpose", "Print for each other")
	js[bool](a, `(() => { const e = document.getElementById("f-ends"); e.value = "2031-01-01"; e.dispatchEvent(new Event("input", { bubbles: true })); return true })()`)
	a.choose(`input[value="co-ops"]`)
	a.tap("Make a code for them")
	a.until("there is a code", `!!document.querySelector(".card-code code")`)
	used := dora.sends("allies/join", "allies/join", url.Values{"code": {js[string](a, `document.querySelector(".card-code code").innerText`)}})
	ally, _, _ := strings.Cut(strings.TrimPrefix(used.at, dora.base), "?")
	const twoWords = `document.querySelector(".two-words")?.innerText.trim().replace(/\s+/g, " ")`
	a.until("two words are there", twoWords)
	var doras []string
	until(t, "Dora is shown two words", func() bool { doras = twoWordsOn.FindStringSubmatch(dora.sees(ally).body); return doras != nil })
	dora.sends(ally, ally+"/confirm", url.Values{"words": {js[string](a, twoWords)}})
	a.fill("words", doras[1]+" "+doras[2])
	a.tap("These are the words that they read")
	b.goTo("")
	b.tap("Read and answer")
	b.untilSays("Print for each other")
	b.tap("I consent")
	b.state("In force")
	a.goTo("allies")
	a.untilSays("We share with one other co-op.")
	until(t, "Dora shares with them", func() bool { return strings.Contains(plain(dora.sees(ally).body), "we share") })
	dora.sends(ally+"/ask", ally+"/ask", url.Values{"title": {"Have you got room?"}, "text": {"For two hours"}})
	a.goTo("")
	a.tap("Have you got room?")
	a.untilSays("For two hours")
	a.choose(`input[value=said]`)
	a.fill("why", "On Friday afternoon.")
	a.tap("Say it to them")
	a.state("Answered")
	until(t, "Dora reads it", func() bool { return strings.Contains(plain(dora.sees("allies").body), "answered") })

	// The two end the pact, once Ben's computer has come into the share, too, and Dora reads why.
	until(t, "Ben is in the share", func() bool { return strings.Contains(plain(ben.sees("allies").body), "we share") })
	a.goTo("allies")
	a.tap("Quilted")
	a.tap("End the pact")
	a.fill("why", "The fair is over.")
	a.tap("Propose it")
	a.untilSays("The fair is over.")
	b.goTo("")
	b.untilSays("The fair is over.")
	b.tap("Read and answer")
	b.tap("I consent")
	b.state("In force")
	a.goTo("allies")
	a.untilSays("Shares that are over")
	until(t, "Dora reads that it is over", func() bool { return strings.Contains(plain(dora.sees("allies").body), "The fair is over.") })

	for _, w := range all {
		w.quiet()
	}
}
