package page_test

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/page"
)

// leadingElsewhere are routes that show nothing where nothing is under way: they lead to where it begins.
var leadingElsewhere = []string{"GET /{$}", "GET /start/words", "GET /start/written", "GET /start/joining", "GET /start/recover/computers", "GET /start/new-phrase/code"}

// files are routes of what is saved and not shown, or listened to.
var files = []string{"GET /live", "GET /start/ask.kith", "GET /{space}/hours/invoice/{form}", "GET /{space}/for-others/{form}"}

// views are the addresses of all that the page shows, of a co-op in which there is one of everything. What has no name in its address follows
// from the routes, and what a kind does from its declaration; for a new route with a name in it, an example is put here.
func (m *member) views(other, ally *member) (all []string) {
	t := m.t
	t.Helper()
	add := func(path ...string) { all = append(all, path...) }
	here := mustParse(t, m.base).Path
	for _, route := range page.Routes() {
		path := strings.TrimSuffix(strings.Replace(strings.TrimPrefix(route, "GET "), "/{space}/", here, 1), "{$}")
		if !strings.Contains(path, "{") && !slices.Contains(files, route) && !slices.Contains(leadingElsewhere, route) {
			add(path)
		}
	}

	makePact(t, m, ally, other) // first, since the other member consents to whatever waits
	newcomer := m.letsIn("Eli")
	says := map[string]url.Values{
		"tasks": {"text": {"A text\n\nof two parts, with a list:\n\n- one\n- two"}, "tags": {"urgent"}}, "decisions": {"text": {"A text\n\nof two parts"}, "process": {"consent"}},
		"notes": {"text": {"A text\n\nof two parts"}, "tags": {"urgent"}}, "agreements": {"text": {"A text"}, "tags": {"urgent"}}, "projects": {"rate": {"60 EUR"}},
		"newcomers": {"members": {newcomer}, "companion": {m.memberID()}}, "profiles": {"does": {"plates"}},
	}
	for _, k := range kinds.All.Nouns() {
		fields := says[k.Many]
		if fields == nil {
			fields = url.Values{}
		}
		fields.Set("title", "Paper, "+k.Many)
		made := m.sends(k.Many+"/new", k.Many, fields)
		at, _, _ := strings.Cut(strings.TrimPrefix(made.at, m.base), "?")
		if !strings.HasPrefix(at, k.Many+"/") {
			t.Fatalf("no example of %s can be made: %d %s", k.Many, made.status, plain(made.body))
		}
		add(here+k.Many, here+k.Many+"/new", here+at)
		for _, what := range []string{"edit", "history", "log", "forget"} {
			add(here + at + "/" + what)
		}
		if share := at + "/share"; strings.Contains(m.sees(at).body, share) { // not each kind can be shared
			add(here + share)
		}
		for _, v := range k.Verbs {
			add(here + at + "/" + v.Name)
			if v.Undo {
				add(here + at + "/" + v.Name + "-undo")
			}
		}
	}
	choice := m.sends("decisions/new", "decisions", url.Values{"title": {"Which press?"}, "process": {"choice"}, "options": {"The old one\nA new one"}})
	add(mustParse(t, choice.at).Path)

	m.sends("hours", "hours", url.Values{"hours": {"2"}, "project": {"Paper, projects"}, "note": {"Wireframes"}})
	entries, err := m.client.Times(t.Context(), nil)
	must(t, err)
	add(here + "hours/" + entries[0].ID)

	for _, id := range []string{m.memberID(), other.memberID(), newcomer} {
		add(here + "members/" + id)
	}
	add(here + "members/" + other.memberID() + "/way-back")
	for _, action := range page.StepForms(true) {
		add(here + "members/" + other.memberID() + "/" + action)
	}
	for _, action := range page.StepForms(false) {
		add(here + "charter/" + action)
	}
	step, err := m.client.Propose(t.Context(), api.ProposalRequest{Action: api.ActionZone, Zone: "Europe/Berlin", Why: "most of us live there"})
	must(t, err)
	add(here + "proposals/" + step.Short)
	_, err = m.client.Invite(t.Context(), 0)
	must(t, err)
	m.fetch("POST", m.base+"devices", url.Values{})
	devices, err := m.client.Devices(t.Context())
	must(t, err)
	add(here + "devices/" + devices[0].ID + "/rename")
	m.sends("porches", "porches", url.Values{"code": {porchCode(t)}, "label": {"Rosa’s porch"}})
	porches, err := m.client.Porches(t.Context())
	must(t, err)
	add(here + "porches/" + porches[0].ID + "/remove")

	pact := allyOf(m)
	until(t, other.name+" is in the share", func() bool { return strings.Contains(plain(m.sees(pact).body), other.name) })
	add(here + pact)
	for _, verb := range []string{"ask", "open", "terms", "contacts", "lend-porch", "end"} {
		add(here + pact + "/" + verb)
	}
	begun := m.sends("allies/new", "allies/new", url.Values{"purpose": {"Bind for each other"}, "ends": {"2031-01-01"}, "voices": {"co-ops"}})
	add(mustParse(t, begun.at).Path)
	m.sends(pact+"/contacts", pact+"/contacts", url.Values{"contacts": {m.name}})
	asked := m.sends(pact+"/ask", pact+"/ask", url.Values{"title": {"Have you got room?"}, "text": {"For two hours"}})
	add(mustParse(t, asked.at).Path)
	add(here + stepOn.FindStringSubmatch(m.sees(pact).body)[1])

	// The same routes with something asked of them.
	for _, path := range []string{
		"search?q=paper", "search?q=nothing", "nothing", "tasks?of=board", "tasks?of=board&column=asked", "tasks?which=nobody", "?of=waits", "log?of=task",
		"hours/invoice?project=Paper,+projects&tax=21", "for-others?language=es",
	} {
		add(here + path)
	}
	return all
}

// Each route of the page has an example here, and whatever a page leads to, too: what is new can't be missed.
func TestEveryRouteIsLookedAt(t *testing.T) {
	unwatched(t)
	t.Parallel()
	two := coop(t, "Ana", "Ben")
	ana := two[0]
	all := ana.views(two[1], coopCalled(t, "Quilted", "Dora")[0])
	seen, led := map[string]bool{}, map[string]string{}
	for _, path := range all {
		a := ana.fetch("GET", ana.origin()+path, nil)
		bare, _, _ := strings.Cut(path, "?")
		view := page.ViewOf(bare)
		seen[view] = true
		if a.status != 200 && !strings.HasSuffix(path, "/nothing") {
			t.Errorf("%s is answered with %d: %s", path, a.status, plain(a.body))
		}
		if at := mustParse(t, a.at).Path; at != bare {
			t.Errorf("%s leads to %s, and is looked at no more", path, at)
		}
		for _, to := range links.FindAllStringSubmatch(a.body, -1) {
			if bare, _, _ := strings.Cut(to[1], "?"); !strings.HasPrefix(bare, "/static/") {
				led[page.ViewOf(bare)] = path
			}
		}
	}
	for _, route := range slices.Concat(leadingElsewhere, files) {
		seen[route] = true
	}
	for _, route := range page.Routes() {
		if !strings.Contains(route, "{many}") && !strings.Contains(route, "{verb}") && !strings.Contains(route, "{action}") && !seen[route] {
			t.Errorf("nobody looks at %s: give it an example in views", route)
		}
	}
	for view, from := range led {
		if !seen[view] {
			t.Errorf("nobody looks at %s, to which %s leads: give it an example in views", view, from)
		}
	}
}

var links = regexp.MustCompile(`href="(/[^"#]*)`)
