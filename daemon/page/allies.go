package page

import (
	"cmp"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"kith/crdt/kinds"
	"kith/daemon/api"
)

// allied is the page of the co-ops that this one has made pacts with, or is making one.
type allied struct {
	Sentence string
	New      action
	Join     action
	Rows     []row
	Asks     section
	Over     section // shares that are over
}

// allyMark is two blue rings.
func allyMark() template.HTML {
	var d drawing
	d.circle("s1", point{15, 12}, 8)
	d.circle("s1", point{25, 12}, 8)
	return d.mark()
}

var allyStates = map[string]string{
	api.AllyInvited: "nobody has used the code yet", api.AllyCompare: "two words are to be compared", api.AllyAgree: "we have yet to agree", api.AllyWaits: "they have yet to agree",
	api.AllyJoining: "this computer isn’t in it yet", api.AllyMade: "we share", api.AllyEnded: "the pact is over", api.AllyGivenUp: "it came to nothing",
}

func (in *asking) allyName(a api.Ally) string {
	return cmp.Or(a.Name, in.t.T("a co-op that hasn’t answered yet"))
}

// lastDay is until when a pact holds; "" if it has no end.
func (in *asking) lastDay(ends api.Time) string {
	if ends.Unix() <= 0 {
		return ""
	}
	return in.t.T("until {when}", "when", in.short(ends.Add(-time.Millisecond).UTC())) // a date is the same for everybody
}

func (in *asking) allies(w http.ResponseWriter) error {
	all, err := in.c.Allies(in.ctx())
	if err != nil {
		return err
	}
	v := allied{New: action{Words: in.t.T("Begin a pact"), At: in.At("allies", "new"), Look: "line"}, Join: action{Words: in.t.T("They gave us a code"), At: in.At("allies", "join"), Look: "plain"}}
	made := 0
	for _, a := range all {
		if a.State == api.AllyMade && !a.Further {
			made++
		}
		v.Rows = append(v.Rows, row{ID: a.ID, Mark: allyMark(), Title: in.allyName(a), At: in.At("allies", a.ID), Says: dots(in.t.T(allyStates[a.State]), cut(a.Purpose, 80), in.lastDay(a.EndsAt))})
	}
	v.Sentence = in.t.N("We share with {n} other co-ops.", made)
	if made == 0 {
		v.Sentence = in.t.T("We share with no other co-op yet.")
	}
	asks, err := in.c.Asks(in.ctx())
	if err != nil {
		return err
	}
	v.Asks = section{Title: in.t.T("What was asked for"), Rows: in.askRows(asks)}
	if v.Over, err = in.sharesOver(); err != nil {
		return err
	}
	in.show(w, http.StatusOK, "allies", in.t.T("Allies"), v)
	return nil
}

// sharesOver are the shares that are over, and says that the reader was told of them.
func (in *asking) sharesOver() (s section, err error) {
	s.Title = in.t.T("Shares that are over")
	all, err := in.c.Shares(in.ctx())
	if err != nil {
		return s, err
	}
	var news []api.Told
	for _, one := range all {
		if !one.Over {
			continue
		}
		says := in.t.T("it ended, as agreed")
		if len(one.OverBy) > 0 {
			says = in.t.T("{names} ended it", "names", in.t.And(one.OverBy))
		}
		s.Rows = append(s.Rows, row{ID: one.Space.ID, Mark: allyMark(), Title: one.Title, Says: dots(says, one.Why, in.Moment(one.Until.Time))})
		news = append(news, one.News())
	}
	if len(news) == 0 {
		return s, nil
	}
	return s, in.c.NoteTold(in.ctx(), news[max(0, len(news)-api.MaxTold):])
}

var askStates = map[string]string{
	api.AskOpen: "no answer so far", api.AskShared: "answered with something shared", api.AskRefused: "said no", api.AskSaid: "answered", api.AskWithdrawn: "withdrawn", api.AskOver: "the share ended without an answer",
}

