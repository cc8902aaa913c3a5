package kind

import "strings"

// Answer is a document as programs get it: JSON, decoded. What isn't there, or is of another type, reads as nothing.
type Answer map[string]any

// Str returns the string under a name.
func (a Answer) Str(name string) string { s, _ := a[name].(string); return s }

// Is returns the truth under a name.
func (a Answer) Is(name string) bool { b, _ := a[name].(bool); return b }

// In returns the object under a name.
func (a Answer) In(name string) Answer { m, _ := a[name].(map[string]any); return m }

// List returns the objects under a name.
func (a Answer) List(name string) (out []Answer) {
	all, _ := a[name].([]any)
	for _, one := range all {
		if m, ok := one.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// Words returns the strings under a name.
func (a Answer) Words(name string) (out []string) {
	all, _ := a[name].([]any)
	for _, one := range all {
		if s, ok := one.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// Names returns the names of the members under a name.
func (a Answer) Names(name string) (out []string) {
	for _, m := range a.List(name) {
		out = append(out, m.Str("name"))
	}
	return out
}

// Cell is what stands in one place of a list: words, and behind them a day or how long ago something was, as its reader
// says that.
type Cell struct {
	Words string
	Own   []string // what of these words somebody wrote, names among them: it stands as it is in every language
	Day   string   // as in a field of type Day
	Since string   // RFC 3339
	Due   bool     // the day is one by which something is to be done: how long it is over is said
}

// Column is one column of a list, on a terminal and on a page. The first one of a kind also says with whom a document is
// shared.
type Column struct {
	Title string // "STATUS"
	Says  func(Answer) Cell
	Spare bool // on a terminal it is left out where titles would be cut for it; all behind it are spare, too
}

// OwnWords are words that somebody wrote.
func OwnWords(words ...string) Cell { return Cell{Words: strings.Join(words, ", "), Own: words} }

// OwnOf says the string under a name that somebody wrote.
func OwnOf(name string) func(Answer) Cell {
	return func(a Answer) Cell { return OwnWords(a.Str(name)) }
}

// WordsOf says the word of Kith's under a name, with spaces for underscores.
func WordsOf(name string) func(Answer) Cell {
	return func(a Answer) Cell { return Cell{Words: strings.ReplaceAll(a.Str(name), "_", " ")} }
}

// DayOf says the day under a name, behind a word if there is a day.
func DayOf(word, name string) func(Answer) Cell {
	return func(a Answer) Cell {
		if a.Str(name) == "" {
			return Cell{}
		}
		return Cell{Words: word, Day: a.Str(name)}
	}
}

// DueOf says the day under a name as one by which something is to be done.
func DueOf(name string) func(Answer) Cell {
	return func(a Answer) Cell { return Cell{Day: a.Str(name), Due: true} }
}

// NamesOf says the names of the members under a name.
func NamesOf(name string) func(Answer) Cell {
	return func(a Answer) Cell { return OwnWords(a.Names(name)...) }
}
