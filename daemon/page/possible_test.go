package page_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// Of roles, projects, requests and rounds the page shows what can be done now, and by whom.
func TestOnlyWhatCanBeDoneIsOffered(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	begins := func(many string, fields url.Values) (path string) {
		t.Helper()
		made := ana.sends(many+"/new", many, fields)
		if made.status != http.StatusOK || strings.HasSuffix(made.at, many) {
			t.Fatalf("%s can't be begun: %s", many, plain(made.body))
		}
		return strings.TrimPrefix(made.at, ana.base)
	}
	is := func(path string, offered, not []string) {
		t.Helper()
		says := plain(ana.sees(path).body)
		for _, deed := range offered {
			if !strings.Contains(says, deed) {
				t.Errorf("%s can't be done with %s: %s", deed, path, says)
			}
		}
		for _, deed := range not {
			if strings.Contains(says, deed) {
				t.Errorf("%s is offered for %s: %s", deed, path, says)
			}
		}
	}
	does := func(path, verb string, fields url.Values) {
		t.Helper()
		if a := ana.sends(path, path+"/"+verb, fields); a.status != http.StatusOK {
			t.Errorf("%s of %s: %d %s", verb, path, a.status, plain(a.body))
		}
	}

	const take, no, over, join, leave, next = "Yes, I take it on", "No, not me", "Ask somebody to take it over from me", "Be in the rotation :", "Be in the rotation no more", "It goes to who is next"
	role := begins("roles", url.Values{"title": {"Intake"}})
	is(role, []string{take, join}, []string{no, over, leave, next})
	does(role, "take", nil)
	is(role, []string{no, over, join}, []string{take, leave, next})
	does(role, "opt-in", nil)
	is(role, []string{leave}, []string{join, next}) // nobody else is in it

	const start, goesOn, closes, drops = "It is being worked on", "It goes on after all", "It is done", "It won’t be done"
	project := begins("projects", url.Values{"title": {"Website"}})
	is(project, []string{start, closes, drops}, []string{goesOn})
	does(project, "start", nil)
	is(project, []string{closes, drops}, []string{start, goesOn})
	does(project, "close", nil)
	is(project, []string{goesOn}, []string{start, closes, drops, "Say who coordinates it"})

	const say, shut, retro, change = "Say how we are", "Close it, and show what was said", "Make the note of its retrospective", "Change it"
	pulse := begins("pulses", url.Values{"title": {"March"}})
	is(pulse, []string{say, change}, []string{shut, retro}) // nobody has said anything
	does(pulse, "say", url.Values{"well": {"the new drum"}})
	is(pulse, []string{say, shut}, []string{retro})
	does(pulse, "close", nil)
	is(pulse, []string{retro}, []string{say, shut, change})

	const talks, accepts, reopens = "I talk to them", "We do it", "It is open after all"
	intake := begins("intakes", url.Values{"title": {"Tandem"}})
	is(intake, []string{talks, accepts}, []string{reopens})
	does(intake, "decline", url.Values{"why": {"not before June"}})
	is(intake, []string{reopens}, []string{talks, accepts})
}

var oneClick = regexp.MustCompile(`<form method="post" action="([^"]*)">`)

// What is one click away is never refused: of each kind that has no page of its own, whatever is offered is done.
func TestWhatIsOfferedIsntRefused(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	for _, many := range []string{"roles", "projects", "pulses", "intakes"} {
		made := ana.sends(many+"/new", many, url.Values{"title": {"One of the " + many}})
		path := strings.TrimPrefix(made.at, ana.base)
		for range 3 {
			_, next, _ := strings.Cut(ana.sees(path).body, "What may happen next")
			next, _, _ = strings.Cut(next, "</section>")
			for _, form := range oneClick.FindAllStringSubmatch(next, -1) {
				at := ana.base + strings.SplitN(strings.TrimPrefix(form[1], "/"), "/", 2)[1]
				if !strings.Contains(ana.sees(path).body, form[1]+`"`) {
					continue // it was offered before another was done
				}
				if a := ana.fetch("POST", at, url.Values{}); a.status != http.StatusOK {
					t.Errorf("%s: %d %s", form[1], a.status, plain(a.body))
				}
			}
		}
	}
}

// The checklist of somebody new is worked on where it stands.
func TestAStepOfAChecklistIsDoneWithAClick(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	eli := ana.letsIn("Eli")
	made := ana.sends("newcomers/new", "newcomers", url.Values{"members": {eli}, "companion": {ana.memberID()}})
	path := strings.TrimPrefix(made.at, ana.base)
	made.says(t, "The checklist")
	if says := plain(made.body); strings.Contains(says, "Nothing is written here yet") || strings.Contains(says, "number:") {
		t.Errorf("it says what only a program needs: %s", says)
	}
	click := func(body, verb string) answer {
		t.Helper()
		for _, form := range oneClick.FindAllStringSubmatch(body, -1) {
			if strings.Contains(form[1], path+"/"+verb) {
				return ana.fetch("POST", ana.base+strings.SplitN(strings.TrimPrefix(html.UnescapeString(form[1]), "/"), "/", 2)[1], url.Values{"back": {strings.TrimPrefix(made.at, strings.TrimSuffix(ana.base, "/"))}})
			}
		}
		t.Fatalf("nothing leads to %s: %s", verb, body)
		return answer{}
	}
	done := click(made.body, "done?")
	sees := ana.sees(path)
	sees.says(t, "You said that it is done")
	click(sees.body, "done-undo?")
	if strings.Contains(plain(ana.sees(path).body), "said that it is done") {
		t.Error("it is still done")
	}
	if done.status >= 500 {
		t.Errorf("it is answered with %d", done.status)
	}
}
