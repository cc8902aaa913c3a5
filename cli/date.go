package cli

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"kith/daemon/api"
)

// A date is understood as a whole and in one way only, or refused: it is never guessed at. Libraries for dates in words
// look for some in a sentence, and take what their rules happen to agree on ("24 december 15:00" was the 15th).

// calendar is where and when somebody types dates.
type calendar struct {
	now     time.Time // in their zone
	slashes order     // in 12/24/2026
	back    bool      // a day without a year, or of the week, is the last one, and not the next
}

// order is how people write days with slashes.
type order int

const (
	unknownOrder order = iota // only what can be one day alone is taken
	dayFirst
	monthFirst
)

// calendar gives that of who types, with slashes as their locale has them.
func (e *Env) calendar() calendar {
	c := calendar{now: e.Now()}
	for _, name := range []string{"LC_ALL", "LC_TIME", "LANG"} {
		locale := e.Getenv(name)
		if locale == "" {
			continue
		}
		language, _, _ := strings.Cut(locale, ".")
		switch {
		case language == "C" || language == "POSIX":
		case strings.HasSuffix(language, "_US"):
			c.slashes = monthFirst
		default:
			c.slashes = dayFirst
		}
		break
	}
	return c
}

// lately is for what has been, such as work: a day without a year is the last such day.
func (c calendar) lately() calendar {
	c.back = true
	return c
}

const dateForms = "dates look like 2026-12-24, 24.12., 24 Dec, friday, tomorrow 15:00, in 3 days, in two weeks, end of month"

// parse turns what a person typed into a date of the API: "2026-12-01" for a day, RFC 3339 in UTC for a moment. "" and
// "none" are none.
func (c calendar) parse(typed string) (string, error) {
	s := strings.ToLower(strings.Join(strings.Fields(typed), " "))
	if s == "" || s == "none" {
		return "", nil
	}
	var found []string
	hint := dateForms
	take := func(date string, why string) {
		if why != "" {
			hint = why
		} else if date != "" && !slices.Contains(found, date) {
			found = append(found, date)
		}
	}
	read := func(day, clock []string) {
		at, isMoment, why := c.both(day, clock)
		switch {
		case why != "" || at.IsZero():
			take("", why)
		case !isMoment:
			take(at.Format(time.DateOnly), "")
		default:
			take(moment(at), "")
			if other := api.Twice(at); other != nil {
				take(moment(*other), "")
			}
		}
	}
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04Z07:00"} {
		if at, err := time.Parse(form, strings.ToUpper(s)); err == nil {
			take(moment(at), "")
		}
	}
	if at, ok := c.span(s); ok {
		take(moment(at), "")
	}
	words := strings.Fields(s)
	if len(words) == 1 { // 2026-12-01T15:00
		if day, clock, ok := strings.Cut(s, "t"); ok && isoDay.MatchString(day) {
			words = []string{day, clock}
		}
	}
	for i := 0; i <= len(words); i++ {
		read(words[:i], words[i:])
		if i > 0 && i < len(words) {
			read(words[i:], words[:i])
		}
	}
	switch {
	case len(found) > 1: // 10.12
		slices.Sort(found)
		return "", api.Problemf(api.Invalid, "say which: "+c.say(found[0])+" or "+c.say(found[1]), "“%s” could be more than one date", oneLine(typed, 40))
	case len(found) == 0:
		return "", api.Problemf(api.Invalid, hint, "“%s” is no date that kith understands", oneLine(typed, 40))
	}
	if at, _, err := api.ParseDate(found[0], c.now.Location()); err != nil || at.Year() < minYear || at.Year() > maxYear {
		return "", api.Problemf(api.Invalid, "", "“%s” isn't in the years from %d to %d", oneLine(typed, 40), minYear, maxYear)
	}
	return found[0], nil
}

// say writes a date in a form in which it can be typed.
func (c calendar) say(date string) string {
	at, dayOnly, err := api.ParseDate(date, c.now.Location())
	switch {
	case err != nil:
		return date
	case dayOnly:
		return at.Format("2 Jan 2006")
	case api.Twice(at) != nil:
		return at.Format(time.RFC3339)
	}
	return at.Format("2 Jan 2006 15:04")
}

