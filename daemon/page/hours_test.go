package page_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestHoursAreWrittenDownChangedTakenBackAndCharged(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	ana.sees("hours").says(t, "You have written down no hours this week.")
	project := strings.TrimPrefix(ana.sends("projects/new", "projects", url.Values{"title": {"Website & shop"}, "client": {"Tandem"}, "rate": {"60 EUR"}, "budget": {"40"}}).at, ana.base)

	// What can't be taken is said beside what was typed.
	bad := ana.sends("hours", "hours", url.Values{"hours": {"two"}, "note": {"a call <b>with</b> Mia"}})
	if bad.status != http.StatusUnprocessableEntity || !strings.Contains(bad.body, `value="two"`) {
		t.Errorf("it is answered with %d: %s", bad.status, plain(bad.body))
	}
	bad.says(t, "a call <b>with</b> Mia")

	// A form that is sent twice is written down once.
	day := time.Now().Format(time.DateOnly)
	form := hiddenIn(ana.sees("hours").body, "hours")
	for name, value := range map[string]string{"hours": "2,5", "on": day, "project": "Website & shop", "note": "Wireframes"} {
		form.Set(name, value)
	}
	ana.fetch("POST", ana.base+"hours", form)
	page := ana.fetch("POST", ana.base+"hours", form)
	page.says(t, "You have written down 2.5 h this week.")
	ana.sends("hours", "hours", url.Values{"hours": {"1"}, "on": {day}, "project": {"Website & shop"}, "coordination": {"yes"}, "note": {"Mails"}}).says(t, "All of it 3.5 h 1 h 29 %")

	// Said otherwise, it says what it was before; taken back, it counts no more.
	entry := ""
	all, err := ana.client.Times(t.Context(), nil)
	must(t, err)
	for _, e := range all {
		if e.Text == "Wireframes" {
			entry = e.ID
		}
	}
	changed := ana.sends("hours/"+entry, "hours/"+entry, url.Values{"hours": {"3"}, "on": {day}, "project": {"Website & shop"}, "task": {""}, "note": {"Wireframes"}})
	changed.says(t, "before: 2.5 h")
	ana.sees(project).says(t, "4 h · of these 1 h coordination · 36 h free")

	ana.sees(project).says(t, "Rate €60.00")
	ana.sees(project, "Accept-Language", "es").says(t, "Precio de la hora 60,00 €")

	draft := ana.sees("hours/invoice?" + url.Values{"project": {"Website & shop"}, "tax": {"21"}}.Encode())
	draft.says(t, "Website & shop, for Tandem")
	draft.says(t, "Coordination 1.00 h 60.00 60.00 Tax 21 % 240.00 50.40")
	draft.says(t, "Total 290.40")
	ana.sees("hours/invoice?"+url.Values{"project": {"Website & shop"}, "rate": {"1250 EUR"}}.Encode(), "Accept-Language", "es").says(t, "Coordinación 1,00 h 1.250,00 1.250,00")
	if a := ana.fetch("GET", ana.base+"hours/invoice?"+url.Values{"project": {"Website & shop"}, "rate": {"much"}}.Encode(), nil); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `value="much"`) {
		t.Errorf("a rate that is none is answered with %d: %s", a.status, plain(a.body))
	}

	ana.fetch("POST", ana.base+"hours/"+entry+"/drop", url.Values{}).says(t, "taken back")
	ana.sees("hours").says(t, "You have written down 1 h this week.")
}

func TestWorkIsBegunAndLeftOffOnThePage(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	ana.sends("hours/start", "hours/start", url.Values{"note": {"Wireframes"}}).says(t, "you are at work")
	left := ana.fetch("POST", ana.base+"hours/stop", url.Values{})
	left.says(t, "Wireframes")
	if strings.Contains(plain(left.body), "you are at work") {
		t.Errorf("it goes on: %s", plain(left.body))
	}
}
