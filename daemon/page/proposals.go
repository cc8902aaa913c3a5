package page

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"kith/crdt/problem"
	"kith/daemon/api"
	"kith/daemon/api/client"
)

// proposed is a step about the co-op itself, on a page of its own.
type proposed struct {
	P        api.Proposal
	Title    sentence
	Above    string
	State    string
	Why      string
	By       string
	Said     []said
	Says     []sentence
	Consent  *form  // nil: it can't be consented to now
	Refuse   string // where a refusal goes
	Does     []action
	Trouble  *trouble
	Hopeless bool
}

// council is where steps are agreed on: the co-op, or our side of a share with an ally, which has a charter of its own.
type council struct {
	c    *client.Client
	at   []string // of its steps, in addresses
	side string   // the ally on the other side; "": it is the co-op
}

func (in *asking) home() council { return council{c: in.c, at: []string{"proposals"}} }

// ourSide is our side of a share, by the ID of its space.
func (in *asking) ourSide(share, ally string) council {
	return council{c: in.p.daemon.In(share), at: []string{"allies", share, "steps"}, side: ally}
}

// council is the one that the address names.
func (in *asking) council() (council, error) {
	word := in.r.PathValue("ally")
	if word == "" {
		return in.home(), nil
	}
	a, err := in.c.Ally(in.ctx(), word)
	if err != nil {
		return council{}, err
	}
	if a.Share == nil {
		return council{}, noSuchThing
	}
	return in.ourSide(a.Share.ID, a.Name), nil
}

// stepAt is the address of a step.
func (in *asking) stepAt(co council, step string) string {
	return in.At(append(slices.Clone(co.at), step)...)
}

func (in *asking) proposalRow(co council, p api.Proposal) row {
	mark := stanceMark(notYet)
	switch p.Mine {
	case "consented":
		mark = stanceMark("consent")
	case "refused":
		mark = stanceMark("object")
	}
	answered := in.t.N("{n} of {all} have consented", len(p.Consents), "all", in.number(p.Needs))
	return row{ID: p.ID, Mark: mark, Title: capital(in.said(p.Title).Says), At: in.stepAt(co, p.Short), Says: dots(co.says(in), in.by(p.By, "proposed by {who}", "proposed by you"), answered)}
}

// stepWaits is a step that waits for the reader's word.
func (in *asking) stepWaits(co council, p api.Proposal) row {
	r := in.proposalRow(co, p)
	r.Says, r.Does = dots(r.Says, p.Why), []action{{Words: in.t.T("Read and answer"), At: r.At, Look: "line", About: r.Title}}
	return r
}

// sideStep is a step on our side of a share.
type sideStep struct {
	co council
	p  api.Proposal
}

// sideSteps are the steps that ask for something in shares that aren't over.
func (in *asking) sideSteps() ([]sideStep, error) {
	return keep(&in.p.hub, in.space+"/steps", func() (all []sideStep, err error) {
		shares, err := in.sharesNow()
		if err != nil {
			return nil, err
		}
		for _, s := range shares {
			co := in.ourSide(s.Space.ID, s.With)
			steps, err := co.c.Proposals(in.ctx(), true)
			if err != nil {
				return nil, err
			}
			for _, p := range steps {
				all = append(all, sideStep{co, p})
			}
		}
		return all, nil
	})
}

// says names our side of a share, where a step of it stands among others; "" of the co-op.
func (co council) says(in *asking) string {
	if co.side == "" {
		return ""
	}
	return in.t.T("on our side of the share with {ally}", "ally", co.side)
}

func (in *asking) proposal(w http.ResponseWriter) error {
	co, err := in.council()
	if err != nil {
		return err
	}
	p, err := co.c.Proposal(in.ctx(), in.r.PathValue("id"))
	if err != nil {
		return err
	}
	return in.showProposal(w, co, p, nil)
}

