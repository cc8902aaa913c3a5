package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
)

// showDecision shows a decision: its text first, then what each member says to it, and what came of it.
func (c *call) showDecision(d document) {
	status := statusWord(oneLine(d.fields.Str("status"), 40))
	outcome := d.fields.In("outcome")
	if outcome != nil && outcome.Str("state") != "holds" {
		status += ", " + statusWord(oneLine(outcome.Str("state"), 40))
	}
	c.out.println(c.title(d.Document) + "  " + status)
	facts := []string{"by " + oneLine(d.fields.Str("process"), 40)}
	if by := d.fields.Str("by"); by != "" {
		facts = append(facts, "until "+c.when(by)+c.endsThere(by, d.fields.Str("by_ends_at")))
	}
	if on := d.fields.Str("review_on"); on != "" {
		facts = append(facts, "review on "+c.when(on))
	}
	c.out.println(strings.Join(append(facts, tagWords(d.Tags)...), " · "))
	c.shared(d.Document)
	if status == "withdrawn" {
		c.out.println(because("withdrawn", d.fields.Str("withdrawn_why")))
	}
	c.out.text(d.fields.Str("text"))
	c.rounds(d)
	c.options(d)
	positions, waiting, voices := d.fields.List("positions"), d.fields.List("waiting_for"), d.fields.List("voices")
	if len(positions)+len(waiting) > 0 {
		c.out.println()
	}
	for _, p := range positions {
		c.out.println(c.positionLine(d, p))
	}
	for _, w := range waiting {
		said := slices.ContainsFunc(positions, func(p kind.Answer) bool { return p.In("member").Str("id") == w.Str("id") })
		if !said && len(voices) == 0 { // else the voices say it
			c.out.println(oneLine(w.Str("name"), 40) + " hasn't answered yet")
		}
	}
	if len(voices) > 0 {
		c.out.println()
	}
	for _, v := range voices {
		c.out.println(sentence(v.Str("says")))
	}
	for _, says := range d.fields.Words("says") {
		c.out.println("\n" + c.out.faint(paragraph(says, c.out.width)))
	}
	if outcome != nil {
		c.out.println("\n" + c.outcome(outcome))
		c.out.text(outcome.Str("text"))
		for _, b := range outcome.List("beside") {
			c.out.println("\n" + called(b, "member") + " closed it, too, and said:")
			c.out.text(b.Str("text"))
		}
	}
	c.footer(d.Document)
}

// rounds shows what was said in the rounds of a decision.
func (c *call) rounds(d document) {
	for _, r := range d.fields.List("rounds") {
		state, said := r.Str("state"), r.List("said")
		head := "Round of " + oneLine(r.Str("round"), 40)
		switch until := r.Str("until"); {
		case state == "now" && until != "":
			head += ": now, until " + c.when(until)
		case state == "now":
			head += ": now"
		case state == "over" && r.In("ended_by") != nil && len(said) > 0:
			at, _ := time.Parse(time.RFC3339, r.Str("ended_at")) // what is no time reads as never
			head += c.out.faint(", ended by " + called(r, "ended_by") + " " + c.ago(api.At(at)))
		case len(said) == 0:
			continue
		}
		c.out.println("\n" + head)
		for _, s := range said {
			line := because("  "+called(s, "member"), s.Str("text"))
			if s.Is("late") {
				line += c.out.faint(" (came while it was ended)")
			}
			c.out.println(line)
		}
	}
}

// optionDays makes of days in words, which are options by dates, what the daemon takes.
func (c *call) optionDays(body map[string]any, process, options string) error {
	words, ok := body[options].([]string)
	if !ok || body[process] != kinds.ProcessDates {
		return nil
	}
	days := make([]string, len(words))
	for i, word := range words {
		day, err := c.coming("an option", word)
		if err != nil {
			return err
		}
		days[i] = day
	}
	body[options] = days
	return nil
}

// optionsMeant are what options are named by, with days in words as the options by dates have them.
func (c *call) optionsMeant(d document, words []string) []string {
	if d.fields.Str("process") != kinds.ProcessDates {
		return words
	}
	cal, meant := c.env.calendar(), slices.Clone(words)
	for i, word := range words {
		which, value, valued := strings.Cut(word, "=") // with =maybe, or =no
		date, err := cal.parse(which)
		if err != nil || date == "" {
			continue // a number, or what the daemon refuses
		}
		at, dayOnly, err := api.ParseDate(date, cal.now.Location())
		if err != nil {
			continue
		}
		for _, o := range d.fields.List("options") {
			day, whole, err := api.ParseDate(o.Str("text"), cal.now.Location())
			if err != nil || whole != dayOnly || !day.Equal(at) {
				continue
			}
			if meant[i] = o.Str("text"); valued {
				meant[i] += "=" + value
			}
		}
	}
	return meant
}