func (in *asking) askRows(all []api.Ask) (rows []row) {
	for _, a := range all[:min(len(all), mostWaiting)] {
		rows = append(rows, in.askRow(a))
	}
	return rows
}

// whoAsks says who asks whom, or opens a further share, which an ally is asked into.
func (in *asking) whoAsks(a api.Ask) string {
	who := strings.TrimSuffix(a.By.Name, " ("+a.With+")") // whose they are is said once
	switch {
	case a.Ours && a.Code != "":
		return in.t.T("we open a further share with {ally}", "ally", a.With)
	case a.Ours:
		return in.t.T("we ask {ally}", "ally", a.With)
	case a.Code != "":
		return in.t.T("{who} of {ally} opens a further share with us", "who", who, "ally", a.With)
	}
	return in.t.T("{who} of {ally} asks", "who", who, "ally", a.With)
}

func (in *asking) askRow(a api.Ask) row {
	return row{ID: a.ID, Mark: allyMark(), Title: a.Title, At: in.At("asks", a.Short), Says: dots(in.whoAsks(a), in.t.T(askStates[a.State]), in.Moment(a.At.Time))}
}

// pacting is one pact on a page of its own.
type pacting struct {
	Name, Above string
	Unknown     bool // they haven't said their name
	Facts       []fact
	Words       []string // to be read to the other side
	Compare     *form    // theirs are to be typed; nil: not now
	Card        *card    // the code for them; nil: there is none
	Says        []sentence
	Documents   []row
	Steps       []row // what our side of the share is to agree on
	Asks        []row
	Does        []action
	Trouble     *trouble
}

func (in *asking) ally(w http.ResponseWriter) error {
	a, err := in.c.Ally(in.ctx(), in.r.PathValue("id"))
	if err != nil {
		return err
	}
	return in.showAlly(w, a, nil)
}

// showAlly shows a pact, with what was in the way of something.
func (in *asking) showAlly(w http.ResponseWriter, a api.Ally, refused error) error {
	v := pacting{Name: in.allyName(a), Unknown: a.Name == "", Above: dots(in.t.T("Another co-op"), in.t.T(allyStates[a.State]), in.lastDay(a.EndsAt)), Words: a.Words, Says: in.saidAll(a.Says)}
	add := func(name, says string) {
		if says != "" {
			v.Facts = append(v.Facts, fact{Name: in.t.T(name), Says: says})
		}
	}
	add("What for", a.Purpose)
	add("What both decide", in.t.T(map[string]string{api.VoicesCoops: "each co-op is one voice", api.VoicesPeople: "each person is one voice"}[a.Voices]))
	for _, s := range a.Sides {
		v.Facts = append(v.Facts, fact{Name: s.Name, Says: dots(in.t.And(in.namesOf(s.Members)), in.contacts(s))})
	}
	if a.State == api.AllyInvited {
		v.Says = []sentence{{Says: in.t.T("Whoever has the code chooses “They gave us a code” on their page of allies, or types: kith ally join -")}}
	}
	half := slices.Contains([]string{api.AllyInvited, api.AllyCompare, api.AllyAgree, api.AllyWaits, api.AllyJoining}, a.State)
	at := in.At("allies", a.ID)
	if a.State == api.AllyInvited && a.Code != "" {
		v.Card = &card{ID: a.ID, Code: a.Code, Coop: in.status.Space.Name, Mark: coopMark(in.full()), QR: qrCode(a.Code, in.t.T("The code, for a camera")), Come: in.t.T("Let us work together."),
			Good: in.t.T("For one co-op, good until {day}.", "day", in.Day(a.ExpiresAt.In(in.now.Location())))}
	}
	if a.State == api.AllyCompare {
		v.Compare = &form{At: at + "/confirm", Words: in.t.T("These are the words that they read"), Inputs: []input{{Name: "words", Is: "line", Label: in.t.T("The two words that they read to you"), Needs: true, Max: 200}}}
	}
	if a.Proposal != "" && a.State == api.AllyAgree {
		v.Does = append(v.Does, action{Words: in.t.T("Read and answer"), At: in.At("proposals", a.Proposal), Look: "filled"})
	}
	if a.State == api.AllyMade && a.Share != nil {
		if err := in.inShare(&v, a.Share.ID); err != nil {
			return err
		}
		v.Does = append(v.Does, in.pactDeeds(a)...)
	}
	if half && a.State != api.AllyJoining {
		v.Does = append(v.Does, action{Words: in.t.T("Give it up"), At: at + "/cancel", Post: true, Look: "plain"})
	}
	status := http.StatusOK
	if refused != nil {
		var t trouble
		status, t = in.explain(refused)
		v.Trouble = &t
	}
	in.show(w, status, "ally", v.Name, v)
	return nil
}

