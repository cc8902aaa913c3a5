package page

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"kith/crdt/kinds"
	"kith/crdt/problem"
	"kith/daemon/api"
)

// maxForm bounds what a form sends, in bytes: the longest text twice, as it was and as it is, each byte written as three, and
// the rest.
const maxForm = 2*3*4*api.MaxText + 1<<16

// Handler answers all that a browser asks.
func (p *Page) Handler() http.Handler {
	mux := http.NewServeMux()
	p.routes(mux.HandleFunc)
	return p.guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, ok := strings.CutPrefix(r.URL.Path, "/static/"); ok {
			static(w, r, name)
			return
		}
		mux.ServeHTTP(w, r)
	}))
}

// handles has what is asked for by a pattern of http.ServeMux answered.
type handles func(pattern string, answer func(http.ResponseWriter, *http.Request))

// routes tells all that there is to be asked for.
func (p *Page) routes(handle handles) {
	handle("GET /{$}", p.about(p.first))
	handle("GET /live", p.streams)
	handle("POST /language", p.about(p.choose))
	p.firstRun(handle)
	within := func(pattern string, answers func(func(*asking, http.ResponseWriter) error) http.HandlerFunc, show func(*asking, http.ResponseWriter) error) {
		method, path, _ := strings.Cut(pattern, " ")
		handle(method+" /{space}/"+path, answers(func(in *asking, w http.ResponseWriter) error {
			if err := in.enter(); err != nil {
				return err
			}
			return show(in, w)
		}))
	}
	coop := func(pattern string, show func(*asking, http.ResponseWriter) error) { within(pattern, p.about, show) }
	withFile := func(pattern string, show func(*asking, http.ResponseWriter) error) { within(pattern, p.takes, show) }
	coop("GET {$}", (*asking).today)
	coop("GET contents", (*asking).contents)
	coop("GET search", (*asking).search)
	coop("GET members", (*asking).members)
	coop("GET step", (*asking).inStep)
	coop("POST step", (*asking).comeIntoStep)
	coop("GET load", (*asking).load)
	coop("GET hours", (*asking).hoursPage)
	coop("POST hours", (*asking).logHours)
	coop("GET hours/invoice", (*asking).invoice)
	coop("GET hours/invoice/{form}", (*asking).invoiceFile)
	coop("GET hours/start", func(in *asking, w http.ResponseWriter) error { in.formPage(w, in.beginForm(nil)); return nil })
	coop("POST hours/start", (*asking).startHours)
	coop("POST hours/stop", (*asking).stopHours)
	coop("GET hours/{entry}", func(in *asking, w http.ResponseWriter) error {
		f, err := in.changeForm(nil)
		if err == nil {
			in.formPage(w, f)
		}
		return err
	})
	coop("POST hours/{entry}", (*asking).changeHours)
	coop("POST hours/{entry}/drop", (*asking).dropHours)
	coop("GET allies", (*asking).allies)
	for _, what := range []string{"new", "join"} {
		coop("GET allies/"+what, func(in *asking, w http.ResponseWriter) error { return in.pactForms(w, what) })
		coop("POST allies/"+what, func(in *asking, w http.ResponseWriter) error { return in.pactAnswers(w, what) })
	}
	coop("GET allies/{id}", (*asking).ally)
	coop("GET allies/{id}/{verb}", (*asking).pactAsks)
	coop("POST allies/{id}/{verb}", (*asking).pactDoes)
	coop("GET allies/{ally}/steps/{id}", (*asking).proposal)
	coop("POST allies/{ally}/steps/{id}/{verb}", (*asking).answer)
	coop("GET asks/{id}", (*asking).ask)
	coop("POST asks/{id}/{verb}", (*asking).answerAsk)
	coop("GET invites", (*asking).invites)
	coop("POST invites", (*asking).invite)
	coop("POST invites/{id}/revoke", (*asking).revokeInvite)
	withFile("POST invites/answer", (*asking).letIn)
	coop("GET by-file", (*asking).byFile)
	coop("POST by-file/bundle", (*asking).writeBundle)
	withFile("POST by-file/read", (*asking).readBundle)
	coop("POST by-file/folders", (*asking).addFolder)
	coop("POST by-file/folders/remove", (*asking).removeFolder)
	coop("GET log", (*asking).log)
	coop("POST log/undo", (*asking).undo)
	coop("GET porches", (*asking).porches)
	coop("POST porches", (*asking).addPorch)
	coop("GET porches/{id}/"+porchRemove, (*asking).givePorchUp)
	coop("POST porches/{id}/{verb}", (*asking).doPorch)
	coop("GET for-others", (*asking).forOthers)
	coop("GET for-others/{form}", (*asking).forOthersFile)
	coop("GET devices", (*asking).devices)
	coop("GET devices/check", (*asking).well)
	coop("GET devices/backup", func(in *asking, w http.ResponseWriter) error { in.formPage(w, in.backupForm()); return nil })
	coop("POST devices/backup", (*asking).backup)
	coop("POST devices", (*asking).addDevice)
	coop("POST devices/starts", (*asking).startAtLogin)
	coop("POST devices/confirm", (*asking).confirmDevice)
	coop("POST devices/decline", (*asking).declineDevice)
	coop("POST devices/{id}/retire", (*asking).retireDevice)
	coop("POST devices/{id}/consents", (*asking).moveConsents)
	coop("GET devices/{id}/rename", (*asking).deviceName)
	coop("POST devices/{id}/rename", (*asking).renameDevice)
	coop("GET members/{id}", (*asking).member)
	coop("GET members/{id}/"+wayBack, (*asking).wayBack)
	coop("GET members/{id}/{action}", (*asking).proposing)
	coop("POST members/{id}/{action}", (*asking).propose)
	coop("GET rename", func(in *asking, w http.ResponseWriter) error { in.formPage(w, in.nameForm()); return nil })
	coop("POST rename", (*asking).rename)
	coop("POST resign", (*asking).resign)
	coop("GET charter", (*asking).charter)
	coop("GET charter/{action}", (*asking).proposing)
	coop("POST charter/{action}", (*asking).propose)
	coop("GET proposals/{id}", (*asking).proposal)
	coop("POST proposals/{id}/{verb}", (*asking).answer)
	coop("GET intakes/"+importPage, func(in *asking, w http.ResponseWriter) error { in.formPage(w, in.importForm()); return nil })
	withFile("POST intakes/"+importPage, (*asking).imports)
	coop("GET agreements/"+figuresPage, (*asking).figures)
	coop("POST talk/{id}", (*asking).say)
	coop("GET {many}", (*asking).documents)
	coop("POST {many}", (*asking).begin)
	coop("GET {many}/{id}", (*asking).document)
	coop("GET {many}/{id}/{verb}", (*asking).asksFor)
	coop("POST {many}/{id}/{verb}", (*asking).do)
	handle("/", p.about(func(*asking, http.ResponseWriter) error { return noSuchThing }))
}

