package page

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"

	"kith/crdt/kinds"
)

// board shows tasks by who has them. What moves one to the next column is a button of it; the arrow keys press that.
type board struct {
	Sentence string
	New      action
	Tabs     []entry
	Columns  []boardColumn
}

// boardColumn is one of them. Where the page is narrow the chosen one alone is shown, and the names of all are tabs.
type boardColumn struct {
	Name, ID string
	At       string // the board with this one chosen
	Here     bool
	Count    int
	Cards    []boardCard
	More     action
}

type boardCard struct {
	row
	Moves []boardMove
}

// boardMove is what moves a task to the column on its left or right.
type boardMove struct {
	action
	To string // "left" or "right"
}

const (
	boardTab    = "board"  // the part of the list of tasks that is a board, in addresses
	boardChosen = "column" // which column is chosen, in addresses
)

const (
	mostOpen  = 200 // tasks that are looked through for it
	mostCards = 30  // that stand in a column
)

const (
	atNobody = iota
	atAsked
	atSomebody
	atDone
)

// showBoard shows the board of what is to be done, and what was done last.
func (in *asking) showBoard(w http.ResponseWriter, v listed) error {
	open, err := in.list(kinds.Task, mostOpen, "open", "true", "sort", "due")
	if err != nil {
		return err
	}
	changed, err := in.list(kinds.Task, mostListed/20) // the newest change first
	if err != nil {
		return err
	}
	done := slices.DeleteFunc(changed, func(d document) bool { return d.says.Str("status") != kinds.TaskDone })
	done = done[:min(len(done), mostLately)]
	b := board{New: v.New, Tabs: v.Tabs, Columns: []boardColumn{
		{ID: "nobody", Name: in.t.T("Nobody has it")}, {ID: "asked", Name: in.t.T("Asked")}, {ID: "somebody", Name: in.t.T("Somebody has it")}, {ID: "done", Name: in.t.T("Done lately")},
	}}
	at := max(0, slices.IndexFunc(b.Columns, func(c boardColumn) bool { return c.ID == in.r.FormValue(boardChosen) }))
	b.Columns[at].Here = true
	for i := range b.Columns {
		b.Columns[i].At = in.At(kinds.Task.Many) + "?" + url.Values{"of": {boardTab}, boardChosen: {b.Columns[i].ID}}.Encode()
	}
	b.Sentence, _ = in.listSays(kinds.Task, open, len(open) == mostOpen)
	for _, d := range append(open, done...) {
		c := &b.Columns[in.columnOf(d)]
		if c.Count++; len(c.Cards) < mostCards {
			c.Cards = append(c.Cards, boardCard{in.rowOf(kinds.Task, d), in.boardMoves(d)})
		} else {
			c.More = action{Words: in.t.N("{#} more", c.Count-mostCards), At: in.At("tasks")}
		}
	}
	in.show(w, http.StatusOK, "board", in.t.T("Tasks"), b)
	return nil
}

func (in *asking) columnOf(d document) int {
	h := in.handsOf(d)
	switch {
	case !h.live:
		return atDone
	case len(h.taken) > 0:
		return atSomebody
	case len(h.asked) > 0:
		return atAsked
	}
	return atNobody
}

// boardMoves are those that the reader can make: nobody moves a task for others.
func (in *asking) boardMoves(d document) (all []boardMove) {
	h := in.handsOf(d)
	move := func(a action, to string) { all = append(all, boardMove{a, to}) }
	switch k := kinds.Task; {
	case !h.live:
		move(in.verbAt(k, d, "reopen", "It is to be done after all", "plain"), "left")
	case h.mine:
		move(in.verbAt(k, d, "take-undo", "Put it back", "plain"), "left")
		move(in.verbAt(k, d, "done", "Done", "plain"), "right")
	case h.askMe:
		move(in.verbAt(k, d, "accept", "Accept", "plain"), "right")
	case len(h.taken) == 0:
		move(in.verbAt(k, d, "take", "I take it", "plain"), "right")
	}
	return all
}

// BoardKeys says which keys do what.
func (in *asking) BoardKeys() template.HTML {
	key := func(k string) string { return "<kbd>" + k + "</kbd>" }
	return template.HTML(in.t.T("Keys: {sideways} to the next column, {along} in it, {enter} opens, {esc} puts back.", //nolint:gosec // words of the page, and keys
		"sideways", key("← →"), "along", key("↑ ↓"), "enter", key("Enter"), "esc", key("Esc")))
}
