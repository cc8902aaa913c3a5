package page

import (
	"net/http"
	"strconv"
	"strings"

	"kith/daemon/api"
)

// person is a member on a page of their own.
type person struct {
	Name  string
	Above string
	Facts []fact
	Does  []action
}

// member shows one.
func (in *asking) member(w http.ResponseWriter) error {
	m, err := in.c.Member(in.ctx(), in.r.PathValue("id"))
	if err != nil {
		return err
	}
	v := person{Name: m.Name, Above: capital(in.standing(m))}
	if !m.Since.IsZero() {
		v.Facts = append(v.Facts, fact{Name: in.t.T("Here since"), Says: capital(in.Day(m.Since.In(in.now.Location())))})
	}
	for _, f := range m.Former {
		v.Facts = append(v.Facts, fact{Name: in.t.T("Was called"), Says: dots(f.Name, in.t.T("until {when}", "when", in.Moment(f.Until.Time)))})
	}
	for _, d := range m.Devices {
		if !d.Retired {
			v.Facts = append(v.Facts, fact{Name: in.t.T("Computer"), Says: d.Name})
		}
	}
	at := func(words, look string, parts ...string) {
		v.Does = append(v.Does, action{Words: in.t.T(words), At: in.At(append([]string{"members", m.ID}, parts...)...), Look: look})
	}
	switch {
	case m.Me:
		v.Does = append(v.Does, action{Words: in.t.T("Your computers"), At: in.At("devices"), Look: "line"})
		if m.Standing == "full" || m.Standing == "prospective" {
			v.Does = append(v.Does, action{Words: in.t.T("Change your name"), At: in.At("rename"), Look: "line"})
			v.Does = append(v.Does, action{Words: in.t.T("Leave the co-op"), At: in.At("resign"), Post: true, Look: "plain"})
		}
	case m.Standing == "prospective":
		at("Propose to admit them as a full member", "line", api.ActionAdmit)
		at("Propose that they leave", "plain", api.ActionRemove)
	case m.Standing == "full":
		at("Propose that they leave", "plain", api.ActionRemove)
	}
	if !m.Me && (m.Standing == "full" || m.Standing == "prospective") {
		at("Help them come back", "plain", wayBack)
	}
	if !m.Me && m.Standing == "full" {
		at("Propose a new recovery phrase for them", "plain", api.ActionNewKey)
	}
	var told []api.Told
	if m.Standing == "resigned" || m.Standing == "removed" {
		told = append(told, m.News())
	}
	if len(m.Former) > 0 {
		told = append(told, m.Renamed())
	}
	if len(told) > 0 {
		if err := in.c.NoteTold(in.ctx(), told); err != nil {
			return err
		}
	}
	in.show(w, http.StatusOK, "member", m.Name, v)
	return nil
}

// wayBack names in an address the code with which somebody comes back who has lost all their computers.
const wayBack = "way-back"

// returning is the page of that code.
type returning struct {
	Sentence string
	Card     card
	Steps    []sentence
}

func (in *asking) wayBack(w http.ResponseWriter) error {
	way, err := in.c.WayBack(in.ctx(), in.r.PathValue("id"))
	if err != nil {
		return err
	}
	v := returning{Sentence: in.t.T("So that {who} comes back.", "who", way.Member.Name)}
	v.Card = card{Code: way.Code, Coop: in.status.Space.Name, Mark: coopMark(in.full()), QR: qrCode(way.Code, in.t.T("The code, for a camera")),
		Good: in.t.T("It lets nobody in by itself. {who}’s computer has to be on.", "who", in.status.Me.Name)}
	v.Steps = []sentence{
		{Says: in.t.T("On the new computer, “Come back”: with their recovery phrase at hand, or, if it is lost or stolen, for a new one.")}, {Says: in.t.T("Both ask for this code.")},
	}
	in.show(w, http.StatusOK, wayBack, v.Sentence, v)
	return nil
}

// nameForm asks what the reader is called from now on.
func (in *asking) nameForm() *form {
	return &form{Title: in.t.T("Change your name"), At: in.At("rename"), Words: in.t.T("That is my name"), Cancel: in.At("members", in.status.Me.ID),
		Lead:   in.t.T("Nobody has to agree. The others are told once, and what you were called before stays on record."),
		Inputs: []input{{Name: "name", Is: "line", Own: true, Label: in.t.T("What you are called"), Value: in.status.Me.Name, Needs: true, Max: api.MaxName}}}
}

func (in *asking) rename(w http.ResponseWriter) error {
	if _, err := in.c.Rename(in.ctx(), clean(in.r.PostFormValue("name"))); err != nil {
		f := in.nameForm()
		f.retype(in.r.PostForm)
		in.formPage(w, in.again(f, err))
		return nil
	}
	in.goTo(w, in.At("members", in.status.Me.ID))
	return nil
}

// resign leaves the co-op, once the reader has been told what follows.
func (in *asking) resign(w http.ResponseWriter) error {
	back := in.At("members", in.status.Me.ID)
	_, err := in.c.Resign(in.ctx(), api.ResignRequest{Yes: in.r.PostFormValue("yes") != "", Why: clean(in.r.PostFormValue("why"))})
	if asks := in.follows(err, "Leave the co-op", back); asks != nil {
		asks.Inputs = []input{{Name: "why", Is: "reason", Label: in.t.T("Why, if you like"), Max: api.MaxWhy}}
		in.formPage(w, asks)
		return nil
	}
	if err != nil {
		return err
	}
	in.goTo(w, back)
	return nil
}

// wholeNumber reads a number that somebody typed.
func wholeNumber(typed string) (int, error) {
	n, err := strconv.Atoi(strings.TrimSpace(typed))
	if err != nil {
		return 0, api.Problemf(api.Invalid, "", "“%s” is no whole number", api.Brief(typed))
	}
	return n, nil
}
