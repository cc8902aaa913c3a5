package kinds

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"kith/crdt/change"
	"kith/crdt/kind"
)

// Who sees how many hours somebody gives.
const (
	SharedInSum = "sum" // nobody; they are part of the sum
	SharedToAll = "all"
)

// MostHours is how many hours a week somebody can give. Nobody has more.
const MostHours = 100

// MaxAway is how many times of being away somebody has written down at most.
const MaxAway = 60

var (
	profileDoes  = &kind.Field{Key: "does", Is: kind.Reason, Label: "what I do", Hint: "what I do", Log: tellingWhat("what they do")}
	profileLearn = &kind.Field{Key: "learn", Is: kind.Reason, Label: "what I want to learn", Hint: "what I want to learn", Log: tellingWhat("what they want to learn")}
	profileWorks = &kind.Field{Key: "works", Is: kind.Reason, Label: "how and when I work best", Hint: "how and when I work best", Log: tellingWhat("how and when they work best")}
	profileAbout = &kind.Field{Key: "about", Is: kind.Reason, Label: "what to know about me", Hint: "what to know about me", Log: tellingWhat("what to know about them")}

	// profilePublic is all that others outside are told of somebody: not even the name, unless it stands here.
	profilePublic = &kind.Field{Key: "public", Is: kind.Line, Label: "what others are told of me", Hint: "what others outside are told of me, name and all; without it nothing is", Log: tellingWhat("what others outside are told of them")}

	// ProfileLanguage is the language in which Kith speaks to somebody on its page, by its short name.
	ProfileLanguage = &kind.Field{Key: "language", Is: kind.Line, Hint: "the language in which Kith's page speaks to me, as es", Reads: cleanLanguage, Log: tellingWhat("in which language Kith's page speaks to them"), Tongue: true}

	profileHours  = &kind.Field{Key: "hours", Is: kind.Hours, Max: 168 * 60, Typed: MostHours, Label: "hours a week", Hint: "how many hours a week I can give", Log: saying("said how much they can give")}
	profileOff    = &kind.Field{Key: "off", Is: kind.Line, Label: "days off", Hint: "the days on which I don't work, as sat sun", Var: "DAYS", Reads: cleanWeekdays, Log: saying("said which days are off")}
	profileUntil  = &kind.Field{Key: "until", Is: kind.Day, Hint: "until when that holds", Log: saying("said until when that holds")}
	profileShared = &kind.Field{Key: "shared", Is: kind.Word, Words: []string{SharedInSum, SharedToAll}, Hint: "who sees my hours: nobody but as part of the sum, or all", Log: saying("said who sees their hours")}

	// profileAway is when somebody is away, first and last day.
	profileAway = &kind.Field{Key: "away", Is: kind.JSON, Each: MaxAway, Hint: "when they are away", Log: saying("said when they are away"), Form: `two dates with a slash between; "": not any more`}
	profileFrom = &kind.Field{Key: "from", Is: kind.Day, Hint: "the first day"}
	profileTo   = &kind.Field{Key: "to", Is: kind.Day, Hint: "the last day"}
)

// ProfileWords are what somebody says of themselves, and ProfileHours what they can give.
var (
	ProfileWords = []*kind.Field{profileDoes, profileLearn, profileWorks, profileAbout, profilePublic, ProfileLanguage}
	ProfileHours = []*kind.Field{profileHours, profileOff, profileUntil, profileShared}
)

