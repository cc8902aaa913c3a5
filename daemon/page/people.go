package page

import (
	"html/template"
	"net/http"
	"strings"

	"kith/crdt/kinds"
	"kith/crdt/problem"
	"kith/daemon/api"
)

// us is everybody, and their computers.
type us struct {
	Sentence string
	People   []someone
	Former   []someone
	Invite   action
}

// someone is a member.
type someone struct {
	ID, Name, Says, At string
	Devices            []string
}

func (in *asking) members(w http.ResponseWriter) error {
	all, err := in.c.Members(in.ctx())
	if err != nil {
		return err
	}
	var v us
	full, joining := 0, 0
	for _, m := range all {
		one := someone{ID: m.ID, Name: m.Name, Says: in.standing(m), At: in.At("members", m.ID)}
		if m.Me {
			one.Name = in.t.T("{name}, you", "name", m.Name)
		}
		for _, d := range m.Devices {
			if !d.Retired {
				one.Devices = append(one.Devices, d.Name)
			}
		}
		switch m.Standing {
		case "full":
			full++
			v.People = append(v.People, one)
		case "prospective":
			joining++
			v.People = append(v.People, one)
		default:
			one.Devices = nil
			v.Former = append(v.Former, one)
		}
	}
	v.Sentence = in.t.N("We are {n}, and nobody is in charge.", full)
	if joining > 0 {
		v.Sentence = in.t.N("We are {n}, and {joining}.", full, "joining", in.t.N("{n} people are joining", joining))
	}
	v.Invite = action{Words: in.t.T("Invite somebody"), At: in.At("invites"), Look: "line"}
	in.show(w, http.StatusOK, "members", in.t.T("Members"), v)
	return nil
}

func (in *asking) standing(m api.Member) string {
	says := in.t.T(map[string]string{
		"full": "counts when we decide", "prospective": "is joining us, and isn’t counted yet", "resigned": "has left", "removed": "isn’t in the co-op any more",
	}[m.Standing])
	if m.InvitedBy != nil && m.Standing != "removed" {
		return dots(says, in.by(*m.InvitedBy, "invited by {who}", "invited by you"))
	}
	return says
}

// step is who has what.
type step struct {
	Sentence, Below string
	Wide, Narrow    template.HTML
	Computers       []computer
	Reach           sentence // how computers on other networks reach this one
	Porches, ByFile action
	Now             action // into step with who is there
}

// computer is another device of the charter.
type computer struct {
	ID, Name, Has, Now string
}

func (in *asking) inStep(w http.ResponseWriter) error {
	status, err := in.c.FullStatus(in.ctx())
	if err != nil {
		return err
	}
	v := step{Reach: in.said(status.Reach.Says), Porches: action{Words: in.t.T("Porches"), At: in.At("porches"), Look: "line"}, ByFile: action{Words: in.t.T("Without a network"), At: in.At(byFilePage), Look: "line"}, Now: action{Words: in.t.T("Come into step now"), At: in.At("step"), Post: true, Look: "line"}}
	devices, away := 0, 0
	var spots []spot
	var words []string
	who := map[string]bool{}
	for _, p := range status.Peers {
		one := computer{ID: p.Device.ID, Name: in.deviceOf(p), Has: in.has(p), Now: in.connection(p)}
		v.Computers = append(v.Computers, one)
		spots, words = append(spots, in.spotOf(p)), append(words, one.Name+" "+one.Now)
		if !p.Connected {
			away++
		}
		if p.InStep || p.Acknowledged && p.Unconfirmed == 0 {
			devices++
			who[p.Member.ID] = true
		}
	}
	delete(who, status.Me.ID)
	switch {
	case len(status.Peers) == 0:
		v.Sentence, v.Below = in.t.T("This is the only computer so far."), in.t.T("What you write is here, and nowhere else. Once somebody joins, they get all of it.")
	case devices == 0:
		v.Sentence = in.t.T("There is no word yet of who has everything.")
	default:
		v.Sentence = in.t.T("What you wrote is on {computers} of {people}.", "computers", in.t.N("{n} other computers", devices), "people", in.t.N("{n} others", max(1, len(who))))
		if len(who) == 0 {
			v.Sentence = in.t.T("What you wrote is on {computers}, all yours.", "computers", in.t.N("{n} other computers", devices))
		}
	}
	if away > 0 {
		v.Below = in.t.N("{N} computers are out of reach just now. They get everything when they are back; you don’t have to do anything.", away)
	}
	own := []string{in.t.T("Your {computer}", "computer", status.Device.Name), in.t.T("this one")}
	says := in.t.T("Around this computer: {computers}.", "computers", strings.Join(words, ", "))
	v.Wide, v.Narrow = stepPicture(wideRound, own, spots, says), stepPicture(narrowRound, own, spots, says)
	in.show(w, http.StatusOK, "step", in.t.T("In step"), v)
	return nil
}

