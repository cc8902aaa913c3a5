package page_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	document "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"kith/daemon/api"
	"kith/daemon/api/apitest"
	"kith/daemon/waittest"
)

// window is a window of a browser, with the page of a member in it.
type window struct {
	t   testing.TB
	ctx context.Context
	m   *member

	mu      sync.Mutex
	trouble []string // what the browser complained of
}

// browser opens the page of a member in a window of its own.
func browser(t testing.TB, m *member) *window {
	t.Helper()
	w := emptyWindow(t)
	w.m = m
	w.do(chromedp.Navigate(m.link()))
	w.until("the page is there", `!!document.querySelector(".mast-mark")`)
	return w
}

// emptyWindow opens a Chromium without a screen.
func emptyWindow(t testing.TB) *window {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("LEFT OUT: there is no Chromium here; scripts/test installs it")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.WindowSize(1440, 900))
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox) // it refuses to be root's otherwise
	}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	w := &window{t: t}
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithListener(w.listen))
	t.Cleanup(cancel)
	w.ctx = ctx
	// The browser lives as long as the context of the first step.
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1440, 900)); err != nil {
		t.Skipf("LEFT OUT: Chromium doesn't start here: %v", err) // such as where a container forbids what it needs
	}
	w.language("en")
	_, err = chromedp.Call(ctx, log.Enable, cdp.Empty{})
	must(t, err)
	return w
}

// listen notes what breaks the policy, or ends in an error that nobody caught.
func (w *window) listen(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if strings.Contains(e.Entry.Text, "Security Policy") || strings.Contains(e.Entry.Text, "Trusted") {
			w.trouble = append(w.trouble, e.Entry.Text)
		}
	case *runtime.EventExceptionThrown:
		w.trouble = append(w.trouble, e.ExceptionDetails.Text+" "+e.ExceptionDetails.Exception.Description)
	}
}

// quiet fails the test if the browser had something to complain of.
func (w *window) quiet() {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, says := range w.trouble {
		w.t.Errorf("the browser says: %s", says)
	}
}

func (w *window) do(steps ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	must(w.t, chromedp.Do(ctx, steps...))
}

// patience is how long a browser may take for a step, however much else the machine has to do.
const patience = waittest.Limit

// goTo opens a page below the co-op.
func (w *window) goTo(path string) {
	w.t.Helper()
	w.do(chromedp.Navigate(w.m.base + path))
	w.until("the page is there", `document.readyState === "complete" && !!document.querySelector("main h1")`)
}

// js gives what an expression gives in the page.
func js[T any](w *window, expression string) T {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		w.t.Fatalf("%s: %v", expression[:min(len(expression), 300)], err)
	}
	return v
}

// until waits until an expression is true in the page; it looks whenever something is drawn.
func (w *window) until(what, expression string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	wait := `new Promise((done) => { const look = () => { if (` + expression + `) done(true); else requestAnimationFrame(look); }; look(); })`
	for {
		_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](wait, chromedp.EvalAwaitPromise))
		if err == nil {
			return
		}
		if ctx.Err() != nil { // else the page went, and another comes
			w.quiet()
			w.t.Fatalf("waited in vain until %s: %v\n%s", what, err, js[string](w, `document.body.innerText`))
		}
	}
}

func quote(s string) string {
	b, _ := json.Marshal(s) // a string always can be
	return string(b)
}

func (w *window) untilSays(what string) {
	w.t.Helper()
	w.until("it says "+what, `document.body && document.body.innerText.includes(`+quote(what)+`)`)
}

// click clicks what a selector finds, and gives it the focus. It isn't done with the mouse's place: the page may move under it,
// and then something else would be hit. It happens after the answer, which would be lost with the page that a click leaves.
func (w *window) click(selector string) {
	w.t.Helper()
	w.until(selector+" is there", `(() => { const e = document.querySelector(`+quote(selector)+`); if (!e) return false; e.scrollIntoView({block: "center"}); e.focus(); setTimeout(() => e.click()); return true })()`)
}

// choose clicks a choice, until it is chosen: what others write may bring in the page anew meanwhile.
func (w *window) choose(selector string) {
	w.t.Helper()
	w.until(selector+" is chosen", `(() => { const e = document.querySelector(`+quote(selector)+`); if (e && !e.checked) { e.focus(); e.click(); } return e?.checked })()`)
}