// Profile is what a member says of themselves, in their own words, and how much work they can give. Nobody else writes in
// it. Who only gives their hours to the sum isn't shown with them: their number is in every replica of the co-op, since
// each adds up for itself, and no command, answer or log shows it to others.
var Profile = &kind.Kind{
	Name: "profile", Many: "profiles", Letters: "pf", Gist: "what each says of themselves", View: 2, Mine: true, Single: true,
	Fields: slices.Concat(ProfileWords, ProfileHours),
	Own:    []*kind.Field{profileAway},
	Derive: kind.Deriving(whenAway),
	Shows: []*kind.Shown{
		kind.Value("member", "whose it is", func(l kind.Look) kind.Named { return l.Named(l.CreatedBy) }),
		profileDoes.Shown(), profileLearn.Shown(), profileWorks.Shown(), profileAbout.Shown(), profilePublic.Shown(), ProfileLanguage.Shown(),
		kind.Value("hours", "hours a week that they can give; null: they don't say, or only in the sum", func(l kind.Look) *float64 {
			if !profileHours.Has(l.View) || !seesHours(l) {
				return nil
			}
			return new(kind.Minutes(profileHours.Int(l.View)).Hours())
		}),
		kind.Value("off", "the days on which they don't work", func(l kind.Look) string { return ifSeen(l, profileOff.Str(l.View)) }),
		kind.Value("until", "until when that holds", func(l kind.Look) string { return ifSeen(l, profileUntil.Str(l.View)) }),
		kind.Value("hours_shared", "who sees the hours: sum, all", func(l kind.Look) string { return profileShared.Str(l.View) }),
		kind.Value("away", "when they are away", func(l kind.Look) []Span {
			if !seesHours(l) {
				return []Span{}
			}
			return append([]Span{}, kind.Of[Absence](l.View).Away...)
		}),
	},
	Facts: func(v *kind.View, f *kind.Facts) {
		f.Who(kind.OfFact, v.CreatedBy)
		f.Is("gives", profileHours.Has(v))
		if profileHours.Has(v) {
			f.Has("until", profileUntil.Str(v))
			f.Who("gives_until", v.CreatedBy)
		}
	},
	Finds: []*kind.Filter{
		{Name: "mine", Gist: "of my own", Fact: kind.OfFact, Me: true},
		{Name: "gives", Gist: "of those who say how many hours they can give", Fact: "gives"},
	},
	Columns: []*kind.Column{
		{Title: "WHO", Says: func(a kind.Answer) kind.Cell { return kind.OwnWords(a.In("member").Str("name")) }},
		{Title: "DOES", Says: kind.OwnOf("does")},
	},
	Today: []*kind.Wait{{
		Key: "hours_end", Title: "Until then you said how much you can give", Gist: "that my hours hold no longer",
		Facts: []string{"gives_until/me"}, Before: "until", Ahead: 7,
		Says: func(a kind.Answer) kind.Cell { return kind.Cell{Day: a.Str("until")} },
	}},
	Examples: kind.Examples{
		List: []string{`kith profile list`},
		Show: []string{`kith profile show pf-2m7d`, `kith profile show 2m7d --jq .does`},
	},
	Make: &kind.Verb{
		Name: "add", Gist: "begin my profile", With: slices.Concat(ProfileWords, ProfileHours), Do: checkHours,
		More:     "All of it is optional. Nobody else can write in it. With kith profile set it is begun and changed without its ID.",
		Examples: []string{`kith profile add Ana --does "type and print" --learn "bookkeeping"`},
	},
	Edit: &kind.Verb{
		Name: "edit", Gist: "change my profile", With: slices.Concat(ProfileWords, ProfileHours), Live: nil, Do: editProfile,
		Examples: []string{`kith profile edit pf-2m7d --works "mornings, with the door open"`},
	},
	Verbs: []*kind.Verb{{
		Name: "away", Gist: "say when I am away", With: []*kind.Field{profileFrom, profileTo}, Undo: true, Do: goAway,
		Examples: []string{`kith profile away pf-2m7d --from 2026-12-21 --to 2027-01-03`, `kith profile away pf-2m7d --from 2026-12-21 --undo`},
	}},
}

// ProfilePublic is what others outside are told of somebody.
func ProfilePublic(v *kind.View) string { return profilePublic.Str(v) }

// Span is some days, the first and the last included.
type Span struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Absence is when somebody is away, by the first day.
type Absence struct{ Away []Span }

func whenAway(s *kind.Story) (*Absence, error) {
	a := &Absence{}
	for _, v := range profileAway.All(s.Said[s.CreatedBy]) {
		from, to, ok := strings.Cut(v.Str(), "/")
		if ok && isDay(from) && isDay(to) && from <= to {
			a.Away = append(a.Away, Span{from, to})
		}
	}
	slices.SortFunc(a.Away, func(x, y Span) int { return strings.Compare(x.From+x.To, y.From+y.To) })
	a.Away = slices.Compact(a.Away)
	return a, nil
}

// seesHours says whether who looks is shown how many hours somebody gives.
func seesHours(l kind.Look) bool {
	return l.Me == l.CreatedBy || profileShared.Str(l.View) == SharedToAll
}

