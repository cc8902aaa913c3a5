package page_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"kith/crdt/kind"
	"kith/crdt/kinds"

	"kith/daemon/api"
	"kith/daemon/api/apitest"
	"kith/daemon/page"
)

const markup = `<script>alert(1)</script><img src=x onerror=alert(1)>"'&`

// bodyOf is a text as it comes of a browser.
func bodyOf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

func TestWhatSomebodyTypedIsNoMarkup(t *testing.T) {
	ana := coop(t, "Ana")[0]
	for _, many := range []string{"tasks", "notes", "agreements", "decisions"} {
		a := ana.sends(many+"/new", many, url.Values{"title": {markup}, "text": {markup}, "tags": {"<b>"}, "process": {"consent"}, "project": {markup}})
		if a.status != http.StatusOK || strings.HasSuffix(a.at, "/"+many) {
			t.Fatalf("%s can't be begun: %d %s", many, a.status, plain(a.body))
		}
		a.says(t, markup)
		for _, path := range []string{"", many, strings.TrimPrefix(a.at, ana.base), strings.TrimPrefix(a.at, ana.base) + "/edit", "search?q=" + url.QueryEscape(markup)} {
			body := ana.sees(path).body
			if strings.Contains(body, "<script>alert") || strings.Contains(body, "<img") || strings.Contains(body, "<b>&") {
				t.Errorf("%s: what somebody typed is markup", path)
			}
		}
	}
}

func TestAFormThatIsSentTwiceMakesOneDocument(t *testing.T) {
	ana := coop(t, "Ana")[0]
	fields := hiddenIn(ana.sees("tasks/new").body, "tasks")
	fields.Set("title", "Order paper")
	first := ana.fetch("POST", ana.base+"tasks", fields)
	second := ana.fetch("POST", ana.base+"tasks", fields)
	if first.at != second.at || first.status != http.StatusOK {
		t.Errorf("it leads to %s, and then to %s", first.at, second.at)
	}
	all, err := ana.client.Tasks(t.Context(), apitest.TaskQuery{})
	must(t, err)
	if len(all) != 1 {
		t.Errorf("there are %d tasks", len(all))
	}
}

func TestWhatATaskNeedsIsAskedForAndKept(t *testing.T) {
	ana := coop(t, "Ana")[0]
	a := ana.sends("tasks/new", "tasks", url.Values{"title": {""}, "text": {"the thick one"}, "hours": {"two"}})
	if a.status != http.StatusUnprocessableEntity {
		t.Errorf("it is answered with %d", a.status)
	}
	if !strings.Contains(a.body, "the thick one") || !strings.Contains(a.body, `value="two"`) {
		t.Error("what was typed is lost")
	}
	a.says(t, "Nothing was changed.")
	made := ana.sends("tasks/new", "tasks", url.Values{"title": {"Order paper"}, "hours": {"2,5"}, "tags": {"paper, urgent,paper"}})
	made.says(t, "About 2.5 h")
	made.says(t, "paper, urgent")
}

// Nobody types the name of a template, asks themselves to go on in their own place, or begins a second profile; and what a command line doesn't
// name, a form calls by what it is.
func TestAFormAsksForWhatItIsAndOffersWhatThereIs(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana", "Ben")[0]
	sees := func(path string, has ...string) string {
		t.Helper()
		a := ana.sees(path)
		for _, says := range has {
			a.says(t, says)
		}
		return a.body
	}
	if body := sees("agreements/new", "Cómo decidimos"); !strings.Contains(body, `<option value="como-decidimos">`) {
		t.Errorf("no template is offered: %s", plain(body))
	}
	holds := ana.sends("agreements/new", "agreements", url.Values{"title": {"How we decide"}, "template": {"how-we-decide"}, "public": {"no"}})
	holds.says(t, "consent")
	at, _, _ := strings.Cut(strings.TrimPrefix(holds.at, ana.base), "?")
	sees(at+"/replace", "The one that holds in its place")
	role := strings.TrimPrefix(ana.sends("roles/new", "roles", url.Values{"title": {"Phone"}}).at, ana.base)
	ana.sends(role, role+"/take", nil)
	if body := sees(role+"/hand-over", "Who is to take it over", "Ben"); strings.Contains(body, `value="`+ana.memberID()+`"`) {
		t.Error("one can hand a role over to oneself")
	}
	sees("intakes/"+strings.TrimPrefix(ana.sends("intakes/new", "intakes", url.Values{"title": {"Mia"}}).at, ana.base+"intakes/")+"/accept", "with its hours: Wireframes=8h")
	sees("profiles", "Begin my profile")
	ana.sends("profiles/new", "profiles", url.Values{"does": {"plates"}})
	if body := sees("profiles", "Change my profile"); strings.Contains(body, "Begin my profile") {
		t.Error("a second profile can be begun")
	}
}

