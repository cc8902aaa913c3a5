// Package load holds what members can give against what they have promised, week by week.
//
// It counts hours and ranks nobody: of a person it says something to that person alone. What the co-op sees is the sum, and
// of who wants that how much they can give. Everything here is of what it is given, days included; nothing asks a clock.
package load

import (
	"slices"
	"sort"
	"strings"
	"time"

	"kith/crdt/charter"
	"kith/crdt/kinds"
)

// Weeks is how many weeks are looked at, the present one first.
const Weeks = 8

// furthest is how many days behind these weeks are looked at for work that is due then.
const furthest = 14_000

// FewPeople is how many people must have said what they can give before the sum is shown to those who haven't: of fewer
// the sum says too much about each.
const FewPeople = 4

// Person is what one member can give.
type Person struct {
	Member charter.MemberID
	Week   int64        // minutes a week
	Off    []string     // days of the week without work, as in kinds.Weekdays; none: Saturday and Sunday
	Until  string       // the last day for which that holds; "": on and on
	Away   []kinds.Span // when they are away
	ToAll  bool         // they share it with all, and not in the sum only
}

// Promise is work that somebody took on.
type Promise struct {
	By      []charter.MemberID // together, in equal parts
	Minutes int64              // what is left to do of it; with Weekly each week
	Due     string             // the day by which it is done; with Weekly the last day; "": none
	Weekly  bool               // a role's hours, or those of a task that recurs
}

// Week is one week of somebody, or of all.
type Week struct {
	From     string // its Monday
	Promised int64  // minutes
	Offered  int64  // minutes; of the present week what is left of it
}

// Percent is how full a week is; ok is false if nothing is offered.
func (w Week) Percent() (percent int64, ok bool) {
	if w.Offered == 0 {
		return 0, false
	}
	return (w.Promised*100 + w.Offered/2) / w.Offered, true
}

// Of counts the weeks of one member from a day on. Work without a day counts in all weeks alike; what is overdue in the
// present one.
func Of(p Person, promises []Promise, today string) []Week {
	first := monday(day(today))
	weeks := make([]Week, Weeks)
	for i := range weeks {
		weeks[i] = Week{From: first.AddDate(0, 0, 7*i).Format(time.DateOnly), Offered: p.offers(first.AddDate(0, 0, 7*i), today)}
	}
	nobodys := &calendar{first: first}
	theirs := &calendar{Person: p, first: first}
	if p.workingDays() == 0 {
		theirs = nobodys
	}
	for _, one := range promises {
		at := slices.Index(one.By, p.Member)
		if at < 0 {
			continue
		}
		mine := part(one.Minutes, int64(at), int64(len(one.By)))
		for i, m := range one.spread(mine, theirs, nobodys, today) {
			weeks[i].Promised += m
		}
	}
	return weeks
}

// Sum adds up the weeks of several members; of nobody, weeks in which nothing is.
func Sum(all [][]Week, today string) []Week {
	first := monday(day(today))
	sum := make([]Week, Weeks)
	for i := range sum {
		sum[i].From = first.AddDate(0, 0, 7*i).Format(time.DateOnly)
		for _, weeks := range all {
			sum[i].Promised += weeks[i].Promised
			sum[i].Offered += weeks[i].Offered
		}
	}
	return sum
}

// Visible says whether the sum may be shown to a member: not if so few are in it that it would say how much each gives.
func Visible(people []Person, to charter.MemberID) bool {
	return len(people) >= FewPeople || slices.ContainsFunc(people, func(p Person) bool { return p.Member == to })
}

// Listed are the people of whom it is shown how much they give: who wants that. If but one gives theirs to the sum alone
// nobody is listed, since a subtraction would list them, too.
func Listed(people []Person) (listed []Person) {
	for _, p := range people {
		if p.ToAll {
			listed = append(listed, p)
		}
	}
	if len(people)-len(listed) == 1 {
		return nil
	}
	return listed
}

// offers is what somebody can give in a week, of the present one from today on.
func (p Person) offers(first time.Time, today string) int64 {
	there := int64(0)
	for i := range kinds.Weekdays {
		on := first.AddDate(0, 0, i).Format(time.DateOnly)
		if on >= today && p.works(first.AddDate(0, 0, i)) && (p.Until == "" || on <= p.Until[:min(len(p.Until), len(on))]) {
			there++
		}
	}
	working := p.workingDays()
	if working == 0 {
		return 0
	}
	return p.Week * there / working
}

