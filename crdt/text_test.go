package crdt_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/automerge/automerge-go"
	"pgregory.net/rapid"

	"kith/crdt"
	"kith/crdt/change"
	"kith/crdt/crdttest"
	"kith/crdt/kind"
	"kith/crdt/kinds"
)

// note is a co-op with one note.
func note(t fataler, text string) *coop {
	t.Helper()
	c := found(t, kinds.Note.Name, "ana", "ben", "cleo")
	c.maker.do(crdttest.NewNote(crdttest.NoteFields{Title: "Minutes", Text: text}))
	c.settle()
	return c
}

func TestAnEditorsTextGoesOnTopOfWhatOthersWroteMeanwhile(t *testing.T) {
	tests := []struct{ name, base, want, now, then string }{
		{"nothing moved on", "one two", "one TWO", "one two", "one TWO"},
		{"others wrote before", "one two", "one two three", "zero one two", "zero one two three"},
		{"others wrote behind", "one two", "zero one two", "one two three", "zero one two three"},
		{"others wrote in what was removed", "one two three", "one three", "one two and a half three", "one and a half three"},
		{"others removed where this wrote", "one two three", "one two and a half three", "one three", "one and a half three"},
		{"both removed the same", "one two three", "one three", "one three", "one three"},
		{"both wrote at the same place", "one three", "one two three", "one 2 three", "one two 2 three"},
		{"all was removed", "one two", "", "one two three", " three"},
		{"everything was removed by others", "one two", "one two three", "", " three"},
		{"from nothing", "", "one", "two", "onetwo"},
		{"other scripts", "один два", "один 🙃 два", "ноль один два", "ноль один 🙃 два"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := note(t, test.now)
			if err := c.maker.try(crdttest.EditText(test.base, test.want)); err != nil && err != crdt.ErrNothingChanged {
				t.Fatal(err)
			}
			if got := c.maker.view().Text; got != test.then {
				t.Errorf("got %q, want %q", got, test.then)
			}
		})
	}
}

func TestAnEditOfATextThatMovedOnLosesNobodysWords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[a-d🙃ä]{0,4}[ \n]?`)
		base := strings.Join(rapid.SliceOfN(word, 0, 12).Draw(t, "base"), "")
		want := drawEdited(t, base, "want")
		now := base
		var others []string // words that nobody else can have written
		for i := range rapid.IntRange(0, 4).Draw(t, "others' edits") {
			w := "<" + strings.Repeat("W", i+1) + ">"
			runes := []rune(now)
			at := rapid.IntRange(0, len(runes)).Draw(t, "at")
			if inside(others, now, at) {
				continue
			}
			now = string(runes[:at]) + w + string(runes[at:])
			others = append(others, w)
		}
		c := note(t, now)
		err := c.maker.try(crdttest.EditText(base, want))
		if err != nil && err != crdt.ErrNothingChanged {
			t.Fatal(err)
		}
		got := c.maker.view().Text
		if len(others) == 0 && got != want {
			t.Fatalf("nobody else wrote\nbase %q\nwant %q\ngot  %q", base, want, got)
		}
		rest := got
		for _, w := range others {
			if !strings.Contains(got, w) {
				t.Fatalf("%q is gone\nbase %q\nwant %q\nnow  %q\ngot  %q", w, base, want, now, got)
			}
			rest = strings.Replace(rest, w, "", 1)
		}
		if rest != want {
			t.Fatalf("without what others wrote, it isn't what was wanted\nbase %q\nwant %q\nnow  %q\ngot  %q", base, want, now, got)
		}
	})
}

// inside says whether a place is within one of the words.
func inside(words []string, s string, at int) bool {
	for _, w := range words {
		i := strings.Index(s, w)
		from := utf8.RuneCountInString(s[:i])
		if at > from && at < from+utf8.RuneCountInString(w) {
			return true
		}
	}
	return false
}

// drawEdited draws what a person may make of a text: some words removed, some replaced.
func drawEdited(t *rapid.T, s, label string) string {
	for range rapid.IntRange(0, 3).Draw(t, label) {
		r := []rune(s)
		from := rapid.IntRange(0, len(r)).Draw(t, "from")
		to := min(len(r), from+rapid.IntRange(0, 6).Draw(t, "removed"))
		s = string(r[:from]) + rapid.StringMatching(`[a-dxyz ]{0,5}`).Draw(t, "written") + string(r[to:])
	}
	return s
}

func TestAnEditFromOlderHeadsIsMergedAsTheCoreWould(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[ab🙃]{0,4}[ \n]?`) // much alike: comparing texts can't tell where words belong
		base := strings.Join(rapid.SliceOfN(word, 0, 8).Draw(t, "base"), "")
		want := drawEdited(t, base, "want")
		c := note(t, base)
		ana, ben := c.desk("ana"), c.desk("ben")
		heads := ana.view().Heads
		for i := range rapid.IntRange(0, 3).Draw(t, "others' edits") {
			text := drawEdited(t, ben.view().Text, "others")
			if err := ben.try(crdttest.EditText(ben.view().Text, text+strings.Repeat("!", i))); err != nil && err != crdt.ErrNothingChanged {
				t.Fatal(err)
			}
		}
		cleo := c.desk("cleo") // does the same edit where nothing has moved on
		if err := cleo.try(crdttest.EditText(base, want)); err != nil && err != crdt.ErrNothingChanged {
			t.Fatal(err)
		}
		ana.from(ben)
		if err := ana.try(crdttest.EditTextFrom(heads, want)); err != nil && err != crdt.ErrNothingChanged {
			t.Fatal(err)
		}
		cleo.from(ben)
		// Words at one and the same place can stand in either order; each is there as often.
		if got, want := counted(ana.view().Text), counted(cleo.view().Text); got != want {
			t.Fatalf("merged here: %q\nby the core: %q", ana.view().Text, cleo.view().Text)
		}
	})
}