// What the daemon tells who did something stands on the page to which that leads: once, in their language, and nothing that a link says.
func TestWhatThereIsToKnowOfWhatWasDoneIsTold(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	ana.sends("projects/new", "projects", url.Values{"title": {"Website"}})
	form := hiddenIn(ana.sees("tasks/new").body, "tasks")
	form.Set("title", "Wireframes <b>")
	form.Set("project", "Websit")
	first, again := ana.fetch("POST", ana.base+"tasks", form), ana.fetch("POST", ana.base+"tasks", form)
	for _, a := range []answer{first, again} {
		a.says(t, "There is no project called “Websit” yet. Did you mean “Website”?")
	}
	path, _, _ := strings.Cut(strings.TrimPrefix(first.at, ana.base), "?")
	if strings.Contains(first.at, "Websit") || strings.Contains(plain(ana.sees(path).body), "Did you mean") {
		t.Errorf("it is told by the address, or for good: %s", first.at)
	}
	if says := ana.sees(path + "?told=" + url.QueryEscape("There is no bread")); strings.Contains(says.body, "bread") {
		t.Errorf("a link says something: %s", plain(says.body))
	}
	if strings.Contains(hiddenIn(first.body, path+"/take").Get("back"), "told") {
		t.Error("what is done next leads to what was told before")
	}
	es := ana.fetch("POST", ana.base+path+"/edit", hiddenIn(ana.sees(path+"/edit").body, path+"/edit"), "Accept-Language", "es")
	if es.status != http.StatusOK {
		t.Errorf("nothing to change is answered with %d", es.status)
	}
	fields := hiddenIn(ana.sees(path+"/edit").body, path+"/edit")
	for name, value := range map[string]string{"title": "Wireframes <b>", "text": "", "tags": "", "project": "Websito", "due": "", "hours": "", "weekly": ""} {
		fields.Set(name, value)
	}
	ana.fetch("POST", ana.base+path+"/edit", fields, "Accept-Language", "es").says(t, "¿Querías decir «Website»?")
}

// Who has lost all their computers comes back with a code of somebody else's, which that person finds on the page.
func TestTheCodeOfTheWayBackIsOnThePage(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	at := "members/" + ana.letsIn("Eli")
	ana.sees(at).says(t, "Help them come back")
	way := ana.sees(at + "/way-back")
	way.says(t, "So that Eli comes back.")
	if codeOn.FindStringSubmatch(way.body) == nil {
		t.Errorf("there is no code: %s", plain(way.body))
	}
}

// What somebody said is answered where it stands, and the answer says to whom it is.
func TestWhatSomebodySaidIsAnswered(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	path := strings.TrimPrefix(ana.sends("notes/new", "notes", url.Values{"title": {"The drum"}}).at, ana.base)
	talk := "talk/" + strings.TrimPrefix(idOn(ana.sees(path).body), "talk/")
	said := ana.sends(path, talk, url.Values{"text": {"Who cleans it?"}})
	_, at, _ := strings.Cut(said.body, path+"?answer=")
	at, _, _ = strings.Cut(at, "#talk")
	form := path + "?answer=" + at
	ana.sees(form).says(t, "Your answer to you")
	ana.sends(form, talk, url.Values{"text": {"I do."}}).says(t, "You to You")
	if strings.Contains(hiddenIn(ana.sees(path).body, talk).Get("answer"), at) {
		t.Error("what is said next is an answer to it, too")
	}
	// What one said oneself is said otherwise, and taken back.
	otherwise := path + "?instead=" + at
	ana.sees(otherwise).says(t, "What you say in its place")
	ana.sends(otherwise, talk, url.Values{"text": {"Who cleans the <drum>?"}}).says(t, "Who cleans the <drum>?")
	now := ana.sends(otherwise, talk, url.Values{"text": {""}})
	now.says(t, "taken back")
	if says := plain(now.body); strings.Contains(says, "Who cleans") {
		t.Errorf("it still stands: %s", says)
	}
	// What can't be said is kept, beside the reason.
	lost := ana.sends(path, talk, url.Values{"text": {"@Nobodyhere, is this so?"}})
	if lost.status != http.StatusUnprocessableEntity || !strings.Contains(lost.body, "@Nobodyhere, is this so?") {
		t.Errorf("what was typed is lost: %d %s", lost.status, plain(lost.body))
	}
}