// isOff says whether somebody doesn't work on a day of the week, Monday first.
func (p Person) isOff(weekday int) bool {
	if len(p.Off) == 0 {
		return weekday >= 5
	}
	return slices.Contains(p.Off, kinds.Weekdays[weekday])
}

// workingDays is on how many days of a week somebody works.
func (p Person) workingDays() (n int64) {
	for weekday := range kinds.Weekdays {
		if !p.isOff(weekday) {
			n++
		}
	}
	return n
}

// works says whether somebody works on a day.
func (p Person) works(t time.Time) bool {
	on := t.Format(time.DateOnly)
	return !p.isOff(int(t.Weekday()+6)%7) && !slices.ContainsFunc(p.Away, func(s kinds.Span) bool { return s.From <= on && on <= s.To })
}

// calendar is on which days somebody works: those of the weeks that are looked at, and those behind them. It is reckoned once for all that
// they promise, of which there may be thousands that are due in thirty years.
type calendar struct {
	Person
	first     time.Time
	near, far days
}

// days are days in a row.
type days struct {
	on    []string
	works []int64 // on how many of those before each, and at the end of all, somebody works
}

func (c *calendar) reckon(from, n int) (out days) {
	sum := int64(0)
	for i := range n {
		t := c.first.AddDate(0, 0, from+i)
		out.on, out.works = append(out.on, t.Format(time.DateOnly)), append(out.works, sum)
		if c.Person.works(t) {
			sum++
		}
	}
	out.works = append(out.works, sum)
	return out
}

// until is how many of the days up to one, which needn't be among them, somebody works on.
func (d *days) until(last string) int64 {
	return d.works[sort.Search(len(d.on), func(i int) bool { return d.on[i] > last })]
}

// spread parts minutes among the weeks: evenly over the days on which somebody works until it is due. Who works on none of
// these has it to do all the same, from Monday to Friday.
func (one Promise) spread(minutes int64, theirs, nobodys *calendar, today string) []int64 {
	days, all := one.days(theirs, today)
	out := make([]int64, Weeks)
	if one.Weekly {
		for w, n := range days {
			out[w] = minutes * n / theirs.workingDays()
		}
		return out
	}
	if all == 0 {
		days, all = one.days(nobodys, today)
	}
	if all == 0 { // overdue, or due on a weekend that has begun
		out[0] = minutes
		return out
	}
	done := int64(0)
	for w, n := range days {
		out[w] = minutes*(done+n)/all - minutes*done/all
		done += n
	}
	return out
}

// days are those of each week on which somebody works on it, and all of them, those behind these weeks too.
func (one Promise) days(c *calendar, today string) (days []int64, all int64) {
	days = make([]int64, Weeks)
	due := one.Due[:min(len(one.Due), len(time.DateOnly))]
	if c.near.on == nil {
		c.near = c.reckon(0, 7*Weeks)
	}
	for i, on := range c.near.on {
		if on >= today && (due == "" || on <= due) {
			n := c.near.works[i+1] - c.near.works[i]
			days[i/7] += n
			all += n
		}
	}
	if due > c.near.on[len(c.near.on)-1] {
		if c.far.on == nil {
			c.far = c.reckon(7*Weeks, furthest)
		}
		all += c.far.until(due)
	}
	return days, all
}

// part is the share of one of several who do something together: the parts add up.
func part(minutes, at, of int64) int64 { return minutes*(at+1)/of - minutes*at/of }

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s[:min(len(s), len(time.DateOnly))])
	if err != nil {
		return time.Time{}
	}
	return t
}

func monday(t time.Time) time.Time {
	return t.AddDate(0, 0, -int(t.Weekday()+6)%7)
}

// Over are the weeks in which more is promised than offered.
func Over(weeks []Week) (over []Week) {
	return slices.DeleteFunc(slices.Clone(weeks), func(w Week) bool { return w.Promised <= w.Offered })
}

// DaysOff reads the days of a profile.
func DaysOff(s string) []string { return strings.Fields(s) }