func (in *asking) contacts(s api.AllySide) string {
	if len(s.Contacts) == 0 {
		return ""
	}
	return in.t.T("to ask: {names}", "names", in.t.And(s.Contacts))
}

// inShare are the documents of a share, and what was asked for there.
func (in *asking) inShare(v *pacting, share string) error {
	s, err := in.c.ShowShare(in.ctx(), share)
	if err != nil {
		return err
	}
	for _, d := range s.Documents[:min(len(s.Documents), firstListed)] {
		k := kinds.All.Named(d.Kind)
		if k == nil || k.Many == "" {
			continue
		}
		r := row{ID: d.ID, Mark: textMark(), Title: d.Title, Says: dots(in.t.T(k.Name), in.by(d.UpdatedBy, "{who} wrote last, {when}", "you wrote last, {when}", "when", in.Moment(d.UpdatedAt.Time)))}
		if d.Home != "" {
			r.At = in.At(k.Many, d.Home)
		} else {
			r.At = in.At(k.Many, d.Short)
		}
		v.Documents = append(v.Documents, r)
	}
	v.Asks = in.askRows(s.Asks)
	if s.Over {
		return nil
	}
	co := in.ourSide(s.Space.ID, "")
	steps, err := co.c.Proposals(in.ctx(), true)
	for _, p := range steps {
		v.Steps = append(v.Steps, in.proposalRow(co, p))
	}
	return err
}

// Verbs of a pact, and of an ask, in addresses.
const (
	openShare  = "open"
	joinShare  = "join"
	newTerms   = "terms"
	contactsOf = "contacts"
)

// pactDeeds are what can be done with a share that holds.
func (in *asking) pactDeeds(a api.Ally) (all []action) {
	does := func(words, verb, look string) {
		all = append(all, action{Words: in.t.T(words), At: in.At("allies", a.ID, verb), Look: look})
	}
	does("Ask them for something", "ask", "line")
	for _, o := range a.Offers {
		if !isOurs(a, o.By) {
			does("Answer the terms that they propose", newTerms, "filled")
			break
		}
	}
	if !a.Further {
		does("Open a further share", openShare, "line")
	}
	does("Propose other terms", newTerms, "plain")
	does("Say whom they can ask", contactsOf, "plain")
	does("Lend them a porch", lendPorch, "plain")
	if a.Further {
		does("End this share", "end", "plain")
	} else {
		does("End the pact", "end", "plain")
	}
	return all
}

// isOurs says whether a co-op of a pact is one's own.
func isOurs(a api.Ally, name string) bool {
	return slices.ContainsFunc(a.Sides, func(s api.AllySide) bool { return s.Ours && s.Name == name })
}

// ourPeople are the names of our side in a share, and whom of them the ally can ask.
func ourPeople(a api.Ally) (names, contacts []string) {
	for _, s := range a.Sides {
		if s.Ours {
			for _, m := range s.Members {
				names = append(names, m.Name)
			}
			contacts = s.Contacts
		}
	}
	return names, contacts
}