// Short words that somebody wrote are left as they are, also where Kith has a phrase that reads alike.
func TestWhatAPersonWroteIsNeverTranslated(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	sees := func(path string) string { return plain(ana.sees(path, "Accept-Language", "es").body) }
	intake := ana.sends("intakes/new", "intakes", url.Values{"title": {"open"}, "text": {"nobody"}, "contact": {"accepted"}})
	path := strings.TrimPrefix(intake.at, ana.base)
	if says := sees(path); !strings.Contains(says, "open") || strings.Contains(says, "Abierta") {
		t.Errorf("who asks is translated: %s", says)
	}
	ana.sends("profiles/new", "profiles", url.Values{"title": {"Ana"}, "does": {"done"}, "about": {"closed"}, "shared": {"sum"}})
	if says := sees("profiles"); strings.Contains(says, "hecha") || !strings.Contains(says, "done") {
		t.Errorf("what somebody does is translated: %s", says)
	}
	role := ana.sends("roles/new", "roles", url.Values{"title": {"The desk"}})
	at := strings.TrimPrefix(role.at, ana.base)
	ana.sends(at, at+"/take", nil)
	ana.sends(at+"/decline", at+"/decline", url.Values{"why": {"done"}})
	if says := sees(at); !strings.Contains(says, "done") {
		t.Errorf("a reason is translated: %s", says)
	}
}

// Lists leave what somebody looks for: by what their kind declares, and what was put away.
func TestAListIsSifted(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	ana.sends("tasks/new", "tasks", url.Values{"title": {"Order paper"}, "tags": {"urgent"}})
	note := ana.sends("notes/new", "notes", url.Values{"title": {"Old minutes"}})
	ana.sends("notes/new", "notes", url.Values{"title": {"Minutes"}})
	ana.sends("tasks/new", "tasks", url.Values{"title": {"Fold programmes"}})
	only := func(path, has, hasnt string) {
		t.Helper()
		if says := plain(ana.sees(path).body); !strings.Contains(says, has) || strings.Contains(says, hasnt) {
			t.Errorf("%s: %s", path, says)
		}
	}
	only("tasks?tag=urgent", "Order paper", "Fold programmes")
	if says := plain(ana.sees("tasks?sort=title").body); strings.Index(says, "Fold programmes") > strings.Index(says, "Order paper") {
		t.Errorf("by title it isn't in that order: %s", says)
	}
	ana.sees("tasks?sort=title").says(t, "by title")
	only("tasks?which=nobody&tag=urgent", "Order paper", "Fold programmes")
	only("tasks?who="+ana.memberID(), "Nothing here is like that.", "Order paper")
	at := strings.TrimPrefix(note.at, ana.base)
	ana.sends(at, at+"/archive", nil)
	only("notes", "Minutes", "Old minutes")
	only("notes?which=archived", "Old minutes", "There are no notes")
	only("log?of=note", "Old minutes", "Order paper")
	only("log?of=task&from="+ana.memberID()+"&since="+time.Now().Format(time.DateOnly), "Order paper", "Old minutes")
	if a := ana.fetch("GET", ana.base+"tasks?due_before=soonish", nil); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `value="soonish"`) {
		t.Errorf("a day that is none is answered with %d: %s", a.status, plain(a.body))
	}
	ana.sends("agreements/new", "agreements", url.Values{"title": {"Opening hours"}, "public": {"no"}})
	only("agreements?of=reviews", "Nothing here is like that.", "Opening hours")
}

// What our agreements say in numbers stands together, and that they differ.
func TestWhatAgreementsSayInNumbersStandsTogether(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	ana.sees("agreements/figures").says(t, "No agreement says numbers yet.")
	for title, figure := range map[string]string{"How we work": "timebox=14d", "How we decide": "timebox=7d"} {
		ana.sends("agreements/new", "agreements", url.Values{"title": {title}, "set": {figure}})
	}
	says := ana.sees("agreements/figures")
	says.says(t, "They differ, so none of these holds.")
	says.says(t, "How we decide")
}

// Somebody who waits is told with whom this computer is in step now.
func TestComingIntoStepIsWaitedForAndTold(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana", "Ben")[0]
	ana.sends("step", "step", nil).says(t, "In step with Ben.")
}