// about answers one request, and tells what comes in its way.
func (p *Page) about(show func(*asking, http.ResponseWriter) error) http.HandlerFunc {
	return p.answers(show, (*asking).readForm)
}

// readForm reads what was typed into a form.
func (in *asking) readForm(w http.ResponseWriter) error {
	in.r.Body = http.MaxBytesReader(w, in.r.Body, maxForm)
	err := in.r.ParseForm()
	var over *http.MaxBytesError
	if errors.As(err, &over) {
		err = api.Problemf(api.Limit, "", "this is too long: a text has at most %d characters", api.MaxText)
	}
	return err
}

// answers is about with another way to read what is sent.
func (p *Page) answers(show, read func(*asking, http.ResponseWriter) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		in := p.asking(r)
		var err error
		if r.Method == http.MethodPost {
			defer p.hub.forget() // before the browser asks what has become of it
			err = read(in, w)
		}
		if err == nil {
			err = show(in, w)
		}
		if err != nil {
			in.fail(w, err)
		}
		if in.upload {
			in.leftOver() // else it would be taken for the next request
		}
	}
}

// statuses are those of what the daemon refuses.
var statuses = map[api.Code]int{
	api.NotFound: http.StatusNotFound, api.Ambiguous: http.StatusConflict, api.NotAllowed: http.StatusConflict, api.Invalid: http.StatusUnprocessableEntity,
	api.Usage: http.StatusUnprocessableEntity, api.Nothing: http.StatusConflict, problem.Changed: http.StatusConflict, api.Limit: http.StatusUnprocessableEntity, api.TimedOut: http.StatusGatewayTimeout, api.NotRunning: http.StatusServiceUnavailable,
}

// trouble is what came in the way: what it comes to, and what the daemon says.
type trouble struct {
	Says      string
	Word      string // of the daemon; ""
	Lang      string // of Word, where it isn't that of the page
	Next      string
	New, Gone string // what is said before each of these
	// Changes are how what somebody answers to differs from what they were shown.
	Changes [][]piece
}