// options shows what can be chosen, with what the answers give.
func (c *call) options(d document) {
	options, process := d.fields.List("options"), d.fields.Str("process")
	var rows [][]string
	for _, o := range options {
		number, _ := o["number"].(float64)
		votes, _ := o["votes"].(float64)
		sure, _ := o["sure"].(float64)
		text, says := oneLine(o.Str("text"), maxCell), strconv.Itoa(int(votes))
		if process == kinds.ProcessDates {
			text = c.when(o.Str("text"))
			if says = strconv.Itoa(int(sure)); votes > sure {
				says += fmt.Sprintf(", and %d if need be", int(votes-sure))
			}
		}
		first := ""
		if o.Is("first") {
			first = "first"
		}
		rows = append(rows, []string{strconv.Itoa(int(number)), text, says, first, called(o, "by")})
	}
	if len(rows) == 0 {
		return
	}
	title := map[string]string{kinds.ProcessApproval: "APPROVE", kinds.ProcessScore: "POINTS", kinds.ProcessRanking: "BEATS", kinds.ProcessDates: "CAN COME"}[process]
	c.out.println()
	c.out.grid([]string{"", "OPTION", title, "", "BY"}, rows)
}

// choice says what somebody has chosen of these options, in their words.
func (c *call) choice(d document, p kind.Answer) string {
	process, words := d.fields.Str("process"), map[int]string{}
	for _, o := range d.fields.List("options") {
		number, _ := o["number"].(float64)
		words[int(number)] = o.Str("text")
		if process == kinds.ProcessDates {
			words[int(number)] = c.when(o.Str("text"))
		}
	}
	var said []string
	for _, one := range p.List("choice") {
		number, _ := one["number"].(float64)
		value, _ := one["value"].(float64)
		word := cmp.Or(oneLine(words[int(number)], maxCell), strconv.Itoa(int(number)))
		switch {
		case process == kinds.ProcessScore:
			word += "=" + strconv.Itoa(int(value))
		case process == kinds.ProcessRanking:
			word = fmt.Sprintf("%d. %s", int(value), word)
		case process == kinds.ProcessDates && int(value) == kinds.CouldCome:
			word += " if need be"
		}
		said = append(said, word)
	}
	if len(said) == 0 {
		return "chooses none"
	}
	if process == kinds.ProcessRanking {
		slices.Sort(said)
	}
	return "chooses " + strings.Join(said, "; ")
}

func (c *call) positionLine(d document, p kind.Answer) string {
	says := stance(oneLine(p.Str("stance"), 40))
	if p.Str("stance") == kinds.Choose {
		says = c.choice(d, p)
	}
	line := because(called(p, "member")+" "+says, p.Str("why"))
	switch {
	case p.Str("revision") != d.fields.Str("revision") && p.Is("counted"): // advice stays heard
		return line + c.out.faint(" (on an earlier text)")
	case p.Str("revision") != d.fields.Str("revision") && notCounted(p.Str("standing")) == shownOnly && d.fields.Str("status") == kinds.Open:
		return line + c.out.faint(" (on an earlier text; waits to be renewed)")
	case p.Str("revision") != d.fields.Str("revision"):
		return line + c.out.faint(" (on an earlier text; "+notCounted(p.Str("standing"))+")")
	case p.Is("late") && p.Is("counted"):
		return line + c.out.faint(" (late: it was closed without knowing of this)")
	case !p.Is("counted"):
		return line + c.out.faint(" ("+notCounted(p.Str("standing"))+")")
	}
	return line
}

// endsThere says when a day ends where the co-op lives, or as the share has it, if that isn't when it ends for who reads it.
func (c *call) endsThere(by, ends string) string {
	day, dayOnly, err := api.ParseDate(by, c.env.Now().Location())
	at, endErr := time.Parse(time.RFC3339, ends)
	if err != nil || endErr != nil || !dayOnly || at.Equal(day.AddDate(0, 0, 1)) {
		return ""
	}
	return " (that day ends " + at.In(c.env.Now().Location()).Format("Mon 15:04") + " here)"
}

const shownOnly = "shown, not counted"

// notCounted says why a position is shown and doesn't count, as far as that is due to whose it is.
func notCounted(standing string) string {
	switch standing {
	case "resigned", "removed":
		return shownOnly + ": isn't a member any more"
	case "prospective":
		return shownOnly + ": a prospective member"
	}
	return shownOnly
}

func (c *call) outcome(o kind.Answer) string {
	at, _ := time.Parse(time.RFC3339, o.Str("at")) // what is no time reads as never
	said := fmt.Sprintf("%s, recorded by %s %s", statusWord(oneLine(o.Str("result"), 40)), called(o, "recorded_by"), c.ago(api.At(at)))
	var tally []string
	for _, way := range kinds.Decision.Verb("position").Ways {
		word := kind.WordOut(way.Name)
		if n, _ := o.In("tally")[word].(float64); n > 0 {
			tally = append(tally, fmt.Sprintf("%d %s", int(n), strings.ReplaceAll(word, "_", " ")))
		}
	}
	if len(tally) > 0 {
		said += " (" + strings.Join(tally, ", ") + ")"
	}
	said = strings.ToUpper(said[:1]) + said[1:]
	var chosen []string
	for _, words := range o.Words("chosen") {
		chosen = append(chosen, oneLine(c.when(words), maxCell))
	}
	said = because(said, strings.Join(chosen, "; "))
	if state := o.Str("state"); state != "holds" {
		is := map[string]string{"contested": "is contested", "doesnt_hold": "doesn't hold"}
		return because(said+"; this "+cmp.Or(is[state], oneLine(state, 40)), o.Str("why"))
	}
	return said
}
