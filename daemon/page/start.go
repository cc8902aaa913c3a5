package page

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"kith/crdt/problem"
	"kith/daemon/api"
)

// The first run leads somebody through founding a co-op or joining one, one step a page: who they are, the words that bring them back
// (phrase.go), and inviting the others (invites.go). It serves a further co-op on this computer as well.

const (
	joinTries = 2 * time.Minute        // how long somebody who joins waits for an answer
	joinAgain = 500 * time.Millisecond // until it is asked again, where nobody was there
	maxSeats  = 20                     // of founders
	maxCode   = 4096                   // letters of a code that is looked at
)

// starting is a page of the first run.
type starting struct {
	Step     int // of three, from 1; 0: it is none of these
	Sentence string
	Below    string
	Ways     []row // what one can begin with
	Form     *form
	More     []action // what else there is
	Words    []string // to compare
	Waits    bool     // it asks for itself again until something has come
}

// Steps are the words for the three steps; there are none for who comes back.
func (s starting) Steps() [3]string {
	if s.Step == 0 {
		return [3]string{}
	}
	return [...]string{"Who are you?", "Twelve words", "Invite the others"}
}

// firstRun routes the pages of the first run.
func (p *Page) firstRun(handle handles) {
	handle("GET /start", p.about((*asking).start))
	handle("GET /start/found", p.about((*asking).founding))
	handle("POST /start/found", p.about((*asking).found))
	handle("POST /start/carry", p.about((*asking).carryOn))
	handle("GET /start/join", p.about((*asking).joining))
	handle("POST /start/join", p.about((*asking).join))
	handle("GET /start/device", p.about((*asking).deviceJoining))
	handle("POST /start/device", p.about((*asking).deviceJoin))
	handle("GET /start/joining", p.about((*asking).joins))
	p.byFileFirst(handle)
	p.backFirst(handle)
	handle("GET /start/words", p.about((*asking).phrase))
	handle("GET /start/written", p.about((*asking).written))
	handle("POST /start/written", p.about((*asking).confirmWords))
}

func (in *asking) starts(w http.ResponseWriter, v starting) error {
	in.show(w, statusOf(v.Form), "start", in.t.T("Begin"), v)
	return nil
}

// start asks what somebody came for.
func (in *asking) start(w http.ResponseWriter) error {
	way := func(id, words, says string) row {
		return row{ID: id, Mark: textMark(), Title: in.t.T(words), At: "/start/" + id, Says: in.t.T(says)}
	}
	v := starting{
		Step: 1, Sentence: in.t.T("Found a co-op, or join one."),
		Below: in.t.T("Everything stays on this computer, and on those of the others. There is no account and no server."),
		Ways: []row{
			way("found", "Found a co-op", "and invite the others"),
			way("join", "Join with a code", "somebody in the co-op gave you one"),
			way("device", "Another computer of mine", "you are in the co-op with another one already"),
			way(backPage, "Come back", "you had a computer in the co-op, and it is gone"),
		},
	}
	asked, err := in.p.daemon.JoinAsking(in.ctx())
	if err != nil {
		return err
	}
	coops, err := in.p.coops(in.ctx())
	if err != nil {
		return err
	}
	for _, s := range coops {
		v.More = append(v.More, action{Words: in.t.T("Back to {coop}", "coop", s.Space.Name), At: "/" + s.Space.ID[:spaceLetters] + "/", Look: "plain"})
	}
	if len(asked) > 0 {
		v.Ways = append([]row{way(askedPage, "A request of yours waits for its answer", "look at it, or read the answer that somebody sent you")}, v.Ways...)
	}
	return in.starts(w, v)
}

func nameInput(in *asking) input {
	return input{Name: "as", Is: "line", Own: true, Label: in.t.T("Your name, as the others call you"), Hint: in.t.T("They will see it on everything you say."), Needs: true, Max: api.MaxTitle}
}

// startForm is a form of the first run. It is sent by leaving the page, since the one that follows may be of a co-op, which hears of changes.
func (in *asking) startForm(name string, err error, typed url.Values, inputs ...input) *form {
	f := &form{ID: "start/" + name, At: "/start/" + name, Cancel: "/start", Plain: true, Inputs: inputs}
	if typed != nil {
		f.retype(typed)
	}
	if err != nil {
		in.again(f, err)
	}
	return f
}

