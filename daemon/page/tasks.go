package page

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"

	"kith/crdt/kind"
	"kith/crdt/kinds"
)

// hands is who has a task, from the reader's side.
type hands struct {
	taken, asked []kind.Answer // asked: who hasn't answered
	mine, askMe  bool
	wanted       bool // help is
	wants        bool // by the reader, among others
	offers       bool // the reader offers some
	live         bool // neither done nor dropped
}

func (in *asking) handsOf(d document) (h hands) {
	h.taken = d.says.List("taken_by")
	for _, m := range h.taken {
		h.mine = h.mine || in.isMe(m)
	}
	for _, a := range d.says.List("asked") {
		if a.Str("answer") == kinds.AnswerNone {
			h.asked = append(h.asked, a.In("member"))
			h.askMe = h.askMe || in.isMe(a.In("member"))
		}
	}
	help := d.says.In("help")
	h.wanted, h.wants = help.Is("wanted"), in.isMe(help.In("by"))
	for _, one := range help.List("also") {
		h.wants = h.wants || in.isMe(one.In("member"))
	}
	for _, o := range help.List("offers") {
		h.offers = h.offers || in.isMe(o.In("member"))
	}
	h.live = d.says.Str("status") == kinds.TaskOpen || d.says.Str("status") == kinds.TaskDoing
	return h
}

// who says in a few words who has a task.
func (in *asking) who(d document, h hands) string {
	switch {
	case d.says.Str("status") == kinds.TaskDropped:
		return in.t.T("it won’t be done")
	case len(h.taken) == 1 && h.mine:
		return in.t.T("you have it")
	case len(h.taken) == 1:
		return in.t.T("{who} has it", "who", h.taken[0].Str("name"))
	case len(h.taken) > 1:
		return in.t.T("{names} have it together", "names", in.t.And(in.names(h.taken)))
	case h.askMe:
		return in.by(d.CreatedBy, "{who} asks you", "you are asked")
	case len(h.asked) > 0:
		return in.t.T("asked: {names}", "names", in.t.And(in.names(h.asked)))
	}
	return in.t.T("nobody has it")
}

// taskSays is the second line of a task in a list.
func (in *asking) taskSays(d document) string {
	h := in.handsOf(d)
	if d.says.Str("status") == kinds.TaskDone {
		return dots(in.t.T("done"), in.t.And(in.names(h.taken)), d.says.Str("project"))
	}
	help := ""
	if h.wanted && h.live {
		help = in.t.T("help is wanted")
	}
	return dots(in.who(d, h), in.dueSays(d), in.hours(d), help, d.says.Str("project"), in.tags(d))
}

// dueSays says when a task is due; that it is late is said without blame.
func (in *asking) dueSays(d document) string {
	due := d.says.Str("due")
	switch {
	case due == "":
		return ""
	case in.overdue(due):
		return in.t.T("was due {when}", "when", in.Due(due, in.Near))
	}
	return in.t.T("due {when}", "when", in.Due(due, in.Near))
}

func (in *asking) hours(d document) string {
	hours, _ := d.says["hours"].(float64)
	if weekly, _ := d.says["weekly"].(float64); weekly > 0 {
		return in.t.T("{hours}\u00a0h a week", "hours", in.t.numbers.Sprint(weekly))
	}
	if hours == 0 {
		return ""
	}
	return in.t.T("about {hours}\u00a0h", "hours", in.t.numbers.Sprint(hours))
}

// revision is the field in which it is said which text somebody has read.
const revision = "revision"

// verbAt is a thing to do at once with a document.
func (in *asking) verbAt(k *kind.Kind, d document, verb, words, look string) action {
	a := action{Words: in.t.T(words), At: in.At(k.Many, d.Short, verb), Post: true, Look: look, Back: in.Here(), About: d.Title}
	if v := k.Verb(verb); v != nil && slices.ContainsFunc(v.With, func(f *kind.Field) bool { return f.Key == revision }) {
		a.At += "?" + revision + "=" + url.QueryEscape(d.says.Str(revision)) // of what the reader has before them
	}
	return a
}

// verbForm is one for which there is something to say first.
func (in *asking) verbForm(k *kind.Kind, d document, verb, words, look string) action {
	return action{Words: in.t.T(words), At: in.At(k.Many, d.Short, verb), Look: look, About: d.Title}
}

// taskDoes is what the reader most likely does with a task, at most two things.
func (in *asking) taskDoes(d document) []action {
	h, k := in.handsOf(d), kinds.Task
	switch {
	case !h.live:
		return nil
	case h.askMe && !h.mine:
		return []action{in.verbAt(k, d, "accept", "Accept", "line"), in.verbForm(k, d, "decline", "Decline", "plain")}
	case h.mine:
		return []action{in.verbAt(k, d, "done", "Done", "line")}
	case h.wanted && !h.offers:
		return []action{in.verbAt(k, d, "offer", "Offer help", "line")}
	case len(h.taken) == 0:
		return []action{in.verbAt(k, d, "take", "I take it", "line")}
	}
	return nil
}

