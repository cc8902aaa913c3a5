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

// makePact lets two co-ops make a pact on the pages of their first members; who else is in the first one consents there.
func makePact(t testing.TB, ana, dora *member, others ...*member) {
	t.Helper()
	begun := ana.sends("allies/new", "allies/new", url.Values{"purpose": {"Print for each other"}, "ends": {"2031-01-01"}, "voices": {"co-ops"}})
	code := codeOn.FindStringSubmatch(begun.body)
	if code == nil {
		t.Fatalf("there is no code: %s", plain(begun.body))
	}
	used := dora.sends("allies/join", "allies/join", url.Values{"code": {code[1]}})
	if used.status != http.StatusOK {
		t.Fatalf("the code is answered with %d: %s", used.status, plain(used.body))
	}
	words := func(m *member) (read string) {
		until(t, m.name+" is shown two words", func() bool {
			w := twoWordsOn.FindStringSubmatch(m.sees(allyOf(m)).body)
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
		if a := one.m.sends(allyOf(one.m), allyOf(one.m)+"/confirm", url.Values{"words": {one.others}}); a.status != http.StatusOK {
			t.Fatalf("%s’s words are answered with %d: %s", one.m.name, a.status, plain(a.body))
		}
	}
	for _, m := range others {
		m.consents("")
	}
	for _, m := range append(others, ana, dora) { // who is alone has agreed by proposing it
		until(t, "the pact is made", func() bool { return strings.Contains(plain(m.sees("allies").body), "we share") })
	}
}

// allyOf is the page of the only pact of a member's co-op.
func allyOf(m *member) string {
	m.t.Helper()
	all, err := m.client.Allies(m.t.Context())
	must(m.t, err)
	if len(all) == 0 {
		return ""
	}
	return "allies/" + all[0].ID
}

var stepOn = regexp.MustCompile(`href="/[^/"]*/((?:allies/[^/"]*/steps|proposals)/[^/"]*)"`)

// consents consents to the step that waits on the page of today, once there is one that a page of these says.
func (m *member) consents(says string) {
	m.t.Helper()
	var at []string
	until(m.t, "a step waits for "+m.name, func() bool {
		at = stepOn.FindStringSubmatch(m.sees("").body)
		return at != nil
	})
	m.sees(at[1]).says(m.t, says)
	m.sends(at[1], at[1]+"/consent", nil).says(m.t, "In force")
}

// Two co-ops make a pact on their pages, and one shows the other a task: with what goes out before it goes, and what stays here.
func TestAPactIsMadeAndATaskSharedOnThePage(t *testing.T) {
	ana, dora := coop(t, "Ana")[0], coopCalled(t, "Quilted", "Dora")[0]
	makePact(t, ana, dora)
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
	until(t, "Dora sees it", func() bool { return strings.Contains(plain(dora.sees(allyOf(dora)).body), "Plates for the catalogue") })

	asked := dora.sends(allyOf(dora)+"/ask", allyOf(dora)+"/ask", url.Values{"title": {"Have you got room?"}, "text": {"For <two> hours"}})
	asked.says(t, "we ask Riso Print Co-op")
	until(t, "Ana is asked", func() bool { return strings.Contains(plain(ana.sees("").body), "Have you got room?") })
	ask := regexp.MustCompile(`/asks/([a-z0-9-]+)"`).FindStringSubmatch(ana.sees("allies").body)[1]
	ana.sends("asks/"+ask, "asks/"+ask+"/answer", url.Values{"no": {"no"}, "why": {"not before May"}}).says(t, "not before May")
	until(t, "Dora reads it", func() bool { return strings.Contains(plain(dora.sees("allies").body), "said no") })
}

// What our side of a share says takes our people's consent: it waits on the page of today, and has a page.
func TestAStepOfOurSideIsAnsweredOnThePage(t *testing.T) {
	t.Parallel()
	all := coop(t, "Ana", "Ben")
	ana, ben, dora := all[0], all[1], coopCalled(t, "Quilted", "Dora")[0]
	makePact(t, ana, dora, ben)
	until(t, "Ben is in the share", func() bool { return strings.Contains(plain(ana.sees(allyOf(ana)).body), "Ben") })
	contacts := ana.sends(allyOf(ana)+"/contacts", allyOf(ana)+"/contacts", url.Values{"contacts": {"Ben"}})
	contacts.says(t, "On our side of the share with Quilted")
	ben.consents("On our side of the share with Quilted")
	until(t, "Dora reads whom she can ask", func() bool { return strings.Contains(plain(dora.sees(allyOf(dora)).body), "to ask: Ben") })
}

// Both sides of a share come to other terms, and a further share is opened and joined.
func TestTermsAndFurtherSharesAreAgreedOnThePage(t *testing.T) {
	t.Parallel()
	ana, dora := coop(t, "Ana")[0], coopCalled(t, "Quilted", "Dora")[0]
	makePact(t, ana, dora)
	at := allyOf(ana)
	if a := ana.sends(at+"/terms", at+"/terms", url.Values{"purpose": {"Print for each other"}, "ends": {"2031-01-01"}, "voices": {"co-ops"}}); a.status < 400 {
		t.Errorf("nothing new is answered with %d: %s", a.status, plain(a.body))
	}
	ana.sends(at+"/terms", at+"/terms", url.Values{"purpose": {"Print and bind for each other"}, "ends": {"2031-01-01"}, "voices": {"co-ops"}}).says(t, "In force")
	until(t, "Dora reads them", func() bool {
		return strings.Contains(plain(dora.sees(allyOf(dora)).body), "Answer the terms that they propose")
	})
	theirs := dora.sees(allyOf(dora) + "/terms")
	theirs.says(t, "Riso Print Co-op proposes what stands here.")
	theirs.says(t, "Print and bind for each other")
	dora.sends(allyOf(dora)+"/terms", allyOf(dora)+"/terms", url.Values{"purpose": {"Print and bind for each other"}, "ends": {"2031-01-01"}, "voices": {"co-ops"}}).says(t, "In force")
	until(t, "they hold", func() bool {
		says := plain(ana.sees(at).body)
		return strings.Contains(says, "Print and bind for each other") && !strings.Contains(says, "Answer the terms")
	})

	ana.sends(at+"/open", at+"/open", url.Values{"title": {"The winter fair"}})
	var ask []string
	until(t, "Dora is asked into it", func() bool {
		ask = regexp.MustCompile(`/(asks/[a-z0-9-]+)"`).FindStringSubmatch(dora.sees("").body)
		return ask != nil
	})
	dora.sees(ask[1]).says(t, "Ana of Riso Print Co-op opens a further share with us")
	until(t, "she joins it", func() bool { return dora.sends(ask[1], ask[1]+"/join", nil).status == http.StatusOK })
	until(t, "there are two shares", func() bool { return strings.Count(plain(ana.sees("allies").body), "we share") == 2 })
}

// A task and a request are passed on to an ally as they were shown, and not as they became since.
func TestWorkIsPassedOnAsItWasShown(t *testing.T) {
	t.Parallel()
	ana, dora := coop(t, "Ana")[0], coopCalled(t, "Quilted", "Dora")[0]
	makePact(t, ana, dora)
	for many, words := range map[string]string{"tasks": "Twelve plates", "intakes": "A website"} {
		made := ana.sends(many+"/new", many, url.Values{"title": {words}, "text": {"as agreed"}, "contact": {"mia@tandem.example"}})
		path := strings.TrimPrefix(made.at, ana.base)
		made.says(t, "Pass it on to an ally")
		shown := hiddenIn(ana.sees(path+"/pass").body, path+"/pass")
		ana.sends(path+"/edit", path+"/edit", url.Values{"title": {words}, "text": {"otherwise"}, "tags": {""}})
		stale := ana.fetch("POST", ana.base+path+"/pass", shown)
		if stale.status != http.StatusConflict {
			t.Errorf("what was changed since it was shown is answered with %d: %s", stale.status, plain(stale.body))
		}
		stale.says(t, "otherwise")
		ana.sends(path+"/pass", path+"/pass", nil).says(t, "Quilted works on it with us")
		until(t, "Dora sees it", func() bool { return strings.Contains(plain(dora.sees(allyOf(dora)).body), words) })
	}
}