// both reads a day, and a time of it, if there is one: then it is a moment. why says what is missing in a day that could be two.
func (c calendar) both(day, clock []string) (at time.Time, isMoment bool, why string) {
	none := time.Time{}
	on, why, ok := c.today(), "", true
	if len(day) > 0 {
		on, why, ok = c.day(strings.TrimSuffix(strings.Join(day, " "), ","))
	}
	if !ok || why != "" {
		return none, false, why
	}
	if len(clock) == 0 {
		return on, false, ""
	}
	h, m, sec, ok := readClock(strings.TrimSuffix(strings.Join(clock, " "), ","))
	if !ok {
		return none, false, ""
	}
	at = time.Date(on.Year(), on.Month(), on.Day(), h, m, sec, 0, c.now.Location())
	if at.Hour() != h || at.Minute() != m {
		return none, false, "there is no such time on that day: the clocks go forward"
	}
	return at, true, ""
}

// today is the day of now, at noon in UTC: days are counted there, where each has 24 hours.
func (c calendar) today() time.Time {
	return time.Date(c.now.Year(), c.now.Month(), c.now.Day(), 12, 0, 0, 0, time.UTC)
}

var (
	isoDay   = regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)
	dotted   = regexp.MustCompile(`^(\d{1,2})\. ?(\d{1,2})(?:\.|\. ?(\d{4}|\d\d)\.?)?$`)
	slashed  = regexp.MustCompile(`^(\d{1,2})/(\d{1,2})(?:/(\d{4}|\d\d))?$`)
	dashed   = regexp.MustCompile(`^(\d{1,2})-(\d{1,2})-(\d{4})$`)
	yearLed  = regexp.MustCompile(`^(\d{4})/(\d{1,2})/(\d{1,2})$`)
	dayMonth = regexp.MustCompile(`^(?:el |the )?(\d{1,2})(?:st|nd|rd|th|\.|º|°)?(?: of| de)?[ -]([a-z]+)\.?(?:(?:,?(?: del?)? |-)(\d{4}))?$`)
	monthDay = regexp.MustCompile(`^([a-z]+)\.? (\d{1,2})(?:st|nd|rd|th)?(?:,? (\d{4}))?$`)
	ahead    = regexp.MustCompile(`^in (` + number + `|\d{1,4}) (days?|weeks?|months?|years?)$`)
	ago      = regexp.MustCompile(`^(` + number + `|\d{1,4}) (days?|weeks?|months?|years?) ago$`)
	dentroDe = regexp.MustCompile(`^(?:en|dentro de) (` + número + `|\d{1,4}) (días?|dias?|semanas?|mes|meses|años?)$`)
	hace     = regexp.MustCompile(`^hace (` + número + `|\d{1,4}) (días?|dias?|semanas?|mes|meses|años?)$`)
	endOf    = regexp.MustCompile(`^(?:the )?end of (?:the )?(month|year|next month|[a-z]+)$`)
	finDe    = regexp.MustCompile(`^(?:a )?(?:fin|fines|final|finales) (?:de |del )(mes|año|[a-z]+)$`)
	weekday  = regexp.MustCompile(`^(?:on |el )?(next |last |próximo |proximo |pasado )?([a-záé]+)( que viene| próximo| proximo| pasado)?$`)
	inHours  = regexp.MustCompile(`^in (` + number + `|\d{1,5}) (minutes?|mins?|hours?)$`)
	hoursAgo = regexp.MustCompile(`^(` + number + `|\d{1,5}) (minutes?|mins?|hours?) ago$`)
)

// number is a number as a word, or an article for one.
const number = "an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen"

// número is the same in Spanish.
const número = "una?|un|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|trece|catorce|quince"

// numberOf reads a number in digits or as a word.
func numberOf(word string) int {
	if n, err := strconv.Atoi(word); err == nil {
		return n
	}
	return max(1, slices.Index(strings.Split(number, "|"), word), slices.Index(strings.Split(número, "|"), word)) // "an?" and "una?" are the first
}

// The first and the last year of a date.
const minYear, maxYear = 1970, 9998

// day reads a day, at noon in UTC. why is what to say more of one that could be two, or is none.
func (c calendar) day(s string) (day time.Time, why string, ok bool) {
	if day, why, ok = c.dated(s); ok || why != "" {
		return day, why, ok
	}
	if m := weekday.FindStringSubmatch(s); m != nil {
		return c.weekday(strings.TrimSpace(m[1]+m[3]), m[2])
	}
	if name, date, ok := strings.Cut(s, " "); ok {
		return c.onWeekday(strings.TrimRight(name, ".,"), date)
	}
	return day, "", false
}

