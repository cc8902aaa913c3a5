package kinds

import (
	"math/big"
	"slices"
	"strconv"
	"strings"

	"kith/crdt/change"
	"kith/crdt/kind"
)

// The figures that agreements can have, and that other parts of Kith read.
const (
	FigureHoursLimit   = "hours_limit"  // hours a week that a member works at most
	FigureCoordination = "coordination" // percent for coordination that are put on top of an invoice
	FigureQuorum       = "quorum"       // the part of the full members who must have answered before a decision is closed
	FigureTimebox      = "timebox"      // days for which positions to a decision are hoped for
)

// Figure is a number in an agreement, of one meaning, in one form: so that it can be counted with.
type Figure struct {
	Name  string
	Gist  string // what it says
	Form  string // as people type it
	field *kind.Field
	read  func(string) (canonical string, ok bool)
}

// Figures are those that there are, in the order in which people are told of them.
var Figures = []*Figure{
	figure(FigureHoursLimit, "hours a week that a member works at most", "35h", amountOf("h", "168")),
	figure(FigureCoordination, "percent for coordination on top of an invoice", "15%", amountOf("%", "100")),
	figure(FigureQuorum, "the part of the full members who must have answered before a decision is closed", "2/3", ReadQuorum),
	figure(FigureTimebox, "days for which positions to a decision are hoped for", "14d", wholeDays),
}

func figure(name, gist, form string, read func(string) (string, bool)) *Figure {
	return &Figure{Name: name, Gist: gist, Form: form, read: read, field: &kind.Field{
		Key: name, Is: kind.JSON, Max: 40, Hint: gist, Form: "written as `" + form + "`; anything else says nothing",
	}}
}

// figureFields are where an agreement holds them.
func figureFields() (fields []*kind.Field) {
	for _, f := range Figures {
		fields = append(fields, f.field)
	}
	return fields
}

// figureNamed gives the figure of a name; nil if there is none. In a name dashes and underscores are the same.
func figureNamed(name string) *Figure {
	for _, f := range Figures {
		if f.Name == strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), "-", "_") {
			return f
		}
	}
	return nil
}

// of is what an agreement says in a figure; "" if it doesn't say it, or in a form that no command writes.
func (f *Figure) of(v *kind.View) string {
	says, _ := f.read(f.field.Str(v))
	return says
}

// Told is what an agreement says in a figure, as its answer has it (FiguresJSON), with its unit: "35 h", "2/3"; "" if nothing.
func (f *Figure) Told(agreement kind.Answer) string {
	switch v := agreement.In("figures")[f.Name].(type) {
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64) + " " + strings.TrimLeft(f.Form, "0123456789")
	case string:
		return v
	}
	return ""
}

// amountOf reads an amount with up to two decimals, above 0 and up to most, with its unit or without.
func amountOf(unit, most string) func(string) (string, bool) {
	limit, _ := new(big.Rat).SetString(most)
	return func(s string) (string, bool) {
		s = strings.ReplaceAll(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(s), unit)), ",", ".")
		whole, part, _ := strings.Cut(s, ".")
		if strings.Trim(whole+part, "0123456789") != "" || whole == "" || len(whole) > 3 || len(part) > 2 {
			return "", false // before it is reckoned with: to write out 1e999999 takes a fifth of a second, whenever it is read
		}
		n, ok := new(big.Rat).SetString(s)
		if !ok || n.Sign() <= 0 || n.Cmp(limit) > 0 {
			return "", false
		}
		says := n.FloatString(2)
		return strings.TrimSuffix(strings.TrimRight(says, "0"), ".") + unit, true
	}
}

func wholeDays(s string) (string, bool) {
	n, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(s), "d")))
	if err != nil || n < 1 || n > 366 {
		return "", false
	}
	return strconv.Itoa(n) + "d", true
}

// ReadQuorum reads a part of the full members, as 2/3 or 60%, and writes it as a fraction.
func ReadQuorum(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if percent, ok := strings.CutSuffix(s, "%"); ok {
		s = strings.TrimSpace(percent) + "/100"
	}
	n, d, ok := strings.Cut(s, "/")
	above, errAbove := strconv.ParseUint(n, 10, 8)
	below, errBelow := strconv.ParseUint(d, 10, 8)
	if !ok || errAbove != nil || errBelow != nil || above == 0 || above > below {
		return "", false
	}
	return big.NewRat(int64(above), int64(below)).String(), true
}

