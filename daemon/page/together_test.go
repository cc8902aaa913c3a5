package page_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// types is somebody who types words at random places of a text, of whom each is there once.
type types struct {
	w     *window
	name  string
	words []string
}

func (a *types) someWord(r *rand.Rand) {
	a.w.t.Helper()
	word := fmt.Sprintf("%s%02d", a.name, len(a.words))
	a.words = append(a.words, word)
	// Between two words: who types into somebody's word parts it, as on paper.
	js[bool](a.w, fmt.Sprintf(`(() => { const e = document.getElementById("f-text"); e.focus();
		const places = [...e.value.matchAll(/(?<=\s)(?=\S)|$/g)].map((m) => m.index); const at = places[%d %% places.length];
		e.setSelectionRange(at, at); return document.execCommand("insertText", false, %q) })()`, r.IntN(1<<20), word+" "))
}

// A post whose answer was lost is sent again: also over another start of the daemon, and where something came in between.
func TestATextThatIsSentAgainStandsOnce(t *testing.T) {
	ana := coop(t, "Ana")[0]
	made := ana.sends("notes/new", "notes", url.Values{"title": {"Minutes"}, "text": {"one two"}})
	path := strings.TrimPrefix(made.at, ana.base)
	id := strings.TrimPrefix(path, "notes/")
	form := hiddenIn(ana.sees(path+"/edit").body, path+"/edit")
	sends := func(text string) {
		t.Helper()
		a := ana.fetch("POST", ana.base+path+"/write", url.Values{"heads": form["heads"], "text": {text}})
		if a.status != http.StatusOK {
			t.Fatalf("it is answered with %d: %s", a.status, a.body)
		}
	}
	is := func(want string) {
		t.Helper()
		n, err := ana.client.Note(t.Context(), id)
		must(t, err)
		if n.Text != want {
			t.Errorf("the text is %q, not %q", n.Text, want)
		}
	}
	sends("one two three")
	sends("one two three")
	is("one two three")
	ana.stop()
	ana.start()
	sends("one two three")
	is("one two three")
	sends("zero one two") // from another window
	is("zero one two three")
	sends("zero one two")
	sends("one two three")
	is("zero one two three")
	form.Set("title", "Minutes of Monday") // and the form with all of it says the rest
	form.Set("text", "zero one two")
	ana.fetch("POST", ana.base+path+"/edit", form).says(t, "Minutes of Monday")
	is("zero one two three")
}

// Three texts at random: what was sent, what somebody made of it meanwhile, and what others made of it. All words that any of
// them put in are there once, in their order, and the caret is where it was.
func TestWhatOthersWriteComesInAroundWhatSomebodyTypes(t *testing.T) {
	unwatched(t)
	t.Parallel()
	w := emptyWindow(t)
	carry, err := os.ReadFile("static/carry.js")
	must(t, err)
	js[bool](w, string(carry)+`; true`)
	wrong := js[string](w, `(() => {
		let seed = 17;
		const draw = (n) => { seed = (seed * 48271) % 2147483647; return seed % n; };
		const apply = (text, steps) => { let at = 0, out = ""; for (const s of steps) { if (s.same) out += text.slice(at, at + s.same); at += (s.same ?? 0) + (s.gone ?? 0); out += s.new ?? ""; } return at === text.length ? out : null; };
		const put = (words, name, most) => { const out = [...words]; const put = []; for (let i = draw(most + 1); i > 0; i--) { const word = name + put.length + " "; put.push(word); out.splice(draw(out.length + 1), 0, word); } return [out, put]; };
		const edited = (text) => { const r = [...text]; for (let i = draw(4); i > 0; i--) r.splice(draw(r.length + 1), draw(5), ...["", "x", "🙃 ", "a b", "\n"][draw(5)]); return r.join(""); };
		for (let round = 0; round < 4000; round++) {
			const base = Array.from({ length: draw(12) }, () => ["a ", "b ", "the ", "\n", "🙃 ", "wort "][draw(6)]);
			const [typed, mine] = put(base, "ana", 4), [now, theirs] = put(base, "ben", 4);
			const sent = base.join(""), both = Carry.into(sent, typed.join(""), Carry.steps(sent, now.join("")));
			const is = both.text.split(/\s+/).sort().join(" ").trim(), should = [...base, ...mine, ...theirs].join("").split(/\s+/).sort().join(" ").trim();
			if (is !== should) return JSON.stringify({ sent, typed, now, both: both.text });
			for (const word of mine) { // who has just typed a word goes on behind it
				const p = typed.join("").indexOf(word) + word.length;
				if (!both.text.slice(0, both.caret(p)).endsWith(word)) return JSON.stringify({ sent, typed, now, both: both.text, word, caret: both.caret(p) });
			}
			const a = edited(sent), b = edited(sent);
			if (apply(sent, Carry.steps(sent, a)) !== a) return JSON.stringify({ from: sent, to: a, steps: Carry.steps(sent, a) });
			if (Carry.into(sent, sent, Carry.steps(sent, b)).text !== b || Carry.into(sent, a, [{ same: sent.length }]).text !== a) return JSON.stringify({ sent, a, b });
		}
		return "";
	})()`)
	if wrong != "" {
		t.Errorf("not whole: %s", wrong)
	}
}

