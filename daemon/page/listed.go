package page

import (
	"cmp"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"kith/crdt/kind"
	"kith/crdt/kinds"
)

// listed is the list of a kind.
type listed struct {
	Sentence string
	New      action
	Also     *action // how else one is begun; nil
	Tabs     []entry
	Sections []section
	Empty    string // what to say where there is nothing
	More     action // "" words: that is all
	Only     sifting

	Wide, Narrow template.HTML // what is better looked at; "": nothing
}

const (
	firstListed = 50
	mostListed  = 2000
)

// documents is the page of the documents of a kind.
func (in *asking) documents(w http.ResponseWriter) error {
	k := in.kind()
	if k == nil {
		return noSuchThing
	}
	limit, err := strconv.Atoi(cmp.Or(in.r.FormValue("n"), strconv.Itoa(firstListed)))
	if err != nil || limit < 1 || limit > mostListed {
		limit = firstListed
	}
	v := listed{New: action{Words: in.t.T(capital(k.Make.Gist)), At: in.At(k.Many, "new"), Look: "filled"}}
	if k == kinds.Profile { // everybody has one
		if own, err := in.list(k, 1, "mine", "true"); err == nil && len(own) > 0 {
			v.New = action{Words: capital(in.t.T(k.Edit.Gist)), At: in.At(k.Many, own[0].Short, k.Edit.Name), Look: "line"}
		}
	}
	if k == kinds.Intake {
		v.Also = &action{Words: in.t.T("From a mail or a form"), At: in.At(k.Many, importPage), Look: "line"}
	}
	chosen := in.r.FormValue("of")
	tabs, with := in.tabs(k, chosen)
	v.Tabs = tabs
	if k == kinds.Task && chosen == boardTab {
		return in.showBoard(w, v)
	}
	if k == kinds.Agreement {
		v.Tabs = append(v.Tabs, entry{Words: in.t.T("What they say in numbers"), At: in.At(k.Many, figuresPage)})
	}
	var asked url.Values
	v.Only, asked = in.sift(in.At(k.Many), in.sieves(k))
	if chosen != "" {
		v.Only.Hidden, v.Only.At = []hidden{{"of", chosen}}, in.At(k.Many)+"?of="+url.QueryEscape(chosen)
	}
	found, err := in.list(k, limit+1, siftedBy(k, asked, with)...)
	if err != nil && v.Only.Open {
		v.Only.Trouble, err = in.troubleOf(err), nil
	}
	if err != nil {
		return err
	}
	if len(found) > limit {
		found = found[:limit]
		asked.Set("of", chosen)
		v.More = action{Words: in.t.T("Show more"), At: in.At(k.Many) + "?" + withNumber(asked, min(limit+200, mostListed))}
	}
	if len(found) > 0 {
		v.Sections = []section{{Rows: in.listedRows(k, found)}}
	}
	if k == kinds.Pulse {
		rounds := in.stagesOf(found)
		v.Wide, v.Narrow = in.stagesPicture(wideStages, rounds), in.stagesPicture(narrowStages, rounds)
	}
	v.Sentence, v.Empty = in.listSays(k, found, len(v.More.Words) > 0)
	if chosen != "" && len(with) > 0 && k != kinds.Task { // a part of them, so the others may be there
		v.Empty = in.t.T("Nothing here is like that.")
	}
	if v.Only.Open {
		v.Sentence, v.Empty = in.t.T(capital(k.Many)), in.t.T("Nothing here is like that.")
	}
	in.show(w, v.Only.status(), "list", in.t.T(capital(k.Many)), v)
	return nil
}

// tab is one part of a list.
type tab struct {
	words string
	with  []string // what is asked for
	name  string   // in the address
}