// A request is taken from a mail or a form: what it says is read before it is sent, and who takes it twice is told.
func TestARequestIsTakenFromAFile(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	mail := "From: Mia <mia@tandem.example>\r\nSubject: A website\r\n\r\nWith a <b>shop</b>.\r\n"
	read := ana.uploads(ana.base+"intakes/import", nil, "request.eml", mail)
	read.says(t, "With a <b>shop</b>.")
	if !strings.Contains(read.body, `value="Mia"`) || !strings.Contains(read.body, `value="mia@tandem.example"`) {
		t.Errorf("it isn't read: %s", read.body)
	}
	fields := hiddenIn(read.body, "intakes")
	for name, value := range map[string]string{"title": "Mia", "subject": "A website", "text": "With a <b>shop</b>.", "contact": "mia@tandem.example"} {
		fields.Set(name, value)
	}
	made := ana.fetch("POST", ana.base+"intakes", fields)
	made.says(t, "Mia")
	ana.uploads(ana.base+"intakes/import", nil, "request.eml", mail).says(t, "The same was written down before: Mia")
	due := "who: Tandem\nneed: bikes\ndue: 2031-05-01"
	again := hiddenIn(ana.uploads(ana.base+"intakes/import", nil, "form.txt", due).body, "intakes")
	for name, value := range map[string]string{"title": "Tandem", "text": "bikes", "due": "2031-05-01"} {
		again.Set(name, value)
	}
	ana.fetch("POST", ana.base+"intakes", again)
	ana.uploads(ana.base+"intakes/import", nil, "form.txt", due).says(t, "The same was written down before: Tandem")
	if other := ana.uploads(ana.base+"intakes/import", nil, "form.txt", strings.Replace(due, "05-01", "06-01", 1)); strings.Contains(other.body, "written down before") {
		t.Error("what is wanted for another day is said to be the same")
	}
	ana.uploads(ana.base+"intakes/import", nil, "form.txt", "who: Tandem\nneed: bikes\ndue: when it is warm\nfax: 4711").says(t, "When they need it, in their words: when it is warm")
	for name, body := range map[string]string{"": "", "plan.txt": "nothing of that kind", "photo.jpg": "\xff\xd8\xff"} {
		if a := ana.uploads(ana.base+"intakes/import", nil, name, body); a.status != http.StatusUnprocessableEntity {
			t.Errorf("%q is answered with %d: %s", name, a.status, plain(a.body))
		}
	}
	if a := ana.sends("intakes/import", "intakes/import", nil); a.status != http.StatusUnprocessableEntity {
		t.Errorf("no file at all is answered with %d", a.status)
	}
}

// A draft of an invoice is saved as a table, in the reader's language.
func TestAnInvoiceIsSavedAsAFile(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	ana.sends("projects/new", "projects", url.Values{"title": {"Website"}, "rate": {"60 EUR"}})
	ana.sends("hours", "hours", url.Values{"hours": {"2"}, "project": {"Website"}, "note": {"=Wireframes"}})
	ana.sees("hours/invoice?project=Website").says(t, "Save it as a table (CSV)")
	a := ana.sees("hours/invoice/csv?project=Website&language=es")
	if !strings.HasPrefix(a.header.Get("Content-Type"), "text/csv") || !strings.Contains(a.header.Get("Content-Disposition"), "invoice.csv") || !strings.Contains(a.body, "120") {
		t.Errorf("%v %s", a.header, a.body)
	}
	if a := ana.fetch("GET", ana.base+"hours/invoice/xls?project=Website", nil); a.status != http.StatusNotFound {
		t.Errorf("another form is answered with %d", a.status)
	}
}

// Who changes their name, or that of a computer, does so by the forms of the page.
func TestAMemberAndAComputerAreRenamed(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	renamed := ana.sends("rename", "rename", url.Values{"name": {"Anna <b>"}})
	renamed.says(t, "Anna <b>")
	renamed.says(t, "Was called Ana")
	if a := ana.sends("rename", "rename", url.Values{"name": {" "}}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("no name is answered with %d", a.status)
	}
	device, err := ana.client.Devices(t.Context())
	must(t, err)
	at := "devices/" + device[0].ID + "/rename"
	ana.sees(at).says(t, "called")
	ana.sends(at, at, url.Values{"name": {"The one in the shop"}}).says(t, "The one in the shop")
}

// A row of today says once until when something is: not in words, and in a column beside them.
func TestARowOfTodaySaysAThingOnce(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	role := ana.sends("roles/new", "roles", url.Values{"title": {"The desk"}, "until": {time.Now().AddDate(0, 0, 3).Format(time.DateOnly)}})
	path := strings.TrimPrefix(role.at, ana.base)
	ana.sends(path, path+"/take", nil)
	_, row, _ := strings.Cut(ana.sees("").body, ">The desk</a>")
	row, _, _ = strings.Cut(row, "</li>")
	if n := strings.Count(strings.ToLower(row), "until"); n != 1 {
		t.Errorf("it is said %d times until when: %s", n, row)
	}
}

