package server

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
)

// day is what waits for somebody, being gathered: by key for documents, and what every co-op has.
type day struct {
	*Server
	ctx     context.Context
	seenToo bool // with what they were shown already

	me        map[string]bool // their IDs, in all spaces
	waits     map[string][]Shown
	more      map[string]bool // under which keys there are more
	steps     []api.Proposal  // all that were ever proposed, in all spaces; these are of them
	aboutMe   []api.Proposal
	proposals []api.Proposal
	asked     []api.Ask // all, and of them those that wait
	asks      []api.Ask
	mentions  []api.Mention
	settled   api.Section // decisions that wait for nobody any more, which aren't among waits
}

func (d *day) gather() (err error) {
	d.me = map[string]bool{}
	if _, err = across(d.Server, func(one *Server) ([]string, error) {
		me, err := one.mine(d.ctx)
		d.me[me] = true
		return nil, err
	}, func(*string, *api.Named) {}); err != nil {
		return err
	}
	if d.asked, err = d.everyAsk(d.ctx); err != nil {
		return err
	}
	d.asks = those(d.asked, func(a *api.Ask) bool { return !a.Ours && a.State == api.AskOpen })
	if d.steps, err = across(d.Server, func(one *Server) ([]api.Proposal, error) {
		return one.at.Charter.Proposals(d.ctx)
	}, func(p *api.Proposal, space *api.Named) { p.Space = space }); err != nil {
		return err
	}
	d.proposals = those(d.steps, func(p *api.Proposal) bool { return p.WaitsForMe })
	d.aboutMe = those(d.steps, func(p *api.Proposal) bool { return p.AboutMe && p.State == "open" })
	if d.mentions, d.more[mentionsKey], err = d.Server.mentions(d.ctx, d.seenToo); err != nil {
		return err
	}
	for _, k := range kinds.All.Nouns() {
		for _, w := range k.Today {
			if d.waits[w.Key], d.more[w.Key], err = d.waiting(d.ctx, k, w, d.seenToo); err != nil {
				return err
			}
		}
	}
	d.settled, err = d.settledOtherwise()
	return err
}

// those are the ones of a list that are so.
func those[T any](all []T, are func(*T) bool) (out []T) {
	for i := range all {
		if are(&all[i]) {
			out = append(out, all[i])
		}
	}
	return out
}

