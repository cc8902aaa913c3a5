package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// answersDir has what programs read: the commands of a script with their answers as JSON, a file for
// each topic. Scripts write them with -update, and else hold that nothing of it has changed. The order
// of keys doesn't count.
const answersDir = "testdata/answers"

// answers collects what a script's commands answer.
type answers struct {
	topics []string // in the order in which they came
	said   map[string]*strings.Builder
	names  map[string]string // of what is another in every run: a full ID to what the script calls it
}

// answers begins a topic, or goes on with it: a file of answersDir.
func (l *lab) answers(_ *testscript.TestScript, args []string) error {
	if l.answered == nil {
		l.answered = &answers{said: map[string]*strings.Builder{}, names: map[string]string{}}
	}
	topic := args[0]
	if l.answered.said[topic] == nil {
		l.answered.said[topic] = &strings.Builder{}
	}
	l.answered.topics = append(l.answered.topics, topic)
	return nil
}

// says runs kith with --json for somebody, and keeps what it answers. With "!" the command has to fail;
// its exit code and its error are kept then.
func (l *lab) says(ts *testscript.TestScript, neg bool, args []string) {
	if l.answered == nil || len(args) < 2 {
		ts.Fatalf("not used like this: answers TOPIC, and then says NAME WORD…")
	}
	ts.Check(l.as(ts, args[:1]))
	err := ts.Exec("kith", append(append([]string{}, args[1:]...), "--json")...)
	if failed := err != nil; failed != neg {
		ts.Fatalf("%v", err)
	}
	out := l.answered.said[l.answered.topics[len(l.answered.topics)-1]]
	fmt.Fprintf(out, "%s$ kith %s\n", args[0], strings.Join(quoted(args[1:]), " "))
	answer := ts.ReadFile("stdout")
	if neg {
		if answer != "" {
			ts.Fatalf("it failed, and wrote %q", answer)
		}
		answer = ts.ReadFile("stderr")
		fmt.Fprintf(out, "%v\n", err)
	}
	for rest := json.NewDecoder(strings.NewReader(answer)); rest.More(); {
		var v any
		ts.Check(rest.Decode(&v))
		fmt.Fprintf(out, "%s\n", inLines(l.answered.sameInEveryRun("", v), ""))
	}
	out.WriteString("\n")
}

// called names what was just answered $NAME, there and in the file.
func (l *lab) called(ts *testscript.TestScript, args []string) error {
	var answer struct{ ID string }
	if err := json.Unmarshal([]byte(ts.ReadFile("stdout")), &answer); err != nil {
		return err
	}
	if answer.ID == "" {
		return errors.New("what was answered has no ID")
	}
	l.answered.names[answer.ID] = args[0]
	ts.Setenv(args[0], answer.ID)
	return nil
}

func quoted(words []string) (out []string) {
	for _, w := range words {
		if long := []rune(w); len(long) > 200 {
			w = string(long[:10]) + "…"
		}
		if w == "" || strings.ContainsAny(w, " '\"") {
			w = "'" + strings.ReplaceAll(w, "'", "''") + "'"
		}
		out = append(out, w)
	}
	return out
}

// inLines writes JSON for people: what fits into a line stands in one.
func inLines(v any, indent string) string {
	var line bytes.Buffer
	e := json.NewEncoder(&line)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err.Error()
	}
	short := strings.TrimSuffix(line.String(), "\n")
	var parts []string
	inner := indent + "  "
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, fmt.Sprintf("%s%q: %s", inner, key, inLines(v[key], inner)))
		}
	case []any:
		for _, one := range v {
			parts = append(parts, inner+inLines(one, inner))
		}
	}
	if len(indent)+len(short) <= 100 || len(parts) == 0 {
		return short
	}
	return short[:1] + "\n" + strings.Join(parts, ",\n") + "\n" + indent + short[len(short)-1:]
}

// changing are fields that say how fast a computer is, what is drawn by chance, or who was heard first.
var changing = map[string]bool{
	"addresses": true, "address": true, "rtt_ms": true, "trouble": true, "transport": true, "score": true, "version": true,
	"seen_by": true, "not_yet_by": true, "recovery_phrase": true, "words": true,
	"to_get": true, "got": true, "to_send": true, "sent": true, "bytes_received": true, "bytes_sent": true, "in_step": true, "in_step_with": true, "unsent": true, "connected": true,
	"entries_received": true, "entries_sent": true, "slowed": true, "done": true, "busy_ms": true, "rate_received": true, "rate_sent": true, "acknowledged": true, "unconfirmed": true,
	"seq": true, "stored": true, "relays": true, "reach": true,
}

// byMember are lists that are ordered by members' IDs, and so by chance.
var byMember = []string{"asked", "taken_by", "offers", "positions", "waiting_for", "silent", "full", "prospective", "consents", "refused", "consented"}

