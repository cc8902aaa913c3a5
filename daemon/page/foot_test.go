package page_test

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"kith/daemon/backup/form"
	"kith/daemon/seal"
)

func TestWhatIsDoneIsPutAwayAndComesBack(t *testing.T) {
	ana := coop(t, "Ana")[0]
	path := strings.TrimPrefix(ana.sends("notes/new", "notes", url.Values{"title": {"Old minutes"}}).at, ana.base)
	ana.sends(path, path+"/archive", nil).says(t, "You put it away")
	if strings.Contains(plain(ana.sees("notes").body), "Old minutes") {
		t.Error("it is in the list")
	}
	ana.sends(path, path+"/archive-undo", nil)
	ana.sees("notes").says(t, "Old minutes")
	open := strings.TrimPrefix(ana.sends("tasks/new", "tasks", url.Values{"title": {"Order paper"}}).at, ana.base)
	if strings.Contains(ana.sees(open).body, open+"/archive") {
		t.Error("what is open can be put away")
	}
}

func TestWhatNobodyShouldHaveWrittenDownIsForgotten(t *testing.T) {
	all := coop(t, "Ana", "Ben")
	ana, ben := all[0], all[1]
	path := strings.TrimPrefix(ana.sends("notes/new", "notes", url.Values{"title": {"Bank number"}, "text": {"12 34"}}).at, ana.base)
	ana.sees(path+"/forget").says(t, "It can't be taken back.")
	ana.sees(path+"/forget", "Accept-Language", "es").says(t, "No se puede deshacer.")
	if a := ana.sends(path+"/forget", path+"/forget", nil); a.status != http.StatusUnprocessableEntity {
		t.Errorf("without a reason it is answered with %d", a.status)
	}
	for why, wrong := range map[string]url.Values{
		"nothing is chosen": {"why": {"a bank number"}}, "no words are typed": {"why": {"a bank number"}, "what": {"part"}},
		"words are typed beside all": {"why": {"a bank number"}, "what": {"all"}, "part": {"34"}}, "words are typed beside the rest": {"why": {"a bank number"}, "what": {"earlier"}, "part": {"34"}},
	} {
		if a := ana.sends(path+"/forget", path+"/forget", wrong); a.status != http.StatusUnprocessableEntity || ana.fetch("GET", ana.base+path, nil).status != http.StatusOK {
			t.Errorf("%s, and it is answered with %d: %s", why, a.status, plain(a.body))
		}
	}
	ana.sends(path+"/forget", path+"/forget", url.Values{"why": {"a bank number"}, "what": {"all"}})
	if a := ana.fetch("GET", ana.base+path, nil); a.status != http.StatusNotFound || !strings.Contains(plain(a.body), "This was forgotten.") {
		t.Errorf("it is answered with %d: %s", a.status, plain(a.body))
	}

	path = strings.TrimPrefix(ana.sends("notes/new", "notes", url.Values{"title": {"About Cleo"}}).at, ana.base)
	until(t, "Ben has it", func() bool { return ben.fetch("GET", ben.base+path, nil).status == http.StatusOK })
	ben.sends(path+"/edit", path+"/edit", url.Values{"title": {"About Cleo"}, "text": {"No word about her."}})
	until(t, "Ana has it", func() bool { return strings.Contains(ana.sees(path).body, "No word about her") })
	ana.sees(path+"/forget").says(t, "Others wrote in it, too")
	ana.sends(path+"/forget", path+"/forget", url.Values{"why": {"it is hers to say"}, "agreed": {"no"}, "what": {"all"}})
	until(t, "Ben is asked", func() bool { return strings.Contains(plain(ben.sees("").body), "Others want this forgotten") })
	ben.sees("").says(t, "Ana: it is hers to say")
	ben.sees(path+"/forget").says(t, "Ana wants it forgotten: it is hers to say")
	ben.sends(path+"/forget", path+"/forget", url.Values{"agreed": {"no"}})
	until(t, "it is gone", func() bool { return ana.fetch("GET", ana.base+path, nil).status == http.StatusNotFound })
}