func ifSeen(l kind.Look, says string) string {
	if !seesHours(l) {
		return ""
	}
	return says
}

// checkHours refuses hours that say nothing.
func checkHours(d *kind.Draft) error {
	if off := strings.Fields(d.Asks.Str(profileOff)); len(off) == 7 && d.Asks.Value(profileHours).Int() > 0 {
		return kind.Invalid("who has every day off gives no hours")
	}
	return nil
}

func editProfile(d *kind.Draft) error {
	if d.Author != d.CreatedBy {
		return kind.NotAllowed("your own: kith profile set", "nobody but %s writes in this", d.Name(d.CreatedBy))
	}
	return checkHours(d)
}

// mostAway is for how many years somebody says at most that they are away.
const mostAway = 10

// goAway says when the author is away, or isn't after all.
func goAway(d *kind.Draft) error {
	if d.Author != d.CreatedBy {
		return kind.NotAllowed("your own: kith load away FROM TO", "nobody but %s writes in this", d.Name(d.CreatedBy))
	}
	from, to := d.Asks.Str(profileFrom), d.Asks.Str(profileTo)
	if to == "" {
		to = from
	}
	switch {
	case !isDay(from) || !isDay(to):
		return kind.Missing("days like 2026-12-21", "it isn't said from which day to which")
	case to < from:
		return kind.Invalid("the last day, %s, is before the first, %s", to, from)
	}
	name := strings.ReplaceAll(from, "-", "")
	if d.Asks.Undo {
		d.SayOf(profileAway, name, change.StrValue(""))
		return nil
	}
	if first, err := time.Parse(time.DateOnly, from); err == nil && to > first.AddDate(mostAway, 0, 0).Format(time.DateOnly) {
		return &kind.InvalidError{Why: "that is more than ten years: until " + to, Hint: "who gives no hours for longer takes back what they can give: kith load set 0"}
	}
	d.SayOf(profileAway, name, change.StrValue(from+"/"+to))
	return nil
}

// isDay says whether a date is a whole day.
func isDay(s string) bool {
	clean, err := kind.CleanDay("", s)
	return err == nil && clean == s && len(s) == len("2026-12-01")
}

// Weekdays are the days of a week as they are written in documents, Monday first.
var Weekdays = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// weekdayStarts are what words for them begin with as they may be typed: in English, and in Spanish with its accents or without.
var weekdayStarts = [][]string{{"mon", "lun"}, {"tue", "mar"}, {"wed", "mié", "mie"}, {"thu", "jue"}, {"fri", "vie"}, {"sat", "sáb", "sab"}, {"sun", "dom"}}

func cleanWeekdays(s string) (string, error) {
	var out []string
	for _, word := range strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r == ' ' || r == ',' || r == ';' }) {
		begins := func(start string) bool { return strings.HasPrefix(word, start) }
		i := slices.IndexFunc(weekdayStarts, func(day []string) bool { return slices.ContainsFunc(day, begins) })
		if i < 0 {
			return "", fmt.Errorf("“%s” is no day of the week: write mon tue wed thu fri sat sun", word)
		}
		if !slices.Contains(out, Weekdays[i]) {
			out = append(out, Weekdays[i])
		}
	}
	slices.SortFunc(out, func(a, b string) int { return slices.Index(Weekdays, a) - slices.Index(Weekdays, b) })
	return strings.Join(out, " "), nil
}

// languageName is a short name of a language: "es", "pt-BR".
var languageName = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$`)

func cleanLanguage(s string) (string, error) {
	if s = strings.TrimSpace(s); s != "" && !languageName.MatchString(s) {
		return "", fmt.Errorf("“%s” is no short name of a language, such as en or es", s)
	}
	return s, nil
}

// tellingWhat says in the log what somebody said of themselves for all to read.
func tellingWhat(about string) func(change.Value, bool) (verb, to string) {
	return func(v change.Value, _ bool) (verb, to string) {
		if v.Str() == "" {
			return "took away " + about, ""
		}
		return "said " + about, v.Str()
	}
}

// saying says in the log that something was said, and not what: it may be for the sum alone.
func saying(what string) func(change.Value, bool) (verb, to string) {
	return func(_ change.Value, first bool) (verb, to string) {
		if first {
			return "", ""
		}
		return what, ""
	}
}
