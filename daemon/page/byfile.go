package page

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"kith/daemon/api"
)

// Where no network leads to anybody who answers a code, somebody joins by file: their request goes out as one, or as a text, and the answer
// to it comes back as another, with all that is in the co-op.

// The pages of who joins so, by their names in the address.
const (
	askPage   = "by-file"
	askedPage = "asked"
)

// What files are called that the browser saves.
const (
	askFile     = "ask.kith"
	welcomeFile = "welcome.kith"
)

// byFileFirst routes the pages of who joins by file.
func (p *Page) byFileFirst(handle handles) {
	handle("GET /start/"+askPage, p.about(func(in *asking, w http.ResponseWriter) error { return in.starts(w, in.askForm(nil)) }))
	handle("POST /start/"+askPage, p.about((*asking).askByFile))
	handle("GET /start/"+askedPage, p.about(func(in *asking, w http.ResponseWriter) error { return in.asked(w, nil) }))
	handle("GET /start/"+askFile, p.about((*asking).askText))
	handle("POST /start/"+askedPage, p.takes((*asking).readWelcome))
}

func (in *asking) askForm(err error) starting {
	f := in.startForm(askPage, nil, nil, nameInput(in), in.codeInput())
	f.Words, f.Cancel = in.t.T("Write the request"), "/start/join"
	if in.r.Method == http.MethodPost {
		f.retype(in.r.PostForm)
	}
	if err != nil {
		in.again(f, err)
	}
	return starting{Step: 1, Sentence: in.t.T("Join by file"), Form: f,
		Below: in.t.T("Your request becomes a small file, which goes to whoever gave you the code, by any messenger or on a stick. They send you a file back, and nobody’s computer has to be on.")}
}

// codeInput asks for the code of an invite.
func (in *asking) codeInput() input {
	return input{Name: "code", Is: "code", Label: in.t.T("The code"), Hint: in.t.T("Paste it, or type it as it stands on the card. It begins with kith1."), Needs: true, Max: maxCode}
}

// askByFile writes the request, and leads to the words, or, where it is the request of before, to what is to be sent.
func (in *asking) askByFile(w http.ResponseWriter) error {
	q := api.JoinRequest{Invite: clean(in.r.PostFormValue("code")), As: in.r.PostFormValue("as"), Another: true}
	if len(q.Invite) > maxCode {
		return in.starts(w, in.askForm(api.Problemf(api.Limit, "", "no code is as long as this: %d letters", len(q.Invite))))
	}
	asked, err := in.p.daemon.JoinAsk(in.ctx(), q)
	if err != nil {
		return in.starts(w, in.askForm(err))
	}
	next := "/start/" + askedPage
	if asked.RecoveryPhrase != "" {
		next = "/start/words?key=" + in.p.phrases.keep(unwritten{asked.RecoveryPhrase, asked.As, next})
	}
	in.goTo(w, next)
	return nil
}

// request is a request to join that waits for its answer.
type request struct {
	starting
	Asks []asks
}

type asks struct {
	As, Text string
	Save     string // where it is to be had as a file
}

// asked shows the requests that wait for their answers, with a form that wasn't taken, or (nil) a fresh one.
func (in *asking) asked(w http.ResponseWriter, f *form) error {
	all, err := in.p.daemon.JoinAsking(in.ctx())
	if err != nil {
		return err
	}
	v := request{starting: starting{Sentence: in.t.T("Send your request, and read the answer."), Form: f}}
	for _, one := range all {
		v.Asks = append(v.Asks, asks{As: one.As, Text: one.Ask, Save: "/start/" + askFile + "?as=" + url.QueryEscape(one.As)})
	}
	if len(all) == 0 {
		v.Sentence, v.Form = in.t.T("No request of yours waits for an answer here."), nil
	} else if f == nil {
		v.Form = in.welcomeForm()
	}
	in.show(w, statusOf(f), askedPage, v.Sentence, v)
	return nil
}

// askText gives the browser a request as a file.
func (in *asking) askText(w http.ResponseWriter) error {
	all, err := in.p.daemon.JoinAsking(in.ctx())
	if err != nil {
		return err
	}
	for _, one := range all {
		if one.As == in.r.FormValue("as") {
			savesAs(w, askFile)
			_, err := io.WriteString(w, one.Ask+"\n")
			return err
		}
	}
	return noSuchThing
}

