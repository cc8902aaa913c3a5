package page_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"kith/daemon/entrance"
	"kith/daemon/peer/peertest"
	"kith/daemon/whole"
)

// uploads sends a form with a file in it, as a browser does: what was typed first. Without a name none was chosen.
func (m *member) uploads(address string, fields url.Values, name, content string) answer {
	m.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for field, values := range fields {
		for _, value := range values {
			must(m.t, form.WriteField(field, value))
		}
	}
	part, err := form.CreateFormFile("file", name)
	must(m.t, err)
	_, err = part.Write([]byte(content))
	must(m.t, err)
	must(m.t, form.Close())
	at := mustParse(m.t, address)
	return m.send("POST", address, &body, "Content-Type", form.FormDataContentType(), "Origin", at.Scheme+"://"+at.Host)
}

// keepsNothing fails the test if something of what was uploaded lies in the home of a member.
func (m *member) keepsNothing() {
	m.t.Helper()
	left, err := filepath.Glob(filepath.Join(m.dir, whole.Unfinished+"*"))
	must(m.t, err)
	if len(left) > 0 {
		m.t.Errorf("%s's home keeps %v", m.name, left)
	}
}

// writesDown shows that the words which a page shows are on paper, and gives the page that this leads to.
func (m *member) writesDown(shown answer) answer {
	m.t.Helper()
	words := wordsOn(shown.body)
	if len(words) != 12 {
		m.t.Fatalf("%d words are shown: %s", len(words), plain(shown.body))
	}
	asked := m.fetch("GET", strings.Replace(shown.at, "/words", "/written", 1), nil)
	fields := hiddenIn(asked.body, "/start/written")
	for _, place := range fields["place"] {
		fields.Set("word-"+place, words[number(m.t, place)-1])
	}
	return m.fetch("POST", m.root()+"start/written", fields)
}

// root is the address of the page itself, whichever co-op is open.
func (m *member) root() string {
	at := mustParse(m.t, m.base)
	return at.Scheme + "://" + at.Host + "/"
}

// settled asks for a page that goes on by itself until it has.
func (m *member) settled(a answer) answer {
	m.t.Helper()
	until(m.t, "the page goes on", func() bool {
		if strings.Contains(a.body, "data-poll") {
			a = m.fetch("GET", a.at, nil)
		}
		return !strings.Contains(a.body, "data-poll")
	})
	return a
}

var askOn = regexp.MustCompile(`<code>(kithq1[^<]*)</code>`)

func TestSomebodyJoinsByFileOnThePage(t *testing.T) {
	t.Parallel()
	ana, ben := coop(t, "Ana")[0], alone(t, "Ben")
	code, err := ana.client.Invite(t.Context(), 0)
	must(t, err)

	ben.fetch("GET", ben.base+"start/join", nil).says(t, "No network leads there? Join by file")
	if a := ben.starts("start/by-file", "start/by-file", url.Values{"as": {"Ben"}, "code": {"kith1nonsense"}}); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "kith1nonsense") {
		t.Errorf("what is no code is answered with %d: %s", a.status, plain(a.body))
	}
	ben.fetch("GET", ben.base+"start/asked", nil).says(t, "No request of yours waits for an answer here.")
	asked := ben.writesDown(ben.starts("start/by-file", "start/by-file", url.Values{"as": {"Ben"}, "code": {code.Code}}))
	asked.says(t, "The request of Ben")
	found := askOn.FindStringSubmatch(asked.body)
	if found == nil {
		t.Fatalf("there is no request: %s", plain(asked.body))
	}
	if file := ben.fetch("GET", ben.base+"start/ask.kith?as=Ben", nil); strings.TrimSpace(file.body) != found[1] || !strings.Contains(file.header.Get("Content-Disposition"), "ask.kith") {
		t.Errorf("as a file it is %q, %v", file.body, file.header)
	}
	ben.fetch("GET", ben.base+"start", nil).says(t, "A request of yours waits for its answer")

	for text, says := range map[string]string{"": "No file was chosen", "kithq1 nonsense": ""} {
		if a := ana.uploads(ana.base+"invites/answer", url.Values{"text": {text}}, "", ""); a.status != http.StatusUnprocessableEntity && a.status != http.StatusConflict {
			t.Errorf("%q is answered with %d: %s", text, a.status, plain(a.body))
		} else {
			a.says(t, says)
		}
	}
	if a := ana.uploads(ana.base+"invites/answer", nil, "ask.kith", strings.Repeat("x", 100_000)); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a large file is answered with %d", a.status)
	}
	welcome := ana.uploads(ana.base+"invites/answer", nil, "ask.kith", found[1]+"\n")
	if !strings.Contains(welcome.header.Get("Content-Disposition"), "welcome.kith") {
		t.Fatalf("it is answered with %d: %s", welcome.status, plain(welcome.body))
	}
	ana.sees("invites").says(t, "Ben is in.")
	again := ana.uploads(ana.base+"invites/answer", url.Values{"again": {"yes"}}, "", "")
	if !strings.Contains(again.header.Get("Content-Disposition"), "welcome.kith") {
		t.Errorf("it can't be had again: %d %s", again.status, plain(again.body))
	}

	for _, wrong := range []string{"", "nothing of Kith’s", welcome.body[:len(welcome.body)/2]} {
		if a := ben.uploads(ben.base+"start/asked", nil, map[bool]string{true: "welcome.kith"}[wrong != ""], wrong); a.status != http.StatusUnprocessableEntity {
			t.Errorf("%.20q is answered with %d: %s", wrong, a.status, plain(a.body))
		} else if !askOn.MatchString(a.body) {
			t.Errorf("the request isn't there any more: %s", plain(a.body))
		}
	}
	in := ben.uploads(ben.base+"start/asked", nil, "welcome.kith", welcome.body)
	in.says(t, "You are in, Ben.")
	ben.base, _, _ = strings.Cut(in.at, "?")
	ben.sees("members").says(t, "Ana")
	if a := ben.uploads(ben.root()+"start/asked", nil, "welcome.kith", welcome.body); a.status != http.StatusNotFound {
		t.Errorf("once more it is answered with %d", a.status)
	}
	ben.keepsNothing()
}