// Enough is the least number of n full members that is a quorum; 0 if there is none.
func Enough(quorum string, n int) int {
	says, ok := ReadQuorum(quorum)
	if !ok {
		return 0
	}
	a, b, _ := strings.Cut(says, "/")
	above, _ := strconv.Atoi(a)
	below, _ := strconv.Atoi(b)
	return (n*above + below - 1) / below
}

// InForce is what the agreements that hold now say in one figure.
type InForce struct {
	*Figure
	Value string       // "": they say different things, so that none is in force
	Says  []*kind.View // the agreements that say it, as given
}

// FiguresInForce reads what agreements say in figures. Those that another one has replaced, or that were put away, say nothing. Where two that hold
// say different things none is in force: nothing but people can tell which was meant.
func FiguresInForce(agreements []*kind.View) (all []InForce) {
	for _, f := range Figures {
		in := InForce{Figure: f}
		for _, v := range agreements {
			says := f.of(v)
			if says == "" || isCurrent(v) != nil || v.Archived != nil {
				continue
			}
			in.Value, in.Says = says, append(in.Says, v)
		}
		if slices.ContainsFunc(in.Says, func(v *kind.View) bool { return f.of(v) != f.of(in.Says[0]) }) {
			in.Value = ""
		}
		if len(in.Says) > 0 {
			all = append(all, in)
		}
	}
	return all
}

// Of is what an agreement says in this figure.
func (in *InForce) Of(v *kind.View) string { return in.Figure.of(v) }

// agreementSet is how figures are typed.
var agreementSet = &kind.Field{Key: "set", Is: kind.Lines, Hint: "a figure that Kith reads: " + figureForms(), Var: "NAME=VALUE", Label: "figure"}

func figureForms() string {
	var forms []string
	for _, f := range Figures {
		forms = append(forms, f.Name+"="+f.Form)
	}
	return strings.Join(forms, ", ")
}

// setFigures writes figures; one without a value is taken away.
func setFigures(d *kind.Draft) error {
	for _, word := range d.Asks.All(agreementSet) {
		name, value, ok := strings.Cut(word, "=")
		f := figureNamed(name)
		switch {
		case !ok:
			return &kind.InvalidError{Why: "a figure is written as NAME=VALUE, and “" + word + "” isn't", Hint: figureForms()}
		case figureNamed(name) == nil && strings.Contains(name, "zone"):
			return &kind.InvalidError{Why: "in which time zone days end is a step of the charter, which everybody keeps", Hint: "kith charter time-zone ZONE"}
		case figureNamed(name) == nil && strings.Contains(name, "shar"):
			return &kind.InvalidError{Why: "whether sharing needs a step is a step of the charter, which everybody keeps", Hint: "kith charter sharing agreed"}
		case f == nil:
			return &kind.InvalidError{Why: "there is no figure “" + name + "”", Hint: "these there are: " + figureForms()}
		}
		if value = strings.TrimSpace(value); value == "" || strings.EqualFold(value, "none") {
			d.Set(f.field, change.StrValue(""))
			continue
		}
		says, ok := f.read(value)
		if !ok {
			return &kind.InvalidError{Why: "“" + value + "” can't be " + f.Name + ": " + f.Gist, Hint: "it is written as " + f.Name + "=" + f.Form}
		}
		d.Set(f.field, change.StrValue(says))
	}
	return nil
}

// FiguresJSON are the figures of an agreement; null for one that it doesn't have.
type FiguresJSON struct {
	HoursLimit   *float64 `json:"hours_limit"`  // hours a week
	Coordination *float64 `json:"coordination"` // percent
	Quorum       *string  `json:"quorum"`       // "2/3"
	Timebox      *int     `json:"timebox"`      // days
}

func showFigures(l kind.Look) (out FiguresJSON) {
	for _, f := range Figures {
		says := f.of(l.View)
		if says == "" {
			continue
		}
		number, _ := strconv.ParseFloat(strings.TrimRight(says, "h%d"), 64)
		switch f.Name {
		case FigureHoursLimit:
			out.HoursLimit = &number
		case FigureCoordination:
			out.Coordination = &number
		case FigureQuorum:
			out.Quorum = &says
		case FigureTimebox:
			out.Timebox = new(int(number))
		}
	}
	return out
}