// dated reads a day that isn't called by its name in the week.
func (c calendar) dated(s string) (day time.Time, why string, ok bool) {
	if isoDay.MatchString(s) {
		return c.date(s[8:], s[5:7], s[:4])
	}
	switch s {
	case "today", "hoy":
		return c.today(), "", true
	case "pasado mañana", "pasado manana":
		return c.today().AddDate(0, 0, 2), "", true
	case "tomorrow", "mañana", "manana":
		return c.today().AddDate(0, 0, 1), "", true
	case "yesterday", "ayer":
		return c.today().AddDate(0, 0, -1), "", true
	}
	if m := dotted.FindStringSubmatch(s); m != nil {
		return c.date(m[1], m[2], m[3])
	}
	if m := slashed.FindStringSubmatch(s); m != nil {
		return c.withSlashes(m[1], m[2], m[3])
	}
	if m := dashed.FindStringSubmatch(s); m != nil {
		return c.withSlashes(m[1], m[2], m[3])
	}
	if m := yearLed.FindStringSubmatch(s); m != nil {
		return c.date(m[3], m[2], m[1])
	}
	if m := dayMonth.FindStringSubmatch(s); m != nil {
		if month := monthOf(m[2]); month > 0 {
			return c.date(m[1], strconv.Itoa(month), m[3])
		}
	}
	if m := monthDay.FindStringSubmatch(s); m != nil {
		if month := monthOf(m[1]); month > 0 {
			return c.date(m[2], strconv.Itoa(month), m[3])
		}
	}
	if m := ahead.FindStringSubmatch(s); m != nil {
		return c.later(m[1], m[2], 1), "", true
	}
	if m := ago.FindStringSubmatch(s); m != nil {
		return c.later(m[1], m[2], -1), "", true
	}
	if m := dentroDe.FindStringSubmatch(s); m != nil {
		return c.later(m[1], enInglés[m[2][:1]], 1), "", true
	}
	if m := hace.FindStringSubmatch(s); m != nil {
		return c.later(m[1], enInglés[m[2][:1]], -1), "", true
	}
	if m := endOf.FindStringSubmatch(s); m != nil {
		return c.end(m[1])
	}
	if m := finDe.FindStringSubmatch(s); m != nil {
		return c.end(cmp.Or(map[string]string{"mes": "month", "año": "year"}[m[1]], m[1]))
	}
	return day, "", false
}

// onWeekday reads a date behind the name of its day ("Thu 24 Dec", as kith says dates), which has to be the right one.
func (c calendar) onWeekday(name, date string) (day time.Time, why string, ok bool) {
	for which, dia := range diasDeLaSemana {
		if !isShort(name, strings.ToLower(time.Weekday(which).String())) && !isShort(api.FoldText(name), dia) {
			continue
		}
		if day, why, ok = c.dated(date); ok && day.Weekday() != time.Weekday(which) {
			return day, fmt.Sprintf("%s is a %s", day.Format("2 Jan 2006"), day.Weekday()), false
		}
		return day, why, ok
	}
	return day, "", false
}

// isShort says whether a word is a name, or its first three letters or more.
func isShort(word, name string) bool { return len(word) >= 3 && strings.HasPrefix(name, word) }

// date is a day of the calendar. Without a year it is the next such day or, looking back, the last; one that was just over
// could be meant of either year.
func (c calendar) date(day, month, year string) (t time.Time, why string, ok bool) {
	d, _ := strconv.Atoi(day)
	m, _ := strconv.Atoi(month)
	on := func(y int) (time.Time, bool) {
		t := time.Date(y, time.Month(m), d, 12, 0, 0, 0, time.UTC)
		return t, m >= 1 && m <= 12 && t.Day() == d && t.Month() == time.Month(m)
	}
	if year != "" {
		y, _ := strconv.Atoi(year)
		if len(year) == 2 { // the one that is nearest
			y += c.now.Year() / 100 * 100
			if y > c.now.Year()+50 {
				y -= 100
			}
		}
		if t, ok = on(y); !ok {
			why = noSuchDay(d, m, " "+strconv.Itoa(y))
		}
		return t, why, ok
	}
	const justOver = 60 // days
	step := 1
	if c.back {
		step = -1
	}
	for y := c.now.Year() - step; ; y += step { // 29 February isn't in every year
		t, ok := on(y)
		away := int(t.Sub(c.today()).Hours()/24) * step
		switch {
		case (y-c.now.Year())*step > 8:
			return t, noSuchDay(d, m, ""), false
		case ok && !c.back && away < 0 && away >= -justOver:
			return t, fmt.Sprintf("say which year: %s or %s", t.Format("2 Jan 2006"), t.AddDate(step, 0, 0).Format("2 Jan 2006")), true
		case ok && away >= 0:
			return t, "", true
		}
	}
}