// Each puts words of their own between others', as of what they saw last, while the rest goes on: all are there once, and whole.
func TestWordsThatSeveralPutInAtOnceStandOnceEach(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := note(t, "one two three\n\nfour five six\n")
		every := strings.Fields(c.maker.view().Text)
		names := []string{"ana", "ben", "cleo"}
		saw := map[string]*crdt.View{}
		for _, name := range names {
			saw[name] = c.desk(name).view()
		}
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			name := rapid.SampledFrom(names).Draw(t, "who")
			if other := rapid.SampledFrom(names).Draw(t, "from"); other != name && rapid.Bool().Draw(t, "arrives") {
				c.desk(name).from(c.desk(other))
			}
			if rapid.Bool().Draw(t, "looks") {
				saw[name] = c.desk(name).view()
			}
			text := saw[name].Text
			for range rapid.IntRange(1, 3).Draw(t, "words") {
				starts := regexp.MustCompile(`(?:^|\s)(\S)|$`).FindAllStringSubmatchIndex(text, -1)
				at := rapid.SampledFrom(starts).Draw(t, "at")
				place := at[1]
				if at[2] >= 0 {
					place = at[2]
				}
				word := fmt.Sprintf("%s%02d", name, len(every))
				every = append(every, word)
				text = text[:place] + word + " " + text[place:]
			}
			saw[name] = c.desk(name).do(crdttest.EditTextFrom(saw[name].Heads, text))
		}
		text := c.settle().Text
		is := strings.Fields(text)
		slices.Sort(is)
		slices.Sort(every)
		if !slices.Equal(is, every) {
			t.Fatalf("not whole: %q\nof %q", text, every)
		}
	})
}

// Two who put another word in the place of one while they are apart leave both there, whole; so do those who type it on the page.
func TestOfTwoWhoReplaceAWordWhileApartBothWordsStand(t *testing.T) {
	for _, test := range []struct{ was, anas, bens string }{
		{"We meet at five in the hall.", "We meet at six in the hall.", "We meet at four in the hall."},
		{"We meet at five.", "We meet at six.", "We meet at four."},
		{"We meet at five", "We meet at sixteen, sharp", "We meet at fourteen"},
		{"Five, in the hall", "Six, in the hall", "Four, in the hall"},
		{"- milk, 2 bottles\n- rye bread\n- eggs", "- milk, 2 bottles\n- white bread\n- eggs", "- milk, 2 bottles\n- rice bread\n- eggs"},
		{"Paper: 3.50 €\nInk: 10 €", "Paper: 3.75 €\nInk: 10 €", "Paper: 4.50 €\nInk: 10 €"},
	} {
		for name, write := range map[string]func(string) crdt.Edit{
			"whole": func(want string) crdt.Edit { return crdttest.EditText(test.was, want) },
			"typed": func(want string) crdt.Edit { return crdttest.Typing(test.was, want) },
		} {
			c := note(t, test.was)
			c.desk("ana").do(write(test.anas))
			c.desk("ben").do(write(test.bens))
			v := c.settle()
			is, wrote := bareWords(v.Text), bareWords(test.anas+" "+test.bens)
			for _, word := range slices.Concat(is, wrote) {
				if !slices.Contains(is, word) || !slices.Contains(wrote, word) {
					t.Errorf("%s: %q isn't in what they wrote, or not in %q: of %q and %q", name, word, v.Text, test.anas, test.bens)
				}
			}
			if len(v.Apart) != 1 {
				t.Errorf("%s: that both wrote there is said %d times", name, len(v.Apart))
			}
		}
	}
}

func bareWords(s string) []string {
	words := strings.Fields(s)
	for i, word := range words {
		words[i] = strings.Trim(word, ".,:")
	}
	return words
}

func counted(s string) string {
	r := []rune(s)
	slices.Sort(r)
	return string(r)
}

