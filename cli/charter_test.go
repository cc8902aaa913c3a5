package cli

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"kith/daemon/api"
)

func TestWhatTheCharterIsTold(t *testing.T) {
	tests := []struct {
		typed []string
		want  any
	}{
		{[]string{"member", "admit", "cleo", "--why", "half a year"}, api.ProposalRequest{Action: "admit", Member: cleo.ID, Why: "half a year"}},
		{[]string{"member", "admit", "cleo", "--yes"}, api.ProposalRequest{Action: "admit", Member: cleo.ID, Yes: true}},
		{[]string{"member", "remove", "CLEO", "--why", "moved"}, api.ProposalRequest{Action: "remove", Member: cleo.ID, Why: "moved"}},
		{[]string{"charter", "threshold", "two-thirds"}, api.ProposalRequest{Action: "threshold", Threshold: "two-thirds"}},
		{[]string{"charter", "invites", "3", "--why", "spring"}, api.ProposalRequest{Action: "invites", Invites: 3, Why: "spring"}},
		{[]string{"charter", "close-founding"}, api.ProposalRequest{Action: "close-founding"}},
		{[]string{"charter", "consent", "4kq"}, api.ProposalAnswer{Verb: "consent"}},
		{[]string{"charter", "consent", "P-4KQ", "--anyway"}, api.ProposalAnswer{Verb: "consent", Anyway: true}},
		{[]string{"charter", "consent", "4kq2", "--leave-out"}, api.ProposalAnswer{Verb: "consent", LeaveOut: true}},
		{[]string{"charter", "refuse", "p-4kq2", "--why", "too early"}, api.ProposalAnswer{Verb: "refuse", Why: "too early"}},
		{[]string{"charter", "withdraw", "p-4kq2"}, api.ProposalAnswer{Verb: "withdraw"}},
		{[]string{"charter", "renew", "p-9"}, api.ProposalAnswer{Verb: "renew"}},
	}
	d := newServedDesk(t, newCoop())
	for _, tt := range tests {
		d.coop.told = nil
		out, errs, exit := d.run(tt.typed...)
		if exit != 0 || out != "p-4kq2\n" || !strings.Contains(errs, "1 more to come") {
			t.Errorf("%q: exit %d, prints %q, says %q", tt.typed, exit, out, errs)
		}
		if !reflect.DeepEqual(d.coop.told, tt.want) {
			t.Errorf("%q\ntold %s\nwant %s", tt.typed, asJSON(d.coop.told), asJSON(tt.want))
		}
		if d.ok(append(tt.typed, "--json")...); !reflect.DeepEqual(d.coop.told, tt.want) {
			t.Errorf("%q --json told %s", tt.typed, asJSON(d.coop.told))
		}
	}
	if d.ok("invite", "--expires", "2h"); !reflect.DeepEqual(d.coop.told, api.InviteRequest{ExpiresIn: 7200}) {
		t.Errorf("an invite: %s", asJSON(d.coop.told))
	}
	if d.ok("member", "resign", "--yes"); !reflect.DeepEqual(d.coop.told, api.ResignRequest{Yes: true}) {
		t.Errorf("a resignation: %s", asJSON(d.coop.told))
	}
	if out := d.ok("member", "rename", "Anna"); d.coop.told != "Anna" || out != "You are called Anna now.\n" {
		t.Errorf("a name: %v, %q", d.coop.told, out)
	}
	if d.ok("charter", "follow", "3fa09c"); d.coop.told != "3fa09c" {
		t.Errorf("a side taken: %v", d.coop.told)
	}
}

func TestWhatTheCharterDoesntTake(t *testing.T) {
	d := newServedDesk(t, newCoop())
	for typed, tt := range map[string]struct {
		exit int
		says string
	}{
		"member remove cleo":          {2, "needs --why and a reason"},
		"charter refuse p-4kq2":       {2, "needs --why and a reason"},
		"charter threshold everybody": {6, "one of: majority"},
		"charter invites many":        {6, "a number from 0"},
		"charter consent p-zz":        {4, "no proposal has an ID that starts with “p-zz”\nhint: kith charter pending"},
		"charter consent p-":          {4, "no proposal"},
		"member admit Dora":           {4, "nobody here is called “Dora”"},
		"invite --expires 4000h":      {6, "1 second to 90 days"},
		"charter shwo":                {2, "there is no command kith charter shwo\nhint: did you mean kith charter show?"},
		"invite lst":                  {2, "there is no command kith invite lst"},
		"charter pending --sorted":    {2, "sorted"},
	} {
		if says := d.fails(tt.exit, strings.Fields(typed)...); !strings.Contains(says, tt.says) {
			t.Errorf("kith %s says\n%swant …%s…", typed, says, tt.says)
		}
	}
}

func TestTheCharterAsJSON(t *testing.T) {
	const proposal = "id short action subject.name why by.name consents.member consents.at refusals needs state title waiting_for pending mine waits_for_me says"
	d := newServedDesk(t, newCoop())
	for typed, fields := range map[string]string{
		"charter":                    "space.name founding.open threshold needs of full.name pending.short forks says",
		"charter show":               "step founder.id prospective former",
		"charter log":                "entry at by says why proposal",
		"charter pending":            proposal + " refusals.why",
		"charter consent p-4kq2":     proposal,
		"today":                      "proposals.short",
		"invite":                     "id code standing expires_at state says",
		"member show ben":            "devices.consents invited_by",
		"charter threshold majority": proposal,
	} {
		out := d.ok(append(strings.Fields(typed), "--json")...)
		var v any
		if err := json.Unmarshal([]byte(out), &v); err != nil {
			t.Fatal(err)
		}
		for _, field := range strings.Fields(fields) {
			if !has(v, strings.Split(field, ".")) {
				t.Errorf("%s: no %s in %s", typed, field, out)
			}
		}
		if path := nullList(v, ""); path != "" {
			t.Errorf("%s: %s is null", typed, path)
		}
	}
}