// showProposal shows one, with what was in the way of an answer.
func (in *asking) showProposal(w http.ResponseWriter, co council, p api.Proposal, refused error) error {
	v := proposed{P: p, Title: capitalised(in.said(p.Title)), Why: p.Why, Says: in.saidAll(p.Says), Hopeless: p.Hopeless}
	v.Above = dots(cmp.Or(capital(co.says(in)), in.t.T("A step about us")), in.by(p.By, "proposed by {who}", "proposed by you"), in.Near(p.At.In(in.now.Location())))
	v.State = in.t.T(map[string]string{"in_force": "In force", "overtaken": "Another step came first", "withdrawn": "Withdrawn"}[p.State])
	for _, c := range p.Consents {
		v.Said = append(v.Said, in.answered(c.Member, "consent", "consents", "you consent", ""))
	}
	for _, r := range p.Refusals {
		v.Said = append(v.Said, in.answered(r.Member, "object", "refuses", "you refuse", r.Why))
	}
	if p.Side != nil {
		v.Said = append(v.Said, in.answered(p.Side.Member, "advise", "says to it", "you say to it", p.Side.Why))
	}
	for _, m := range p.WaitingFor {
		v.Said = append(v.Said, in.answered(m, notYet, "hasn’t said yet", "you haven’t said yet", ""))
	}
	path := in.stepAt(co, p.Short)
	mayAnswer := p.State == "open" && slices.ContainsFunc(p.WaitingFor, func(m api.Named) bool { return in.me[m.ID] })
	if mayAnswer || p.WaitsForMe && p.State == "open" {
		v.Refuse = path + "/refuse"
		v.Consent = &form{At: path + "/consent", Words: in.t.T("I consent"), Hidden: []hidden{{"revision", p.Revision}}}
	}
	if p.State == "open" && p.Mine == "consented" {
		v.Does = append(v.Does, action{Words: in.t.T("Take my consent back"), At: path + "/withdraw", Post: true, Look: "line"})
	}
	if p.State == "overtaken" {
		v.Does = append(v.Does, action{Words: in.t.T("Propose it again"), At: path + "/renew", Post: true, Look: "line"})
	}
	status := http.StatusOK
	if refused != nil {
		var t trouble
		status, t = in.explain(refused)
		v.Trouble = &t
		if told, ok := problem.Of(refused); ok && v.Consent != nil {
			for _, flag := range []string{"anyway", "leave-out"} {
				if strings.Contains(told.Hint, "--"+flag) {
					v.Consent.Hidden = append(v.Consent.Hidden, hidden{strings.ReplaceAll(flag, "-", "_"), "yes"})
					v.Consent.Words = in.t.T("I know that, and consent")
				}
			}
		}
	} else if err := co.c.NoteProposal(in.ctx(), p.ID); err != nil {
		return err
	}
	if p.State == "in_force" || p.Hopeless {
		if err := co.c.NoteTold(in.ctx(), []api.Told{p.News()}); err != nil {
			return err
		}
	}
	in.show(w, status, "proposal", p.Title, v)
	return nil
}

func (in *asking) answered(who api.Named, stance, them, you, why string) said {
	s := said{ID: who.ID, Mark: stanceMark(stance), Who: who.Name, How: in.t.T(them), Why: why}
	if in.me[who.ID] {
		s.Who, s.How = capital(in.t.T(you)), ""
	}
	return s
}

// answer says something to a proposal.
func (in *asking) answer(w http.ResponseWriter) error {
	id := in.r.PathValue("id")
	co, err := in.council()
	if err != nil {
		return err
	}
	_, err = co.c.AnswerProposal(in.ctx(), id, api.ProposalAnswer{
		Verb: in.r.PathValue("verb"), Why: clean(in.r.PostFormValue("why")), Revision: in.r.PostFormValue("revision"),
		Anyway: in.r.PostFormValue("anyway") != "", LeaveOut: in.r.PostFormValue("leave_out") != "",
	})
	if err != nil {
		p, gone := co.c.Proposal(in.ctx(), id)
		if gone != nil {
			return err
		}
		return in.showProposal(w, co, p, err)
	}
	in.goTo(w, in.stepAt(co, id))
	return nil
}

// stepForm is a step that can be proposed, and what is asked for it.
type stepForm struct {
	action string
	words  string
	member bool // it is about a member
	fields []string
}

var stepForms = []stepForm{
	{action: api.ActionAdmit, words: "Propose to admit them as a full member", member: true, fields: []string{"why"}},
	{action: api.ActionRemove, words: "Propose that they leave", member: true, fields: []string{"why"}},
	{action: api.ActionNewKey, words: "Propose a new recovery phrase for them", member: true, fields: []string{"code", "not_theirs", "why"}},
	{action: api.ActionThreshold, words: "How many a step takes", fields: []string{"threshold", "why"}},
	{action: api.ActionInvites, words: "How many open invites each may have", fields: []string{"invites", "why"}},
	{action: api.ActionZone, words: "Where our days end", fields: []string{"zone", "why"}},
	{action: api.ActionSharing, words: "Who may share something with allies", fields: []string{"rule", "why"}},
	{action: api.ActionRules, words: "Newer shared rules", fields: []string{"why"}},
	{action: api.ActionClose, words: "Close the founding", fields: nil},
}

// stepForm is the one that the address names; nil if there is none.
func (in *asking) stepForm() *stepForm {
	member := in.r.PathValue("id") != ""
	for i := range stepForms {
		if stepForms[i].action == in.r.PathValue("action") && stepForms[i].member == member {
			return &stepForms[i]
		}
	}
	return nil
}