// voices are the ways in which joint decisions count.
func (in *asking) voices(chosen string) input {
	one := input{Name: "voices", Is: "choice", Label: in.t.T("What both decide"), Needs: true, Options: []option{
		{Value: api.VoicesCoops, Words: capital(in.t.T("each co-op is one voice"))}, {Value: api.VoicesPeople, Words: capital(in.t.T("each person is one voice"))},
	}}
	for i := range one.Options {
		one.Options[i].Chosen = one.Options[i].Value == chosen
	}
	return one
}

// lastOf is the last day of a pact, as a field of a form has it.
func lastOf(ends api.Time) string {
	if ends.Unix() <= 0 {
		return ""
	}
	return ends.Add(-time.Millisecond).UTC().Format(time.DateOnly)
}

// termsForm asks for what is to be other than it is; what the other side proposed stands in it, so that the same is said.
func (in *asking) termsForm(f *form, a api.Ally) {
	f.Title, f.Words, f.Beside = in.t.T("Propose other terms"), in.t.T("Propose it"), in.t.T("with your own consent")
	f.Lead = in.t.T("Your people in the share agree on it first. It binds both once the other side says the same; until then what holds now goes on.")
	is := api.AllyOffer{Purpose: a.Purpose, EndsAt: a.EndsAt, Voices: a.Voices}
	for _, o := range a.Offers {
		if !isOurs(a, o.By) {
			is = o
			f.Told = []sentence{{Says: in.t.T("{ally} proposes what stands here. To say no is to leave it.", "ally", o.By)}}
		}
	}
	f.Hidden = []hidden{{"was.purpose", a.Purpose}, {"was.ends", lastOf(a.EndsAt)}, {"was.voices", a.Voices}}
	f.Inputs = []input{
		{Name: "purpose", Is: "reason", Label: in.t.T("What for"), Value: is.Purpose, Needs: true, Max: api.MaxWhy},
		{Name: "ends", Is: "day", Label: in.t.T("Its last day"), Value: lastOf(is.EndsAt), Needs: true},
		in.voices(is.Voices),
		{Name: "why", Is: "reason", Label: in.t.T("Why, if you like"), Max: api.MaxWhy},
	}
}

