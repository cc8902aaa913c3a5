package crdt_test

import (
	"bufio"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/automerge/automerge-go"

	"kith/crdt"
	"kith/crdt/change"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/crdt/schema"
)

// inRounds proposes something with rounds, by consent.
func inRounds(t fataler, questions, reactions string, names ...string) *coop {
	c := found(t, "decision", names...)
	asks := kind.Begin("Move to the old mill", "")
	asks.Put(kinds.Decision.Field("rounds"), change.BoolValue(true))
	for key, day := range map[string]string{"questions_until": questions, "reactions_until": reactions} {
		if day != "" {
			asks.Put(kinds.Decision.Field(key), change.StrValue(day))
		}
	}
	c.maker.tell(c.maker.perform(kinds.Decision.Make, asks))
	return c
}

// acts does one word of the table, at a time.
func (d *desk) acts(word string, at time.Time) error {
	draft := &kind.Draft{Author: d.id, Now: at, Name: d.names}
	verb := kinds.Decision.Verb(word)
	switch word {
	case "says":
		verb, draft.Asks = kind.Talk, kind.Request{Text: &kind.Writing{Text: "What does it cost?"}}
	case "consents", "objects":
		verb = kinds.Decision.Verb("position")
		draft.Asks.Put(&kind.Field{Key: "stance"}, change.StrValue(strings.TrimSuffix(word, "s")))
		draft.Asks.Put(kind.Seen, change.StrValue(kinds.Decision.Revision(d.view())))
		draft.Asks.Why = "the rent"
	case "closes":
		verb = kinds.Decision.Verb("close")
	}
	return d.try(crdt.Perform(kinds.Decision, verb, draft))
}

// does reads "ana next ben says!" and has each of them do it.
func (c *coop) does(t *testing.T, words string) {
	t.Helper()
	at := now
	all := strings.Fields(words)
	if len(all) > 0 && strings.HasPrefix(all[0], "@") {
		day, err := time.Parse("2", all[0][1:])
		must(t, err)
		at, all = time.Date(2026, 11, day.Day(), 12, 0, 0, 0, time.UTC), all[1:]
	}
	for pair := range slices.Chunk(all, 2) {
		word, refused := strings.CutSuffix(pair[1], "!")
		if err := c.desk(pair[0]).acts(word, at); (err != nil) != refused {
			t.Errorf("%s %s: %v", pair[0], pair[1], err)
		}
	}
}

func (c *coop) nameOf(remark string) string {
	for name, id := range c.ids {
		if strings.HasPrefix(remark, id.String()+"/") {
			return name
		}
	}
	return "?"
}

func TestRoundsOfADecision(t *testing.T) {
	f, err := os.Open("testdata/rounds.txt")
	must(t, err)
	defer f.Close()
	rows := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line, _, _ := strings.Cut(lines.Text(), "#")
		if strings.TrimSpace(line) == "" {
			continue
		}
		rows++
		row := strings.Split(line, "|")
		t.Run(strings.TrimSpace(line), func(t *testing.T) {
			day := func(from, to int) string {
				if n := strings.TrimSpace((row[0] + "      ")[from:to]); n != "" {
					return "2026-11-" + n
				}
				return ""
			}
			c := inRounds(t, day(0, 3), day(3, 6), "ana", "ben", "cleo")
			c.desk("ana")
			c.desk("ben")
			c.desk("cleo")
			for _, step := range strings.Split(row[1], ";") {
				for _, apart := range strings.Split(step, "&") {
					c.does(t, apart)
				}
				c.settle()
			}
			d := deciding(c.settle())
			is, said := "positions", []string{}
			for i, r := range slices.Backward(d.Rounds) {
				if !r.Over {
					is = kinds.Rounds[i]
				}
			}
			for i, r := range d.Rounds {
				var who []string
				for _, s := range r.Said {
					word := c.nameOf(s.Remark)
					if s.Late {
						word += " late"
					}
					who = append(who, word)
				}
				slices.Sort(who)
				if len(who) > 0 {
					said = append(said, kinds.Rounds[i]+": "+strings.Join(who, " "))
				}
			}
			if want := strings.TrimSpace(row[2]); is != want {
				t.Errorf("it is in the round of %s, and not of %s", is, want)
			}
			if want := strings.TrimSpace(row[3]); strings.Join(said, ", ") != want {
				t.Errorf("it was said %q, and not %q", strings.Join(said, ", "), want)
			}
			if want := strings.Contains(row[1], "ana closes;") || strings.HasSuffix(strings.TrimSpace(row[1]), "ana closes"); (d.Status == kinds.Agreed) != want {
				t.Errorf("it is %s", d.Status)
			}
		})
	}
	if rows == 0 {
		t.Fatal("no cases")
	}
}