// withSlashes reads a date as the person's locale has it, or else if it can be one alone.
func (c calendar) withSlashes(a, b, year string) (time.Time, string, bool) {
	switch c.slashes {
	case dayFirst:
		return c.date(a, b, year)
	case monthFirst:
		return c.date(b, a, year)
	}
	one, why, ok := c.date(a, b, year)
	other, otherWhy, otherOK := c.date(b, a, year)
	switch {
	case ok && otherOK && !one.Equal(other):
		return one, fmt.Sprintf("say which day, since the locale doesn't (LANG): %s or %s", one.Format("2 Jan 2006"), other.Format("2 Jan 2006")), true
	case ok:
		return one, why, true
	}
	return other, cmp.Or(why, otherWhy), otherOK
}

// noSuchDay says of a day that its month is too short for it; "" if it is no day of any month.
func noSuchDay(d, m int, year string) string {
	if d < 29 || d > 31 || m < 1 || m > 12 {
		return ""
	}
	return fmt.Sprintf("there is no %d %s%s", d, time.Month(m), year)
}

// later counts days, weeks, months and years: a month after 31 January is the last day of February.
func (c calendar) later(n, unit string, sign int) time.Time {
	count := numberOf(n) * sign
	switch unit[0] {
	case 'd':
		return c.today().AddDate(0, 0, count)
	case 'w':
		return c.today().AddDate(0, 0, 7*count)
	case 'y':
		count *= 12
	}
	first := time.Date(c.now.Year(), c.now.Month(), 1, 12, 0, 0, 0, time.UTC).AddDate(0, count, 0)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(c.now.Day(), last)-1)
}

// end is the last day of a month or a year.
func (c calendar) end(of string) (time.Time, string, bool) {
	first := time.Date(c.now.Year(), c.now.Month(), 1, 12, 0, 0, 0, time.UTC)
	switch of {
	case "month":
	case "next month":
		first = first.AddDate(0, 1, 0)
	case "year":
		return time.Date(c.now.Year(), 12, 31, 12, 0, 0, 0, time.UTC), "", true
	default:
		month := monthOf(of)
		if month == 0 {
			return first, "", false
		}
		for first.Month() != time.Month(month) {
			first = first.AddDate(0, 1, 0)
		}
	}
	return first.AddDate(0, 1, -1), "", true
}

// weekday is the next such day after today, or the last before it.
func (c calendar) weekday(which, name string) (time.Time, string, bool) {
	step := 1
	if which == "last" || which == "pasado" || which == "" && c.back {
		step = -1
	}
	for n := 1; n <= 7; n++ {
		day := c.today().AddDate(0, 0, n*step)
		if full := strings.ToLower(day.Weekday().String()); isShort(name, full) || api.FoldText(name) == diasDeLaSemana[day.Weekday()] {
			return day, "", true
		}
	}
	return time.Time{}, "", false
}

// span reads a time that is so many hours or minutes from now.
func (c calendar) span(s string) (time.Time, bool) {
	sign, m := 1, inHours.FindStringSubmatch(s)
	if m == nil {
		sign, m = -1, hoursAgo.FindStringSubmatch(s)
	}
	if m == nil {
		return time.Time{}, false
	}
	unit := time.Minute
	if m[2][0] == 'h' {
		unit = time.Hour
	}
	return c.now.Add(time.Duration(sign*numberOf(m[1])) * unit), true
}

// The words in Spanish. The start of a month's name is that of no other month in English; of the days people write the whole.
var (
	diasDeLaSemana = []string{"domingo", "lunes", "martes", "miercoles", "jueves", "viernes", "sabado"}
	meses          = []string{"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"}
)

// enInglés is the unit of time whose name in Spanish begins so.
var enInglés = map[string]string{"d": "days", "s": "weeks", "m": "months", "a": "years"}

// monthOf is the number of a month by its name in Spanish or English, or the start of one, of three letters or more; 0 for none.
func monthOf(name string) int {
	if at := slices.IndexFunc(meses, func(mes string) bool { return isShort(name, mes) }); at >= 0 {
		return at + 1
	}
	for m := time.January; m <= time.December; m++ {
		if isShort(name, strings.ToLower(m.String())) || name == "sept" && m == time.September {
			return int(m)
		}
	}
	return 0
}