func TestAnEditChangesOnlyWhatWasChangedInTheForm(t *testing.T) {
	ana := coop(t, "Ana")[0]
	made := ana.sends("tasks/new", "tasks", url.Values{"title": {"Order paper"}, "hours": {"2"}, "tags": {"paper"}})
	path := strings.TrimPrefix(made.at, ana.base)
	fields := hiddenIn(ana.sees(path+"/edit").body, path+"/edit")
	// Meanwhile, in a terminal:
	hours := 3.0
	_, err := ana.client.EditTask(t.Context(), strings.TrimPrefix(path, "tasks/"), apitest.TaskEdit{Hours: &hours})
	must(t, err)
	for name, value := range map[string]string{"title": "Order recycled paper", "text": "", "hours": "2", "due": "", "project": "", "tags": "paper, urgent"} {
		fields.Set(name, value)
	}
	a := ana.fetch("POST", ana.base+path+"/edit", fields)
	a.says(t, "Order recycled paper")
	a.says(t, "About 3 h")
	a.says(t, "paper, urgent")
}

// Ana has the form of before; Ben and she write in one note, and all words of both are there.
func TestAStaleFormLosesNobodysWordsAndShowsWhatOthersWrote(t *testing.T) {
	all := coop(t, "Ana", "Ben")
	ana, ben := all[0], all[1]
	made := ana.sends("notes/new", "notes", url.Values{"title": {"Minutes"}, "text": {bodyOf("one\n\ntwo\n\nthree")}})
	path := strings.TrimPrefix(made.at, ana.base)
	stale := hiddenIn(ana.sees(path+"/edit").body, path+"/edit")
	until(t, "Ben has the note", func() bool { return ben.fetch("GET", ben.base+path, nil).status == http.StatusOK })
	a := ben.sends(path+"/edit", path+"/edit", url.Values{"title": {"Minutes"}, "text": {bodyOf("one, says Ben\n\ntwo\n\nthree")}, "tags": {""}})
	a.says(t, "one, says Ben")
	until(t, "Ana sees it", func() bool { return strings.Contains(ana.sees(path).body, "one, says Ben") })
	stale.Set("title", "Minutes")
	stale.Set("text", bodyOf("one\n\ntwo\n\nthree, says Ana"))
	stale.Set("tags", "")
	b := ana.fetch("POST", ana.base+path+"/edit", stale)
	b.says(t, "one, says Ben")
	b.says(t, "three, says Ana")
	b.says(t, "Others wrote while you did. All of it is here.")
	if !strings.Contains(b.body, "<ins>") || strings.Contains(b.body, "</del> three") {
		t.Errorf("the difference isn't shown: %s", b.body)
	}
	if strings.Contains(ana.sees(path).body, "Others wrote") {
		t.Error("it is said for ever")
	}
}

func TestAWordOnATextThatChangedMeanwhileIsKeptAndAskedForAgain(t *testing.T) {
	all := coop(t, "Ana", "Ben")
	ana, ben := all[0], all[1]
	made := ana.sends("decisions/new", "decisions", url.Values{"title": {"A second riso"}, "text": {"for 2,000"}, "process": {"consent"}})
	path := strings.TrimPrefix(made.at, ana.base)
	fields := hiddenIn(ana.sees(path).body, path+"/position")
	until(t, "Ben has it", func() bool { return ben.fetch("GET", ben.base+path, nil).status == http.StatusOK })
	ben.sends(path+"/edit", path+"/edit", url.Values{"title": {"A second riso"}, "text": {"for 9,000"}, "tags": {""}, "by": {""}, "review": {""}})
	until(t, "Ana has the change", func() bool { return strings.Contains(ana.sees(path).body, "9,000") })
	ana.sees(path).says(t, "What changed since you spoke")
	fields.Set("stance", "object")
	fields.Set("why", "that is too much <for us>")
	a := ana.fetch("POST", ana.base+path+"/position", fields)
	if a.status != http.StatusConflict {
		t.Errorf("it is answered with %d: %s", a.status, plain(a.body))
	}
	a.says(t, "for 9,000")
	a.says(t, "It was changed while you answered.")
	if !strings.Contains(a.body, "<ins>") || !strings.Contains(a.body, "<del>") {
		t.Errorf("what was changed isn't shown: %s", a.body)
	}
	a.says(t, "that is too much <for us>")
	again := hiddenIn(a.body, path+"/position")
	again.Set("stance", "object")
	again.Set("why", "that is too much")
	ana.fetch("POST", ana.base+path+"/position", again).says(t, "You object that is too much")
	if strings.Contains(ana.sees(path).body, "What changed since") {
		t.Error("it is still said what changed since Ana spoke")
	}
}