func (in *asking) foundForm(coops []api.Status, err error) starting {
	f := in.startForm("found", nil, nil, nameInput(in),
		input{Name: "name", Is: "line", Own: true, Label: in.t.T("What is the co-op called?"), Needs: true, Max: api.MaxTitle},
		input{Name: "founders", Is: "hours", Label: in.t.T("How many found it, with you?"), Hint: in.t.T("Each of the others gets a code. More can come later."), Value: "1", Needs: true},
	)
	if len(coops) > 0 {
		f.Inputs = append(f.Inputs, in.fromInput(coops))
	}
	f.Words = in.t.T("Found it")
	f.Hidden = []hidden{{"once", cmp.Or(in.r.PostFormValue("once"), onceKey())}}
	if in.r.Method == http.MethodPost {
		f.retype(in.r.PostForm)
	}
	if err != nil {
		in.again(f, err)
	}
	return starting{Step: 1, Sentence: in.t.T("Found a co-op"), Form: f}
}

func (in *asking) founding(w http.ResponseWriter) error {
	coops, err := in.p.coops(in.ctx())
	if err != nil {
		return err
	}
	return in.starts(w, in.foundForm(coops, nil))
}

// found founds a co-op, and leads to the words. A form that is sent twice founds one.
func (in *asking) found(w http.ResponseWriter) error {
	coops, err := in.p.coops(in.ctx())
	if err != nil {
		return err
	}
	at, err := in.p.made.once(in.r.PostFormValue("once"), func() (string, error) {
		founders, err := strconv.Atoi(in.r.PostFormValue("founders"))
		if err != nil || founders < 1 || founders > maxSeats {
			return "", api.Problemf(api.Invalid, "", "a co-op has 1 to %d founders, and more can join later", maxSeats)
		}
		q := api.InitRequest{Name: in.r.PostFormValue("name"), As: in.r.PostFormValue("as"), Founders: founders}
		if from := in.r.PostFormValue("from"); from != "" {
			return in.foundFrom(coops, from, q)
		}
		res, err := in.p.daemon.Found(in.ctx(), q)
		if err != nil {
			return "", err
		}
		return in.p.showWords(res, firstPage(res.Space, founders)), nil
	})
	if err != nil {
		return in.starts(w, in.foundForm(coops, err))
	}
	http.Redirect(w, in.r, at, http.StatusSeeOther)
	return nil
}

// firstPage is where somebody begins who has founded a co-op.
func firstPage(coop api.Named, founders int) string {
	at := "/" + coop.ID[:spaceLetters] + "/"
	if founders > 1 {
		at += "invites"
	}
	return at
}

// showWords gives the address of the page that shows the phrase of a co-op which was just founded; next is where it leads then.
func (p *Page) showWords(res api.InitResult, next string) string {
	return "/start/words?key=" + p.phrases.keep(unwritten{res.RecoveryPhrase, res.Space.Name, next})
}

// attempt is somebody's try to join. It goes on while they look.
type attempt struct {
	again func(*asking, error) starting // the form, with what was typed
	waits func(*asking) starting        // how it goes; nil: somebody is asked to let them in

	mu    sync.Mutex
	words []string // to compare, of a computer that asks to be another one of somebody's
	over  bool
	err   error
	next  string // where it leads when it is over
}

func (a *attempt) end(next string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.over, a.next, a.err = true, next, err
}

func (a *attempt) show(words api.Compare) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.words = words.Words
}

func (in *asking) joinForm(err error, typed url.Values) starting {
	f := in.startForm("join", err, typed, nameInput(in),
		in.codeInput(),
	)
	f.Words = in.t.T("Join")
	return starting{Step: 1, Sentence: in.t.T("Join with a code"), Below: in.t.T("Somebody’s computer who is in the co-op has to be on."), Form: f,
		More: []action{{Words: in.t.T("No network leads there? Join by file"), At: "/start/" + askPage, Look: "plain"}}}
}

func (in *asking) joining(w http.ResponseWriter) error { return in.starts(w, in.joinForm(nil, nil)) }

// join begins to join, and leads to the page that tells how it goes.
func (in *asking) join(w http.ResponseWriter) error {
	typed := in.r.PostForm
	a := &attempt{again: func(in *asking, err error) starting { return in.joinForm(err, typed) }}
	q := api.JoinRequest{Invite: clean(in.r.PostFormValue("code")), As: in.r.PostFormValue("as"), Another: true}
	if len(q.Invite) > maxCode {
		return in.starts(w, in.joinForm(api.Problemf(api.Limit, "", "no code is as long as this: %d letters", len(q.Invite)), nil))
	}
	in.tries(w, a, joinTries, func(ctx context.Context) (string, error) { return in.p.joinSoon(ctx, q) })
	return nil
}