var (
	atClock = regexp.MustCompile(`^(?:at|a las?|las?|al?) `)
	clock24 = regexp.MustCompile(`^(\d{1,2})[:.](\d\d)(?::(\d\d))?(?: ?h)?$`)
	clockH  = regexp.MustCompile(`^(\d{1,2}) ?h(?:(\d\d))?$`)
	clock12 = regexp.MustCompile(`^(\d{1,2})(?::(\d\d))? ?([ap])\.? ?m\.?$`)
)

// readClock reads a time of day. Midnight isn't one: it is of two days.
func readClock(s string) (h, m, sec int, ok bool) {
	number := func(s string) int { n, _ := strconv.Atoi(s); return n }
	s = s[len(atClock.FindString(s)):]
	if s == "noon" || s == "mediodía" || s == "mediodia" {
		return 12, 0, 0, true
	}
	if is := clock24.FindStringSubmatch(s); is != nil {
		h, m, sec = number(is[1]), number(is[2]), number(is[3])
	} else if is := clockH.FindStringSubmatch(s); is != nil {
		h, m = number(is[1]), number(is[2])
	} else if is := clock12.FindStringSubmatch(s); is != nil {
		h, m = number(is[1]), number(is[2])
		if h < 1 || h > 12 || h == 12 && m == 0 { // 12am and 12pm are told apart by few
			return 0, 0, 0, false
		}
		if h %= 12; is[3] == "p" {
			h += 12
		}
	} else {
		return 0, 0, 0, false
	}
	return h, m, sec, h < 24 && m < 60 && sec < 60
}

func moment(t time.Time) string { return t.UTC().Truncate(time.Second).Format(time.RFC3339) }

// date is the value of a flag for a coming date; nil if the flag isn't there.
func (c *call) date(flag string) (*string, error) {
	if !c.IsSet(flag) {
		return nil, nil
	}
	d, err := c.coming(flag, c.String(flag))
	return &d, err
}

// farAhead is in how many years something is to happen that is rather a slip.
const farAhead = 100

// coming reads a date that something is to happen on, and says how it was understood: people are told, and that it is in
// the past if it is, since they enter what they did yesterday.
func (c *call) coming(what, typed string) (string, error) {
	cal := c.env.calendar()
	date, err := cal.parse(typed)
	if err != nil || date == "" {
		return date, err
	}
	at, dayOnly, err := api.ParseDate(date, cal.now.Location())
	if err != nil {
		return "", err
	}
	form := "Mon 2 Jan 2006"
	if !dayOnly {
		form += ", 15:04"
	}
	says, end := what+" "+at.Format(form), at
	if dayOnly {
		end = at.AddDate(0, 0, 1)
	}
	switch years := at.Year() - cal.now.Year(); {
	case !end.After(cal.now):
		says += ", which is in the past"
	case years >= farAhead:
		says += fmt.Sprintf(", which is in %d years", years)
	case typed == date:
		return date, nil // it says that itself
	}
	c.understood = append(c.understood, says)
	return date, nil
}

// parsePast is parse for a moment in the past, as RFC 3339; a day is meant from its beginning.
func (c calendar) parsePast(what, typed string) (string, error) {
	c.back = true
	date, err := c.parse(typed)
	if err != nil || date == "" {
		return date, err
	}
	at, _, err := api.ParseDate(date, c.now.Location())
	if err != nil {
		return "", err
	}
	if at.After(c.now) {
		return "", api.Problemf(api.Invalid, "", "%s: %s is still to come", what, oneLine(typed, 40))
	}
	return moment(at), nil
}

// parseHours reads an amount of work, as api.ReadHours does, or "none". It gives hours.
func parseHours(flag, typed string) (float64, error) {
	if strings.EqualFold(strings.TrimSpace(typed), "none") {
		return 0, nil
	}
	if hours, ok := api.ReadHours(typed); ok {
		return hours, nil
	}
	if less, negative := strings.CutPrefix(strings.TrimSpace(typed), "-"); negative {
		if _, ok := api.ReadHours(less); ok {
			return 0, api.Problemf(api.Invalid, "say it like 3h", "%s is less than no time", oneLine(typed, 40))
		}
	}
	if flag != strings.ToUpper(flag) && !strings.HasPrefix(flag, "-") { // else it is a word behind the command
		flag = "--" + flag
	}
	return 0, api.Problemf(api.Invalid, "hours look like 3, 2.5, 2,5, 3h, 2h30, 90min", "%s: “%s” is no number of hours", flag, oneLine(typed, 40))
}
