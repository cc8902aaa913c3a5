package page

import (
	"html/template"
	"net/http"
	"strings"

	"kith/crdt/problem"
	"kith/daemon/api"
)

// computers is the page of the reader's own computers.
type computers struct {
	Sentence string
	All      []device
	Former   []device
	Add      action
	Backup   action
	Check    action   // whether all is well
	This     []fact   // how this computer keeps what is here, and starts Kith
	Start    action   // has it do so; without words: it does already, or can't
	Pairing  *pairing // of the newest code; nil: there is none
}

// device is a computer of the reader's.
type device struct {
	ID, Name, Says string
	Does           []action
}

// pairing says how it stands with a code for a new computer.
type pairing struct {
	Code     string
	QR       template.HTML
	Good     string
	Says     string   // what has become of it
	Words    []string // to compare; nil: nobody asks
	Who      string   // what asks
	Same, No action
	Waits    bool
}

func (in *asking) devices(w http.ResponseWriter) error {
	all, err := in.c.Devices(in.ctx())
	if err != nil {
		return err
	}
	v := computers{Add: action{Words: in.t.T("Add a computer"), At: in.At("devices"), Post: true, Look: "line", Back: in.At("devices")}, Backup: action{Words: in.t.T("Make a copy to come back from"), At: in.At("devices", "backup"), Look: "plain"},
		Check: action{Words: in.t.T("Look whether all is well"), At: in.At("devices", "check"), Look: "plain"}}
	live := 0
	for _, d := range all {
		if !d.Retired {
			live++
		}
	}
	for _, d := range all {
		one := device{ID: d.ID, Name: d.Name, Says: in.deviceSays(d)}
		if d.Retired {
			v.Former = append(v.Former, one)
			continue
		}
		if !d.Consents {
			one.Does = append(one.Does, action{Words: in.t.T("Consent from there"), At: in.At("devices", d.ID, "consents"), Post: true, Look: "line", About: d.Name})
		}
		one.Does = append(one.Does, action{Words: in.t.T("Call it otherwise"), At: in.At("devices", d.ID, "rename"), Look: "plain", About: d.Name})
		if live > 1 {
			one.Does = append(one.Does, action{Words: in.t.T("Take it out of use"), At: in.At("devices", d.ID, "retire"), Post: true, Look: "plain", About: d.Name})
		}
		v.All = append(v.All, one)
	}
	v.Sentence = in.t.N("You are here with {n} computers.", live)
	if v.Pairing, err = in.pairingNow(); err != nil {
		return err
	}
	if err := in.thisComputer(&v); err != nil {
		return err
	}
	in.show(w, http.StatusOK, "devices", in.t.T("Your computers"), v)
	return nil
}

// thisComputer says how this computer keeps what is here, and starts Kith.
func (in *asking) thisComputer(v *computers) error {
	c, err := in.p.daemon.Computer(in.ctx())
	if err != nil {
		return err
	}
	say := func(name, says string) { v.This = append(v.This, fact{Name: name, Says: says}) }
	if c.Protected {
		say(in.t.T("Passphrase"), in.t.T("There is one: who has the disk alone can neither read what we wrote nor write as you. Kith asks for it when it starts. To change it: end Kith, and in a terminal: kith protect"))
	} else {
		say(in.t.T("Passphrase"), in.t.T("There is none: who has the disk can read what we wrote, and write as you. To set one: end Kith, and in a terminal: kith protect"))
	}
	if c.Menu {
		say(in.t.T("Menu"), in.t.T("Kith is in the applications menu: that starts it where it doesn’t run, and opens this page."))
	}
	switch s := c.Starts; {
	case s == nil:
		say(in.t.T("Starts"), in.t.T("It isn’t known here how this computer starts programs by itself."))
	case s.AtLogin || s.Runs:
		say(in.t.T("Starts"), in.t.T("By itself, at the latest when you log in."))
	default:
		says := in.t.T("When you open Kith from the menu, or type kith daemon: not by itself. While it doesn’t run, nobody gets what you wrote.")
		for _, wrong := range in.saidAll(s.Says) {
			if wrong.Lang == "" { // else kith service status says it
				says += " " + capital(wrong.Says)
			}
		}
		say(in.t.T("Starts"), says)
		if len(s.Says) == 0 {
			v.Start = action{Words: in.t.T("Start it whenever I log in"), At: in.At("devices", "starts"), Post: true, Look: "line", Back: in.At("devices")}
		}
	}
	say(in.t.T("Lies in"), c.Home)
	return nil
}

// startAtLogin has the computer start Kith by itself.
func (in *asking) startAtLogin(w http.ResponseWriter) error {
	if _, err := in.p.daemon.StartAtLogin(in.ctx()); err != nil {
		return err
	}
	in.goTo(w, in.At("devices"))
	return nil
}

func (in *asking) deviceSays(d api.Device) string {
	var this, consents, here string
	if d.This {
		this = in.t.T("this one")
	} else if !d.Retired {
		here = in.t.T("not here now")
		if d.Connected {
			here = in.t.T("here now")
		} else if !d.LastSeen.IsZero() {
			here = in.t.T("last here {when}", "when", in.Moment(d.LastSeen.Time))
		}
	}
	if d.Consents && !d.Retired {
		consents = in.t.T("consents to steps about us")
	}
	return dots(this, here, consents)
}

