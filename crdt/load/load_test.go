package load_test

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kith/crdt/charter"
	"kith/crdt/kinds"
	"kith/crdt/load"
)

var ana, ben = charter.MemberID{1}, charter.MemberID{2}

// The table says of one person, from day to day, what the present and the next two weeks are.
func TestHowFullAWeekIs(t *testing.T) {
	f, err := os.Open("../testdata/load.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line, _, _ := strings.Cut(lines.Text(), "#")
		if strings.TrimSpace(line) == "" {
			continue
		}
		n++
		cell := strings.Split(line, "|")
		if len(cell) != 4 {
			t.Fatalf("%q has %d columns", line, len(cell))
		}
		today := strings.TrimSpace(cell[0])
		p := load.Person{Member: ana}
		for _, word := range strings.Fields(cell[1]) {
			switch key, value, _ := strings.Cut(word, ":"); key {
			case "off":
				p.Off = strings.Split(value, ",")
			case "until":
				p.Until = value
			case "away":
				from, to, _ := strings.Cut(value, "/")
				p.Away = append(p.Away, kinds.Span{From: from, To: to})
			default:
				p.Week = minutes(t, key)
			}
		}
		var promises []load.Promise
		for _, word := range strings.Fields(cell[2]) {
			one := load.Promise{By: []charter.MemberID{ana}}
			amount, due, _ := strings.Cut(word, "@")
			if strings.HasSuffix(amount, "/2") {
				one.By = []charter.MemberID{ana, ben}
				amount = strings.TrimSuffix(amount, "/2")
			}
			if strings.HasSuffix(amount, "/week") {
				one.Weekly = true
				amount = strings.TrimSuffix(amount, "/week")
			}
			one.Minutes, one.Due = minutes(t, amount), due
			promises = append(promises, one)
		}
		var got []string
		for _, w := range load.Of(p, promises, today)[:3] {
			got = append(got, fmt.Sprintf("%s/%s", short(w.Promised), short(w.Offered)))
		}
		if want := strings.Join(strings.Fields(cell[3]), " "); strings.Join(got, " ") != want {
			t.Errorf("%s: %s, and not %s", strings.TrimSpace(line), strings.Join(got, " "), want)
		}
	}
	if n == 0 {
		t.Fatal("no cases")
	}
}

func minutes(t *testing.T, s string) int64 {
	t.Helper()
	d, err := time.ParseDuration(s)
	if err != nil {
		t.Fatal(err)
	}
	return int64(d / time.Minute)
}

func short(minutes int64) string {
	if minutes == 0 {
		return "0h"
	}
	return strings.TrimSuffix(strings.TrimSuffix((time.Duration(minutes)*time.Minute).String(), "0s"), "0m")
}

// Whatever is promised: all of what is due within the weeks is counted once, and two who do it together have it once.
func TestWhatIsPromisedIsCountedOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
		today := first.AddDate(0, 0, rapid.IntRange(0, 13).Draw(t, "today"))
		by := []charter.MemberID{ana, ben, {3}}[:rapid.IntRange(1, 3).Draw(t, "people")]
		one := load.Promise{By: by, Minutes: rapid.Int64Range(0, 100_000).Draw(t, "minutes")}
		if rapid.Bool().Draw(t, "dated") {
			one.Due = today.AddDate(0, 0, rapid.IntRange(-30, 49).Draw(t, "due")).Format(time.DateOnly)
		}
		var all [][]load.Week
		for _, m := range by {
			all = append(all, load.Of(load.Person{Member: m}, []load.Promise{one}, today.Format(time.DateOnly)))
		}
		sum := int64(0)
		for _, w := range load.Sum(all, today.Format(time.DateOnly)) {
			sum += w.Promised
		}
		if sum != one.Minutes {
			t.Fatalf("%d minutes are promised, and %d counted", one.Minutes, sum)
		}
	})
}

// Of work that is due far off the present weeks have the part of their days among all on which its member works until then.
func TestWorkThatIsDueFarOffLiesOnAllDaysUntilThen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
		due := first.AddDate(0, 0, rapid.IntRange(56, 900).Draw(t, "due"))
		p := load.Person{Member: ana, Off: kinds.Weekdays[:rapid.IntRange(0, 6).Draw(t, "off")]}
		if from := rapid.IntRange(0, 900).Draw(t, "away"); from > 0 {
			p.Away = []kinds.Span{{From: first.AddDate(0, 0, from).Format(time.DateOnly), To: first.AddDate(0, 0, from+rapid.IntRange(0, 400).Draw(t, "for")).Format(time.DateOnly)}}
		}
		works := func(at time.Time) bool {
			on, weekday := at.Format(time.DateOnly), kinds.Weekdays[int(at.Weekday()+6)%7]
			if len(p.Off) == 0 && (weekday == kinds.Weekdays[5] || weekday == kinds.Weekdays[6]) {
				return false
			}
			return !slices.Contains(p.Off, weekday) && !slices.ContainsFunc(p.Away, func(s kinds.Span) bool { return s.From <= on && on <= s.To })
		}
		near, all := int64(0), int64(0)
		for at := first; !at.After(due); at = at.AddDate(0, 0, 1) {
			if works(at) {
				all++
				if at.Before(first.AddDate(0, 0, 7*load.Weeks)) {
					near++
				}
			}
		}
		if all == 0 {
			t.Skip("somebody who works on none of these days")
		}
		const minutes = 1_000_000
		got := int64(0)
		for _, w := range load.Of(p, []load.Promise{{By: []charter.MemberID{ana}, Minutes: minutes, Due: due.Format(time.DateOnly)}}, first.Format(time.DateOnly)) {
			got += w.Promised
		}
		if want := minutes * near / all; got != want {
			t.Fatalf("of %d days %d lie in these weeks, and they have %d minutes of %d", all, near, got, minutes)
		}
	})
}

// Whoever takes thousands of tasks that are due in thirty years has everybody's list of load reckon with them. This test takes ten
// minutes where each is counted out.
func TestWorkThatIsDueFarOffIsNotCountedOutDayByDay(t *testing.T) {
	promises := make([]load.Promise, 100_000)
	for i := range promises {
		promises[i] = load.Promise{By: []charter.MemberID{ana}, Minutes: 10_000, Due: "2064-01-01"}
	}
	if weeks := load.Of(load.Person{Member: ana, Week: 600}, promises, "2026-11-30"); len(weeks) != load.Weeks || weeks[0].Promised == 0 {
		t.Errorf("%+v", weeks)
	}
}

func TestTheSumSaysNothingOfWhoKeepsTheirsToThemselves(t *testing.T) {
	people := func(toAll ...bool) (out []load.Person) {
		for i, all := range toAll {
			out = append(out, load.Person{Member: charter.MemberID{byte(i + 1)}, ToAll: all})
		}
		return out
	}
	stranger := charter.MemberID{99}
	if load.Visible(people(true, true, true), stranger) || !load.Visible(people(true, true, true), ana) || !load.Visible(people(true, true, true, true), stranger) {
		t.Error("of three people the sum is for those three, and of four for all")
	}
	if got := load.Listed(people(true, true, true, false)); got != nil {
		t.Errorf("one keeps theirs to the sum, and these are listed: %v", got)
	}
	if got := load.Listed(people(true, true, false, false)); len(got) != 2 {
		t.Errorf("two keep theirs to the sum, and these are listed: %v", got)
	}
	if got := load.Listed(people(true, true)); len(got) != 2 {
		t.Errorf("all share theirs, and these are listed: %v", got)
	}
}