func TestABundleGoesFromPageToPage(t *testing.T) {
	t.Parallel()
	all := coop(t, "Ana", "Ben")
	ana, ben := all[0], all[1]
	ana.sees("step").says(t, "Without a network")
	ben.stop()
	ana.sends("notes/new", "notes", url.Values{"title": {"How to clean the drum"}})
	for field, wrong := range map[string]string{"for": "Nobody", "since": "yesteryear"} {
		if a := ana.fetch("POST", ana.base+"by-file/bundle", url.Values{field: {wrong}}); a.status < 400 {
			t.Errorf("%s %q is answered with %d", field, wrong, a.status)
		}
	}
	file := ana.fetch("POST", ana.base+"by-file/bundle", url.Values{"for": {"Ben"}, "since": {"2020-01-01"}})
	if !strings.Contains(file.header.Get("Content-Disposition"), ".bundle") {
		t.Fatalf("it is answered with %d: %s", file.status, plain(file.body))
	}
	ana.stop()
	ben.start()
	if a := ben.uploads(ben.base+"by-file/read", nil, "", ""); a.status != http.StatusUnprocessableEntity {
		t.Errorf("no file is answered with %d", a.status)
	}
	wrong := ben.uploads(ben.base+"by-file/read", nil, "song.mp3", strings.Repeat("nothing of Kith’s ", 100_000))
	wrong.says(t, "This is not a bundle of Kith; nothing was taken")
	if wrong.status != http.StatusUnprocessableEntity {
		t.Errorf("it is answered with %d", wrong.status)
	}
	ben.uploads(ben.base+"by-file/read", nil, "co-op.bundle", file.body).says(t, "one change is new here.")
	ben.sees("notes").says(t, "How to clean the drum")
	ben.uploads(ben.base+"by-file/read", nil, "co-op.bundle", file.body).says(t, "nothing is new here.")
	ben.keepsNothing()
}