// pactForm is the form with which a pact is begun, joined, changed, ended, or an ally asked for something; nil if there is none for that.
func (in *asking) pactForm(what string, a api.Ally) *form {
	at := in.At("allies")
	if a.ID != "" {
		at = in.At("allies", a.ID)
	}
	f := &form{ID: "ally/" + a.ID + "/" + what, Cancel: at, At: at + "/" + what}
	why := input{Name: "why", Is: "reason", Label: in.t.T("Why"), Needs: true, Max: api.MaxWhy}
	switch what {
	case "new":
		f.Title, f.Words = in.t.T("Begin a pact with another co-op"), in.t.T("Make a code for them")
		f.Lead = in.t.T("They use the code, you compare two words, and both co-ops agree. Nothing is shared before, and only what somebody shares then.")
		f.Inputs = []input{
			{Name: "purpose", Is: "reason", Label: in.t.T("What for"), Needs: true, Max: api.MaxWhy},
			{Name: "ends", Is: "day", Label: in.t.T("Its last day"), Needs: true},
			in.voices(""),
		}
	case "join":
		f.Title, f.Words = in.t.T("They gave us a code"), in.t.T("Answer it")
		f.Lead = in.t.T("Their computer has to be on. You compare two words with them then, and your co-op agrees or doesn’t.")
		f.Inputs = []input{{Name: "code", Is: "code", Label: in.t.T("The code"), Needs: true, Max: maxCode}}
	case "ask":
		f.Title, f.Words = in.t.T("Ask them for something"), in.t.T("Ask")
		f.Hidden = []hidden{{"once", onceKey()}}
		f.Inputs = []input{{Name: "title", Is: "line", Own: true, Label: in.t.T("What for"), Needs: true, Max: api.MaxTitle}, {Name: "text", Is: "reason", Label: in.t.T("What else is there to say?")}}
	case openShare:
		f.Title, f.Words = in.t.T("Open a further share"), in.t.T("Open it")
		f.Lead = in.t.T("For what others of us work on, or for a time of its own. It ends and counts as the first; they are asked to join it, and nobody compares words again.")
		f.Hidden = []hidden{{"once", onceKey()}}
		f.Inputs = []input{{Name: "title", Is: "line", Own: true, Label: in.t.T("What for"), Needs: true, Max: api.MaxTitle}}
	case newTerms:
		in.termsForm(f, a)
	case contactsOf:
		f.Title, f.Words, f.Beside = in.t.T("Say whom they can ask"), in.t.T("Propose it"), in.t.T("with your own consent")
		f.Lead = in.t.T("Your people in the share agree on it. Who is named has no more say than others.")
		names, contacts := ourPeople(a)
		people := input{Name: "contacts", Is: "many", Label: in.t.T("Whom they can ask")}
		for _, name := range names {
			people.Options = append(people.Options, option{Value: name, Words: name, Chosen: slices.Contains(contacts, name)})
		}
		f.Inputs = []input{people}
	case lendPorch:
		f.Title, f.Words = in.t.T("Lend them a porch"), in.t.T("Lend it")
		f.Inputs = in.porchInputs()
		f.Inputs[0].Hint = in.t.T("One that was made for them, with: kith porch code --for LABEL. It is ended on the porch.")
		f.Told = []sentence{
			{Says: in.t.T("They learn where the porch is, what it is called, that you lend it, and nothing of us that isn’t shared. Anybody who is or was in the share can use the code until it is ended.")},
			{Says: in.t.T("Whoever runs the porch learns which of their computers keep a place there, at which addresses, when they are on, with whom they speak and how much; not what they say.")},
		}
	case "end":
		f.Title, f.Words = in.t.T("End the pact"), in.t.T("Propose it")
		if a.Further {
			f.Title = in.t.T("End this share")
		}
		f.Lead = in.t.T("What is in the share stays readable for both, and nothing new is exchanged.")
		f.Inputs = []input{why}
	default:
		return nil
	}
	if in.r.PostForm != nil {
		f.retype(in.r.PostForm)
	}
	return f
}

// pactAsks shows what is asked for about a pact.
func (in *asking) pactAsks(w http.ResponseWriter) error {
	a, err := in.c.Ally(in.ctx(), in.r.PathValue("id"))
	if err != nil {
		return err
	}
	f := in.pactForm(in.r.PathValue("verb"), a)
	if f == nil {
		return noSuchThing
	}
	in.formPage(w, f)
	return nil
}

// pactForms shows what is asked for where there is no pact yet.
func (in *asking) pactForms(w http.ResponseWriter, what string) error {
	in.formPage(w, in.pactForm(what, api.Ally{}))
	return nil
}

// typed is what a form says in a field, as documents have it.
func (in *asking) typed(name string) string {
	return strings.TrimSpace(clean(in.r.PostFormValue(name)))
}

// beginsPact begins a pact, or joins one, and says where that leads.
func (in *asking) beginsPact(what string) (to string, err error) {
	var a api.Ally
	if what == "join" {
		a, err = in.c.AllyJoin(in.ctx(), api.AllyJoinRequest{Code: in.typed("code")}, answerWithin)
	} else {
		voices := in.typed("voices")
		if voices == "" {
			return "", api.Problemf(api.Invalid, "", "nothing was chosen")
		}
		a, err = in.c.AllyInvite(in.ctx(), api.AllyInviteRequest{Purpose: in.typed("purpose"), Ends: in.typed("ends"), People: voices == api.VoicesPeople, ExpiresIn: int(allyCode / time.Second)})
	}
	return in.At("allies", a.ID), err
}

