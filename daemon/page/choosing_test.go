package page_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Each way to choose is begun, answered and closed on the page.
func TestOptionsAreChosenFromInEachWay(t *testing.T) {
	ana := coop(t, "Ana")[0]
	for _, test := range []struct {
		process, options string
		says             url.Values
		said, chosen     string
	}{
		{"approval", "The hall\r\nThe garden\r\n\r\nNowhere", url.Values{"choices": {"1", "2", "none"}}, "The hall; The garden", "Several came first: The hall and The garden"},
		{"score", "The hall\r\nThe garden", url.Values{"option-1": {"2"}, "option-2": {"5"}}, "The garden: 5 points", "Chosen: The garden"},
		{"ranking", "The hall\r\nThe garden\r\nNowhere", url.Values{"option-2": {"1"}, "option-1": {"2"}, "option-3": {""}}, "1. The garden; 2. The hall", "Chosen: The garden"},
		{"dates", "2099-12-04\r\n2099-12-05", url.Values{"option-1": {"maybe"}, "option-2": {"yes"}}, "Friday 4 December 2099, if need be", "Chosen: Saturday 5 December 2099"},
	} {
		made := ana.sends("decisions/new", "decisions", url.Values{"title": {"Where we meet"}, "process": {test.process}, "option": {test.options}})
		path := strings.TrimPrefix(made.at, ana.base)
		if a := ana.sends(path, path+"/choose", url.Values{"why": {"no idea"}}); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "no idea") {
			t.Errorf("%s: nothing at all is taken as a choice: %d %s", test.process, a.status, plain(a.body))
		}
		a := ana.sends(path, path+"/choose", test.says)
		a.says(t, test.said)
		a.says(t, "You have chosen")
		if test.process == "dates" {
			a.says(t, "none can come · one only if need be")
		}
		ana.sends(path+"/close", path+"/close", url.Values{"text": {""}}).says(t, test.chosen)
		closed := plain(ana.sees(path).body)
		for says, is := range map[string]bool{"comes first as it stands": false, "Your word on this text": false, "came first": true, "A late word, Ana": true} {
			if strings.Contains(closed, says) != is {
				t.Errorf("%s: of a closed choice it is said %q, or not: %s", test.process, says, closed)
			}
		}
		if list := plain(ana.sees("decisions?of=all", "Accept-Language", "es").body); !strings.Contains(list, "elegida: ") && !strings.Contains(list, "varias quedaron primero: ") {
			t.Errorf("%s: the list doesn't say what came of it: %s", test.process, list)
		}
	}
	made := ana.sends("decisions/new", "decisions", url.Values{"title": {"Do we like the new drum?"}, "process": {"sense"}})
	path := strings.TrimPrefix(made.at, ana.base)
	ana.sends(path, path+"/position", url.Values{"stance": {"agree"}}).says(t, "It decides nothing")
	ana.sends(path+"/close", path+"/close", url.Values{"text": {""}}).says(t, "Heard: this is what we think")
}