// Ana and Ben type in one note at once, also while Ben's daemon is gone. In the end both have the same text, and every word.
func TestTwoWhoWriteInOneNoteHaveTheSameTextAndEveryWord(t *testing.T) {
	t.Parallel()
	all := coop(t, "Ana", "Ben")
	ana, ben := all[0], all[1]
	made := ana.sends("notes/new", "notes", url.Values{"title": {"Minutes"}, "text": {bodyOf("one two three\n\nfour five six\n")}})
	path := strings.TrimPrefix(made.at, ana.base)
	until(t, "Ben has the note", func() bool { return ben.fetch("GET", ben.base+path, nil).status == 200 })
	writers := []*types{{w: browser(t, ana), name: "ana"}, {w: browser(t, ben), name: "ben"}}
	for _, a := range writers {
		a.w.goTo(path + "/edit")
		a.w.until("it is written together", `document.querySelector("form[data-write] [data-sent]")`)
	}
	r := rand.New(rand.NewPCG(17, 23))
	for range 12 {
		writers[r.IntN(2)].someWord(r)
	}
	ben.stop()
	for range 6 {
		writers[r.IntN(2)].someWord(r)
	}
	ben.start()
	for range 6 {
		writers[r.IntN(2)].someWord(r)
	}
	text := func(a *types) string { return js[string](a.w, `document.getElementById("f-text").value`) }
	every := append(append([]string{"one", "two", "three", "four", "five", "six"}, writers[0].words...), writers[1].words...)
	slices.Sort(every)
	for end := time.Now().Add(patience); ; { // so long as the last words are on their way
		one, other := text(writers[0]), text(writers[1])
		is := strings.Fields(one)
		slices.Sort(is)
		if one == other && slices.Equal(is, every) { // each once, and each by itself
			break
		}
		if time.Now().After(end) {
			t.Fatalf("not whole: %q\nand %q,\nof %q", one, other, every)
		}
	}
	// The place where somebody types stays, whatever comes in before it.
	a, b := writers[0].w, writers[1].w
	js[bool](a, `(() => { const e = document.getElementById("f-text"); e.focus(); e.setSelectionRange(e.value.length - 4, e.value.length - 1); return true })()`)
	selected := `(() => { const e = document.getElementById("f-text"); return e.value.slice(e.selectionStart, e.selectionEnd) })()`
	before := js[string](a, selected)
	js[bool](b, `(() => { const e = document.getElementById("f-text"); e.focus(); e.setSelectionRange(0, 0); return document.execCommand("insertText", false, "First, ") })()`)
	a.until("it comes", `document.getElementById("f-text").value.startsWith("First, ")`)
	if after := js[string](a, selected); after != before {
		t.Errorf("%q was selected, and now %q", before, after)
	}
	a.quiet()
	b.quiet()
}
