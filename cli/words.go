package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"kith/daemon/api"
)

// ago is a past moment in words.
func (c *call) ago(t api.Time) string {
	if t.IsZero() {
		return "never"
	}
	now := c.env.Now()
	if d := now.Sub(t.Time); d > -time.Minute && d < time.Second {
		return "now" // clocks of several computers differ by a little
	}
	return humanize.RelTime(t.Time, now, "ago", "from now")
}

// heard is when this device heard of a line of the log; it knows no time for what was there before
// it came.
func (c *call) heard(t api.Time) string {
	if t.IsZero() {
		return "earlier"
	}
	if c.env.Now().Sub(t.Time) < 7*24*time.Hour {
		return c.ago(t)
	}
	return t.In(c.env.Now().Location()).Format("2 Jan 2006") // one looks up when something was agreed
}

// when is a date in words, as seen from today: "today", "Monday", "4 Dec 15:00".
func (c *call) when(date string) string {
	if date == "" {
		return ""
	}
	now := c.env.Now()
	at, dayOnly, err := api.ParseDate(date, now.Location())
	if err != nil {
		return date
	}
	day := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	var words string
	switch days := int(day(at).Sub(day(now)).Hours() / 24); {
	case days == 0:
		words = "today"
	case days == 1:
		words = at.Weekday().String() + ", tomorrow"
	case days > 1 && days < 7: // that in a week has the name of today
		words = at.Weekday().String()
	case at.Year() == now.Year():
		words = at.Format("2 Jan")
	default:
		words = at.Format("2 Jan 2006")
	}
	if !dayOnly {
		words += " " + api.Clock(at)
	}
	return words
}

// dueWords says when something is due or, once that is over, for how long it is: a day is over when it ends, an hour at once.
func (c *call) dueWords(date string) string {
	now := c.env.Now()
	at, dayOnly, err := api.ParseDate(date, now.Location())
	if err != nil {
		return date
	}
	day := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	days := int(day(now).Sub(day(at)).Hours() / 24)
	switch {
	case dayOnly && days <= 0, now.Before(at):
		return "due " + c.when(date)
	case dayOnly:
		return "overdue by " + count(days, "day")
	case now.Sub(at) < time.Minute:
		return "due now"
	case now.Sub(at) < time.Hour:
		return "overdue by " + count(int(now.Sub(at).Minutes()), "minute")
	case now.Sub(at) < 24*time.Hour:
		return "overdue by " + count(int(now.Sub(at).Hours()), "hour")
	}
	return "overdue by " + count(int(now.Sub(at).Hours()/24), "day")
}

// list joins names as people do: "Ana, Ben and Cleo".
func list(names []string) string { return api.Listed(names) }

func names(list []api.Named) []string {
	var out []string
	for _, n := range list {
		out = append(out, oneLine(n.Name, 40))
	}
	return out
}

func name(n api.Named) string { return oneLine(n.Name, 40) }

// stances are positions as said of somebody.
var stances = map[string]string{
	"consent": "consents", "object": "objects", "stand_aside": "stands aside", "block": "blocks",
	"abstain": "abstains", "agree": "agrees", "disagree": "disagrees", "advise": "advises", "choose": "chooses",
}

func stance(word string) string {
	if said, ok := stances[word]; ok {
		return said
	}
	return word
}

// statusWords are states of documents as said to people.
var statusWords = map[string]string{"not_agreed": "not agreed", "doesnt_hold": "doesn't hold"}

func statusWord(word string) string {
	if said, ok := statusWords[word]; ok {
		return said
	}
	return word
}

// because adds a reason to a sentence.
func because(said, why string) string {
	if why == "" {
		return said
	}
	return said + ": " + sentence(why)
}

func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func entries(n int) string {
	if n == 1 {
		return "1 entry"
	}
	return humanize.Comma(int64(n)) + " entries"
}

func aOrAn(noun string) string {
	if strings.ContainsAny(noun[:1], "aeiou") {
		return "an " + noun
	}
	return "a " + noun
}