// comeIntoStep waits until this computer has all that the others have who are there, and they all that it has; and says with whom that is so.
func (in *asking) comeIntoStep(w http.ResponseWriter) error {
	status, err := in.c.Sync(in.ctx(), answerWithin)
	if p, ok := problem.Of(err); ok && p.Code == api.TimedOut { // nobody was there in time: that is told as it is now
		status, err = in.c.Status(in.ctx())
	}
	if err != nil {
		return err
	}
	in.status = status
	var says []sentence
	for _, one := range in.stepWords() {
		says = append(says, sentence{Says: one})
	}
	in.goTo(w, in.telling(in.At("step"), says))
	return nil
}

// deviceOf is a computer with its owner.
func (in *asking) deviceOf(p api.Peer) string {
	if p.Member.ID == in.status.Me.ID {
		return in.t.T("Your {computer}", "computer", p.Device.Name)
	}
	return in.t.T("{computer} of {who}", "computer", p.Device.Name, "who", p.Member.Name)
}

// has says what a computer has, as far as is known: a word for somebody, never against them.
func (in *asking) has(p api.Peer) string {
	fetch, send := p.Lacks()
	switch {
	case p.Connected && p.InStep:
		return in.t.T("everything")
	case p.Connected && send > 0:
		return in.t.N("all but {#} changes; they are on their way", send)
	case p.Connected && fetch > 0:
		return in.t.N("{#} changes from there are on their way here", fetch)
	case p.Acknowledged && p.Unconfirmed == 0:
		return in.t.T("everything, by its own word")
	case p.Acknowledged && !p.UnconfirmedSince.IsZero():
		return in.t.T("everything until {when}, as far as is known here", "when", in.Moment(p.UnconfirmedSince.Time))
	case p.Connected:
		return in.t.T("what it has is being compared")
	}
	return in.t.T("there is no word of it yet")
}

func (in *asking) connection(p api.Peer) string {
	switch {
	case p.Connected:
		return in.t.T("here now")
	case p.LastSeen.IsZero():
		return in.t.T("not seen since this daemon began")
	}
	return in.t.T("last here {when}", "when", in.Moment(p.LastSeen.Time))
}

// contents shows the table of contents as a page, for where there is no room for it beside one.
func (in *asking) contents(w http.ResponseWriter) error {
	_, index, err := in.around()
	if err != nil {
		return err
	}
	in.show(w, http.StatusOK, "contents", in.t.T("Contents"), index)
	return nil
}

// finds is what a search found.
type finds struct {
	Asked    string
	Sentence string
	Hits     []hit
	Partly   []hit // so long that only their beginning was looked through
}

type hit struct{ ID, Title, Line, Kind, At string }

const (
	mostHits   = 50
	mostPartly = 5
	maxSearch  = 300 // characters
)

func (in *asking) search(w http.ResponseWriter) error {
	v := finds{Asked: strings.TrimSpace(in.r.FormValue("q"))}
	if r := []rune(v.Asked); len(r) > maxSearch {
		v.Asked = string(r[:maxSearch])
	}
	if v.Asked == "" {
		v.Sentence = in.t.T("What are you looking for?")
	} else {
		found, err := in.c.Search(in.ctx(), v.Asked, mostHits)
		if err != nil {
			return err
		}
		for _, h := range found {
			if one, ok := in.hit(h.Kind, h.ID, h.Short, h.Title, h.Line); ok {
				v.Hits = append(v.Hits, one)
			}
		}
		v.Sentence = in.t.N("{N} things hold these words.", len(v.Hits))
		if len(v.Hits) == 0 {
			v.Sentence = in.t.T("Nothing holds these words.")
		}
		partly, err := in.c.Partly(in.ctx(), mostPartly)
		if err != nil {
			return err
		}
		for _, d := range partly {
			if one, ok := in.hit(d.Kind, "partly-"+d.ID, d.Short, d.Title, ""); ok {
				v.Partly = append(v.Partly, one)
			}
		}
	}
	in.show(w, http.StatusOK, "search", in.t.T("Find"), v)
	return nil
}

// hit is the row of a document; ok is false of a kind that isn't on the page.
func (in *asking) hit(of, id, short, title, line string) (one hit, ok bool) {
	k := kinds.All.Named(of)
	if k == nil || k.Many == "" {
		return one, false
	}
	if line == title {
		line = ""
	}
	return hit{ID: id, Title: title, Line: line, Kind: capital(in.t.T(k.Name)), At: in.At(k.Many, short)}, true
}