func (in *asking) welcomeForm() *form {
	return &form{At: "/start/" + askedPage, Plain: true, Holds: true, Words: in.t.T("Read the answer"),
		Inputs: []input{in.fileInput(in.t.T("The file that they sent you"), in.t.T("It is called {file}, unless somebody called it otherwise.", "file", welcomeFile))}}
}

// readWelcome joins by the answer.
func (in *asking) readWelcome(w http.ResponseWriter) error {
	if in.file == nil {
		return in.asked(w, in.again(in.welcomeForm(), errNoFile))
	}
	res, err := in.p.daemon.JoinRead(in.ctx(), in.file)
	if err != nil {
		in.leftOver()
		return in.asked(w, in.again(in.welcomeForm(), err))
	}
	in.p.hub.forget()
	at := "/" + res.Space.ID[:spaceLetters] + "/"
	in.goTo(w, in.p.telling(res.Space.ID[:spaceLetters], at, []sentence{{Says: in.t.T("You are in, {name}. What you write goes to the others as soon as a network or a file brings it there.", "name", res.Member.Name)}}))
	return nil
}

// answered is a request to join that was answered.
type answered struct{ who, text string }

// letInForm takes a request of somebody whom no network brings here.
func (in *asking) letInForm() *form {
	f := &form{At: in.At("invites", "answer"), Plain: true, Holds: true, Words: in.t.T("Let them in, and save the answer"), Beside: in.t.T("it is closed for their computer alone"),
		Inputs: []input{
			{Name: "text", Is: "code", Label: in.t.T("The text that they sent you"), Hint: in.t.T("It begins with kithq1. Leave it empty if you have it as a file."), Max: maxCode},
			in.fileInput(in.t.T("Or the file"), ""),
		}}
	f.Inputs[1].Needs = false
	if in.r.Method == http.MethodPost {
		f.retype(in.r.PostForm)
	}
	return f
}

// letIn lets in who asks by a file or a text, and gives the browser the answer.
func (in *asking) letIn(w http.ResponseWriter) error {
	text, err := strings.TrimSpace(clean(in.r.PostFormValue("text"))), error(nil)
	if before, ok := in.p.answered.get(in.space); ok && in.r.PostFormValue("again") != "" {
		text = before.text
	}
	if in.file != nil {
		text, err = readText(in.file, maxCode)
		in.leftOver()
	}
	if err == nil && text == "" {
		err = errNoFile
	}
	if err != nil {
		return in.invitesWith(w, in.again(in.letInForm(), err))
	}
	what, from, err := in.c.Answer(in.ctx(), text)
	if err != nil {
		return in.invitesWith(w, in.again(in.letInForm(), err))
	}
	in.p.answered.set(in.space, answered{what.Joined.Name, text})
	in.p.hub.tell() // the page of the codes says so, beside the file
	return in.sends(w, welcomeFile, from)
}

// readText reads a short text that came as a file.
func readText(file io.Reader, most int) (string, error) {
	b, err := io.ReadAll(io.LimitReader(file, int64(most)+1))
	switch {
	case err != nil:
		return "", notCome(err)
	case len(b) > most:
		return "", api.Problemf(api.Limit, "", "the file is too large to be a request to join")
	}
	return strings.TrimSpace(strings.ToValidUTF8(string(b), "\uFFFD")), nil
}

// savesAs has the browser save what comes, under this name.
func savesAs(w http.ResponseWriter, name string) {
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	w.Header().Set("Cache-Control", "no-store")
}

// sends gives the browser a file as it comes from the daemon. One that breaks off is broken off there, too: the browser must not take a part
// of it for the whole.
func (in *asking) sends(w http.ResponseWriter, name string, from io.ReadCloser) error {
	defer from.Close()
	savesAs(w, name)
	if err := http.NewResponseController(w).SetWriteDeadline(time.Time{}); err != nil { // it takes as long as it is large
		return err
	}
	if _, err := io.Copy(w, from); err != nil {
		if !errors.Is(err, context.Canceled) {
			in.p.log.Error("a file was broken off", "file", name, "err", err)
		}
		panic(http.ErrAbortHandler)
	}
	return nil
}