// pairingNow says how it stands with the newest code, as long as there is something to do or to tell.
func (in *asking) pairingNow() (*pairing, error) {
	code, known := in.p.codes.get(in.space)
	if !known {
		return nil, nil
	}
	p, err := in.c.Pairing(in.ctx())
	if err != nil {
		return nil, err
	}
	v := &pairing{Waits: p.State == api.PairingOpen || p.State == api.PairingAsked}
	switch p.State {
	case api.PairingOpen:
		v.Code, v.QR = code.Code, qrCode(code.Code, in.t.T("The code, for a camera"))
		v.Good = in.t.T("For one computer of yours, good until {time}. Show it to nobody else.", "time", code.ExpiresAt.In(in.now.Location()).Format("15:04"))
	case api.PairingAsked:
		v.Words, v.Who = p.Words, p.Device.Name
		v.Same = action{Words: in.t.T("It shows the same two words: add it"), At: in.At("devices", "confirm"), Post: true, Look: "filled"}
		v.No = action{Words: in.t.T("They are others: don’t"), At: in.At("devices", "decline"), Post: true, Look: "line"}
	case api.PairingAdded:
		v.Says = in.t.T("It is a computer of yours now. It gets everything by itself.")
	case api.PairingExpired:
		v.Says = in.t.T("Nobody used the code while it was good.")
	default:
		v.Says = in.t.T("The code is useless now: the words were others, or it was taken back.")
	}
	return v, nil
}

// addDevice makes a code for a further computer.
func (in *asking) addDevice(w http.ResponseWriter) error {
	code, err := in.c.AddDevice(in.ctx(), api.DeviceCodeRequest{})
	if err != nil {
		return err
	}
	in.p.codes.set(in.space, code)
	in.goTo(w, in.At("devices"))
	return nil
}

// confirmDevice adds the computer that shows the words which the reader was shown.
func (in *asking) confirmDevice(w http.ResponseWriter) error {
	if _, err := in.c.ConfirmDevice(in.ctx(), in.r.PostFormValue("words")); err != nil {
		return err
	}
	in.goTo(w, in.At("devices"))
	return nil
}

func (in *asking) declineDevice(w http.ResponseWriter) error {
	if _, err := in.c.DeclineDevice(in.ctx()); err != nil {
		return err
	}
	in.goTo(w, in.At("devices"))
	return nil
}

// retireDevice takes a computer out of use, once the reader has been told what follows.
func (in *asking) retireDevice(w http.ResponseWriter) error {
	yes := in.r.PostFormValue("yes") != ""
	_, err := in.c.RetireDevice(in.ctx(), in.r.PathValue("id"), api.RetireRequest{Yes: yes})
	if asks := in.follows(err, "Take it out of use", in.At("devices")); asks != nil {
		in.formPage(w, asks)
		return nil
	}
	if err != nil {
		return err
	}
	in.goTo(w, in.At("devices"))
	return nil
}

// follows is the form in which somebody says that they know what follows, where that is asked of them; else nil.
func (in *asking) follows(err error, deed, cancel string) *form {
	p, ok := problem.Of(err)
	if !ok || p.Code != api.NotAllowed || !strings.Contains(p.Hint, "--yes") {
		return nil
	}
	word := in.said(p.Message)
	f := &form{Title: in.t.T(deed), At: in.r.URL.Path, Words: in.t.T("That is what I want"), Cancel: cancel, Hidden: []hidden{{"yes", "yes"}}}
	for name, values := range in.r.PostForm {
		if name != "yes" && len(values) > 0 {
			f.Hidden = append(f.Hidden, hidden{name, values[0]})
		}
	}
	f.Follows = capitalised(word)
	return f
}

// capitalised begins a sentence as one.
func capitalised(s sentence) sentence { return sentence{capital(s.Says), s.Lang} }

// deviceName asks what a computer is called from now on.
func (in *asking) deviceName(w http.ResponseWriter) error {
	f, err := in.deviceNameForm()
	if err == nil {
		in.formPage(w, f)
	}
	return err
}

func (in *asking) deviceNameForm() (*form, error) {
	all, err := in.c.Devices(in.ctx())
	if err != nil {
		return nil, err
	}
	d, err := api.ResolveDevice(all, in.r.PathValue("id"))
	return &form{Title: in.t.T("Call {computer} otherwise", "computer", d.Name), At: in.r.URL.Path, Words: in.t.T("That is its name"), Cancel: in.At("devices"),
		Inputs: []input{{Name: "name", Is: "line", Own: true, Label: in.t.T("What it is called"), Value: d.Name, Needs: true, Max: api.MaxName}}}, err
}

func (in *asking) renameDevice(w http.ResponseWriter) error {
	if _, err := in.c.RenameDevice(in.ctx(), in.r.PathValue("id"), clean(in.r.PostFormValue("name"))); err != nil {
		f, gone := in.deviceNameForm()
		if gone != nil {
			return err
		}
		f.retype(in.r.PostForm)
		in.formPage(w, in.again(f, err))
		return nil
	}
	in.goTo(w, in.At("devices"))
	return nil
}

func (in *asking) moveConsents(w http.ResponseWriter) error {
	if _, err := in.c.MoveConsents(in.ctx(), in.r.PathValue("id")); err != nil {
		return err
	}
	in.goTo(w, in.At("devices"))
	return nil
}