func TestNothingIsChosenBeforehandAndNothingIsSaidWithoutAChoice(t *testing.T) {
	ana := coop(t, "Ana")[0]
	made := ana.sends("decisions/new", "decisions", url.Values{"title": {"Statutes"}, "process": {"consensus"}})
	if strings.Contains(made.body, " checked") || strings.Contains(ana.sees("decisions/new").body, " checked") {
		t.Error("something is chosen beforehand")
	}
	path := strings.TrimPrefix(made.at, ana.base)
	if a := ana.sends(path, path+"/position", url.Values{"why": {"since I say so"}}); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "since I say so") {
		t.Errorf("it is answered with %d", a.status)
	}
}

func TestADecisionGoesFromAProposalToAClose(t *testing.T) {
	ana := coop(t, "Ana")[0]
	made := ana.sends("decisions/new", "decisions", url.Values{"title": {"A second riso"}, "text": {"A used one"}, "process": {"consent"}, "by": {""}})
	path := strings.TrimPrefix(made.at, ana.base)
	made.says(t, "It can be closed as agreed when one of one have answered this text")
	made.says(t, "Closing it waits for everybody who has said nothing, unless a day is set until when.")
	a := ana.sends(path+"/close", path+"/close", url.Values{"text": {"Ana looks for one"}})
	a.says(t, "Agreed")
	a.says(t, "Ana looks for one")
	a.says(t, "closed by you, ")
	a.says(t, "one consented")
	if strings.Contains(a.body, path+"/edit") {
		t.Error("its text can be changed, as the page says")
	}
	other := ana.sends("decisions/new", "decisions", url.Values{"title": {"A third"}, "process": {"consent"}})
	path = strings.TrimPrefix(other.at, ana.base)
	ana.sends(path+"/withdraw", path+"/withdraw", url.Values{"why": {"two will do"}}).says(t, "Withdrawn two will do")
}

func TestWhatIsTooLongIsRefusedAndBounded(t *testing.T) {
	ana := coop(t, "Ana")[0]
	long := strings.Repeat("a", api.MaxText+1)
	if a := ana.sends("notes/new", "notes", url.Values{"title": {"Long"}, "text": {long}}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a text that is too long is answered with %d", a.status)
	}
	if a := ana.sends("notes/new", "notes", url.Values{"title": {strings.Repeat("ä", api.MaxTitle+1)}}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a title that is too long is answered with %d", a.status)
	}
	if a, err := ana.try("POST", ana.base+"notes", url.Values{"title": {"Long"}, "text": {strings.Repeat(long, 40)}}); err == nil && a.status != http.StatusUnprocessableEntity {
		t.Errorf("four million letters are answered with %d", a.status)
	}
	full := strings.Repeat("ñ", api.MaxText)
	a := ana.sends("notes/new", "notes", url.Values{"title": {"Full"}, "text": {full}})
	path := strings.TrimPrefix(a.at, ana.base)
	if b := ana.sends(path+"/edit", path+"/edit", url.Values{"title": {"Full"}, "text": {full[:len(full)-4] + "an"}, "tags": {""}}); b.status != http.StatusOK {
		t.Errorf("the longest text can't be changed: %d %s", b.status, plain(b.body)[:200])
	}
}

func TestOpenStreamsAreBoundedAndEndWithTheDaemon(t *testing.T) {
	ana := coop(t, "Ana")[0]
	var open []*http.Response
	defer func() {
		for _, r := range open {
			r.Body.Close()
		}
	}()
	stream := func() *http.Response {
		r, err := http.NewRequestWithContext(t.Context(), "GET", ana.base+"../live", nil)
		must(t, err)
		resp, err := ana.web.Do(r)
		must(t, err)
		open = append(open, resp)
		return resp
	}
	first := stream()
	lines := bufio.NewScanner(first.Body)
	hears := func(what string) {
		t.Helper()
		for lines.Scan() {
			if lines.Text() == what {
				return
			}
		}
		t.Fatalf("the stream ended before it said %q: %v", what, lines.Err())
	}
	hears("event: change") // it may have missed something before it began
	ana.sends("tasks/new", "tasks", url.Values{"title": {"Order paper"}})
	hears("event: change")
	refused := false
	for range 20 {
		refused = refused || stream().StatusCode == http.StatusServiceUnavailable
	}
	if !refused {
		t.Error("any number of streams is open")
	}
	ana.stop()
	for lines.Scan() { // it ends
	}
}

