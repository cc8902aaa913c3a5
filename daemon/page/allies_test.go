package page_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

var (
	codeOn     = regexp.MustCompile(`<p class="card-code"><code>([^<]*)</code>`)
	twoWordsOn = regexp.MustCompile(`<p class="two-words own"><span>([a-z]+)</span> <span>([a-z]+)</span>`)
)

// Two co-ops make a pact on their pages, and one shows the other a task: with what goes out before it goes, and what stays here.
func TestAPactIsMadeAndATaskSharedOnThePage(t *testing.T) {
	ana, dora := coop(t, "Ana")[0], coopCalled(t, "Quilted", "Dora")[0]
	begun := ana.sends("allies/new", "allies/new", url.Values{"purpose": {"Print for each other"}, "ends": {"2031-01-01"}, "voices": {"co-ops"}})
	code := codeOn.FindStringSubmatch(begun.body)
	if code == nil {
		t.Fatalf("there is no code: %s", plain(begun.body))
	}
	used := dora.sends("allies/join", "allies/join", url.Values{"code": {code[1]}})
	if used.status != http.StatusOK {
		t.Fatalf("the code is answered with %d: %s", used.status, plain(used.body))
	}
	ally := func(m *member) string {
		all, err := m.client.Allies(t.Context())
		must(t, err)
		if len(all) == 0 {
			return ""
		}
		return "allies/" + all[0].ID
	}
	words := func(m *member) (read string) {
		until(t, m.name+" is shown two words", func() bool {
			w := twoWordsOn.FindStringSubmatch(m.sees(ally(m)).body)
			if w != nil {
				read = w[1] + " " + w[2]
			}
			return w != nil
		})
		return read
	}
	anas, doras := words(ana), words(dora)
	for _, one := range []struct {
		m      *member
		others string
	}{{ana, doras}, {dora, anas}} {
		if a := one.m.sends(ally(one.m), ally(one.m)+"/confirm", url.Values{"words": {one.others}}); a.status != http.StatusOK {
			t.Fatalf("%s’s words are answered with %d: %s", one.m.name, a.status, plain(a.body))
		}
	}
	for _, m := range []*member{ana, dora} { // who is alone has agreed by proposing it
		until(t, "the pact is made", func() bool { return strings.Contains(plain(m.sees("allies").body), "we share") })
	}

	secret := ana.sends("notes/new", "notes", url.Values{"title": {"Prices"}})
	names := strings.TrimPrefix(secret.at, ana.base+"notes/")
	made := ana.sends("tasks/new", "tasks", url.Values{"title": {"Plates for the catalogue"}, "text": {"Twelve plates, as in " + names + "."}})
	path := strings.TrimPrefix(made.at, ana.base)
	made.says(t, "Show an ally")
	preview := ana.sees(path + "/share")
	preview.says(t, "This is what Quilted will see.")
	preview.says(t, "Dora there, and whoever joins them.")
	preview.says(t, "Left out, since it names what isn’t shared: "+names)
	if strings.Contains(preview.body, " checked") || !strings.Contains(preview.body, `<span class="stays">`+names) {
		t.Errorf("something is chosen beforehand, or it isn’t shown what stays here: %s", preview.body)
	}
	if a := ana.sends(path+"/share", path+"/share", nil); a.status != http.StatusUnprocessableEntity {
		t.Errorf("without a choice it is answered with %d", a.status)
	}
	shown := hiddenIn(preview.body, path+"/share")
	shown.Set("writes", "both")
	ana.sends(path+"/edit", path+"/edit", url.Values{"title": {"Plates for the catalogue"}, "text": {"Twelve plates at 14."}, "tags": {""}})
	if a := ana.fetch("POST", ana.base+path+"/share", shown); a.status < 400 || ana.sees(path).status != http.StatusOK || strings.Contains(plain(ana.sees(path).body), "works on it with us") {
		t.Errorf("what was changed since it was shown is shared: %d", a.status)
	}
	ana.sends(path+"/share", path+"/share", url.Values{"writes": {"both"}}).says(t, "Quilted works on it with us")
	until(t, "Dora sees it", func() bool { return strings.Contains(plain(dora.sees(ally(dora)).body), "Plates for the catalogue") })

	asked := dora.sends(ally(dora)+"/ask", ally(dora)+"/ask", url.Values{"title": {"Have you got room?"}, "text": {"For <two> hours"}})
	asked.says(t, "we ask Riso Print Co-op")
	until(t, "Ana is asked", func() bool { return strings.Contains(plain(ana.sees("").body), "Have you got room?") })
	ask := regexp.MustCompile(`/asks/([a-z0-9-]+)"`).FindStringSubmatch(ana.sees("allies").body)[1]
	ana.sends("asks/"+ask, "asks/"+ask+"/answer", url.Values{"no": {"no"}, "why": {"not before May"}}).says(t, "not before May")
	until(t, "Dora reads it", func() bool { return strings.Contains(plain(dora.sees("allies").body), "said no") })
}