// explain makes of an error what is told of it.
func (in *asking) explain(err error) (int, trouble) {
	p, ok := problem.Of(err)
	if !ok {
		if in.ctx().Err() == nil {
			in.p.log.Error("unexpected", "err", err)
		}
		return http.StatusInternalServerError, trouble{Says: in.t.T("Something went wrong that Kith doesn’t know."), Next: in.t.T("Try again; kith doctor looks whether all is well.")}
	}
	word := in.said(p.Message)
	t := trouble{Word: capital(word.Says), Lang: word.Lang}
	switch p.Code {
	case api.NotFound:
		t.Says, t.Next = in.t.T("There is no such thing here."), in.t.T("It may be on its way from another computer. Find helps to look for it.")
		t.Word = ""
	case problem.Changed:
		t.Says, t.Next = in.t.T("It was changed while you answered."), in.t.T("What you wrote is kept here. Read it as it is now, then say it again.")
		t.Word, t.Changes = "", pieces(p.Changed)
		t.New, t.Gone = in.t.T("new:"), in.t.T("gone:")
	case api.Failed:
		t.Says, t.Next = in.t.T("This computer couldn’t do it."), in.t.T("Nothing was changed, and what you wrote stays here. Send it again once that is mended.")
	case api.Nothing:
		t.Says, t.Next = in.t.T("There was nothing to do."), in.t.T("What stands here now is on the page before this one.")
	case api.NotAllowed:
		t.Says, t.Next = in.t.T("This can’t be done as things stand."), in.t.T("Nothing was changed. What stands here now is on the page before this one.")
	case api.NotRunning, api.TimedOut:
		t.Says, t.Next = in.t.T("The daemon didn’t answer."), in.t.T("Look whether it was done, then try again.")
	default:
		t.Says, t.Next = in.t.T("This can’t be taken as it is."), in.t.T("Nothing was changed. Change it, and send it again.")
	}
	if status := statuses[p.Code]; status != 0 {
		return status, t
	}
	return http.StatusBadRequest, t
}

// pieces are the differences as the daemon tells them.
func pieces(all []problem.Change) (out [][]piece) {
	for _, c := range all {
		var one []piece
		for _, p := range c.Diff {
			switch {
			case p.Same != "":
				one = append(one, piece{"same", p.Same})
			case p.Gone != "":
				one = append(one, piece{"gone", p.Gone})
			case p.Came != "":
				one = append(one, piece{"new", p.Came})
			}
		}
		out = append(out, one)
	}
	return out
}

func (in *asking) fail(w http.ResponseWriter, err error) {
	status, t := in.explain(err)
	if status == http.StatusNotFound && in.c != nil && in.kind() != nil && in.r.PathValue("id") != "" {
		switch f, err := in.c.Forgetting(in.ctx(), in.r.PathValue("id"), false); {
		case err != nil || f.State != api.Forgotten:
		case f.GoesOn != nil:
			at := in.At(kinds.All.Named(f.GoesOn.Kind).Many, f.GoesOn.Short)
			in.goTo(w, in.telling(at, []sentence{{Says: in.t.T("A part of what you looked for was forgotten. What stayed of it goes on here.")}}))
			return
		default:
			t = trouble{Says: in.t.T("This was forgotten."), Next: in.t.T("Those who wrote in it, or the co-op, took it back.")}
		}
	}
	if in.c == nil && len(in.coops) > 0 {
		in.coops = nil
	}
	in.render(w, status, "trouble", t)
}

// refuse says that nothing is shown, and what to do.
func (in *asking) refuse(w http.ResponseWriter, status int, says, next string) {
	in.render(w, status, "trouble", trouble{Says: in.t.T(says), Next: in.t.T(next)})
}

// first leads to the co-op, the oldest if there are several.
func (p *Page) first(in *asking, w http.ResponseWriter) error {
	coops, err := p.coops(in.ctx())
	if err != nil {
		return err
	}
	if len(coops) == 0 {
		return in.start(w)
	}
	http.Redirect(w, in.r, "/"+coops[0].Space.ID[:spaceLetters]+"/", http.StatusSeeOther)
	return nil
}

// choose sets the language, and goes back to where that was asked.
func (p *Page) choose(in *asking, w http.ResponseWriter) error {
	t := p.words.called(in.r.PostFormValue("language"))
	if t == nil {
		return api.Problemf(api.Invalid, "", "there is no such language here")
	}
	if err := p.keepLanguage(t); err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{Name: languageCookie, Value: t.Tag, Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true, SameSite: http.SameSiteStrictMode})
	in.goTo(w, in.r.PostFormValue("back"))
	return nil
}

// goTo sends the browser to another address of this page: nowhere else, whatever a form says.
func (in *asking) goTo(w http.ResponseWriter, address string) {
	at, err := url.Parse(address)
	if err != nil || at.Host != "" || at.Scheme != "" || !strings.HasPrefix(at.Path, "/") || strings.HasPrefix(at.Path, "//") || strings.Contains(address, `\`) {
		at = &url.URL{Path: "/"}
	}
	http.Redirect(w, in.r, at.RequestURI(), http.StatusSeeOther)
}