// tries begins an attempt, and leads to the page that tells how it goes.
func (in *asking) tries(w http.ResponseWriter, a *attempt, atMost time.Duration, do func(context.Context) (next string, err error)) {
	in.goTo(w, joiningAt(in.begins(a, atMost, do)))
}

// joiningAt is the page that tells how it goes with an attempt.
func joiningAt(key string) string { return "/start/joining?key=" + key }

// begins begins an attempt, and gives the key to it. One that was under way ends.
func (in *asking) begins(a *attempt, atMost time.Duration, do func(context.Context) (next string, err error)) (key string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(in.ctx()), atMost) // the API that it waits for ends with the daemon
	in.p.mu.Lock()
	if in.p.giveUp != nil {
		in.p.giveUp()
	}
	in.p.giveUp = cancel
	in.p.mu.Unlock()
	in.p.begun.Go(func() {
		defer cancel()
		a.end(do(ctx))
	})
	return in.p.attempts.keep(a)
}

// joinSoon joins as soon as somebody is there to answer.
func (p *Page) joinSoon(ctx context.Context, q api.JoinRequest) (next string, err error) {
	res, err := soon(ctx, q, p.daemon.Join)
	if err != nil {
		return "", err
	}
	p.hub.forget()
	return "/start/words?key=" + p.phrases.keep(unwritten{res.RecoveryPhrase, res.Space.Name, "/" + res.Space.ID[:spaceLetters] + "/"}), nil
}

// soon asks again and again until somebody is there to answer.
func soon[Q, R any](ctx context.Context, q Q, ask func(context.Context, Q, time.Duration) (R, error)) (R, error) {
	again := time.NewTicker(joinAgain)
	defer again.Stop()
	for {
		end, _ := ctx.Deadline()
		res, err := ask(ctx, q, time.Until(end))
		if told, ok := problem.Of(err); !ok || told.Code != api.TimedOut {
			return res, err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return res, err
		}
	}
}

// joins tells how it goes with an attempt.
func (in *asking) joins(w http.ResponseWriter) error {
	a, ok := in.p.attempts.get(in.r.FormValue("key"))
	if !ok {
		http.Redirect(w, in.r, "/start/join", http.StatusSeeOther)
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case !a.over && a.words != nil:
		return in.starts(w, starting{Step: 1, Sentence: in.t.T("Compare two words."), Below: in.t.T("Your other computer shows two words on the page of your computers. If they are these, say so there; this page goes on then."), Words: a.words, Waits: true})
	case !a.over && a.waits != nil:
		return in.starts(w, a.waits(in))
	case !a.over:
		return in.starts(w, starting{Step: 1, Sentence: in.t.T("Asking for you …"), Below: in.t.T("This waits until one of the computers of the co-op answers, two minutes at most. You don’t have to do anything."), Waits: true})
	case a.err != nil:
		return in.starts(w, a.again(in, a.err))
	}
	in.goTo(w, a.next)
	return nil
}

func (in *asking) deviceForm(err error, typed url.Values) starting {
	f := in.startForm("device", err, typed, input{Name: "code", Is: "code", Label: in.t.T("The code"), Hint: in.t.T("Your other computer makes one: Members, your own name, your computers."), Needs: true, Max: maxCode})
	f.Words = in.t.T("Ask to be added")
	return starting{Step: 1, Sentence: in.t.T("Another computer of mine"), Below: in.t.T("Your other computer has to be on. Everything that you have there comes here, too."), Form: f}
}

func (in *asking) deviceJoining(w http.ResponseWriter) error {
	return in.starts(w, in.deviceForm(nil, nil))
}

// deviceTries is how long a computer waits for the words to be compared.
const deviceTries = 15 * time.Minute

// deviceJoin asks for this computer to be another one of somebody's.
func (in *asking) deviceJoin(w http.ResponseWriter) error {
	typed := in.r.PostForm
	a := &attempt{again: func(in *asking, err error) starting { return in.deviceForm(err, typed) }}
	q := api.DeviceJoinRequest{Code: clean(typed.Get("code")), Another: true}
	if len(q.Code) > maxCode {
		return in.starts(w, in.deviceForm(api.Problemf(api.Limit, "", "no code is as long as this: %d letters", len(q.Code)), nil))
	}
	in.tries(w, a, deviceTries, func(ctx context.Context) (string, error) {
		res, err := in.p.daemon.JoinDevice(ctx, q, deviceTries, a.show)
		if err != nil {
			return "", err
		}
		in.p.hub.forget()
		return "/" + res.Space.ID[:spaceLetters] + "/", nil
	})
	return nil
}
