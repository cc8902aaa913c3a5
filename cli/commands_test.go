package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"kith/daemon/api"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestWhatPeopleRead compares the output of commands with testdata/people/*.txt, so that a
// change of words shows in a review.
func TestWhatPeopleRead(t *testing.T) {
	c := newCoop()
	by := ben
	c.events = []api.Event{
		{Seq: 1, At: api.At(now), Type: "created", Kind: "task", Short: "t-4kq2", Title: "Order paper", By: &by},
		{Seq: 2, At: api.At(now), Type: "changed", Kind: "task", Short: "t-4kq2", Title: "Order paper", By: &by, Fields: []string{"due"}, Says: []string{"set due to 2026-11-30"}},
		{Seq: 3, At: api.At(now), Type: "position", Kind: "decision", Short: "d-9f2c", Title: "A second riso", By: &by, Fields: []string{"position"}, Says: []string{"objects: “too dear”"}},
		{Seq: 4, At: api.At(now), Type: "void", Kind: "task", Short: "t-4kq2", Title: "Order paper", By: &by, Why: "only Ana can answer for Ana"},
		{Seq: 5, At: api.At(now), Type: "peer", By: &by, Title: "not connected"},
		{Seq: 6, At: api.At(now), Type: "sync", By: &by, Title: "in step"},
		{Seq: 7, At: api.At(now), Type: "member", By: &by, Title: "Ben", Why: "full"},
		{Seq: 8, At: api.At(now), Type: "charter", By: &by, Short: "p-4kq2", Says: []string{"consented to p-4kq2, to end the membership of Cleo"}},
	}
	c.checks = []api.Check{{Name: "store", OK: true, Says: "1,234 entries, all whole"}, {Name: "clock", OK: true, Says: "in step with the others", Hint: ""}}
	c.partly = []api.Document{header("note", "2m7d", "Minutes")}
	d := newServedDesk(t, c)
	for name, typed := range map[string]string{
		"status": "status", "peers": "peers", "sync": "sync", "log": "log", "log-one": "log t-4kq2", "search": "search paper", "today": "today",
		"invite-list": "invite list", "invite": "invite", "charter": "charter", "charter-log": "charter log", "charter-pending": "charter pending",
		"help-charter": "charter --help", "member-list": "member list", "member-show": "member show ben",
		"task-list": "task list", "task-show": "task show t-4kq2", "task-show-plain": "task show 4kq7",
		"decision-list": "decision list", "decision-show": "decision show d-9f2c", "decision-show-closed": "decision show d-7t0p",
		"note-list": "note list", "note-show": "note show n-2m7d", "note-history": "note history n-2m7d", "note-show-at": "note show n-2m7d --at 3fa09c11",
		"doctor": "doctor", "help": "help", "help-task-add": "task add --help",
	} {
		t.Run(name, func(t *testing.T) { golden(t, filepath.Join("people", name+".txt"), d.ok(strings.Fields(typed)...)) })
	}
	t.Run("watch", func(t *testing.T) {
		out, errs, exit := d.watch()
		if exit != 0 || errs != "" {
			t.Errorf("after Ctrl-C: exit %d, %s", exit, errs)
		}
		golden(t, filepath.Join("people", "watch.txt"), out)
	})
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s\ngot\n%s\nwant\n%s", file, got, want)
	}
}

func TestTheJSONHasWhatTheContractNames(t *testing.T) {
	const document = "id short kind title tags created_by created_by.id created_by.name created_at updated_by updated_at heads "
	const task = document + "text status project due hours asked asked.member asked.answer asked.why taken_by help help.wanted help.why help.by help.offers help.offers.member help.offers.why"
	const decision = document + "text process status revision by positions positions.member positions.stance positions.why positions.revision positions.counted positions.at waiting_for outcome review_on"
	tests := []struct{ typed, fields string }{
		{"status", "space.id space.name me.id me.name device.id device.name version started_at addresses peers.member peers.device peers.connected peers.transport peers.address peers.rtt_ms peers.in_step peers.last_seen entries.stored entries.pending entries.void documents in_step"},
		{"sync", "in_step"},
		{"peers", "member device connected transport address rtt_ms in_step last_seen"},
		{"invite list", "id code standing expires_at state"},
		{"invite revoke 7f3a", "id code standing expires_at state"},
		{"member list", "id name standing me devices devices.id devices.name devices.retired since"},
		{"member show me", "id name standing me devices since"},
		{"task list", task}, {"task show t-4kq2", task}, {"task add x", task}, {"task take 4kq2", task},
		{"task edit 4kq2 --title x", task}, {"task ask 4kq2 cleo", task},
		{"decision list", decision}, {"decision show 9f2c", decision}, {"decision propose x", decision}, {"decision consent 9f2c", decision},
		{"decision show 7t0p", "outcome.result outcome.text outcome.recorded_by outcome.at outcome.tally outcome.tally.consent outcome.state outcome.why"},
		{"note list", document + "text"}, {"note show 2m7d", document + "text"}, {"note append 2m7d --text x", document + "text"},
		{"note history 2m7d", "head at by device says changed"},
		{"note show 2m7d --at 3fa0", "head at by device says changed revision title text tags fields"},
		{"log", "entry at by device state why kind id short title says changes"},
		{"search paper", "id short kind title line score"},
		{"today", "asked asked.short due due.short decisions decisions.short help_wanted help_wanted.short"},
		{"version", "version go system"},
	}
	d := newServedDesk(t, newCoop())
	for _, tt := range tests {
		out := d.ok(append(strings.Fields(tt.typed), "--json")...)
		var v any
		if err := json.Unmarshal([]byte(out), &v); err != nil || strings.Count(out, "\n") != 1 {
			t.Errorf("%s: not one JSON value on a line: %v\n%s", tt.typed, err, out)
			continue
		}
		for _, field := range strings.Fields(tt.fields) {
			if !has(v, strings.Split(field, ".")) {
				t.Errorf("%s: no %s in %s", tt.typed, field, out)
			}
		}
		if path := nullList(v, ""); path != "" {
			t.Errorf("%s: %s is null", tt.typed, path)
		}
	}
}

// has says whether any value under v (arrays are looked through) has a field.
func has(v any, path []string) bool {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if has(e, path) {
				return true
			}
		}
		return false
	case map[string]any:
		if len(path) == 0 {
			return true
		}
		e, ok := v[path[0]]
		return ok && (len(path) == 1 || has(e, path[1:]))
	}
	return len(path) == 0
}

// nullList finds a field that should be a list and is null.
func nullList(v any, path string) string {
	lists := map[string]bool{"tags": true, "heads": true, "asked": true, "taken_by": true, "offers": true, "positions": true,
		"waiting_for": true, "devices": true, "peers": true, "addresses": true, "says": true, "changes": true, "fields": true,
		"due": false, "decisions": true, "help_wanted": true, "invites": true}
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if p := nullList(e, path); p != "" {
				return p
			}
		}
	case map[string]any:
		for k, e := range v {
			if e == nil && lists[k] {
				return path + "." + k
			}
			if p := nullList(e, path+"."+k); p != "" {
				return p
			}
		}
	}
	return ""
}

func TestNothingIsAnEmptyListAndNotNull(t *testing.T) {
	d := newServedDesk(t, &coop{})
	for _, typed := range []string{"task list", "decision list", "note list", "member list", "invite list", "decision reviews", "doctor"} {
		if out := d.ok(append(strings.Fields(typed), "--json")...); out != "[]\n" {
			t.Errorf("%s: %s", typed, out)
		}
	}
}

func TestExitCodesSayWhatHappened(t *testing.T) {
	d := newServedDesk(t, newCoop())
	d.coop.sync = func(context.Context) error { return context.DeadlineExceeded }
	tests := []struct {
		typed string
		exit  int
		says  string
	}{
		{"task accept 4kq7", 5, "Ben can't accept it for her\nhint: offer help instead: kith task offer t-4kq7"},
		{"decision close 9f2c", 5, "can't be closed yet: Ben objects"},
		{"task show t-zzzz", 4, "no task has an ID that starts with “t-zzzz”\nhint: kith task list"},
		{"task show 4k", 4, "is the start of more than one ID\n  t-4kq2  Order paper\n  t-4kq7  Clean the drum\nhint: type more of the ID"},
		{"task show d-9f2c", 4, "is the ID of a decision; a task is wanted here"},
		{"agreement show d-9f2c", 4, "is the ID of a decision; an agreement is wanted here"},
		{"member show Dora", 4, "nobody here is called “Dora”"},
		{"invite revoke zzz", 4, "no invite"},
		{"task edit 4kq2 --hours 99999", 6, "hours go from 0"},
		{"note restore 2m7d xyz", 6, "no version"},
		{"sync --wait 1ms", 7, "not yet"},
		{"--space Bakery task list", 4, "no space called “Bakery”"},
	}
	for _, tt := range tests {
		if tt.says == "not yet" {
			tt.says = "in step in this time"
		}
		if says := d.fails(tt.exit, strings.Fields(tt.typed)...); !strings.Contains(says, tt.says) {
			t.Errorf("kith %s says\n%swant …%s…", tt.typed, says, tt.says)
		}
	}
}

func TestErrorsAsJSON(t *testing.T) {
	d := newServedDesk(t, newCoop())
	for typed, code := range map[string]string{
		"task show 4k --json": "ambiguous", "--json task show t-zzzz": "not_found", "task add --json": "usage",
		"task accept 4kq7 --jq .id": "not_allowed", "task edit 4kq2 --hours 99999 --json": "invalid",
	} {
		says := d.fails(map[string]int{"ambiguous": 4, "not_found": 4, "usage": 2, "not_allowed": 5, "invalid": 6}[code], strings.Fields(typed)...)
		var e struct {
			Error map[string]any
		}
		if err := json.Unmarshal([]byte(says), &e); err != nil || e.Error["code"] != code || e.Error["message"] == "" {
			t.Errorf("kith %s: %s", typed, says)
		}
		if _, ok := e.Error["hint"]; !ok {
			t.Errorf("kith %s: no hint in %s", typed, says)
		}
	}
}

func TestWithoutADaemonEveryCommandExitsWith3(t *testing.T) {
	d := newDesk(t)
	for _, typed := range []string{"status", "peers", "sync", "watch", "log", "search x", "today", "invite list", "member list", "task list", "task add x", "note show 2m7d", "decision consent 9f2c"} {
		if says := d.fails(3, strings.Fields(typed)...); !strings.Contains(says, "isn't running\nhint: start it in another terminal: kith daemon") {
			t.Errorf("kith %s: %s", typed, says)
		}
	}
}

func TestStatusWaitsForTheDaemon(t *testing.T) {
	d := newDesk(t)
	if says := d.fails(7, "status", "--wait", "60ms"); !strings.Contains(says, "no daemon answered within 60ms") {
		t.Error(says)
	}
	answered := make(chan string)
	go func() { // no d.ok here: only the test itself may end the test
		out, errs, _ := d.run("status", "--wait", "20s", "--jq", ".me.name")
		answered <- out + errs
	}()
	d.serve(newCoop())
	if out := <-answered; out != "Ana\n" {
		t.Error(out)
	}
}

func TestCommandsWorkInAHomeWithAVeryLongPath(t *testing.T) {
	d := newDesk(t)
	d.home = filepath.Join(d.home, strings.Repeat("long/", 30))
	if err := os.MkdirAll(d.home, 0o700); err != nil {
		t.Fatal(err)
	}
	d.serve(newCoop())
	if out := d.ok("task", "add", "x"); out != "t-4kq2\n" {
		t.Error(out)
	}
}

func TestWhatCommandsTellTheDaemon(t *testing.T) {
	due := "2026-11-27"
	tests := []struct {
		typed []string
		stdin string
		want  any
	}{
		{[]string{"task", "add", "Order paper", "--due", "2026-11-27", "--ask", "cleo", "--tag", "a,b", "--hours", "2.5", "--project", "Shop", "--text", "t"}, "",
			asked{"verb": "add", "title": "Order paper", "text": "t", "due": due, "tag": []string{"a,b"}, "project": "Shop", "ask": []string{cleo.ID}, "hours": 2.5}},
		{[]string{"task", "add", "x", "--text", "-"}, "from\nstdin\n", asked{"verb": "add", "title": "x", "text": "from\nstdin"}},
		{[]string{"task", "add", "--", "--due"}, "", asked{"verb": "add", "title": "--due"}},
		{[]string{"task", "edit", "4kq2", "--due", "none", "--title", "New", "--hours", "1.5", "--untag", "paper"}, "",
			asked{"verb": "edit", "title": "New", "due": "", "hours": 1.5, "untag": []string{"paper"}}},
		{[]string{"task", "edit", "4kq2", "--project", "none"}, "", asked{"verb": "edit", "project": ""}},
		{[]string{"task", "ask", "t-4kq2", "cleo", "me"}, "", asked{"verb": "ask", "members": []string{ana.ID, cleo.ID}}},
		{[]string{"task", "help", "4kq2", "--undo"}, "", asked{"verb": "help", "undo": true}},
		{[]string{"task", "decline", "4kq2", "--why", "away"}, "", asked{"verb": "decline", "why": "away"}},
		{[]string{"decision", "propose", "x", "--by", "2026-11-27"}, "", asked{"verb": "propose", "title": "x", "process": "consent", "by": due}},
		{[]string{"decision", "stand-aside", "9f2c"}, "", asked{"verb": "position", "stance": "stand-aside", "revision": "00112233445566aa"}},
		{[]string{"decision", "object", "9f2c", "--why", "too dear", "--revision", "00112233445566aa"}, "", asked{"verb": "position", "stance": "object", "why": "too dear", "revision": "00112233445566aa"}},
		{[]string{"decision", "edit", "9f2c", "--text", "New text"}, "", asked{"verb": "edit", "text": "New text"}},
		{[]string{"decision", "edit", "9f2c", "--text", "New text", "--at", "3fa09c11d2e4"}, "", asked{"verb": "edit", "text": "New text", "base_heads": []string{"3fa09c11d2e4"}}},
		{[]string{"task", "edit", "4kq2", "--text", "New text", "--replace"}, "", asked{"verb": "edit", "text": "New text", "replace": true}},
		{[]string{"decision", "withdraw", "9f2c", "--why", "sold"}, "", asked{"verb": "withdraw", "why": "sold"}},
		{[]string{"note", "add", "x", "--tag", "a", "--tag", "b"}, "", asked{"verb": "add", "title": "x", "tag": []string{"a", "b"}}},
		{[]string{"note", "edit", "2m7d", "--text", "-"}, "all new", asked{"verb": "edit", "text": "all new"}},
		{[]string{"note", "append", "2m7d", "--text", "more"}, "", asked{"verb": "append", "text": "more"}},
		{[]string{"note", "restore", "2m7d", "3FA09"}, "", "3fa09"},
		{[]string{"invite", "revoke", "kith1secret"}, "", "7f3a00"},
	}
	d := newServedDesk(t, newCoop())
	for _, tt := range tests {
		d.coop.told, d.stdin = nil, tt.stdin
		out := d.ok(tt.typed...)
		if !reflect.DeepEqual(d.coop.told, tt.want) {
			t.Errorf("%q\ntold %s\nwant %s", tt.typed, asJSON(d.coop.told), asJSON(tt.want))
		}
		if strings.Count(out, "\n") != 1 || strings.Contains(out, " ") {
			t.Errorf("%q prints more than an ID: %s", tt.typed, out)
		}
	}
}

func TestAnEditThatChangesNothing(t *testing.T) {
	d := newServedDesk(t, newCoop())
	out, says, exit := d.run("note", "edit", "2m7d", "--text", "Present: all\n")
	if exit != 0 || out != "n-2m7d\n" || d.coop.told != nil || !strings.Contains(says, "Nothing changed") {
		t.Errorf("the same text: exit %d, %s%s, told %v", exit, out, says, d.coop.told)
	}
	d.fails(2, "note", "edit", "2m7d")
	d.fails(2, "task", "edit", "4kq2")
}

func TestTextThatIsTooLongOrNoText(t *testing.T) {
	d := newServedDesk(t, newCoop())
	d.stdin = strings.Repeat("x", 5*api.MaxText)
	d.fails(6, "note", "add", "x", "--text", "-")
	d.stdin = strings.Repeat("ü", api.MaxText+1)
	d.fails(6, "note", "add", "x", "--text", "-")
	d.stdin = strings.Repeat("🖨", api.MaxText)
	d.ok("note", "add", "x", "--text", "-")
	d.stdin = "\xff\xfe"
	d.fails(6, "note", "add", "x", "--text", "-")
	d.fails(6, "task", "add", strings.Repeat("ü", 10_000))
	d.fails(6, "task", "add", "two\nlines")
	d.fails(6, "member", "show", strings.Repeat("🖨", 10_000))
	d.fails(4, "member", "show", strings.Repeat("ü", 1_000))
}

func TestFilteringWithJQ(t *testing.T) {
	d := newServedDesk(t, newCoop())
	for expr, want := range map[string]string{
		".[].short":                   "t-4kq2\nt-4kq7\n",
		"length":                      "2\n",
		".[0].taken_by":               `[{"id":"` + ben.ID + `","name":"Ben"}]` + "\n",
		"map(select(.hours>1).title)": `["Order paper"]` + "\n",
		"empty":                       "",
		".[0].status==\"open\"":       "true\n",
	} {
		if got := d.ok("task", "list", "--jq", expr); got != want {
			t.Errorf("%s: got %s, want %s", expr, got, want)
		}
	}
	if says := d.fails(6, "task", "list", "--jq", ".foo"); !strings.Contains(says, "--jq") {
		t.Error(says)
	}
}

func TestAFilterWithoutAnEndIsStoppedLikeAnyCommand(t *testing.T) {
	d := newServedDesk(t, newCoop())
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out, errs := &stopsAt{text: "t-4kq7", stop: stop}, &bytes.Buffer{}
	exit := Run(ctx, []string{"task", "list", "--jq", ".[].short, last(repeat(1))"}, d.environment(out, errs))
	if exit != 1 || !strings.Contains(errs.String(), "stopped before it was done") {
		t.Errorf("exit %d: %s", exit, errs)
	}
}

func TestWatchPrintsOneObjectALine(t *testing.T) {
	c := newCoop()
	c.events = []api.Event{{Seq: 1, Type: "created", Kind: "task"}, {Seq: 2, Type: "changed", Kind: "note"}}
	d := newServedDesk(t, c)
	out, _, _ := d.watch("note", "--json")
	want := `{"seq":2,"at":null,"type":"changed","entry":"","kind":"note","id":"","short":"","title":"","by":null,"fields":[],"says":[],"why":""}` + "\n"
	if out != want {
		t.Errorf("got  %swant %s", out, want)
	}
	if out, _, _ := d.watch("--jq", ".seq"); out != "1\n2\n" {
		t.Errorf("with --jq: %s", out)
	}
}

// stopsAt stops a command when what it prints holds a text.
type stopsAt struct {
	printed strings.Builder
	text    string
	stop    func()
}

func (s *stopsAt) Write(b []byte) (int, error) {
	n, err := s.printed.Write(b)
	if strings.Contains(s.printed.String(), s.text) {
		s.stop()
	}
	return n, err
}

func TestWatchGoesOnOverARestartAndTellsWhatItMissed(t *testing.T) {
	c := newCoop()
	c.events = []api.Event{{Seq: 1, Type: "created", Kind: "task", Entry: "e3", Title: "Told at once"}}
	d := newServedDesk(t, c)
	c.again = func(ctx context.Context) (<-chan api.Event, error) { // the daemon is there again, and all of this is in its log
		c.later = []api.LogLine{
			{Entry: "e5", At: api.At(now), By: ben, State: "accepted", Kind: "note", Short: "n-5555", Title: "Missed last"},
			{Entry: "e4", At: api.At(now), By: ben, State: "accepted", Kind: "task", Short: "t-4444", Title: "Missed first", Says: []string{"set due to 2026-11-30"}},
			{Entry: "e3", At: api.At(now), By: ben, State: "accepted", Kind: "task", Title: "Told at once"},
		}
		events := make(chan api.Event, 1)
		events <- api.Event{Seq: 1, Type: "changed", Kind: "note", Entry: "e6", Short: "n-5555", Title: "Told now"}
		context.AfterFunc(ctx, func() { close(events) })
		return events, nil
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out, errs := &stopsAt{text: "Told now", stop: stop}, &bytes.Buffer{}
	if exit := Run(ctx, []string{"watch"}, d.environment(out, errs)); exit != 0 {
		t.Errorf("exit %d, %s", exit, errs)
	}
	want := "somebody made the task Told at once\nmeanwhile, Ben t-4444 Missed first: set due to 2026-11-30\nmeanwhile, Ben n-5555 Missed last\nsomebody changed n-5555 Told now"
	var got []string
	for line := range strings.Lines(out.printed.String()) {
		_, line, _ = strings.Cut(strings.TrimSpace(line), "  ")
		got = append(got, line)
	}
	if strings.Join(got, "\n") != want {
		t.Errorf("it tells\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}

func TestDoctorExitsWith1IfSomethingIsToBeDone(t *testing.T) {
	c := newCoop()
	c.checks = []api.Check{{Name: "store", OK: true, Says: "whole"}, {Name: "clock", Says: "3 hours fast", Hint: "set it: timedatectl"}}
	d := newServedDesk(t, c)
	out, errs, exit := d.run("doctor", "--rebuild")
	if exit != 1 || !strings.Contains(out, "!!  clock") || !strings.Contains(out, "→ set it") || !strings.Contains(errs, "1 thing is to be looked at") {
		t.Errorf("exit %d\n%s%s", exit, out, errs)
	}
	if c.told != true {
		t.Errorf("told %v", c.told)
	}
}

func TestDoctorWorksWithoutADaemon(t *testing.T) {
	d := newDesk(t)
	d.hooks.Doctor = func(context.Context, DoctorOptions) ([]api.Check, error) {
		return []api.Check{{Name: "store", Says: "the store is damaged", Hint: "restore a backup"}}, nil
	}
	out, _, exit := d.run("doctor")
	if exit != 1 || !strings.Contains(out, "not running") || !strings.Contains(out, "damaged") {
		t.Errorf("exit %d\n%s", exit, out)
	}
}

func TestInitPrintsThePhraseAndACodeForEachFounder(t *testing.T) {
	d := newDesk(t)
	var got InitOptions
	d.hooks.Init = func(_ context.Context, o InitOptions) (api.InitResult, error) {
		got, got.Show = o, nil
		invite := api.Invite{ID: "1", Code: "kith1first", State: "open", ExpiresAt: api.At(now.Add(72 * time.Hour))}
		return api.InitResult{Space: api.Named{Name: o.Name}, Member: ana, RecoveryPhrase: "legal winner thank", Invites: []api.Invite{invite, {ID: "2", Code: "kith1second"}}}, nil
	}
	typed := []string{"init", "Riso Print Co-op", "--as", "Ana", "--founders", "3", "--listen", "/ip4/127.0.0.1/tcp/0"}
	golden(t, filepath.Join("people", "init.txt"), d.ok(typed...))
	if want := (InitOptions{Home: d.home, Name: "Riso Print Co-op", As: "Ana", Founders: 3, Listen: []string{"/ip4/127.0.0.1/tcp/0"}}); !reflect.DeepEqual(got, want) {
		t.Errorf("told %+v", got)
	}
	if out := d.ok(append(typed, "--jq", ".invites[1].code")...); out != "kith1second\n" {
		t.Error(out)
	}
	d.fails(6, "init", "x", "--as", "Ana", "--founders", "21")
}

func TestJoinGoesThroughADaemonIfOneRuns(t *testing.T) {
	d := newDesk(t)
	standing := ""
	d.hooks.Join = func(_ context.Context, o JoinOptions) (api.JoinResult, error) {
		return api.JoinResult{Space: api.Named{Name: "Riso"}, Member: api.Named{Name: o.As}, Standing: standing, RecoveryPhrase: "legal winner"}, nil
	}
	for standing = range map[string]bool{"full": true, "prospective": true} {
		out := d.ok("join", "kith1code", "--as", "Ben")
		if !strings.Contains(out, "You are in “Riso”, as Ben") || !strings.Contains(out, "legal winner") || strings.Contains(out, "You are a prospective member") != (standing == "prospective") {
			t.Error(out)
		}
	}
	d.hooks.Join = func(ctx context.Context, o JoinOptions) (api.JoinResult, error) {
		<-ctx.Done()
		return api.JoinResult{}, ctx.Err()
	}
	d.fails(7, "join", "kith1code", "--as", "Ben", "--wait", "1ms")
	tries := 0
	d.hooks.Join = func(context.Context, JoinOptions) (api.JoinResult, error) {
		if tries++; tries < 2 {
			return api.JoinResult{}, api.Problemf(api.TimedOut, "", "nobody answered")
		}
		return api.JoinResult{Space: api.Named{Name: "Riso"}}, nil
	}
	if d.ok("join", "kith1code", "--as", "Ben"); tries != 2 {
		t.Errorf("tried %d times", tries)
	}
	d.serve(newCoop())
	d.fails(1, "join", "kith1code", "--as", "Ben")
	if r, ok := d.coop.told.(api.JoinRequest); !ok || r.Invite != "kith1code" || r.As != "Ben" {
		t.Errorf("told %v", d.coop.told)
	}
}

func TestTheDaemonIsToldWhatWasTyped(t *testing.T) {
	d := newDesk(t)
	d.hooks.Daemon = func(ctx context.Context, o DaemonOptions) error {
		if !o.NoMDNS || len(o.Listen) != 2 || o.Home != d.home || o.Log.Enabled(ctx, slog.LevelInfo) {
			t.Errorf("told %+v", o)
		}
		o.Ready([]string{"/ip4/127.0.0.1/tcp/4111"})
		return nil
	}
	_, errs, exit := d.run("daemon", "--no-mdns", "--listen", "/ip4/127.0.0.1/tcp/0", "--listen=/ip4/127.0.0.1/udp/0/quic-v1", "--log-level", "warn")
	if exit != 0 || !strings.Contains(errs, "running") {
		t.Errorf("exit %d: %s", exit, errs)
	}
	d.hooks.Daemon = func(context.Context, DaemonOptions) error {
		return api.Problemf(api.Failed, "stop it first", "another kith process (PID 17) uses this home")
	}
	if says := d.fails(1, "daemon"); !strings.Contains(says, "PID 17") {
		t.Error(says)
	}
}