func TestAFolderThatSomethingElseCarriesIsUsedAndGivenUp(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	dir := filepath.Join(t.TempDir(), "Riso’s <b>folder")
	add := func(dir string) answer {
		return ana.sends("by-file", "by-file/folders", url.Values{"dir": {dir}})
	}
	if a := add(dir); a.status != http.StatusNotFound || !strings.Contains(a.body, "Riso’s &lt;b&gt;folder") {
		t.Errorf("a folder that isn't there is answered with %d: %s", a.status, plain(a.body))
	}
	must(t, os.Mkdir(dir, 0o700))
	if a := add("riso"); a.status != http.StatusUnprocessableEntity {
		t.Errorf("half a path is answered with %d", a.status)
	}
	add(dir).says(t, "Riso’s <b>folder")
	all, err := ana.client.Drops(t.Context())
	must(t, err)
	if len(all) != 1 || all[0].Dir != dir {
		t.Fatalf("there are %v", all)
	}
	ana.fetch("POST", ana.base+"by-file/folders/remove?dir="+url.QueryEscape(dir), url.Values{})
	if all, err = ana.client.Drops(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("there are %v, %v", all, err)
	}
}

// comesIn has somebody join whose computer goes off again, and gives their recovery phrase.
func (m *member) comesIn(name string) (phrase string) {
	m.t.Helper()
	code, err := m.client.Invite(m.t.Context(), 0)
	must(m.t, err)
	res, err := entrance.Join(m.t.Context(), entrance.JoinOptions{Home: filepath.Join(m.t.TempDir(), "home"), Invite: code.Code, As: name, Listen: peertest.TCP()})
	must(m.t, err)
	return res.RecoveryPhrase
}

func TestWhoLostTheirComputerComesBackWithTheirPhrase(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	phrase := ana.comesIn("Ben")
	ben := alone(t, "Ben")
	way, err := ana.client.WayBack(t.Context(), "Ben")
	must(t, err)
	ben.fetch("GET", ben.base+"start", nil).says(t, "Come back")
	ben.fetch("GET", ben.base+"start/back", nil).says(t, "With my recovery phrase")
	comes := func(via, phrase string) answer {
		return ben.settled(ben.starts("start/recover", "start/recover", url.Values{"via": {via}, "phrase": {phrase}}))
	}
	if a := comes(way.Code, "zebra "+phrase); a.status != http.StatusUnprocessableEntity {
		t.Errorf("wrong words are answered with %d: %s", a.status, plain(a.body))
	}
	if a := comes("nonsense", phrase); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "nonsense") {
		t.Errorf("what is no code is answered with %d: %s", a.status, plain(a.body))
	}
	asked := comes(way.Code, " "+strings.ToUpper(strings.ReplaceAll(phrase, " ", "\r\n"))+" ")
	asked.says(t, "What about your other computers, Ben?")
	if strings.Contains(asked.body, " checked") {
		t.Error("something is chosen beforehand")
	}
	fields := hiddenIn(asked.body, "/start/recover/computers")
	if a := ben.fetch("POST", ben.base+"start/recover/computers", fields); a.status != http.StatusUnprocessableEntity {
		t.Errorf("nothing chosen is answered with %d", a.status)
	}
	fields.Set("computer-0", "mine")
	back := ben.settled(ben.fetch("POST", ben.base+"start/recover/computers", fields))
	back.says(t, "Welcome back, Ben.")
	back.says(t, "Out of use")
	if a := ben.fetch("GET", asked.at, nil); strings.Contains(plain(a.body), "What about") {
		t.Error("the phrase is still kept")
	}
}

func TestWhoLostTheirPhraseDrawsANewOneAndTheOthersProposeIt(t *testing.T) {
	t.Parallel()
	all := coop(t, "Ana", "Ben")
	ana, new := all[0], alone(t, "Ben, anew")
	way, err := ana.client.WayBack(t.Context(), "Ben")
	must(t, err)
	if a := new.starts("start/new-phrase", "start/new-phrase", url.Values{"via": {"nonsense"}}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("what is no code is answered with %d", a.status)
	}
	told := new.writesDown(new.starts("start/new-phrase", "start/new-phrase", url.Values{"via": {way.Code}}))
	told.says(t, "Now the others have to agree.")
	code := codeOn.FindStringSubmatch(told.body)
	if code == nil {
		t.Fatalf("there is no code: %s", plain(told.body))
	}
	at := "members/" + all[1].memberID()
	ana.sees(at).says(t, "Propose a new recovery phrase for them")
	if a := ana.sends(at+"/new-key", at+"/new-key", url.Values{"code": {"nonsense"}, "why": {"it was stolen"}}); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "nonsense") {
		t.Errorf("what is no code is answered with %d: %s", a.status, plain(a.body))
	}
	proposal := ana.sends(at+"/new-key", at+"/new-key", url.Values{"code": {code[1]}, "why": {"it was stolen"}})
	words := wordsBeside.FindAllStringSubmatch(told.body, -1)
	if len(words) == 0 {
		t.Fatalf("there are no words to compare: %s", told.body)
	}
	for _, word := range words {
		proposal.says(t, word[1])
	}
}

