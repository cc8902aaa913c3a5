package page

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"

	"kith/crdt/kind"
	"kith/crdt/kinds"
)

// Where something is chosen from options, the reader's word is a form with all of them, in which nothing is chosen beforehand.

var choiceProcesses = []string{kinds.ProcessApproval, kinds.ProcessScore, kinds.ProcessRanking, kinds.ProcessDates}

func isChoice(d document) bool { return slices.Contains(choiceProcesses, d.says.Str("process")) }

// anOption is one of what can be chosen, and how it stands.
type anOption struct {
	Text, Says string
	First      bool // it comes out first as it stands
	Bar        template.HTML
}

// number is a whole number of an answer of the daemon.
func number(a kind.Answer, name string) int {
	f, _ := a[name].(float64)
	return int(f)
}

// optionText is an option as people read it: of dates the day in words.
func (in *asking) optionText(d document, text string) string {
	if d.says.Str("process") == kinds.ProcessDates {
		if day := in.Due(text, in.Day); day != "" {
			return capital(day)
		}
	}
	return text
}

// optionsOf are the options of a decision with what they got, in the order in which they were put up.
func (in *asking) optionsOf(d document) (all []anOption) {
	answered := 0
	for _, p := range d.says.List("positions") {
		if p.Is("counted") && p.Str("stance") == "choose" {
			answered++
		}
	}
	options, process := d.says.List("options"), d.says.Str("process")
	for _, o := range options {
		votes, sure := number(o, "votes"), number(o, "sure")
		one := anOption{Text: in.optionText(d, o.Str("text")), First: o.Is("first") && answered > 0}
		most := answered
		switch process {
		case kinds.ProcessApproval:
			one.Says = in.t.N("{n} can live with it", votes)
		case kinds.ProcessScore:
			one.Says, most = in.t.N("{#} points", votes), kinds.MaxScore*answered
		case kinds.ProcessRanking:
			one.Says, most = in.t.N("comes before {n} of the others", votes), len(options)-1
		case kinds.ProcessDates:
			one.Says = in.t.N("{n} can come", sure)
			if maybe := votes - sure; maybe > 0 {
				one.Says = dots(one.Says, in.t.N("{n} only if need be", maybe))
			}
		}
		switch {
		case one.First && d.says.Str("status") == kinds.Open:
			one.Says = dots(one.Says, in.t.T("comes first as it stands"))
		case slices.Contains(d.says.In("outcome").Words("chosen"), o.Str("text")):
			one.Says = dots(one.Says, in.t.T("came first"))
		}
		one.Bar = bar(votes, most)
		all = append(all, one)
	}
	return all
}

// bar draws how much of the most that an option can get it has.
func bar(n, most int) template.HTML {
	const width, height = 200.0, 12.0
	var d drawing
	d.add(`<rect class="f2" x="0" y="0" width="%s" height="%s"/>`, num(width), num(height))
	if n > 0 && most > 0 {
		d.add(`<rect class="f3" x="0" y="0" width="%s" height="%s"/>`, num(width*min(1, float64(n)/float64(most))), num(height))
	}
	return d.picture("a-bar", 0, 0, width, height, "")
}

// choiceInputs are the fields with which somebody chooses.
func (in *asking) choiceInputs(d document) (all []input) {
	options, process := d.says.List("options"), d.says.Str("process")
	if process == kinds.ProcessApproval {
		one := input{Name: "choices", Is: "many", Label: in.t.T("All that you can live with")}
		for _, o := range options {
			one.Options = append(one.Options, option{Value: strconv.Itoa(number(o, "number")), Words: o.Str("text")})
		}
		one.Options = append(one.Options, option{Value: "none", Words: in.t.T("none of them")})
		return []input{one}
	}
	for _, o := range options {
		one := input{Name: fmt.Sprintf("option-%d", number(o, "number")), Is: "pick", Label: in.optionText(d, o.Str("text"))}
		switch process {
		case kinds.ProcessScore:
			one.Options = []option{{Words: in.t.T("say how many points")}}
			for n := range kinds.MaxScore + 1 {
				one.Options = append(one.Options, option{Value: strconv.Itoa(n), Words: in.t.N("{#} points", n)})
			}
		case kinds.ProcessRanking:
			one.Options = []option{{Words: in.t.T("behind the others")}}
			for n := range options {
				one.Options = append(one.Options, option{Value: strconv.Itoa(n + 1), Words: in.t.T("in place {#}", "#", n+1)})
			}
		default:
			one.Is = "choice"
			one.Options = []option{{Value: "yes", Words: in.t.T("I can come")}, {Value: "maybe", Words: in.t.T("I could, if need be")}, {Value: "no", Words: in.t.T("I can’t come")}}
		}
		all = append(all, one)
	}
	return all
}

// chosen reads a choice from its form, in the words in which the daemon takes it.
func (in *asking) chosen(d document) (words []string) {
	said := false
	places := map[int][]string{}
	for _, o := range d.says.List("options") {
		n := strconv.Itoa(number(o, "number"))
		value := in.r.Form.Get("option-" + n)
		said = said || value != ""
		switch process := d.says.Str("process"); {
		case value == "" || value == "no":
		case process == kinds.ProcessScore:
			words = append(words, n+"="+value)
		case process == kinds.ProcessRanking:
			if place, err := strconv.Atoi(value); err == nil {
				places[place] = append(places[place], n)
			}
		case value == "maybe":
			words = append(words, n+"=maybe")
		default:
			words = append(words, n)
		}
	}
	for place := range len(d.says.List("options")) + 1 {
		if at := places[place]; len(at) > 0 {
			words = append(words, strings.Join(at, ","))
		}
	}
	if d.says.Str("process") == kinds.ProcessApproval {
		words = in.r.Form["choices"]
		if len(words) > 1 {
			words = slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == "none" })
		}
	}
	if len(words) == 0 && said {
		words = []string{"none"}
	}
	return words
}

// choiceSays is what somebody chose, in words.
func (in *asking) choiceSays(d document, choice []kind.Answer) string {
	process := d.says.Str("process")
	if process == kinds.ProcessRanking {
		slices.SortStableFunc(choice, func(a, b kind.Answer) int { return cmp.Compare(number(a, "value"), number(b, "value")) })
	}
	var all []string
	for _, c := range choice {
		text, value := in.optionText(d, c.Str("text")), number(c, "value")
		switch {
		case process == kinds.ProcessScore:
			text += ": " + in.t.N("{#} points", value)
		case process == kinds.ProcessRanking:
			text = strconv.Itoa(value) + ". " + text
		case process == kinds.ProcessDates && value == kinds.CouldCome:
			text = in.t.T("{day}, if need be", "day", text)
		}
		all = append(all, text)
	}
	if len(all) == 0 {
		return in.t.T("none of them")
	}
	return strings.Join(all, "; ")
}