// pact does what a form about a pact says, and says where that leads.
func (in *asking) pact(what string, a api.Ally) (to string, err error) {
	here := in.At("allies", a.ID)
	switch what {
	case "confirm":
		_, err = in.c.AllyConfirm(in.ctx(), api.AllyConfirmRequest{Words: in.typed("words"), Ally: a.ID})
		return here, err
	case "cancel":
		_, err = in.c.AllyCancel(in.ctx(), a.ID)
		return in.At("allies"), err
	}
	if a.Share == nil {
		return "", noSuchThing
	}
	switch what {
	case "ask":
		one, err := in.c.AskAlly(in.ctx(), api.AskRequest{Ally: a.Share.ID, Title: in.typed("title"), Text: in.typed("text")})
		return in.At("asks", one.Short), err
	case openShare:
		opened, err := in.c.NewShare(in.ctx(), api.NewShareRequest{Ally: a.Name, Title: in.typed("title")})
		return in.At("allies", opened.ID), err
	case lendPorch:
		_, err = in.c.LendPorch(in.ctx(), a.ID, api.PorchRequest{Code: in.typed("code"), Label: in.typed("label")})
		return in.telling(here, []sentence{{Says: in.t.T("It is lent. One of them uses it on their page of porches, for all of them.")}}), err
	case newTerms:
		q := api.ProposalRequest{Action: api.ActionTerms, Why: in.typed("why")}
		for name, into := range map[string]*string{"purpose": &q.Purpose, "ends": &q.Ends, "voices": &q.Voices} {
			if is := in.typed(name); is != in.typed("was."+name) { // what isn't touched stays, whatever it is by now
				*into = is
			}
		}
		return in.proposesIn(a, q)
	case contactsOf:
		return in.proposesIn(a, api.ProposalRequest{Action: api.ActionContacts, Contacts: in.r.PostForm["contacts"]})
	case "end":
		if a.Further {
			return in.proposesIn(a, api.ProposalRequest{Action: api.ActionEndShare, Why: in.typed("why")})
		}
		steps, err := in.c.EndAlly(in.ctx(), a.ID, in.typed("why"))
		if err == nil && len(steps) == 1 {
			return in.stepAt(in.ourSide(a.Share.ID, a.Name), steps[0].Short), nil
		}
		return here, err // of several shares each has a step, which waits on the page of today
	}
	return "", noSuchThing
}

// proposesIn proposes a step on our side of a share.
func (in *asking) proposesIn(a api.Ally, q api.ProposalRequest) (to string, err error) {
	co := in.ourSide(a.Share.ID, a.Name)
	p, err := co.c.Propose(in.ctx(), q)
	return in.telling(in.stepAt(co, p.Short), in.saidAll(p.Says)), err
}

// lendPorch names in an address that a porch is lent to an ally.
const lendPorch = "lend-porch"

// allyCode is how long a code for another co-op is good.
const allyCode = 7 * 24 * time.Hour

// answerWithin is how long the other side may take to answer while somebody waits for the page.
const answerWithin = 20 * time.Second

// pactAnswers answers a form with which a pact is begun.
func (in *asking) pactAnswers(w http.ResponseWriter, what string) error {
	to, err := in.beginsPact(what)
	if err != nil {
		in.formPage(w, in.again(in.pactForm(what, api.Ally{}), err))
		return nil
	}
	in.goTo(w, to)
	return nil
}

// pactDoes answers a form about a pact. One that is sent twice does it once.
func (in *asking) pactDoes(w http.ResponseWriter) error {
	what := in.r.PathValue("verb")
	a, err := in.c.Ally(in.ctx(), in.r.PathValue("id"))
	if err != nil {
		return err
	}
	to, err := in.p.made.once(in.r.PostFormValue("once"), func() (string, error) { return in.pact(what, a) })
	if err == nil {
		in.goTo(w, to)
		return nil
	}
	if f := in.pactForm(what, a); f != nil {
		in.formPage(w, in.again(f, err))
		return nil
	}
	return in.showAlly(w, a, err)
}