// What stood in it before is forgotten, or some words are: what is left goes on where the page leads to.
func TestSomeOfATextIsForgottenOnThePage(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	path := strings.TrimPrefix(ana.sends("notes/new", "notes", url.Values{"title": {"Money"}, "text": {"DE89 and the rent"}}).at, ana.base)
	ana.sends(path+"/edit", path+"/edit", url.Values{"title": {"Money"}, "text": {"Account 4711, and the rent"}})
	goesOn := func(from string, fields url.Values, has, hasnt string) string {
		t.Helper()
		now := ana.sends(from+"/forget", from+"/forget", fields)
		path, _, _ := strings.Cut(strings.TrimPrefix(now.at, ana.base), "?")
		if path == from || !strings.Contains(plain(now.body), has) || strings.Contains(ana.sees(path+"/history").body, hasnt) {
			t.Fatalf("%s leads to %s: %s", from, path, plain(now.body))
		}
		if led := ana.sees(from); !strings.HasPrefix(led.at, ana.base+path+"?") || !strings.Contains(plain(led.body), "What stayed of it goes on here.") {
			t.Errorf("who comes back to %s stands at %s: %s", from, led.at, plain(led.body))
		}
		return path
	}
	path = goesOn(path, url.Values{"why": {"a number"}, "what": {"earlier"}}, "Account 4711, and the rent", "DE89")
	goesOn(path, url.Values{"why": {"a number"}, "what": {"part"}, "part": {"Account 4711, "}}, "and the rent", "4711")

	// What names a decision of which a part was forgotten leads to what goes on of it.
	rent := strings.TrimPrefix(ana.sends("decisions/new", "decisions", url.Values{"title": {"The rent"}, "text": {"To DE89, on the first"}, "process": {"consent"}}).at, ana.base)
	rules := strings.TrimPrefix(ana.sends("agreements/new", "agreements", url.Values{"title": {"Rent"}, "text": {"On the first"}, "decision": {strings.TrimPrefix(rent, "decisions/")}}).at, ana.base)
	rent = goesOn(rent, url.Values{"why": {"a number"}, "what": {"part"}, "part": {"DE89"}}, "on the first", "DE89")
	if !strings.Contains(ana.sees(rules).body, rent) {
		t.Errorf("the agreement doesn't lead to %s: %s", rent, ana.sees(rules).body)
	}
}

func TestWhatHappenedIsThereAndTheLastDeedIsTakenBack(t *testing.T) {
	ana := coop(t, "Ana")[0]
	path := strings.TrimPrefix(ana.sends("tasks/new", "tasks", url.Values{"title": {"Order <b>paper"}}).at, ana.base)
	ana.sees("log").says(t, "began it")
	ana.sees("log", "Accept-Language", "es").says(t, "lo empezó")
	undone := ana.sends("log", "log/undo", nil)
	undone.says(t, "Taken back: Order <b>paper")
	if strings.Contains(undone.at, "log/undo") {
		t.Error("to load the page anew takes back one more thing")
	}
	if a := ana.fetch("GET", ana.base+path, nil); a.status != http.StatusNotFound {
		t.Errorf("it is answered with %d", a.status)
	}
	ana.fetch("POST", ana.base+"log/undo", url.Values{}).says(t, "There was nothing to do.")
}

func TestWhatWasDoneWithOneThingStandsTogetherAndInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	role := strings.TrimPrefix(ana.sends("roles/new", "roles", url.Values{"title": {"Phone"}, "text": {"nine to five"}, "tags": {"office"}, "hours": {"3"}, "until": {"2031-12-01"}}).at, ana.base)
	ana.sends("tasks/new", "tasks", url.Values{"title": {"Order paper"}})
	ana.sends(role, role+"/take", nil)
	ana.sends("hours", "hours", url.Values{"hours": {"2"}, "on": {"2026-01-05"}})
	ana.sees(role+"/history").says(t, "All that was done with it")
	one := ana.sees(role+"/log", "Accept-Language", "es")
	for _, says := range []string{"lo empezó", "escribió «nine to five»", "le puso la etiqueta office", "dijo cuántas horas por semana lleva: 3 h", "dijo cuándo termina el período: 1 dic 2031", "nombró a Ana"} {
		one.says(t, says)
	}
	if strings.Contains(one.body, "Order paper") || strings.Contains(one.body, `dir="auto" lang="en"`) {
		t.Errorf("it is about more, or not all of it is in the language: %s", plain(one.body))
	}
	all := ana.sees("log", "Accept-Language", "es")
	all.says(t, "Ana en Horas anotó: 2 h, el 5 ene")
	if strings.Contains(all.body, `href=""`) {
		t.Error("a line leads nowhere")
	}
}

func TestACopyToComeBackFromIsSealed(t *testing.T) {
	ana := coop(t, "Ana")[0]
	ana.sends("tasks/new", "tasks", url.Values{"title": {"Order paper"}})
	ana.sees("devices").says(t, "Make a copy to come back from")
	for word, again := range map[string]string{"short": "short", "long enough": "long enoughh", "": ""} {
		a := ana.sends("devices/backup", "devices/backup", url.Values{"passphrase": {word}, "again": {again}})
		if a.status != http.StatusUnprocessableEntity || word != "" && strings.Contains(a.body, word) {
			t.Errorf("%q and %q are answered with %d", word, again, a.status)
		}
	}
	a := ana.sends("devices/backup", "devices/backup", url.Values{"passphrase": {"five words by chance"}, "again": {"five words by chance"}})
	if !strings.Contains(a.header.Get("Content-Disposition"), "kith-") || !seal.IsSealed([]byte(a.body)) {
		t.Fatalf("it is no sealed file: %v", a.header)
	}
	open, err := seal.NewOpener("five words by chance").Open(strings.NewReader(a.body))
	must(t, err)
	r, err := form.NewReader(open)
	must(t, err)
	var entries int
	for {
		kind, _, err := r.Next()
		if err == io.EOF {
			break
		}
		must(t, err)
		if kind == form.KindEntry {
			entries++
		}
	}
	if entries == 0 || int64(entries) != r.Header().Entries {
		t.Errorf("it holds %d entries of %d", entries, r.Header().Entries)
	}
	if slices.Contains([]string{"", "public"}, a.header.Get("Cache-Control")) {
		t.Error("the browser may keep it")
	}
}