// doing is a task on a page of its own.
type doing struct {
	D     document
	Mark  template.HTML
	Above string
	Facts []fact
	Says  []said // who was asked, and who helps
	Does  []action
	More  []action
	Share *sharing
	Talk  *talking
}

// fact is a thing that is said of a document, and what.
type fact struct {
	Name, Says string
	At         string // where it leads; ""
}

func (in *asking) task(w http.ResponseWriter, d document) error {
	h, k := in.handsOf(d), kinds.Task
	v := doing{D: d, Mark: taskMark(d.says), Share: in.shared(d)}
	v.Above = dots(in.t.T("Task"), capital(in.t.T(d.says.Str("status"))), in.by(d.CreatedBy, "{who} wrote it down", "you wrote it down"))
	add := func(name, says string) {
		if says != "" {
			v.Facts = append(v.Facts, fact{Name: in.t.T(name), Says: says})
		}
	}
	add("Who", capital(in.who(d, h)))
	add("Due", capital(in.Due(d.says.Str("due"), in.Day)))
	add("Work", capital(in.hours(d)))
	add("Project", d.says.Str("project"))
	add("Tags", in.tags(d))
	v.Says = in.taskSaid(d, h)
	v.Does = in.taskDoes(d)
	if len(v.Does) > 0 {
		v.Does[0].Look = "filled"
	}
	v.More = in.taskMore(d, h)
	var err error
	if v.Talk, err = in.talk(k, d); err != nil {
		return err
	}
	if err := in.c.NoteShown(in.ctx(), k.Many, d.ID, d.Heads); err != nil { // what is news is none any more
		return err
	}
	in.show(w, http.StatusOK, "task", d.Title, v)
	return nil
}

// taskSaid is what people said about who does a task.
func (in *asking) taskSaid(d document, h hands) (all []said) {
	if why := d.says.Str("status_why"); why != "" {
		all = append(all, said{ID: "why", Who: capital(in.t.T("why it was dropped")), Why: why})
	}
	for _, a := range d.says.List("asked") {
		one := said{ID: a.In("member").Str("id"), Who: capital(in.you(a.In("member"))), Why: a.Str("why")}
		switch a.Str("answer") {
		case kinds.AnswerNone:
			one.How = in.t.T("no answer so far")
			if from := a.In("from"); from != nil {
				one.How = in.by(named(from), "asked to take it over from {who}; no answer so far", "asked to take it over from you; no answer so far")
			}
		case kinds.AnswerAccepted:
			one.How = in.t.T("said yes")
		case kinds.AnswerDeclined:
			one.How = in.t.T("said no")
		}
		all = append(all, one)
	}
	help := d.says.In("help")
	if h.wanted {
		all = append(all, said{ID: "help", Who: capital(in.you(help.In("by"))), How: in.by(named(help.In("by")), "wants help", "want help"), Why: help.Str("why")})
	}
	for _, one := range help.List("also") {
		all = append(all, said{ID: "help-" + one.In("member").Str("id"), Who: capital(in.you(one.In("member"))), How: in.by(named(one.In("member")), "wants help", "want help"), Why: one.Str("why")})
	}
	for _, o := range help.List("offers") {
		all = append(all, said{ID: "offer-" + o.In("member").Str("id"), Who: capital(in.you(o.In("member"))), How: in.by(named(o.In("member")), "offers help", "offer help now"), Why: o.Str("why")})
	}
	return all
}

// taskMore is what else can be done with a task, beside what is most likely done next.
func (in *asking) taskMore(d document, h hands) (all []action) {
	k := kinds.Task
	more := func(a action) { all = append(all, a) }
	if h.live {
		if len(h.taken) > 0 && !h.mine {
			more(in.verbAt(k, d, "take", "Take it together", "line"))
		}
		if h.mine {
			if d.says.Str("status") == kinds.TaskOpen {
				more(in.verbAt(k, d, "start", "I have begun", "line"))
			}
			more(in.verbForm(k, d, "hand-over", "Hand it over", "line"))
			more(in.verbAt(k, d, "take-undo", "Put it back", "line"))
		}
		if h.wanted && h.mine || h.wants {
			more(in.verbAt(k, d, "help-undo", "No help is needed any more", "line"))
		} else if h.mine {
			more(in.verbForm(k, d, "help", "Ask for help", "line"))
		}
		if h.offers {
			more(in.verbAt(k, d, "offer-undo", "Take my offer back", "line"))
		}
		more(in.verbForm(k, d, "ask", "Ask somebody", "line"))
		more(action{Words: in.t.T("Change it"), At: in.At(k.Many, d.Short, "edit"), Look: "line"})
		if !h.mine {
			more(in.verbAt(k, d, "done", "It is done", "line"))
		}
		more(in.verbForm(k, d, "drop", "It won’t be done", "plain"))
	} else {
		more(in.verbAt(k, d, "reopen", "It is to be done after all", "line"))
	}
	if a := in.passAction(k, d); a != nil && h.live {
		more(*a)
	}
	if a := in.shareAction(k, d); a != nil {
		more(*a)
	}
	more(action{Words: in.t.T("How it came"), At: in.At(k.Many, d.Short, "history"), Look: "plain"})
	return all
}