// proposingForm asks for what a step is to say; of is the member that it is about.
func (in *asking) proposingForm(s *stepForm, of api.Member) *form {
	cancel := in.At("charter")
	if s.member {
		cancel = in.At("members", in.r.PathValue("id"))
	}
	f := &form{ID: "step/" + in.r.URL.Path, Title: in.t.T(s.words), At: in.r.URL.Path, Words: in.t.T("Propose it"), Cancel: cancel, Beside: in.t.T("with your own consent"), Explain: of.Name}
	for _, name := range s.fields {
		one := input{Name: name, Is: "line", Needs: true}
		switch name {
		case "why":
			one.Is, one.Label, one.Max, one.Needs = "reason", in.t.T("Why"), api.MaxWhy, s.action == api.ActionRemove || s.action == api.ActionNewKey
		case "code":
			one.Is, one.Label, one.Hint, one.Max = "code", in.t.T("The code"), in.t.T("They drew it on their new computer: “Come back”, “My phrase is lost”. It comes with words, which you compare with them before anybody consents."), maxCode
		case "not_theirs":
			one.Is, one.Label, one.Needs = "many", in.t.T("Was one of these never theirs? Then nothing of it counts."), false
			for _, d := range of.Devices {
				one.Options = append(one.Options, option{Value: d.ID, Words: d.Name, Hint: d.ID[:8]})
			}
		case "threshold":
			one.Is, one.Label = "choice", in.t.T("A step takes")
			for _, t := range api.Thresholds {
				one.Options = append(one.Options, option{Value: t, Words: capital(in.t.T(thresholdSays[t]))})
			}
		case "rule":
			one.Is, one.Label = "choice", in.t.T("Who may share")
			one.Options = []option{{Value: "anyone", Words: in.t.T("Every full member, by themselves")}, {Value: "agreed", Words: in.t.T("What we have agreed on, document by document")}}
		case "invites":
			one.Is, one.Label = "hours", in.t.T("How many")
		case "zone":
			one.Label, one.Hint = in.t.T("Time zone"), in.t.T("as in Europe/Berlin, America/Bogota")
		}
		f.Inputs = append(f.Inputs, one)
	}
	if in.r.PostForm != nil {
		f.retype(in.r.PostForm)
	}
	return f
}

// proposing shows the form with which a step is proposed.
func (in *asking) proposing(w http.ResponseWriter) error {
	s := in.stepForm()
	if s == nil {
		return noSuchThing
	}
	of, err := in.stepOf(s)
	if err != nil {
		return err
	}
	in.formPage(w, in.proposingForm(s, of))
	return nil
}

// stepOf is the member that a step is about; of others it is nobody.
func (in *asking) stepOf(s *stepForm) (m api.Member, err error) {
	if s.member {
		m, err = in.c.Member(in.ctx(), in.r.PathValue("id"))
	}
	return m, err
}

// propose proposes a step. What asks whether somebody knows what follows is asked.
func (in *asking) propose(w http.ResponseWriter) error {
	if in.r.PathValue("action") == "follow" {
		return in.follow(w)
	}
	s := in.stepForm()
	if s == nil {
		return noSuchThing
	}
	q := api.ProposalRequest{Action: s.action, Member: in.r.PathValue("id"), Why: clean(in.r.PostFormValue("why")), Yes: in.r.PostFormValue("yes") != ""}
	q.Code, q.NotTheirs = clean(in.r.PostFormValue("code")), in.r.PostForm["not_theirs"]
	q.Threshold, q.Zone, q.Rule = in.r.PostFormValue("threshold"), in.r.PostFormValue("zone"), in.r.PostFormValue("rule")
	var err error
	if s.action == api.ActionInvites {
		q.Invites, err = wholeNumber(in.r.PostFormValue("invites"))
	}
	var p api.Proposal
	if err == nil {
		p, err = in.c.Propose(in.ctx(), q)
	}
	if asks := in.follows(err, s.words, in.At("charter")); asks != nil {
		in.formPage(w, asks)
		return nil
	}
	if err != nil {
		of, gone := in.stepOf(s)
		if gone != nil {
			return err
		}
		in.formPage(w, in.again(in.proposingForm(s, of), err))
		return nil
	}
	in.goTo(w, in.At("proposals", cmp.Or(p.Short, p.ID)))
	return nil
}

// follow takes a side where the co-op has split.
func (in *asking) follow(w http.ResponseWriter) error {
	if _, err := in.c.Follow(in.ctx(), in.r.FormValue("step")); err != nil {
		return err
	}
	in.goTo(w, in.At("charter"))
	return nil
}