func TestEveryPlaceIsThereInEveryLanguage(t *testing.T) {
	unwatched(t)
	all := coop(t, "Ana", "Ben")
	ana := all[0]
	ben, eli := all[1].memberID(), ana.letsIn("Eli")
	paths := []string{"", "contents", "search", "search?q=paper", "members", "step", "load", "allies", "allies/new", "allies/join", "charter", "invites", "devices", "charter/threshold", "charter/time-zone", "log", "devices/backup", "devices/check", "hours", "hours/start", "hours/invoice", "porches", "for-others", "hours?from=2026-01-01&to=2026-12-31", "agreements/figures", "intakes/import", "log?of=task&since=2026-01-01", "?of=soon", "?of=nothing"}
	for _, k := range kinds.All.Nouns() {
		made := ana.sends(k.Many+"/new", k.Many, whatItNeeds(k, "纸 ورق paper", eli, ben))
		path := strings.TrimPrefix(made.at, ana.base)
		if made.status != http.StatusOK || path == k.Many {
			t.Errorf("a %s can't be begun: %d %s", k.Name, made.status, plain(made.body))
			continue
		}
		paths = append(paths, k.Many, k.Many+"?of=all", k.Many+"?n=1", k.Many+"/new", path, path+"/edit", path+"/history", path+"/forget")
		for _, v := range k.Verbs {
			if v.Name != "pass" { // there is nobody to whom
				paths = append(paths, path+"/"+v.Name)
			}
		}
		said := ana.sends(path, "talk/"+strings.TrimPrefix(idOn(made.body), "talk/"), url.Values{"text": {"Is this <so>?"}})
		said.says(t, "Is this <so>?")
	}
	for _, language := range []string{"en", "es"} {
		for _, path := range paths {
			a := ana.sees(path, "Accept-Language", language)
			if !strings.Contains(a.body, `<html lang="`+language+`">`) {
				t.Errorf("%s isn't in %s", path, language)
			}
			if strings.Contains(a.body, "ZgotmplZ") || strings.Contains(a.body, "{n}") || strings.Contains(a.body, "{who}") || strings.Contains(plain(a.body), "map[") {
				t.Errorf("%s in %s says %s", path, language, plain(a.body))
			}
		}
	}
	for _, path := range []string{"nothing", "tasks/t-zzzz", "notes/new/new", "tasks/" + strings.Repeat("a", 500), "members/x", "%00", "tasks/../../etc"} {
		if a := ana.fetch("GET", ana.base+path, nil); a.status < 400 || a.status >= 500 {
			t.Errorf("%s is answered with %d", path, a.status)
		}
	}
}

// Ben closes what Ana proposed; he has an earlier word, she says something late. Somebody who leaves isn't counted any more.
func TestAClosedDecisionSaysWhoClosedItAndWhatCameLate(t *testing.T) {
	all := coop(t, "Ana", "Ben")
	ana, ben := all[0], all[1]
	made := ana.sends("decisions/new", "decisions", url.Values{"title": {"A second riso"}, "text": {"for 2,000"}, "process": {"consent"}})
	path := strings.TrimPrefix(made.at, ana.base)
	until(t, "Ben has it", func() bool { return ben.fetch("GET", ben.base+path, nil).status == http.StatusOK })
	ben.sends(path, path+"/position", url.Values{"stance": {"consent"}})
	ben.sends(path+"/close", path+"/close", url.Values{"text": {""}}).says(t, "two consented")
	until(t, "Ana is told on the page of today", func() bool { return strings.Contains(plain(ana.sees("").body), "Closed A second riso") })
	a := ana.sees(path)
	a.says(t, "closed by Ben, ")
	if strings.Contains(plain(ana.sees("").body), "Closed A second riso") {
		t.Error("what she has seen is still news")
	}
	ana.sends(path, path+"/position", url.Values{"stance": {"object"}, "why": {"the rent first"}})
	ana.sees(path).says(t, "late: said after it was closed")
}