// asked is what one co-op asks the other for, on a page of its own.
type asked struct {
	A            api.Ask
	Above, State string
	Said         []said
	Answer       *form // nil: it can't be answered from here
	Does         []action
}

func (in *asking) ask(w http.ResponseWriter) error { return in.showAsk(w, nil) }

func (in *asking) showAsk(w http.ResponseWriter, refused error) error {
	a, err := in.c.AskByID(in.ctx(), in.r.PathValue("id"))
	if err != nil {
		return err
	}
	v := asked{A: a, Above: dots(in.t.T("Another co-op"), in.whoAsks(a), in.Moment(a.At.Time)), State: capital(in.t.T(askStates[a.State]))}
	for _, one := range a.Answers {
		s := said{ID: one.Member.ID, Who: one.Member.Name, How: in.t.T(askStates[one.Result]), Why: one.Why}
		var titles []string
		for _, d := range one.Shared {
			titles = append(titles, d.Title)
		}
		s.Note = in.t.And(titles)
		v.Said = append(v.Said, s)
	}
	at := in.At("asks", a.Short)
	switch {
	case a.State == api.AskOpen && a.Ours:
		v.Does = []action{{Words: in.t.T("Take it back"), At: at + "/withdraw", Post: true, Look: "line"}}
	case a.State == api.AskOpen:
		v.Answer = &form{ID: "ask/" + a.ID, At: at + "/answer", Words: in.t.T("Say it to them"), Beside: in.t.T("everybody in the share reads it"), Inputs: []input{
			{Name: "no", Is: "choice", Needs: true, Label: in.t.T("What do you say?"), Options: []option{{Value: "said", Words: in.t.T("An answer in words")}, {Value: "no", Words: in.t.T("No, and here is why")}}},
			{Name: "why", Is: "reason", Label: in.t.T("In your words"), Needs: true, Max: api.MaxWhy},
		}}
		if a.Code != "" { // it is joined, or refused
			v.Does = []action{{Words: in.t.T("Join it"), At: at + "/" + joinShare, Post: true, Look: "filled"}}
			v.Answer.Inputs[0].Options = v.Answer.Inputs[0].Options[1:]
		}
	}
	if refused != nil && v.Answer != nil {
		v.Answer.retype(in.r.PostForm)
		in.again(v.Answer, refused)
	} else if refused != nil {
		return refused
	}
	if a.Ours {
		if err := in.c.NoteTold(in.ctx(), []api.Told{a.News()}); err != nil {
			return err
		}
	}
	in.show(w, statusOf(v.Answer), "ask", a.Title, v)
	return nil
}

func (in *asking) answerAsk(w http.ResponseWriter) error {
	id, why := in.r.PathValue("id"), clean(in.r.PostFormValue("why"))
	var err error
	switch {
	case in.r.PathValue("verb") == joinShare:
		a, err := in.c.JoinShare(in.ctx(), api.JoinShareRequest{Ask: id}, answerWithin)
		if err != nil {
			return in.showAsk(w, err)
		}
		in.leads(w, in.At("allies", a.ID), nil)
		return nil
	case in.r.PathValue("verb") == "withdraw":
		_, err = in.c.WithdrawAsk(in.ctx(), id, why)
	case in.r.PathValue("verb") != "answer":
		return noSuchThing
	case in.r.PostFormValue("no") == "":
		err = api.Problemf(api.Invalid, "", "nothing was chosen")
	default:
		_, err = in.c.AnswerAsk(in.ctx(), id, api.AnswerRequest{No: in.r.PostFormValue("no") == "no", Why: why})
	}
	if err != nil {
		return in.showAsk(w, err)
	}
	in.goTo(w, in.At("asks", id))
	return nil
}