// A changed program takes positions in the round of questions and closes: the outcome doesn't hold, on every computer.
func TestAnOutcomeThatWasRecordedBeforeTheLastRoundDoesntHold(t *testing.T) {
	c := inRounds(t, "", "", "ana", "ben")
	ana, ben := c.desk("ana"), c.desk("ben")
	says := `{"revision":"` + deciding(ana.view()).Revision + `","stance":"consent","why":""}`
	ben.hack(func(am *automerge.Doc) error { return am.RootMap().Set(schema.OwnKey(ben.id, "position"), says) })
	v := c.settle()
	if err := ben.try(ben.closes()); err == nil || !strings.Contains(err.Error(), "questions") {
		t.Errorf("it can be closed in the round of questions: %v", err)
	}
	record := kinds.Record{Revision: deciding(v).Revision, Result: kinds.Agreed, Positions: []kinds.Named{}}
	for _, p := range deciding(v).Positions {
		record.Positions = append(record.Positions, kinds.Named{Member: p.Member.String(), Change: p.Change.String()})
	}
	ben.hack(writeRecord(ben.id, record))
	v = c.settle()
	if d := deciding(v); d.Status != kinds.Open || d.Outcome == nil || d.Outcome.Holds {
		t.Errorf("it is %s: %+v", d.Status, d.Outcome)
	}
	must(t, ana.acts("next", now))
	must(t, ana.acts("next", now))
	v = c.settle()
	ana.tell(ana.closes())
	if d := deciding(c.settle()); d.Status != kinds.Agreed || !d.Outcome.Holds {
		t.Errorf("in the last round it is %s: %+v", d.Status, d.Outcome)
	}
}

// The days come one after the other, and what is over gets none.
func TestTheDaysOfRoundsComeOneAfterTheOther(t *testing.T) {
	c := inRounds(t, "2026-11-25", "2026-11-27", "ana", "ben")
	ana := c.desk("ana")
	edits := func(key, day string) error {
		asks := kind.Request{}
		asks.Put(kinds.Decision.Field(key), change.StrValue(day))
		return ana.try(ana.perform(kinds.Decision.Edit, asks))
	}
	for _, one := range []struct {
		key, day, says string
	}{
		{"reactions_until", "2026-11-24", "before that of questions"},
		{"by", "2026-11-26", "before that of reactions"},
		{"questions_until", "2026-11-28", "before that of questions"},
	} {
		if err := edits(one.key, one.day); err == nil || !strings.Contains(err.Error(), one.says) {
			t.Errorf("%s %s: %v", one.key, one.day, err)
		}
	}
	must(t, edits("by", "2026-11-30"))
	must(t, ana.acts("next", now))
	if err := edits("questions_until", "2026-11-26"); err == nil || !strings.Contains(err.Error(), "is over") {
		t.Errorf("a round that is over got another day: %v", err)
	}
	plain := proposed(t, kinds.ProcessConsent, nil, "ana")
	if err := plain.desk("ana").acts("next", now); err == nil || !strings.Contains(err.Error(), "no rounds") {
		t.Errorf("a decision without rounds went on to the next: %v", err)
	}
}
