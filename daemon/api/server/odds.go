package server

import (
	"fmt"
	"slices"
	"strings"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
)

// What today tells of things that don't go together, each of which is right alone.

// figuresSection has the agreements that say different numbers for one thing: none of them counts, and all who propose something
// go without.
func (d *day) figuresSection() (api.Section, error) {
	return d.ofEach("agreements_figures", "Agreements say different numbers, so none of these counts", func(one *Server) (items []api.SectionItem, err error) {
		if !one.at.isFounded() {
			return nil, nil
		}
		figures, err := one.at.Agreements.Figures(d.ctx)
		for _, f := range figures {
			if f.Value != "" {
				continue
			}
			for _, a := range f.Agreements {
				items = append(items, api.SectionItem{
					ID: a.ID, Short: a.Short, Kind: kinds.Agreement.Name, Title: a.Title, Why: fmt.Sprintf("%s is %s here, and elsewhere %s", f.Name, a.Value, othersSay(f, a)),
					Command: "kith agreement figures", Then: "kith agreement edit " + a.Short + " --set " + f.Name + "=none",
				})
			}
		}
		return items, err
	})
}

// othersSay is what the agreements beside one say for a figure.
func othersSay(f api.Figure, beside api.FigureSource) string {
	var all []string
	for _, a := range f.Agreements {
		if a.ID != beside.ID && a.Value != beside.Value {
			all = append(all, a.Value+" ("+a.Short+")")
		}
	}
	return strings.Join(all, ", ")
}

// settledOtherwise takes out of what waits the decisions on somebody's membership that came about, or to nothing, by other means: the step of
// the charter is in force, or they left. Nobody's word is waited for there any more, and whoever can end such a decision is told.
func (d *day) settledOtherwise() (out api.Section, err error) {
	out, err = d.ofEach("decisions_moot", "Nothing is left to decide here, and it is still open", d.moot)
	for _, item := range out.Items {
		for _, w := range kinds.Decision.Today {
			d.waits[w.Key] = slices.DeleteFunc(d.waits[w.Key], func(doc Shown) bool { return doc.ID == item.ID })
		}
	}
	return out, err
}

func (d *day) moot(one *Server) (items []api.SectionItem, err error) {
	if !one.at.isFounded() || isShare(one.at) {
		return nil, nil
	}
	begun, err := one.at.Documents.List(d.ctx, ListQuery{Kind: kinds.Newcomer})
	if err != nil || len(begun) == 0 {
		return nil, err
	}
	members, err := one.at.Entrance.Members(d.ctx)
	if err != nil {
		return nil, err
	}
	for _, doc := range begun {
		who, _, decision := kinds.NewcomerTerms(doc.View)
		why := ""
		switch left := those(members, func(m *api.Member) bool { return m.ID == who.String() && whoIsIn(*m) != nil }); {
		case decision == "":
			continue
		case kinds.Newcomer.State(doc.View) == kinds.NewcomerFull:
			why = fmt.Sprintf("%s is a full member: the step is in force", doc.Title)
		case len(left) > 0:
			why = fmt.Sprintf("%s isn't a member any more", doc.Title)
		case kinds.Newcomer.State(doc.View) == kinds.NewcomerOver:
			why = fmt.Sprintf("it ended without %s becoming a full member", doc.Title)
		default:
			continue
		}
		open, err := one.at.Documents.Show(d.ctx, kinds.Decision, decision)
		if err != nil || kinds.Decision.State(open.View) != kinds.Open { // it may be gone
			continue
		}
		item := api.SectionItem{ID: open.ID, Short: open.Short, Kind: kinds.Decision.Name, Title: open.Title, Why: why, Who: d.other(open.CreatedBy), At: doc.UpdatedAt}
		item.Command = kinds.Decision.Command("show", open.Short)
		if item.Who == nil {
			item.Command = "kith decision withdraw " + open.Short + " --why " + kind.WhyPlace
		}
		items = append(items, item)
	}
	return items, nil
}