// sameInEveryRun is v without what changes from run to run. Members are called by their names.
func (a *answers) sameInEveryRun(key string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		id, _ := v["id"].(string)
		if name, ok := v["name"].(string); ok && strings.HasPrefix(id, "m-") {
			called, _, _ := strings.Cut(name, " (") // in a share, with their co-op
			a.names[id] = "m-" + called
		}
		for k := range v {
			v[k] = a.sameInEveryRun(k, v[k])
		}
		return v
	case []any:
		if changing[key] {
			return "…"
		}
		for i := range v {
			v[i] = a.sameInEveryRun(key, v[i])
		}
		if slices.Contains(byMember, key) {
			slices.SortStableFunc(v, func(a, b any) int { return strings.Compare(memberOf(a), memberOf(b)) })
		}
		return v
	case nil:
		if strings.HasSuffix(key, "_at") || key == "unconfirmed_since" || key == "last_seen" {
			return "…"
		}
		return v
	}
	word, _ := v.(string)
	if changing[key] || strings.HasPrefix(word, "kith1") { // a code
		return "…"
	}
	if host, err := os.Hostname(); err == nil && word == host {
		return "computer" // before lines are broken by how long they are
	}
	return v
}

// memberOf is the name of the member whom a part of an answer is, or is of; "" if it is nobody's.
func memberOf(v any) string {
	part, _ := v.(map[string]any)
	if of, ok := part["member"].(map[string]any); ok {
		part = of
	}
	name, ok := part["name"].(string)
	if _, isDocument := part["short"]; !ok || isDocument {
		return ""
	}
	return name
}

// What is another in every run: IDs, their starts, hashes and their starts, and the moments of the run.
var (
	fullID    = regexp.MustCompile(`\b([a-z]{1,3}-[0-9a-hjkmnp-tv-z]{32}|v-[0-9a-hjkmnp-tv-z]{8})\b`)
	startOfID = regexp.MustCompile(`\b[a-z]{1,3}-[0-9a-hjkmnp-tv-z]{4,31}\b`)
	hash      = regexp.MustCompile(`\b[0-9a-f]{64}\b`)
	startHash = regexp.MustCompile(`\b[0-9a-f]{8,63}\b`)
	moment    = regexp.MustCompile(`"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.?\d*Z"`)
	today     = regexp.MustCompile(`\b\d{1,2} [A-Z][a-z]+ 20[2-8]\d\b`)                         // in words; stories end in 2099
	two       = regexp.MustCompile(`\b([A-Z]\w+(?: \([^)]*\))?) and ([A-Z]\w+(?: \([^)]*\))?)`) // members, by their IDs
	promised  = regexp.MustCompile(`"2099-.*"`)                                                 // the years of stories, which aren't moments of the run
)

// named gives what else is another in every run a name of its own, by the order in which it comes.
func (a *answers) named(text string) string {
	counts := map[string]int{}
	nameOf := func(id, kind string) string {
		if a.names[id] == "" {
			counts[kind]++
			a.names[id] = fmt.Sprintf("%s-%d", kind, counts[kind])
		}
		return a.names[id]
	}
	start := func(word string) string {
		for full, name := range a.names {
			if strings.HasPrefix(full, word) {
				return name + "…"
			}
		}
		return word
	}
	text = fullID.ReplaceAllStringFunc(text, func(id string) string { return nameOf(id, id[:strings.Index(id, "-")]) })
	text = startOfID.ReplaceAllStringFunc(text, start)
	text = hash.ReplaceAllStringFunc(text, func(h string) string { return nameOf(h, "hash") })
	text = startHash.ReplaceAllStringFunc(text, start)
	text = moment.ReplaceAllStringFunc(text, func(m string) string {
		if promised.MatchString(m) {
			return m
		}
		return `"…"`
	})
	text = today.ReplaceAllString(text, "…")
	text = two.ReplaceAllStringFunc(text, func(pair string) string {
		both := two.FindStringSubmatch(pair)[1:]
		slices.Sort(both)
		return strings.Join(both, " and ")
	})
	return text
}

// compareAnswers holds that programs read what they read before.
func (l *lab) compareAnswers() error {
	if l.answered == nil {
		return nil
	}
	var errs []error
	for _, topic := range l.answered.topics {
		out := l.answered.said[topic]
		if out == nil {
			continue // a topic that the script went back to
		}
		l.answered.said[topic] = nil
		file := filepath.Join(answersDir, topic+".txt")
		got := l.answered.named(out.String())
		if *update {
			errs = append(errs, os.WriteFile(file, []byte(got), 0o644))
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil || string(want) != got {
			errs = append(errs, fmt.Errorf("%s isn't what is answered (%v):\n%s", file, err, firstOther(string(want), got)))
		}
	}
	return errors.Join(errs...)
}

// firstOther shows where two texts part, with what stands before.
func firstOther(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	n := 0
	for n < len(w) && n < len(g) && w[n] == g[n] {
		n++
	}
	command := n
	for command > 0 && (command >= len(g) || !strings.Contains(g[command], "$ kith ")) {
		command--
	}
	some := func(lines []string) string {
		return strings.Join(lines[min(n, len(lines)):min(n+6, len(lines))], "\n")
	}
	return fmt.Sprintf("after %s\nline %d was\n%s\nand is\n%s", g[min(command, len(g)-1)], n+1, some(w), some(g))
}
