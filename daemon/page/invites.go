package page

import (
	"cmp"
	"html/template"
	"net/http"

	"kith/daemon/api"
)

// inviting is the page of the codes that this computer made.
type inviting struct {
	Sentence string
	Cards    []card
	Used     []someone
	Add      action
	LetIn    *form  // who asks by file
	Answered action // gives the answer to the newest of them once more; without words: there was none
	Who      string // they are called
}

// card is a code on a card that can be printed and handed over.
type card struct {
	ID, Code   string
	Coop       string
	Mark, QR   template.HTML
	Come, Good string
	Says       []sentence
	Revoke     action
}

// invites shows the codes.
func (in *asking) invites(w http.ResponseWriter) error { return in.invitesWith(w, nil) }

// invitesWith shows them with a form that wasn't taken, or (nil) a fresh one.
func (in *asking) invitesWith(w http.ResponseWriter, f *form) error {
	all, err := in.c.Invites(in.ctx())
	if err != nil {
		return err
	}
	v := inviting{Add: action{Words: in.t.T("Make another code"), At: in.At("invites"), Post: true, Look: "line", Back: in.At("invites")}, LetIn: cmp.Or(f, in.letInForm())}
	if last, ok := in.p.answered.get(in.space); ok {
		v.Who, v.Answered = last.who, action{Words: in.t.T("Save the answer once more"), At: in.At("invites", "answer")}
	}
	for _, i := range all {
		switch {
		case i.State == "open" && i.Code != "":
			v.Cards = append(v.Cards, in.card(i))
		default:
			v.Used = append(v.Used, someone{ID: i.ID, Name: in.inviteState(i.State), Says: in.t.T("good until {day}", "day", in.Near(i.ExpiresAt.In(in.now.Location())))})
		}
	}
	v.Sentence = in.t.N("{N} codes wait for somebody.", len(v.Cards))
	if len(v.Cards) == 0 {
		v.Sentence = in.t.T("Invite somebody.")
		v.Add.Words, v.Add.Look = in.t.T("Make a code"), "filled"
	}
	in.show(w, statusOf(f), "invites", in.t.T("Invite"), v)
	return nil
}

func (in *asking) inviteState(state string) string {
	return in.t.T(map[string]string{"open": "open", "used": "Used", "revoked": "Taken back", "expired": "Its time is up"}[state])
}

func (in *asking) card(i api.Invite) card {
	c := card{ID: i.ID, Code: i.Code, Coop: in.status.Space.Name, Mark: coopMark(in.full()), QR: qrCode(i.Code, in.t.T("The code, for a camera"))}
	c.Come = in.t.T("Come in.")
	c.Good = in.t.T("For one person, good until {day}. {who}’s computer has to be on.", "day", in.Day(i.ExpiresAt.In(in.now.Location())), "who", in.status.Me.Name)
	for _, says := range i.Says {
		c.Says = append(c.Says, in.said(says))
	}
	c.Revoke = action{Words: in.t.T("Take it back"), At: in.At("invites", i.ID, "revoke"), Post: true, Look: "plain", Back: in.At("invites")}
	return c
}

// full is how many full members there are.
func (in *asking) full() (n int) {
	members, err := in.c.Members(in.ctx())
	for _, m := range members {
		if err == nil && m.Standing == "full" {
			n++
		}
	}
	return n
}

// invite makes a code.
func (in *asking) invite(w http.ResponseWriter) error {
	if _, err := in.c.Invite(in.ctx(), 0); err != nil {
		return err
	}
	in.goTo(w, in.At("invites"))
	return nil
}

func (in *asking) revokeInvite(w http.ResponseWriter) error {
	if _, err := in.c.RevokeInvite(in.ctx(), in.r.PathValue("id")); err != nil {
		return err
	}
	in.goTo(w, in.At("invites"))
	return nil
}