// sections are all of it in one form, in the order in which it is told: what is about oneself, what one is asked, what
// there is to do, what others answered, and what waits for whoever it may be. told has also the spaces in which nothing waits any more.
func (d *day) sections(told *Server) (all []api.Section, err error) {
	merged, err := d.mergedSection(d.ctx, d.seenToo)
	if err != nil {
		return nil, err
	}
	forget, err := d.forgetSection()
	if err != nil {
		return nil, err
	}
	all = append(all, d.aboutMeSection(), d.mentionSection(), merged, forget)
	mine, whoever, err := d.inDocuments()
	if err != nil {
		return nil, err
	}
	all = append(all, mine...)
	for _, section := range []func(*Server) (api.Section, error){d.proposalSection, d.stepSection, d.askSection, d.shareSection} {
		one, err := section(told)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	all = append(all, whoever...)
	figures, err := d.figuresSection()
	if err != nil {
		return nil, err
	}
	all = append(all, d.settled, figures)
	for _, section := range []func() (api.Section, error){d.arrivalSection, d.renameSection, d.departureSection, d.awaySection} {
		one, err := section()
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

func (d *day) inDocuments() (mine, whoever []api.Section, err error) {
	for _, k := range kinds.All.Nouns() {
		for _, w := range k.Today {
			section, err := d.sectionOf(k, w)
			if err != nil {
				return nil, nil, err
			}
			if w.Anybody {
				whoever = append(whoever, section)
			} else {
				mine = append(mine, section)
			}
		}
	}
	return mine, whoever, nil
}

// sectionOf tells what waits in a form that is the same for documents of all kinds.
func (d *day) sectionOf(k *kind.Kind, w *kind.Wait) (api.Section, error) {
	out := api.Section{Name: w.Key, Title: w.Title, More: d.more[w.Key]}
	told := map[string]bool{}
	for _, doc := range d.waits[w.Besides] {
		told[doc.ID] = true
	}
	for _, doc := range d.waits[w.Key] {
		if told[doc.ID] {
			continue
		}
		a, err := doc.answer()
		if err != nil {
			return out, err
		}
		item := api.SectionItem{
			ID: doc.ID, Short: doc.Short, Kind: k.Name, Title: doc.Title, At: doc.UpdatedAt, Space: doc.Space,
			Command: k.Command(cmp.Or(w.Run, "show"), doc.Short),
		}
		if v := k.Verb(w.Run); v != nil && v.Answers() {
			if read, err := d.wasRead(k, &doc); err != nil {
				return out, err
			} else if !read {
				item.Command, item.Then = k.Command("show", doc.Short), item.Command
			}
		}
		says := w.Cell(a, d.me)
		item.Due = says.Day
		if says.Day == "" || strings.Contains(says.Words, " ") { // else they say what the day is
			item.Why = says.Words
		}
		if says.Due {
			item.OverdueDays = d.daysSince(says.Day)
		}
		item.Who = d.other(doc.CreatedBy)
		if w.Who != nil {
			item.Who = d.other(namedIn(w.Who(a)))
		}
		out.Items = append(out.Items, item)
	}
	return out, nil
}

// wasRead says whether the member of this daemon was shown a document as it is, so that they can answer to it.
func (d *day) wasRead(k *kind.Kind, doc *Shown) (bool, error) {
	at := d.Server
	if doc.Space != nil {
		at = d.spaceWithID(doc.Space.ID)
	}
	if at == nil {
		return false, nil
	}
	last, err := at.at.Documents.LastShown(d.ctx, k, doc.ID)
	return last.Revision != "" && last.Revision == last.Now, err
}

// answer is the document as programs get it.
func (s Shown) answer() (a kind.Answer, err error) {
	b, err := json.Marshal(s)
	if err == nil {
		err = json.Unmarshal(b, &a)
	}
	return a, err
}

// namedIn reads a member of an answer.
func namedIn(member any) (n api.Named) {
	m, _ := member.(map[string]any)
	return api.Named{ID: kind.Answer(m).Str("id"), Name: kind.Answer(m).Str("name")}
}

// other is somebody unless it is the member of this daemon, or nobody.
func (d *day) other(n api.Named) *api.Named {
	if n.Name == "" || d.me[n.ID] {
		return nil
	}
	return &n
}

// daysSince is how many days a day is over; 0 if it isn't.
func (d *day) daysSince(when string) int {
	now := d.now()
	at, _, err := api.ParseDate(when, now.Location())
	if err != nil {
		return 0
	}
	day := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	return max(0, int(day(now).Sub(day(at)).Hours()/24))
}

func (d *day) step(p *api.Proposal, why, command string) api.SectionItem {
	return api.SectionItem{ID: p.ID, Short: p.Short, Kind: "proposal", Title: p.Title, Why: why, Who: d.other(p.By), At: p.At, Command: command, Space: p.Space}
}

// inSpace is a command that names no step and no document, with the space that it is about where there are several:
// without, a share's would be looked for at home.
func inSpace(command string, space *api.Named) string {
	if space == nil {
		return command
	}
	return command + " --space " + space.ID[:min(len(space.ID), shownSpaceID)]
}

func (d *day) aboutMeSection() api.Section {
	out := api.Section{Name: "about_me", Title: "About you"}
	for i := range d.aboutMe {
		p := &d.aboutMe[i]
		if p.Hopeless { // it is over: stepSection tells of it
			continue
		}
		command := inSpace("kith charter show", p.Space)
		if p.Action == api.ActionRemove && p.Side == nil {
			command = "kith charter refuse " + p.Short + " --why " + kind.WhyPlace
		}
		out.Items = append(out.Items, d.step(p, p.Why, command))
	}
	return out
}

// wordWith is the open step of the same space to which the reader's word was given, or nil: it waits for none beside it.
func (d *day) wordWith(p *api.Proposal) *api.Proposal {
	for i := range d.steps {
		o := &d.steps[i]
		if o.ID != p.ID && o.State == "open" && o.Mine == "consented" && (o.Space == nil) == (p.Space == nil) && (o.Space == nil || o.Space.ID == p.Space.ID) {
			return o
		}
	}
	return nil
}

// proposalSection has the steps that wait for an answer.
func (d *day) proposalSection(*Server) (api.Section, error) {
	out := api.Section{Name: "proposals", Title: "About the co-op, for you to consent or refuse"}
	for i := range d.proposals {
		p := &d.proposals[i]
		why, command := p.Why, "kith charter consent "+p.Short
		if p.State == "overtaken" {
			why, command = "to be renewed", "kith charter renew "+p.Short
		}
		first := d.wordWith(p)
		if p.State == "overtaken" {
			first = nil
		}
		item := d.step(p, why, command)
		switch {
		case first != nil && first.Hopeless:
			item.Why, item.Command = "you consented to "+first.Short+", which can't come into force any more: take that back first", "kith charter withdraw "+first.Short
		case first != nil:
			item.Why, item.Command = fmt.Sprintf("waits for %s, to %s: you consented to that, and only one step can come next", first.Short, first.Title), inSpace(seePending, p.Space)
		case p.State != "overtaken" && !p.Shown:
			item.Command, item.Then = inSpace(seePending, p.Space), command
		}
		out.Items = append(out.Items, item)
	}
	return out, nil
}

// isMine says whether the reader proposed a step, or answered to it.
func (d *day) isMine(p *api.Proposal) bool {
	return d.me[p.By.ID] || p.Mine == "consented" || p.Mine == "refused"
}

// stepSection has the steps that came to an end since the reader was told of them.
func (d *day) stepSection(*Server) (api.Section, error) {
	out := api.Section{Name: "steps_over", Title: "About the co-op, and over"}
	over := those(d.steps, func(p *api.Proposal) bool {
		return (p.State == "in_force" || p.Hopeless) && (p.AboutMe || d.isMine(p))
	})
	for i := range over {
		p := &over[i]
		news, err := d.isNews(d.ctx, p.News())
		if err != nil {
			return out, err
		}
		if !news && !d.seenToo || p.State == "in_force" && len(p.Consents) < 2 && d.me[p.By.ID] { // they know what they did alone
			continue
		}
		why := "in force"
		if p.Hopeless {
			why = "refused"
			for _, r := range p.Refusals {
				why += ", by " + r.Member.Name
				if r.Why != "" {
					why += ": " + r.Why
				}
			}
		}
		out.Items = append(out.Items, d.step(p, why, inSpace("kith charter log", p.Space)))
	}
	return out, nil
}

// askSection has what allies ask for, and what they answered since the reader was told of it.
func (d *day) askSection(*Server) (api.Section, error) {
	out := api.Section{Name: "asks", Title: "Allies ask"}
	for _, a := range d.asks {
		command := "kith ally answer " + a.Short + " --say " + kind.TextPlace
		if a.Code != "" {
			command = "kith share join " + a.Short
		}
		out.Items = append(out.Items, api.SectionItem{ID: a.ID, Short: a.Short, Kind: "ask", Title: a.Title, Who: &a.By, At: a.At, Command: command})
	}
	for _, a := range d.asked {
		if !a.Ours || len(a.Answers) == 0 || a.State == api.AskWithdrawn {
			continue
		}
		news, err := d.isNews(d.ctx, a.News())
		if err != nil {
			return out, err
		}
		if !news && !d.seenToo {
			continue
		}
		last := a.Answers[len(a.Answers)-1]
		why := fmt.Sprintf("%s of %s %s", last.Member.Name, a.With, map[string]string{api.AskShared: "shared", api.AskRefused: "said no"}[last.Result])
		if last.Result == api.AskSaid {
			why = fmt.Sprintf("%s of %s answered", last.Member.Name, a.With)
		}
		if last.Why != "" {
			why += ": " + last.Why
		}
		out.Items = append(out.Items, api.SectionItem{ID: a.ID, Short: a.Short, Kind: "ask", Title: a.Title, Why: why, Who: &last.Member, At: a.UpdatedAt, Command: "kith ally asks"})
	}
	return out, nil
}

// mostShared bounds the documents of a share that are looked through for what is new to somebody.
const mostShared = 200

// shareSection has what allies shared and the reader was never shown, and shares that are over, until the reader was told.
func (d *day) shareSection(told *Server) (api.Section, error) {
	out := api.Section{Name: "shares", Title: "From allies"}
	for _, b := range d.among {
		if !isShare(b) {
			continue
		}
		one := d.of(b)
		for _, k := range kinds.All.Nouns() {
			found, err := one.at.Documents.List(d.ctx, ListQuery{Kind: k, Limit: mostShared, Unread: !d.seenToo})
			if err != nil {
				return out, err
			}
			for _, doc := range found {
				if doc.Shared == nil || doc.Shared.Ours {
					continue
				}
				out.Items = append(out.Items, api.SectionItem{
					ID: doc.ID, Short: doc.Short, Kind: k.Name, Title: doc.Title, Why: doc.Shared.With + " shared it", Who: d.other(doc.Shared.By), At: doc.Shared.At,
					Command: "kith " + k.Name + " show " + doc.Short,
				})
			}
		}
	}
	had := map[string]bool{}
	for _, b := range told.among {
		if !b.isFounded() || isShare(b) {
			continue
		}
		shares, err := b.Shares.Shares(d.ctx)
		if err != nil {
			return out, err
		}
		for _, share := range shares {
			if !share.Over || had[share.Space.ID] {
				continue
			}
			had[share.Space.ID] = true
			news, err := told.isNews(d.ctx, share.News())
			if err != nil {
				return out, err
			}
			if !news && !d.seenToo {
				continue
			}
			why := "it ended, as agreed"
			if len(share.OverBy) > 0 {
				why = api.Listed(share.OverBy) + " ended it"
			}
			if share.Why != "" {
				why += ": " + share.Why
			}
			short := share.Space.ID[:min(len(share.Space.ID), shownSpaceID)]
			out.Items = append(out.Items, api.SectionItem{
				ID: share.Space.ID, Short: short, Kind: "share", Title: share.Title, Why: why, At: share.Until, Command: "kith share show " + short,
			})
		}
	}
	return out, nil
}

// shownSpaceID is how many letters of a space's ID are shown.
const shownSpaceID = 8

// ofEach is a section of what each space tells.
func (d *day) ofEach(name, title string, tells func(one *Server) ([]api.SectionItem, error)) (api.Section, error) {
	items, err := across(d.Server, tells, func(item *api.SectionItem, space *api.Named) { item.Space = space })
	return api.Section{Name: name, Title: title, Items: items}, err
}

// arrivalSection has the prospective members for whom nobody has begun anything: whoever joins is met by somebody.
func (d *day) arrivalSection() (api.Section, error) {
	return d.ofEach("arrivals", "New here, and welcomed by nobody yet", d.arrivals)
}

func (d *day) arrivals(one *Server) (items []api.SectionItem, err error) {
	if !one.at.isFounded() || isShare(one.at) {
		return nil, nil
	}
	members, err := one.at.Entrance.Members(d.ctx)
	if err != nil {
		return nil, err
	}
	arrived := those(members, func(m *api.Member) bool { return m.Standing == "prospective" && !m.Me })
	if len(arrived) == 0 {
		return nil, nil
	}
	begun, err := one.at.Documents.List(d.ctx, ListQuery{Kind: kinds.Newcomer, Wants: wanting(kind.Want{Fact: "open"})})
	if err != nil {
		return nil, err
	}
	met := map[string]bool{}
	for _, doc := range begun {
		a, err := doc.answer()
		if err != nil {
			return nil, err
		}
		met[namedIn(a["member"]).ID] = true
	}
	for _, m := range arrived {
		if met[m.ID] {
			continue
		}
		short := shortMember(m.ID, members)
		item := api.SectionItem{
			ID: m.ID, Short: short, Kind: "member", Title: m.Name, At: m.Since, Command: "kith newcomer add " + short + " --companion NAME",
		}
		if m.InvitedBy != nil {
			item.Why = "invited by " + m.InvitedBy.Name
		}
		items = append(items, item)
	}
	return items, nil
}

// renameSection has who is called otherwise since the reader came, until the reader was told of it.
func (d *day) renameSection() (api.Section, error) {
	return d.ofEach("renames", "Called otherwise now", d.renames)
}

func (d *day) renames(one *Server) (items []api.SectionItem, err error) {
	if !one.at.isFounded() || isShare(one.at) {
		return nil, nil
	}
	members, err := one.at.Entrance.Members(d.ctx)
	if err != nil {
		return nil, err
	}
	me := those(members, func(m *api.Member) bool { return m.Me })
	for _, m := range members {
		if len(m.Former) == 0 || len(me) == 0 || m.Me {
			continue
		}
		last := m.Former[len(m.Former)-1]
		if !last.Until.After(me[0].Since.Time) {
			continue // the reader never knew them by another name
		}
		news, err := one.isNews(d.ctx, m.Renamed())
		if err != nil {
			return nil, err
		}
		if news || d.seenToo {
			short := shortMember(m.ID, members)
			items = append(items, api.SectionItem{
				ID: m.ID, Short: short, Kind: "member", Title: m.Name, Why: "was called " + last.Name, At: last.Until, Command: "kith member show " + short,
			})
		}
	}
	return items, nil
}

// departureSection has whose membership ended, until the reader was told of it. Who proposed a removal, or answered to it, is told of that step.
func (d *day) departureSection() (api.Section, error) {
	return d.ofEach("departures", "No members any more", d.departures)
}

func (d *day) departures(one *Server) (items []api.SectionItem, err error) {
	if !one.at.isFounded() || isShare(one.at) {
		return nil, nil
	}
	members, err := one.at.Entrance.Members(d.ctx)
	if err != nil {
		return nil, err
	}
	c, err := one.at.Charter.Charter(d.ctx)
	if err != nil {
		return nil, err
	}
	me := those(members, func(m *api.Member) bool { return m.Me })
	for _, e := range c.Former {
		if len(me) == 0 || !e.At.After(me[0].Since.Time) { // they were gone before the reader came
			continue
		}
		if slices.ContainsFunc(d.steps, func(p api.Proposal) bool {
			return p.Action == api.ActionRemove && p.State == "in_force" && p.Subject != nil && p.Subject.ID == e.Member.ID && d.isMine(&p)
		}) {
			continue
		}
		news, err := one.isNews(d.ctx, e.News())
		if err != nil {
			return nil, err
		}
		if !news && !d.seenToo {
			continue
		}
		why := ""
		switch {
		case len(e.By) > 0: // a removal always has a reason
			why = fmt.Sprintf("removed: %s", e.Why)
		case e.Why != "":
			why = fmt.Sprintf("left the co-op: %s", e.Why)
		default:
			why = "left the co-op"
		}
		items = append(items, api.SectionItem{
			ID: e.Member.ID, Short: shortMember(e.Member.ID, members), Kind: "member", Title: e.Member.Name, Why: why, At: e.At, Command: "kith charter show",
		})
	}
	return items, nil
}

// awaySection has who is away today, of those who let all know.
func (d *day) awaySection() (api.Section, error) {
	out := api.Section{Name: "away", Title: "Away today"}
	found, err := across(d.Server, func(one *Server) ([]Shown, error) {
		return one.at.Documents.List(d.ctx, ListQuery{Kind: kinds.Profile})
	}, func(doc *Shown, space *api.Named) { doc.Space = space })
	if err != nil {
		return out, err
	}
	today := d.now().Format(time.DateOnly)
	for _, doc := range found {
		a, err := doc.answer()
		if err != nil {
			return out, err
		}
		for _, span := range a.List("away") {
			if who := namedIn(a["member"]); span.Str("from") <= today && today <= span.Str("to") && !d.me[who.ID] {
				out.Items = append(out.Items, api.SectionItem{
					ID: doc.ID, Short: doc.Short, Kind: "member", Title: who.Name, Why: "until " + span.Str("to"), Who: &who, At: doc.UpdatedAt, Due: span.Str("to"),
					Command: "kith profile show " + doc.Short, Space: doc.Space,
				})
				break
			}
		}
	}
	return out, nil
}
