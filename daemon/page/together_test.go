package page_test

import (
	"fmt"
	"math/rand/v2"
	"net/url"
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
	// Of two words that were put into one place the space between them may stand behind both, and a word beside which both wrote may
	// be there twice: for people to tidy up. None is lost or torn.
	torn := func(text string) (all []string) {
		return slices.DeleteFunc(slices.Clone(every), func(word string) bool { return strings.Contains(text, word) })
	}
	for end := time.Now().Add(patience); ; { // so long as the last words are on their way
		one, other := text(writers[0]), text(writers[1])
		if one == other && len(torn(one)) == 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("not whole: %q in %q\nand %q in %q", torn(one), one, torn(other), other)
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