// tabsOf are the parts of the list of a kind; the first is shown where none is chosen.
func (in *asking) tabsOf(k *kind.Kind) (tabs []tab) {
	switch k {
	case kinds.Task:
		tabs = []tab{{"All of us", []string{"open", "true", "sort", "due"}, ""}, {"Mine", []string{"open", "true", "mine", "true", "sort", "due"}, "mine"}, {"With what is done", nil, "all"}, {"As a board", nil, boardTab}}
	case kinds.Decision:
		tabs = []tab{{"Open", []string{"open", "true"}, ""}, {"Waits for you", []string{"waiting_for_me", "true"}, "mine"}, {"With what is closed", nil, "all"}}
	case kinds.Agreement:
		tabs = []tab{{"What holds", []string{"current", "true", "sort", "title"}, ""}, {"With what doesn’t hold any more", nil, "all"}}
	default:
		tabs = []tab{{words: "All"}}
	}
	for _, l := range k.Lists { // what is due, which is of a filter with a day
		tabs = append(tabs, tab{"To be looked at again", []string{inQuery(l.By), in.now.AddDate(0, 0, 1).Format(time.DateOnly)}, l.Name})
	}
	return tabs
}

// tabs are those that can be clicked, and what the chosen one asks for.
func (in *asking) tabs(k *kind.Kind, chosen string) (all []entry, with []string) {
	tabs := in.tabsOf(k)
	here := max(0, slices.IndexFunc(tabs, func(t tab) bool { return t.name == chosen }))
	for i, t := range tabs {
		at := in.At(k.Many)
		if t.name != "" {
			at += "?of=" + t.name
		}
		all = append(all, entry{Words: in.t.T(t.words), At: at, Here: i == here})
	}
	return all, tabs[here].with
}

// listedRows are documents as rows of their list, where nothing stands out.
func (in *asking) listedRows(k *kind.Kind, found []document) (rows []row) {
	for _, d := range found {
		r := in.rowOf(k, d)
		if k == kinds.Task {
			r.Does = in.taskDoes(d)
		}
		for i := range r.Does {
			if r.Does[i].Look == "line" {
				r.Does[i].Look = "plain"
			}
		}
		rows = append(rows, r)
	}
	return rows
}

// listSays is the sentence above a list, and what is said in the place of an empty one.
func (in *asking) listSays(k *kind.Kind, found []document, more bool) (sentence, empty string) {
	n := len(found)
	title := in.t.T(capital(k.Many))
	switch k {
	case kinds.Task:
		nobody, help := 0, 0
		for _, d := range found {
			h := in.handsOf(d)
			if h.live && len(h.taken)+len(h.asked) == 0 {
				nobody++
			}
			if h.live && h.wanted {
				help++
			}
		}
		empty = in.t.T("Nothing is to be done here. What comes up can be written down.")
		switch {
		case n == 0 || more:
			return title, empty
		case nobody > 0 && help > 0:
			return in.t.N("{N} tasks. {rest}", n, "rest", in.t.N("{N} have nobody yet, {help}.", nobody, "help", in.t.N("{n} need help", help))), empty
		case nobody > 0:
			return in.t.N("{N} tasks. {rest}", n, "rest", in.t.N("{N} have nobody yet.", nobody)), empty
		}
		return in.t.N("{N} tasks, and each has somebody.", n), empty
	case kinds.Decision:
		empty = in.t.T("Nothing is to be decided here. Anybody may propose something.")
		waiting := 0
		for _, d := range found {
			if slices.ContainsFunc(d.says.List("waiting_for"), in.isMe) {
				waiting++
			}
		}
		switch {
		case n == 0 || more || in.r.FormValue("of") != "":
			return title, empty
		case waiting > 0:
			return in.t.N("{N} decisions are open. {rest}", n, "rest", in.t.N("{N} wait for your word.", waiting)), empty
		}
		return in.t.N("{N} decisions are open.", n), empty
	case kinds.Note:
		return title, in.t.T("There are no notes yet. Minutes, lists and how-tos stand here, and everybody writes in them.")
	case kinds.Agreement:
		return title, in.t.T("Nothing is written down yet. What you keep to stands here, where everybody finds it.")
	}
	return title, in.t.T("There is nothing here yet.")
}