func (w *window) language(tag string) {
	w.t.Helper()
	_, err := chromedp.Call(w.ctx, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": tag}})
	must(w.t, err)
}

func (w *window) theme(scheme string) {
	w.t.Helper()
	_, err := chromedp.Call(w.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	must(w.t, err)
}

// tabTo presses Tab until what has the focus says something.
func (w *window) tabTo(says string) {
	w.t.Helper()
	for range 100 {
		w.do(chromedp.KeyEvent(kb.Tab))
		if js[bool](w, `(() => { const e = document.activeElement; return (e.innerText || e.labels?.[0]?.innerText || e.name || "").trim().startsWith(`+quote(says)+`) })()`) {
			if !js[bool](w, `document.activeElement.matches(":focus-visible") && getComputedStyle(document.activeElement).outlineStyle !== "none"`) {
				w.t.Errorf("it isn't seen that %q has the focus", says)
			}
			return
		}
	}
	w.t.Fatalf("Tab never leads to %q in %s", says, js[string](w, `document.body.innerText`))
}

func (w *window) press(keys string) { w.t.Helper(); w.do(chromedp.KeyEvent(keys)) }

// tap clicks what begins with these words: a link, a button, or what unfolds something.
func (w *window) tap(words string) {
	w.t.Helper()
	w.until(words+" can be clicked", `(() => { const e = [...document.querySelectorAll("main a, main button, main summary")].find((e) => e.innerText.trim().startsWith(`+quote(words)+`)); if (!e) return false; e.scrollIntoView({block: "center"}); setTimeout(() => e.click()); return true })()`)
}

// fill types into fields, by their names, in the place of what stands there.
func (w *window) fill(fields ...string) {
	w.t.Helper()
	for i := 0; i < len(fields); i += 2 {
		w.click("#f-" + fields[i])
		js[bool](w, `(document.activeElement.select?.(), true)`)
		w.press(fields[i+1])
	}
}

// confirm writes the recovery phrase down, and says three of its words.
func (w *window) confirm() {
	w.t.Helper()
	w.until("the words are there", `document.querySelectorAll(".phrase-words li").length === 12`)
	words := js[[]string](w, `[...document.querySelectorAll(".phrase-words .own")].map((e) => e.innerText)`)
	w.click("main a.filled")
	w.until("three are asked for", `document.querySelectorAll("main input[name^=word-]").length === 3`)
	for _, place := range js[[]string](w, `[...document.querySelectorAll("main input[name=place]")].map((e) => e.value)`) {
		w.fill("word-"+place, words[number(w.t, place)-1])
	}
	w.click("main button.filled")
}

// comesIn notes the address of the co-op that the window shows.
func (w *window) comesIn() {
	w.t.Helper()
	w.m.base = js[string](w, `location.origin + "/" + location.pathname.split("/")[1] + "/"`)
}

// found founds a co-op of so many, and gives the codes for the others.
func (w *window) found(coop, founders string) []string {
	w.t.Helper()
	w.untilSays("Found a co-op, or join one.")
	w.click(`a[href="/start/found"]`)
	w.untilSays("How many found it, with you?")
	w.fill("as", w.m.name, "name", coop, "founders", founders)
	w.press(kb.Enter)
	w.confirm()
	w.untilSays("Come in.")
	w.comesIn()
	return js[[]string](w, `[...document.querySelectorAll(".card-code code")].map((e) => e.innerText)`)
}

// join joins a co-op with a code.
func (w *window) join(code string) {
	w.t.Helper()
	w.click(`a[href="/start/join"]`)
	w.untilSays("It begins with kith1.")
	w.fill("as", w.m.name, "code", code)
	w.click("main button.filled")
	w.confirm()
	w.untilSays("Nothing waits for you, " + w.m.name + ".")
	w.comesIn()
}

// Ana has the page open and writes; Ben works in a terminal.
func TestADayOnThePage(t *testing.T) {
	t.Parallel()
	all := coop(t, "Ana", "Ben")
	ana, ben := all[0], all[1]
	w := browser(t, ana)
	w.untilSays("Nothing waits for you, Ana.")

	// What others do shows without a reload.
	made, err := ben.client.CreateDecision(t.Context(), apitest.NewDecision{Title: "Buy a second riso", Text: "A used one, for at most 2,500.", Process: "consent"})
	must(t, err)
	w.untilSays("A decision waits for your word, Ana.")

	// Half-written words, focus, selection and scroll stay, while the text changes beside them.
	w.goTo("decisions/" + made.Short)
	w.do(chromedp.EmulateViewport(390, 700))
	w.choose(`input[value=object]`)
	w.click(`#f-why`)
	w.press("not before the rent")
	js[bool](w, `(() => { document.activeElement.setSelectionRange(4, 10); scrollTo(0, 300); window.kept = document.activeElement; return true })()`)
	before := js[float64](w, `kept.getBoundingClientRect().top`)
	_, err = ben.client.EditDecision(t.Context(), made.ID, apitest.DecisionEdit{Text: edit("A used one, for at most 2,000, in February.")})
	must(t, err)
	w.untilSays("in February")
	if !js[bool](w, `document.activeElement === window.kept && kept.isConnected && kept.value === "not before the rent" && kept.selectionStart === 4 && kept.selectionEnd === 10`) {
		t.Errorf("what is half written didn't stay: %s", js[string](w, `document.activeElement.outerHTML + document.activeElement.value`))
	}
	if !js[bool](w, `document.querySelector("input[value=object]").checked`) {
		t.Error("what was chosen didn't stay")
	}
	if after := js[float64](w, `kept.getBoundingClientRect().top`); after != before {
		t.Errorf("what she looks at moved from %v to %v", before, after)
	}

	// The daemon is gone, and comes back; so is the window, and what was typed is still there.
	ana.stop()
	w.until("the banner shows", `!document.getElementById("gone").hidden`)
	w.press(kb.End + " is paid")
	ana.start()
	w.until("the banner goes", `document.getElementById("gone").hidden`)
	w.do(chromedp.Reload())
	w.until("the page is there again", `!!document.getElementById("f-why")`)
	if got := js[string](w, `document.getElementById("f-why").value`); got != "not before the rent is paid" {
		t.Errorf("after a reload there is %q", got)
	}

	// She spoke to a text that she hadn't read as it is now: that is told, and then it is taken.
	w.click(`.a-word .filled`)
	w.until("it is sent", `document.getElementById("f-why").value === "" || !!document.querySelector(".trouble")`)
	if js[bool](w, `!!document.querySelector(".trouble")`) {
		w.click(`.a-word .filled`)
	}
	w.untilSays("Your objection stands.")
	d, err := ben.client.Decision(t.Context(), made.ID)
	must(t, err)
	until(t, "Ben hears of it", func() bool {
		d, err = ben.client.Decision(t.Context(), made.ID)
		must(t, err)
		for _, p := range d.Positions {
			if p.Member.Name == "Ana" {
				return p.Stance == "object" && p.Why == "not before the rent is paid"
			}
		}
		return false
	})

	// A task from beginning to end, with the page's own buttons.
	w.do(chromedp.EmulateViewport(1440, 900))
	w.goTo("tasks/new")
	w.click(`#f-title`)
	w.press("Order paper")
	w.click(`#f-hours`)
	w.press("2")
	w.click(`main .filled`)
	w.untilSays("Nobody has it")
	w.click(`main .filled`)
	w.untilSays("You have it")
	w.click(`main .filled`)
	w.untilSays("It is to be done after all")

	// Nothing that somebody typed runs.
	_, err = ben.client.CreateNote(t.Context(), apitest.NewNote{Title: `<img src=x onerror="window.ran=1">`, Text: `<script>window.ran=1</script>`})
	must(t, err)
	w.goTo("notes")
	w.untilSays("onerror")
	if js[bool](w, `window.ran === 1 || !!document.querySelector("main img")`) {
		t.Error("what somebody typed runs")
	}
	w.quiet()
}

// unwatched leaves a test to the run without the race detector (scripts/test has both): in it one thing happens after the other, so
// there is no race to find, and with the detector it takes many times as long.
func unwatched(t *testing.T) {
	t.Helper()
	if raced {
		t.Skip("without the race detector")
	}
}

func edit(text string) *api.TextEdit { return &api.TextEdit{Text: text} }

// From a proposal to an agreed decision, with no mouse.
func TestADecisionIsMadeByKeyboardAlone(t *testing.T) {
	unwatched(t)
	t.Parallel()
	ana := coop(t, "Ana")[0]
	w := browser(t, ana)
	w.tabTo("To the page")
	w.press(kb.Enter)
	w.until("the page has the focus", `document.activeElement.id === "main"`)
	const found = `document.activeElement.id === "find"`
	for end := time.Now().Add(patience); !js[bool](w, found); w.press("/") { // again if the page went meanwhile
		if time.Now().After(end) {
			t.Fatal("the search doesn't get the focus")
		}
	}
	w.tabTo("Decisions")
	w.press(kb.Enter)
	w.untilSays("Anybody may propose something.")
	w.tabTo("Propose something")
	w.press(kb.Enter)
	w.untilSays("What is it called?")
	w.tabTo("What is it called?")
	w.press("Close on Fridays")
	w.tabTo("Text")
	w.press("From January on.")
	w.tabTo("Consent")
	w.press(" ")
	w.tabTo("Propose it to everybody")
	w.press(kb.Enter)
	w.untilSays("What may happen next")
	w.tabTo("Close it")
	w.press(kb.Enter)
	w.untilSays("What else is there to say?")
	w.tabTo("Close it")
	w.press(kb.Enter)
	w.until("it is agreed", `[...document.querySelectorAll(".state")].some((e) => e.innerText === "Agreed")`)
	w.quiet()
}

// What comes in leaves the page as it is, where it says nothing else: whoever is on a link stays there.
func TestALinkKeepsTheFocusWhileSomethingElseComesIn(t *testing.T) {
	unwatched(t)
	t.Parallel()
	all := coop(t, "Ana", "Ben")
	ana, ben := all[0], all[1]
	w := browser(t, ana)
	w.tabTo("Decisions")
	js[bool](w, `(window.kept = document.activeElement, true)`)
	_, err := ben.client.CreateDecision(t.Context(), apitest.NewDecision{Title: "Buy a second riso", Process: "consent"})
	must(t, err)
	w.untilSays("A decision waits for your word, Ana.")
	if !js[bool](w, `kept.isConnected && document.activeElement === kept && document.querySelectorAll("body").length === 1`) {
		t.Errorf("the focus is on %s", js[string](w, `document.activeElement.outerHTML.slice(0, 100)`))
	}
	w.quiet()
}

// Who asked for it is told on the desktop what waits for them, while they look elsewhere; and nobody else.
func TestTheDesktopTellsWhatWaitsForWhoAskedForIt(t *testing.T) {
	unwatched(t)
	t.Parallel()
	all := coop(t, "Ana", "Ben")
	ana, ben := all[0], all[1]
	w := browser(t, ana)
	js[bool](w, `(() => {
		window.shown = [];
		window.Notification = class { static permission = "default"; static async requestPermission() { return this.permission = "granted"; } constructor(title, how) { shown.push(title + ": " + how.body); } };
		Object.defineProperty(document, "hidden", { get: () => true });
		return true })()`)
	proposes := func(title string) {
		_, err := ben.client.CreateDecision(t.Context(), apitest.NewDecision{Title: title, Process: "consent"})
		must(t, err)
	}
	proposes("Buy a second riso")
	w.untilSays("A decision waits for your word, Ana.")
	if n := js[float64](w, `shown.length`); n != 0 {
		t.Errorf("she is told %v things that she didn't ask for", n)
	}
	w.click(`[data-notify]`)
	w.untilSays("Not any more")
	proposes("Close on Fridays")
	w.until("she is told", `shown.includes("Riso Print Co-op: Two decisions wait for your word, Ana.")`)
	w.click(`[data-notify]`)
	w.untilSays("Tell me on the desktop")
	w.quiet()
}

// A task goes over the board, and back, with the arrow keys.
func TestTheKeyboardMovesATaskOverTheBoard(t *testing.T) {
	unwatched(t)
	t.Parallel()
	ana := coop(t, "Ana")[0]
	ana.sends("tasks/new", "tasks", url.Values{"title": {"Order paper"}})
	ana.sends("tasks/new", "tasks", url.Values{"title": {"Fold programmes"}})
	w := browser(t, ana)
	w.goTo("tasks?of=board")
	in := func(column string) string {
		return `document.activeElement.dataset.card === "Order paper" && document.activeElement.closest("section").getAttribute("aria-labelledby") === "column-` + column + `"`
	}
	js[bool](w, `(document.querySelector('[data-card="Order paper"]').focus(), true)`)
	w.press(kb.ArrowRight)
	w.until("Ana has it, and it has the focus", in("somebody"))
	if says := js[string](w, `document.getElementById("news").textContent`); !strings.HasPrefix(says, "Order paper: Somebody has it") {
		t.Errorf("a screen reader hears %q", says)
	}
	w.press(kb.Escape)
	w.until("it is put back", in("nobody"))
	w.press(kb.ArrowRight)
	w.until("she has it again", in("somebody"))
	w.press(kb.ArrowRight)
	w.until("it is done", in("done"))
	w.press(kb.Enter)
	w.untilSays("It is to be done after all")
	w.quiet()
}

// Where the page is narrow one column of the board stands alone, and their names are tabs.
func TestANarrowBoardHasItsColumnsAsTabs(t *testing.T) {
	unwatched(t)
	t.Parallel()
	ana := coop(t, "Ana")[0]
	ana.sends("tasks/new", "tasks", url.Values{"title": {"Order paper"}})
	w := browser(t, ana)
	w.do(chromedp.EmulateViewport(390, 900))
	w.goTo("tasks?of=board")
	shown := func(columns string) {
		t.Helper()
		w.until("the column is there alone: "+columns, `[...document.querySelectorAll("[data-column]")].filter((c) => c.offsetParent).map((c) => c.getAttribute("aria-labelledby")).join() === "`+columns+`"`)
	}
	shown("column-nobody")
	w.tap("I take it")
	w.until("the tabs say where it is", `document.querySelector('.columns-of a[href*="column=somebody"] .count').textContent === "1"`)
	shown("column-nobody")
	w.click(`.columns-of a[href*="column=somebody"]`)
	shown("column-somebody")
	w.click(`.chosen [data-move=right]`)
	w.until("it is done", `document.querySelector('.columns-of a[href*="column=done"] .count').textContent === "1"`)
	shown("column-somebody")
	w.do(chromedp.EmulateViewport(700, 900))
	shown("column-nobody,column-asked,column-somebody,column-done")
	w.quiet()
}

// Where the system has few colours, pictures have the inks of light on white, whatever the screen has; on paper nothing empty has a head.
func TestPicturesKeepTheirInksAndPaperHasNoEmptyHead(t *testing.T) {
	unwatched(t)
	t.Parallel()
	ana := coop(t, "Ana")[0]
	note := strings.TrimPrefix(ana.sends("notes/new", "notes", url.Values{"title": {"Monday"}, "text": {"Paper"}}).at, ana.base)
	w := browser(t, ana)
	emulates := func(media emulation.SetEmulatedMediaParams) {
		t.Helper()
		_, err := chromedp.Call(w.ctx, emulation.SetEmulatedMedia, media)
		must(t, err)
	}
	w.goTo("load")
	emulates(emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}, {Name: "prefers-color-scheme", Value: "dark"}}})
	for token, want := range map[string]string{"--ink": "#1c1c19", "--ink2": "#54544c", "--edge": "#75756a", "--both": "#14592f"} {
		if is := js[string](w, `getComputedStyle(document.querySelector("svg")).getPropertyValue("`+token+`").trim()`); is != want {
			t.Errorf("on white %s is %s", token, is)
		}
	}
	w.goTo(note)
	emulates(emulation.SetEmulatedMediaParams{Media: "print"})
	if !js[bool](w, `getComputedStyle(document.getElementById("talk")).display === "none"`) {
		t.Error("on paper there is a head over no talk")
	}
	w.quiet()
}