func TestATextIsCopiedForAnEditOrAReadingOnlyWhereOthersWroteSince(t *testing.T) {
	c := note(t, "one two")
	saw := c.maker.view().Heads
	before := crdt.Copies()
	c.maker.do(crdttest.EditTextFrom(saw, "one two three"))
	if _, text, err := crdt.TextAt(c.maker.am, c.maker.view().Heads); err != nil || text != "one two three" {
		t.Errorf("the text reads %q, %v", text, err)
	}
	if n := crdt.Copies() - before; n > 0 {
		t.Errorf("what stands was copied %d times", n)
	}
	c.maker.do(crdttest.EditTextFrom(saw, "zero one two"))
	if got := c.maker.view().Text; got != "zero one two three" || crdt.Copies() == before {
		t.Errorf("got %q after %d copies", got, crdt.Copies()-before)
	}
}

func TestParagraphsOfThreePeopleAllStay(t *testing.T) {
	c := note(t, "Today we bake.")
	base := c.maker.view().Text
	c.desk("ana").do(crdttest.EditText(base, "Today we bake bread."))
	c.desk("ben").do(crdttest.EditText(base, "Today we bake.\nBen brings flour."))
	c.desk("cleo").do(crdttest.AppendText("Cleo brings salt."))
	v := c.settle()
	for _, want := range []string{"Today we bake bread.", "\nBen brings flour.", "\nCleo brings salt."} {
		if !strings.Contains(v.Text, want) {
			t.Errorf("%q is missing in %q", want, v.Text)
		}
	}
}

func TestAppendingBeginsALineOfItsOwn(t *testing.T) {
	c := note(t, "")
	c.maker.do(crdttest.AppendText("one"))
	c.maker.do(crdttest.AppendText("two\n"))
	if v := c.maker.do(crdttest.AppendText("three")); v.Text != "one\ntwo\nthree" {
		t.Errorf("got %q", v.Text)
	}
	if err := c.maker.try(crdttest.AppendText("")); !isInvalid(err) {
		t.Errorf("appending nothing: %v", err)
	}
}

func TestAnOlderTextComesBackAndTheHistoryStays(t *testing.T) {
	c := note(t, "first")
	then := c.maker.view().Heads
	c.maker.do(crdttest.EditText("first", "second"))
	title, text, err := crdt.TextAt(c.maker.am, then)
	must(t, err)
	if title != "Minutes" || text != "first" {
		t.Errorf("then it was %q, %q", title, text)
	}
	if v := c.maker.do(crdt.RestoreText(kind.Writing{Text: text})); v.Text != "first" {
		t.Errorf("restored %q", v.Text)
	}
	if n := len(c.maker.judge.Order()); n != 3 {
		t.Errorf("%d changes", n)
	}
	c.maker.do(crdttest.AppendText("on")) // the look back has taken no number of the actor
}

func TestATextOf100000CharactersCanBePastedAndNotOneMore(t *testing.T) {
	c := note(t, "")
	big := strings.Repeat("0123456789", 10_000)
	if v := c.maker.do(crdttest.EditText("", big)); len(v.Text) != 100_000 {
		t.Errorf("%d characters", len(v.Text))
	}
	var limit *crdt.LimitError
	for name, e := range map[string]crdt.Edit{
		"append": crdttest.AppendText("x"), "edit": crdttest.EditText(big, big+"x"), "restore": crdt.RestoreText(kind.Writing{Text: big + "x"}),
	} {
		if err := c.maker.try(e); !errors.As(err, &limit) || limit.Limit != kind.MaxText || limit.Advice == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if v := c.maker.do(crdttest.EditText(big, "x"+big[:10_000])); len(v.Text) != 10_001 {
		t.Errorf("%d characters", len(v.Text))
	}
}

func TestALongTextThatWasRewrittenIsComparedInBoundedTime(t *testing.T) {
	rng := strings.NewReplacer("0", "7", "3", "xx", "5", "")
	base := strings.Repeat("0123456789 abc\n", 700)
	c := note(t, base)
	want := rng.Replace(base)
	if v := c.maker.do(crdttest.EditText(base, want)); v.Text != want {
		t.Error("not what was wanted")
	}
}

func TestCharactersWithManyPartsStayWhole(t *testing.T) {
	base := "a👨‍👩‍👧b"
	c := note(t, base)
	v := c.maker.do(crdttest.EditText(base, "a👨‍👩‍👧‍👦b"))
	if v.Text != "a👨‍👩‍👧‍👦b" {
		t.Errorf("got %q", v.Text)
	}
}

func TestTextAtRefusesHeadsThatAreNotHere(t *testing.T) {
	c := note(t, "x")
	if _, _, err := crdt.TextAt(c.maker.am, []change.Hash{{1}}); err == nil {
		t.Error("no error")
	}
	if _, _, err := crdt.TextAt(automerge.New(), nil); err == nil {
		t.Error("no error for an empty document")
	}
}