var wordsBeside = regexp.MustCompile(`<span>([a-z]+)</span>`)

func TestAComputerComesBackFromACopy(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	ana.sends("notes/new", "notes", url.Values{"title": {"How to clean the drum"}})
	copied := ana.sends("devices/backup", "devices/backup", url.Values{"passphrase": {"five words by chance"}, "again": {"five words by chance"}})
	brings := func(m *member, passphrase, copied string) answer {
		return m.settled(m.uploads(m.root()+"start/restore", url.Values{"passphrase": {passphrase}}, "kith.backup", copied))
	}
	brings(ana, "five words by chance", copied.body).says(t, "The co-op of this backup is on this computer already")
	ana.keepsNothing()
	ana.stop()
	anew := alone(t, "Ana, anew")
	for passphrase, copied := range map[string]string{"five other words here": copied.body, "": "nothing of Kith’s", "five words by chance": copied.body[:len(copied.body)-100]} {
		if a := brings(anew, passphrase, copied); a.status < 400 || strings.Contains(a.body, passphrase+`"`) && passphrase != "" {
			t.Errorf("%q is answered with %d: %s", passphrase, a.status, plain(a.body))
		}
	}
	back := brings(anew, "five words by chance", copied.body)
	back.says(t, "You are back, Ana")
	anew.base, _, _ = strings.Cut(back.at, "?")
	anew.sees("notes").says(t, "How to clean the drum")
	anew.keepsNothing()
}

func TestAFormWithAFileIsBoundedAndComesFromThisPage(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	if a := ana.uploads(ana.base+"invites/answer", url.Values{"text": {strings.Repeat("x", 1<<20)}}, "", ""); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a long text beside a file is answered with %d", a.status)
	}
	for _, path := range []string{"invites/answer", "by-file/read", "../start/restore", "../start/asked"} {
		if a := ana.fetch("POST", ana.base+path, url.Values{"file": {"x"}}); a.status != http.StatusUnprocessableEntity {
			t.Errorf("%s without a file in it is answered with %d", path, a.status)
		}
		if a := ana.send("POST", ana.base+path, strings.NewReader("x"), "Content-Type", "multipart/form-data; boundary=x", "Origin", "http://evil.example"); a.status != http.StatusForbidden {
			t.Errorf("%s of another page is answered with %d", path, a.status)
		}
	}
}

// The answer comes as a file, which changes no page: that somebody is in shows beside it, by itself.
func TestThePageSaysWhoWasLetInWhileTheBrowserSavesTheAnswer(t *testing.T) {
	t.Parallel()
	ana, ben := coop(t, "Ana")[0], alone(t, "Ben")
	w := browser(t, ana)
	w.language("es") // the browser's own button doesn't speak it
	w.goTo("by-file")
	w.until("a file is chosen with the page's button", `document.querySelector("[data-file]").checkVisibility() && document.querySelector("[data-file]").innerText === "Elegir un archivo"`)
	js[bool](w, `(() => { const e = document.getElementById("f-file"), d = new DataTransfer(); d.items.add(new File(["x"], "lunes.bundle")); e.files = d.files; return e.dispatchEvent(new Event("change", { bubbles: true })) })()`)
	w.untilSays("lunes.bundle")
	ana.sends("notes/new", "notes", url.Values{"title": {"Minutes"}}) // the page asks for itself again
	w.until("it is in the contents", `[...document.querySelectorAll(".index a")].some((e) => e.innerText.startsWith("Notas") && e.innerText.endsWith("1"))`)
	w.untilSays("lunes.bundle")
	w.language("en")
	code, err := ana.client.Invite(t.Context(), 0)
	must(t, err)
	asked := ben.writesDown(ben.starts("start/by-file", "start/by-file", url.Values{"as": {"Ben"}, "code": {code.Code}}))
	w.goTo("invites")
	js[bool](w, `(document.getElementById("f-text").value = `+quote(askOn.FindStringSubmatch(asked.body)[1])+`, true)`)
	w.click(`form[action$="invites/answer"] button.filled`)
	w.untilSays("Ben is in.")
	w.quiet()
}