//go:embed testdata/axe.min.js
var axe string

// axe-core looks at every view, light in English and dark in Spanish, wide and narrow.
func TestNothingKeepsAnybodyOutOfAView(t *testing.T) {
	unwatched(t)
	t.Parallel()
	all := coop(t, "Ana", "Ben")
	ana, ben := all[0], all[1]
	made := map[string]string{}
	for _, many := range []string{"tasks", "notes", "agreements", "decisions"} {
		a := ana.sends(many+"/new", many, url.Values{"title": {"Paper, " + many}, "text": {"A text\n\nof two parts"}, "process": {"consent"}, "tags": {"urgent"}})
		made[many] = strings.TrimPrefix(a.at, ana.base)
	}
	made["projects"] = strings.TrimPrefix(ana.sends("projects/new", "projects", url.Values{"title": {"Website"}, "rate": {"60 EUR"}}).at, ana.base)
	made["newcomers"] = strings.TrimPrefix(ana.sends("newcomers/new", "newcomers", url.Values{"members": {ana.letsIn("Eli")}, "companion": {ana.memberID()}}).at, ana.base)
	ana.sends("hours", "hours", url.Values{"hours": {"2"}, "project": {"Website"}, "note": {"Wireframes"}})
	members, err := ana.client.Members(t.Context())
	must(t, err)
	id := members[len(members)-1].ID
	step, err := ana.client.Propose(t.Context(), api.ProposalRequest{Action: api.ActionZone, Zone: "Europe/Berlin", Why: "most of us live there"})
	must(t, err)
	_, err = ana.client.Invite(t.Context(), 0)
	must(t, err)
	ana.fetch("POST", ana.base+"devices", url.Values{})
	views := []string{
		"", "contents", "tasks", "notes", "agreements", "decisions", "members", "step", "search?q=paper", "search?q=nothing", "nothing",
		made["tasks"], made["notes"], made["agreements"], made["decisions"],
		"charter", "charter/threshold", "load", "allies", "allies/new", "tasks?of=board", "tasks?of=board&column=asked", "pulses", "invites", "devices", "members/" + id, "proposals/" + step.Short, "roles", "roles/new", "../start", "../start/found", "../start/join",
		"tasks/new", "decisions/new", made["notes"] + "/edit", made["tasks"] + "/ask", made["agreements"] + "/replace", made["decisions"] + "/close",
		"?of=waits", "log", "devices/backup", "devices/check", made["notes"] + "/forget", made["notes"] + "/log",
		"hours", "hours/start", "hours/invoice?project=Website&tax=21", made["projects"], made["newcomers"], "porches", "for-others", "for-others?language=es", "agreements/figures", "intakes/import", "tasks?which=nobody", "log?of=task",
		"by-file", "../start/by-file", "../start/asked", "../start/back", "../start/recover", "../start/new-phrase", "../start/restore", "members/" + ben.memberID() + "/new-key",
	}
	for _, as := range []struct {
		theme, language string
		width           int64
	}{{"light", "en", 1440}, {"dark", "es", 390}} {
		t.Run(as.theme+" "+as.language, func(t *testing.T) {
			t.Parallel()
			browser(t, ana).looksAt(views, as.theme, as.language, as.width)
		})
	}
}

