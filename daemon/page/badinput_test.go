package page_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

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

// A clock jumps: an hour because of a time zone, years because of an empty battery, and back.
func TestAClockThatJumpsShutsNobodyOutForGoodAndDatesStayTrue(t *testing.T) {
	ana := coop(t, "Ana")[0]
	ana.stop()
	var ahead atomic.Int64
	ana.now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	ana.start()
	ana.openPage()
	ana.sends("tasks/new", "tasks", url.Values{"title": {"Order paper"}, "due": {"2026-12-04"}})
	for _, jump := range []time.Duration{time.Hour, -time.Hour, 20 * 24 * time.Hour, -80 * 365 * 24 * time.Hour, -20 * 365 * 24 * time.Hour, 0} {
		ahead.Store(int64(jump))
		for _, path := range []string{"", "tasks", "log", "step", "members"} {
			if a := ana.fetch("GET", ana.base+path, nil); a.status != http.StatusOK {
				t.Errorf("%v off, %q is answered with %d: %s", jump, path, a.status, plain(a.body))
			}
		}
	}
	ahead.Store(int64(40 * 365 * 24 * time.Hour))
	if a := ana.fetch("GET", ana.base, nil); a.status != http.StatusUnauthorized {
		t.Errorf("a cookie is good for ever: %d", a.status)
	}
	ana.openPage()
	ana.sees("tasks").says(t, "Order paper")
	ahead.Store(0)
	ana.sees("tasks").says(t, "Order paper") // the cookie of the time to come goes on
	link := ana.link()
	ahead.Store(int64(6 * time.Minute))
	jar, err := cookiejar.New(nil)
	must(t, err)
	other := *ana
	other.web = &http.Client{Jar: jar, Timeout: time.Minute}
	defer other.web.CloseIdleConnections()
	a := other.fetch("GET", link, nil)
	if a.status != http.StatusForbidden {
		t.Errorf("a link of six minutes ago is answered with %d", a.status)
	}
	a.says(t, "Each opens the page once, within five minutes. For another one: kith open")
}

func TestTheLanguageThatSomebodyChoseIsThatOfTheirNextBrowser(t *testing.T) {
	ana := coop(t, "Ana")[0]
	ana.sees("").says(t, "Nothing waits for you")
	at, err := url.Parse(ana.base)
	must(t, err)
	ana.fetch("POST", at.Scheme+"://"+at.Host+"/language", url.Values{"language": {"es"}, "back": {"/"}})
	ana.sees("").says(t, "Hoy")
	ana.openPage() // another browser, which asks for English
	ana.sees("").says(t, "Hoy")
	ana.stop()
	ana.start()
	ana.openPage()
	ana.sees("").says(t, "Hoy")
}

// The back button leads to what was before, and sends nothing a second time; a second window of the same person has what the first did.
func TestTheBackButtonAndASecondTabDoNothingTwice(t *testing.T) {
	unwatched(t)
	t.Parallel()
	ana := coop(t, "Ana")[0]
	one, two := browser(t, ana), browser(t, ana)
	one.goTo("tasks")
	two.goTo("tasks")
	one.goTo("tasks/new")
	one.do(chromedp.SendKeys("#f-title", "Order paper"))
	one.click(".form .filled")
	one.untilSays("Nobody has it")
	two.untilSays("Order paper")
	one.do(chromedp.NavigateBack())
	one.until("the form is there, and empty", `document.querySelector("#f-title")?.value === ""`)
	one.do(chromedp.NavigateBack())
	one.untilSays("Order paper")
	one.do(chromedp.NavigateForward(), chromedp.NavigateForward())
	one.until("the task is there", `document.querySelector("main h1").textContent === "Order paper"`)
	// Both have the form of one task open; what the first said, the second takes back to nothing.
	two.goTo("tasks")
	two.click(`main a[href*="/tasks/t-"]`)
	two.untilSays("I take it")
	one.click(`main form[action*="/take"] button`)
	one.untilSays("You have it")
	two.untilSays("You have it")
	if n := strings.Count(ana.sees("tasks").body, `id="row-`); n != 1 {
		t.Errorf("there are %d tasks", n)
	}
	one.quiet()
	two.quiet()
}