func TestWhatSomebodySaysWhoLeftDoesntReadAsStanding(t *testing.T) {
	all := coop(t, "Ana", "Ben", "Cleo")
	ana, ben := all[0], all[1]
	made := ana.sends("decisions/new", "decisions", url.Values{"title": {"A second riso"}, "text": {"for 2,000"}, "process": {"consent"}})
	path := strings.TrimPrefix(made.at, ana.base)
	until(t, "Ben has it", func() bool { return ben.fetch("GET", ben.base+path, nil).status == http.StatusOK })
	ben.sends(path, path+"/position", url.Values{"stance": {"object"}, "why": {"too dear"}})
	until(t, "Ana sees it", func() bool { return strings.Contains(ana.sees(path).body, "The objection of Ben stands.") })
	_, err := ben.client.Resign(t.Context(), api.ResignRequest{Yes: true})
	must(t, err)
	// The charter says it first; what counts its people is judged anew behind that.
	until(t, "Ana sees that he left, where he objected", func() bool {
		return strings.Contains(ana.sees(path).body, "has left since, so it shows and isn’t counted any more")
	})
	a := ana.sees(path)
	if strings.Contains(plain(a.body), "The objection of Ben stands.") || strings.Contains(plain(ana.sees("decisions").body), "Ben objects") {
		t.Error("it reads as standing")
	}
}

// whatItNeeds is a form that begins a document of any kind. members are whom it is about, and who is asked.
func whatItNeeds(k *kind.Kind, title string, members ...string) url.Values {
	fields := url.Values{"title": {title}, "text": {"A text"}}
	for _, f := range slices.Concat(k.Make.Args, k.Make.With) {
		isArg := slices.Contains(k.Make.Args, f)
		if !f.Needs && f.Is != kind.Word && !isArg {
			continue
		}
		switch f.Is {
		case kind.Members:
			for i, m := range members {
				if isArg == (i == 0) {
					fields.Set(f.Key, m)
				}
			}
		case kind.Word:
			fields.Set(f.Key, kind.WordOut(f.Words[0]))
		case kind.Day:
			fields.Set(f.Key, "2099-01-01")
		case kind.Hours:
			fields.Set(f.Key, "1")
		default:
			fields.Set(f.Key, "some words")
		}
	}
	return fields
}

// idOn is the ID in the address to which something about a document is said.
func idOn(page string) string {
	_, rest, _ := strings.Cut(page, "/talk/")
	id, _, _ := strings.Cut(rest, `"`)
	return id
}

func TestAMegabyteOfMarkupInAnyFieldIsRefusedInWords(t *testing.T) {
	unwatched(t)
	ana := coop(t, "Ana")[0]
	huge := strings.Repeat("<b onclick=x>\"'&", 1<<20/16)
	refused := func(form, action string, fields url.Values) {
		t.Helper()
		all := hiddenIn(ana.fetch("GET", ana.base+form, nil).body, action)
		for name, values := range fields {
			all[name] = values
		}
		a := ana.fetch("POST", ana.base+action, all)
		if a.status < 400 || a.status >= 500 {
			t.Errorf("%s is answered with %d", action, a.status)
		}
		if strings.Contains(a.body, "<b onclick") || plain(a.body) == "" {
			t.Errorf("%s: what was typed is markup, or nothing is said", action)
		}
	}
	for _, k := range kinds.All.Nouns() {
		for _, name := range []string{"title", "text", "tags"} {
			if k.Make.Text == kind.No && name == "text" {
				continue
			}
			fields := whatItNeeds(k, "Paper")
			fields.Set(name, huge)
			refused(k.Many+"/new", k.Many, fields)
		}
		for _, f := range slices.Concat(k.Make.Args, k.Make.With) {
			fields := whatItNeeds(k, "Paper")
			fields.Set(f.Key, huge)
			if f.Is != kind.Flag {
				refused(k.Many+"/new", k.Many, fields)
			}
		}
	}
	refused("../start/found", "../start/found", url.Values{"as": {huge}, "name": {huge}, "founders": {huge}})
	refused("../start/join", "../start/join", url.Values{"as": {"Ana"}, "code": {huge}})
	refused("charter/time-zone", "charter/time-zone", url.Values{"zone": {huge}, "why": {huge}})
	refused("proposals/"+huge[:200], "proposals/p-zzzz/consent", url.Values{"revision": {huge}})
}

func TestThePageKnowsTheSectionsThatTheDaemonTells(t *testing.T) {
	ana := coop(t, "Ana")[0]
	raw, err := ana.client.Waits(t.Context(), false)
	must(t, err)
	var told api.Today
	must(t, json.Unmarshal(raw, &told))
	names := map[string]bool{}
	for _, s := range told.Sections {
		names[s.Name] = true
		if _, ofKind := told.Documents[s.Name]; !ofKind && page.SectionsOfNoKind[s.Name] == "" {
			t.Errorf("the section %q is new: give it a heading on the page of today, and name it in SectionsOfNoKind", s.Name)
		}
	}
	for name := range page.SectionsOfNoKind {
		if !names[name] {
			t.Errorf("the daemon tells no section %q any more", name)
		}
	}
}
