package page

import (
	"html/template"
	"slices"
	"strings"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
)

// section is a heading with rows.
type section struct {
	Title string
	Count int // 0: it isn't said
	Rows  []row
	More  action // at its foot; "" has none
	Mine  bool   // it waits for the reader

	cut    bool // the daemon has more than it told
	others int  // of it, that aren't shown for now
}

// row is one thing in a list: what somebody called it, what there is to say of it, and at most two things to do.
type row struct {
	ID    string // which it keeps when the list changes
	Mark  template.HTML
	Title string
	At    string
	Says  string
	Does  []action

	rank int // among what stands under one heading
}

// action is something to do: a link, or a form with nothing to fill in.
type action struct {
	Words string
	At    string
	Post  bool
	Look  string // "filled", "line" or "plain"
	Back  string // where it leads when it is done; "": to what it is about
	About string // for who doesn't see what it stands beside
}

// rowOf is a document in a list.
func (in *asking) rowOf(k *kind.Kind, d document) row {
	r := row{ID: d.ID, Title: d.Title, At: in.At(k.Many, d.Short)}
	switch k {
	case kinds.Task:
		r.Mark, r.Says = taskMark(d.says), in.taskSays(d)
	case kinds.Decision:
		r.Mark, r.Says = in.decisionMark(d), in.decisionSays(d)
	default:
		r.Mark, r.Says = textMark(), in.textSays(k, d)
	}
	return r
}

// dots puts a middle dot between what there is to say; it stays with what is before it.
func dots(says ...string) string {
	var out []string
	for _, s := range says {
		if s != "" {
			out = append(out, s)
		}
	}
	return strings.Join(out, "\u00a0· ")
}

// you is a member's name, or that it is the reader.
func (in *asking) you(who kind.Answer) string {
	if in.isMe(who) {
		return in.t.T("you")
	}
	return who.Str("name")
}

// names are those of members, in their order; the reader comes last.
func (in *asking) names(all []kind.Answer) (names []string) {
	me := false
	for _, m := range all {
		if in.isMe(m) {
			me = true
			continue
		}
		names = append(names, m.Str("name"))
	}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(api.FoldName(a), api.FoldName(b)) })
	if me {
		names = append(names, in.t.T("you"))
	}
	return names
}

// by says of somebody what they do, by their name as {who}; of the reader in the second person.
func (in *asking) by(n api.Named, them, you string, with ...any) string {
	if in.me[n.ID] {
		return in.t.T(you, with...)
	}
	return in.t.T(them, append(with, "who", n.Name)...)
}

// named is a member of an answer.
func named(who kind.Answer) api.Named { return api.Named{ID: who.Str("id"), Name: who.Str("name")} }

func (in *asking) namedBy(n api.Named) string {
	if in.me[n.ID] {
		return in.t.T("you")
	}
	return n.Name
}

// textSays tells of a note, an agreement, or a kind that has no words of its own here: how it stands, and who wrote last.
func (in *asking) textSays(k *kind.Kind, d document) string {
	var state, unread, review string
	if k == kinds.Agreement {
		if d.says.Str("status") == kinds.Replaced {
			state = in.t.T("another holds in its place")
		}
		if n := len(d.says.List("unread_by")); n > 0 && state == "" {
			unread = in.t.N("{#} haven’t read this text", n)
		}
		if on := d.says.Str("review_on"); on != "" {
			review = in.t.T("to be looked at again {when}", "when", in.Due(on, in.Near))
		}
	}
	own := ""
	if !slices.Contains(ownPage, k.Name) {
		own = in.columns(k, d)
		if k == kinds.Pulse {
			own = dots(in.t.T(d.says.Str("status")), in.stagesSay(d))
		}
	}
	return dots(state, own, in.by(d.UpdatedBy, "{who} wrote last, {when}", "you wrote last, {when}", "when", in.Moment(d.UpdatedAt.Time)), unread, review, in.tags(d))
}

func (in *asking) tags(d document) string { return strings.Join(d.Tags, ", ") }