// looksAt has axe-core look at views.
func (w *window) looksAt(views []string, theme, language string, width int64) {
	w.theme(theme)
	w.language(language)
	w.do(chromedp.EmulateViewport(width, 900))
	for _, view := range views {
		w.goTo(view)
		js[bool](w, axe+`; true`)
		found := js[[]string](w, `axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }).then((r) =>
			r.violations.flatMap((v) => v.nodes.map((n) => v.id + ": " + n.html + " " + n.failureSummary)))`)
		for _, f := range found {
			w.t.Errorf("%q, %s, %s, %d px: %s", view, theme, language, width, f)
		}
		if js[bool](w, `document.documentElement.scrollWidth > innerWidth`) {
			w.t.Errorf("%q, %s, %d px: it scrolls sideways", view, language, width)
		}
	}
}

// Of a burst of changes the first is asked for at once, and all that come while that goes on or right after with one more request.
func TestABurstOfChangesIsGathered(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	w := browser(t, ana)
	// What happens in the co-op isn't heard: all changes are those of this test.
	_, err := chromedp.Call(w.ctx, document.AddScriptToEvaluateOnNewDocument, document.AddScriptToEvaluateOnNewDocumentParams{Source: `window.EventSource = class { addEventListener() {} }`})
	must(t, err)
	w.goTo("notes")
	// The clock of the page is held: what it wants to do later waits until it is let go. Requests are counted.
	js[bool](w, `(() => {
		window.later = []; window.asked = 0; window.setTimeout = (f) => later.push(f);
		const open = XMLHttpRequest.prototype.open;
		XMLHttpRequest.prototype.open = function (...of) { asked++; this.addEventListener("loadend", () => { window.answered = asked; }); return open.apply(this, of); };
		window.news = new BroadcastChannel("kith");
		return true;
	})()`)
	js[bool](w, `(() => { for (let i = 0; i < 100; i++) news.postMessage("change"); return true })()`)
	w.until("the first is shown", `window.answered === 1 && later.length === 1`)
	js[bool](w, `(() => { for (let i = 0; i < 100; i++) news.postMessage("change"); return true })()`)
	js[bool](w, `new Promise((done) => { const ear = new BroadcastChannel("kith"); ear.onmessage = (e) => e.data === "last" && done(true); news.postMessage("last"); })`)
	if n := js[int](w, `asked`); n != 1 {
		t.Fatalf("%d requests were made before the page had rested", n)
	}
	js[bool](w, `(() => { later.shift()(); return true })()`)
	w.until("the rest is shown", `window.answered === 2 && later.length === 1`)
	js[bool](w, `(() => { later.shift()(); return true })()`)
	if n := js[int](w, `asked`); n != 2 {
		t.Fatalf("two hundred changes took %d requests", n)
	}
	w.quiet()
}
