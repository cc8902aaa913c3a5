package page

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"kith/crdt/kind"
	"kith/crdt/kinds"
)

// sieve is one thing by which a list is sifted: in the address, and in a form.
type sieve struct {
	name    string // in the address
	words   string // a phrase
	is      kind.Type
	of      string   // of a Ref: the name of the kind
	options []option // what there is to choose; nil: it follows from the type
	none    string   // a phrase for none of them; "": whichever it is
}

// sifting is the form that leaves of a list what somebody looks for. It changes nothing, so it is sent in the address.
type sifting struct {
	At      string
	Open    bool // something is looked for, or nothing was found to be meant
	Hidden  []hidden
	Inputs  []input
	Trouble *trouble
}

// status is how a list is answered that was sifted so.
func (s sifting) status() int {
	if s.Trouble != nil {
		return http.StatusUnprocessableEntity
	}
	return http.StatusOK
}

// sift makes the form, with what the address says, and gives that: of these names alone.
func (in *asking) sift(at string, by []sieve) (s sifting, asked url.Values) {
	s.At, asked = at, url.Values{}
	for _, one := range by {
		value := in.r.FormValue(one.name)
		if value != "" {
			asked.Set(one.name, value)
			s.Open = true
		}
		f := input{Name: one.name, Label: capital(in.t.T(one.words)), Value: value, Is: "line", Options: one.options}
		switch {
		case one.options != nil:
			f.Is = "pick"
		case one.is == kind.Members:
			f.Is = "pick"
			members, _ := in.c.Members(in.ctx()) // without them nobody can be chosen
			for _, m := range members {
				f.Options = append(f.Options, option{Value: m.ID, Words: m.Called()})
			}
		case one.is == kind.Ref:
			f.Is = "pick"
			if of := kinds.All.Named(one.of); of != nil {
				found, _ := in.list(of, mostOptions)
				for _, d := range found {
					f.Options = append(f.Options, option{Value: d.ID, Words: d.Title})
				}
			}
		case one.is == kind.Day:
			f.Is = "day"
		case one.is == kind.Flag:
			f.Is = "many"
			f.Options = []option{{Value: "true", Words: f.Label}}
		}
		if f.Is == "pick" {
			none := in.t.T("whichever it is")
			if one.none != "" {
				none = in.t.T(one.none)
			}
			f.Options = slices.Insert(slices.Clone(f.Options), 0, option{Words: none})
		}
		for i := range f.Options {
			f.Options[i].Chosen = f.Options[i].Value == value
		}
		s.Inputs = append(s.Inputs, f)
	}
	return s, asked
}

// Names in the address of what every list can be sifted by, beside the filters of its kind.
const (
	whichOf   = "which" // a filter that is asked for or not
	changedIn = "since"
	inOrder   = "sort"
)

// sieves are those of the list of a kind, by its declaration.
func (in *asking) sieves(k *kind.Kind) (all []sieve) {
	which := sieve{name: whichOf, words: "Which of them"}
	seen := map[string]bool{} // some say the same under two names
	for _, f := range k.Filters() {
		switch {
		case f.Takes == nil && !seen[f.Gist]:
			seen[f.Gist] = true
			which.options = append(which.options, option{Value: inQuery(f), Words: in.t.T(filterSays(f))})
		case f.Takes == nil:
		case f.Takes.Is == kind.Word:
			one := sieve{name: inQuery(f), words: filterSays(f)}
			for _, word := range f.Takes.Words {
				one.options = append(one.options, option{Value: word, Words: in.t.T(word)})
			}
			all = append(all, one)
		default:
			all = append(all, sieve{name: inQuery(f), words: filterSays(f), is: f.Takes.Is, of: f.Takes.Of})
		}
	}
	order := sieve{name: inOrder, words: "In which order", none: "as usual"}
	for _, o := range k.Sorts() {
		order.options = append(order.options, option{Value: o.Name, Words: in.t.T(o.Says)})
	}
	return append(append([]sieve{which}, all...), sieve{name: changedIn, words: "Changed since", is: kind.Day}, order)
}

// filterSays is what a filter is called in a form.
func filterSays(f *kind.Filter) string {
	switch {
	case f.Takes == nil || f.Takes.Is == kind.Day:
		return f.Gist
	case f.Takes.Is == kind.Members:
		return f.Takes.Hint
	}
	return f.Takes.Called()
}

// inQuery is the name of a filter in requests.
func inQuery(f *kind.Filter) string { return kind.WordOut(f.Name) }

// siftedBy is what a list is asked for: with, what its tab means, and what somebody looks for. What was put away is looked for among all: no
// tab has it.
func siftedBy(k *kind.Kind, asked url.Values, with []string) []string {
	which := asked.Get(whichOf)
	if which == inQuery(kind.Away) {
		with = nil
	}
	with = slices.Clone(with)
	for name := range asked {
		if name != whichOf {
			with = append(with, name, asked.Get(name))
		}
	}
	if slices.ContainsFunc(k.Filters(), func(f *kind.Filter) bool { return inQuery(f) == which }) {
		with = append(with, which, "true")
	}
	return with
}

// withNumber is an address that asks for the same, and more of it.
func withNumber(asked url.Values, n int) string {
	all := maps.Clone(asked)
	all.Set("n", strconv.Itoa(n))
	return all.Encode()
}

// troubleOf is what is told of what came in the way.
func (in *asking) troubleOf(err error) *trouble {
	_, t := in.explain(err)
	return &t
}
