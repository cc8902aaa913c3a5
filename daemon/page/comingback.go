package page

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"kith/daemon/api"
)

// Somebody comes back on a computer that has nothing of theirs: by their recovery phrase, with a code that another member gives; by a new
// phrase, on which the others agree; or from a copy of the computer that they had.

// The pages of who comes back, by their names in the address.
const (
	backPage      = "back"
	recoverPage   = "recover"
	choosePage    = "recover/computers"
	newPhrasePage = "new-phrase"
	newCodePage   = "new-phrase/code"
	restorePage   = "restore"
)

// backFirst routes them.
func (p *Page) backFirst(handle handles) {
	get := func(page string, show func(*asking) starting) {
		handle("GET /start/"+page, p.about(func(in *asking, w http.ResponseWriter) error { return in.starts(w, show(in)) }))
	}
	get(backPage, (*asking).waysBack)
	get(recoverPage, func(in *asking) starting { return in.recoverForm(nil, returner{}) })
	handle("POST /start/"+recoverPage, p.about((*asking).recover))
	handle("GET /start/"+choosePage, p.about(func(in *asking, w http.ResponseWriter) error { return in.chooses(w, nil) }))
	handle("POST /start/"+choosePage, p.about((*asking).recoverChosen))
	get(newPhrasePage, func(in *asking) starting { return in.newPhraseForm(nil) })
	handle("POST /start/"+newPhrasePage, p.about((*asking).newPhrase))
	handle("GET /start/"+newCodePage, p.about((*asking).newCode))
	get(restorePage, func(in *asking) starting { return in.restoreForm(nil) })
	handle("POST /start/"+restorePage, p.takes((*asking).restoreCopy))
}

func (in *asking) waysBack() starting {
	way := func(id, words, says string) row {
		return row{ID: id, Mark: textMark(), Title: in.t.T(words), At: "/start/" + id, Says: in.t.T(says)}
	}
	return starting{Sentence: in.t.T("Come back to your co-op."), Below: in.t.T("If another computer of yours still works, you need none of these: it adds this one."), Ways: []row{
		way(recoverPage, "With my recovery phrase", "the twelve words, and a code from somebody in the co-op"),
		way(restorePage, "From a copy of my computer", "the file that you saved, and its passphrase"),
		way(newPhrasePage, "My phrase is lost, or somebody has it", "the others agree on a new one"),
	}}
}

// returner is who comes back by their phrase.
type returner struct {
	via, phrase string
	member      string
	devices     []api.Device // about which they are to choose
}

func (in *asking) recoverForm(err error, who returner) starting {
	f := in.startForm(recoverPage, nil, nil, in.wayInput(), input{
		Name: "phrase", Is: "code", Label: in.t.T("Your twelve words"), Hint: in.t.T("As they stand on your paper, with spaces between them."), Needs: true, Max: maxPhrase})
	f.ID = "" // the words aren't kept in the browser
	f.Words, f.Cancel = in.t.T("Come back"), "/start/"+backPage
	f.Inputs[0].Value, f.Inputs[1].Value = who.via, who.phrase
	if err != nil {
		in.again(f, err)
	}
	return starting{Sentence: in.t.T("Come back with your phrase"), Form: f,
		Below: in.t.T("Somebody in the co-op finds the code under Members, your name, “Help them come back”. Their computer has to be on.")}
}

// maxPhrase bounds what is looked at as a phrase, in characters.
const maxPhrase = 400

// wayInput asks for the code of a way back.
func (in *asking) wayInput() input {
	return input{Name: "via", Is: "code", Label: in.t.T("The code from somebody in the co-op"), Needs: true, Max: maxCode}
}

// recover begins to bring somebody back.
func (in *asking) recover(w http.ResponseWriter) error {
	who := returner{via: clean(in.r.PostFormValue("via")), phrase: strings.Join(strings.Fields(in.r.PostFormValue("phrase")), " ")}
	if len(who.via) > maxCode || len(who.phrase) > maxPhrase {
		return in.starts(w, in.recoverForm(api.Problemf(api.Limit, "", "no code is as long as this: %d letters", max(len(who.via), len(who.phrase))), returner{}))
	}
	in.recovers(w, who, api.RecoverRequest{})
	return nil
}

// recovers has it tried until somebody answers. Where devices are to be chosen about, it leads to the page that asks for that.
func (in *asking) recovers(w http.ResponseWriter, who returner, q api.RecoverRequest) {
	q.Via, q.Phrase, q.Another = who.via, who.phrase, true
	t := in.t
	a := &attempt{again: func(in *asking, err error) starting { return in.recoverForm(err, who) }}
	in.tries(w, a, joinTries, func(ctx context.Context) (string, error) {
		res, err := soon(ctx, q, in.p.daemon.Recover)
		if err != nil {
			return "", err
		}
		if res.Result == nil {
			who.member, who.devices = res.Member, res.Devices
			return "/start/" + choosePage + "?key=" + in.p.returners.keep(who), nil
		}
		who = returner{} // nobody needs the phrase any more
		in.p.hub.forget()
		space := res.Result.Space.ID[:spaceLetters]
		return in.p.telling(space, "/"+space+"/devices", []sentence{{Says: t.T("Welcome back, {name}. Everything comes here by itself.", "name", res.Result.Member.Name)}}), nil
	})
}

// What is said of a computer.
const (
	stillMine = "keep"
	onceMine  = "mine"
	notMine   = "not-mine"
)

// chooses asks what becomes of the other computers of who comes back.
func (in *asking) chooses(w http.ResponseWriter, refused error) error {
	key := in.r.FormValue("key")
	who, ok := in.p.returners.get(key)
	if !ok {
		http.Redirect(w, in.r, "/start/"+recoverPage, http.StatusSeeOther)
		return nil
	}
	f := &form{At: "/start/" + choosePage, Cancel: "/start/" + backPage, Plain: true, Words: in.t.T("Come back"), Hidden: []hidden{{"key", key}}}
	for i, d := range who.devices {
		label := in.t.T("“{computer}” ({key})", "computer", d.Name, "key", d.ID[:8])
		if d.Retired {
			label = dots(label, in.t.T("out of use now"))
		}
		f.Inputs = append(f.Inputs, input{Name: "computer-" + strconv.Itoa(i), Is: "choice", Needs: true, Label: label, Options: []option{
			{Value: stillMine, Words: in.t.T("I have it, and nobody else does"), Hint: in.t.T("it stays in use")},
			{Value: onceMine, Words: in.t.T("It was mine, and is lost, stolen or broken"), Hint: in.t.T("what you wrote there stays; from now on it can’t speak for you")},
			{Value: notMine, Words: in.t.T("It never was mine"), Hint: in.t.T("nothing that was written there counts")},
		}})
	}
	if refused != nil {
		f.retype(in.r.PostForm)
		in.again(f, refused)
	}
	return in.starts(w, starting{Sentence: in.t.T("What about your other computers, {name}?", "name", who.member), Form: f,
		Below: in.t.T("This computer becomes yours in any case.")})
}

// recoverChosen goes on once that was said of all of them.
func (in *asking) recoverChosen(w http.ResponseWriter) error {
	key := in.r.PostFormValue("key")
	who, ok := in.p.returners.get(key)
	if !ok {
		return in.chooses(w, nil)
	}
	q := api.RecoverRequest{Chosen: true}
	for i, d := range who.devices {
		switch in.r.PostFormValue("computer-" + strconv.Itoa(i)) {
		case stillMine:
			q.Keep = append(q.Keep, d.ID)
		case notMine:
			q.NotMine = append(q.NotMine, d.ID)
		case onceMine:
		default:
			return in.chooses(w, api.Problemf(api.Invalid, "", "nothing was chosen"))
		}
	}
	in.p.returners.drop(key)
	in.recovers(w, who, q)
	return nil
}

func (in *asking) newPhraseForm(err error) starting {
	f := in.startForm(newPhrasePage, nil, nil, in.wayInput())
	f.Words, f.Cancel = in.t.T("Draw a new phrase"), "/start/"+backPage
	if in.r.Method == http.MethodPost {
		f.retype(in.r.PostForm)
	}
	if err != nil {
		in.again(f, err)
	}
	return starting{Sentence: in.t.T("A new phrase"), Form: f,
		Below: in.t.T("You get twelve new words, and a code for the others. Once they have agreed, the words bring you back, and the old ones open nothing any more.")}
}

// newPhrase draws a new phrase, and leads to its words.
func (in *asking) newPhrase(w http.ResponseWriter) error {
	via := clean(in.r.PostFormValue("via"))
	if len(via) > maxCode {
		return in.starts(w, in.newPhraseForm(api.Problemf(api.Limit, "", "no code is as long as this: %d letters", len(via))))
	}
	res, err := in.p.daemon.NewPhrase(in.ctx(), api.NewPhraseRequest{Via: via, Another: true})
	if err != nil {
		return in.starts(w, in.newPhraseForm(err))
	}
	next := "/start/" + newCodePage + "?key=" + in.p.rekeys.keep(rekey{res.Code, strings.Join(res.Words, " ")})
	in.goTo(w, "/start/words?key="+in.p.phrases.keep(unwritten{res.RecoveryPhrase, res.Device.Name, next}))
	return nil
}

// rekey is what the others need to agree on a new phrase.
type rekey struct{ code, words string }

// newCoded is the page with that.
type newCoded struct {
	starting
	Code string
	Next []sentence
}

// newCode shows it.
func (in *asking) newCode(w http.ResponseWriter) error {
	k, ok := in.p.rekeys.get(in.r.FormValue("key"))
	if !ok {
		http.Redirect(w, in.r, "/start/"+newPhrasePage, http.StatusSeeOther)
		return nil
	}
	v := newCoded{starting: starting{Sentence: in.t.T("Now the others have to agree."), Words: strings.Fields(k.words)}, Code: k.code, Next: []sentence{
		{Says: in.t.T("Send this code to somebody in the co-op. They propose it: Members, your name, “Propose a new recovery phrase for them”.")},
		{Says: in.t.T("Tell each of them the words below, by telephone or face to face: the proposal shows the same ones, if it is yours.")},
		{Says: in.t.T("Once it is in force, come back with the new words: “With my recovery phrase”.")},
	}}
	in.show(w, http.StatusOK, "new-code", v.Sentence, v)
	return nil
}

func (in *asking) restoreForm(err error) starting {
	f := in.startForm(restorePage, nil, nil, input{Name: "passphrase", Is: "secret", Label: in.t.T("The passphrase of the copy"), Hint: in.t.T("It may stay empty, if the copy was saved without one."), Max: maxPassphrase},
		in.fileInput(in.t.T("The copy"), in.t.T("a file that you saved on the page of your computers, or with kith backup FILE")))
	f.ID, f.Holds, f.Words, f.Cancel = "", true, in.t.T("Bring it back"), "/start/"+backPage
	f.Told = []sentence{{Says: in.t.T("The computer that the copy is of must not run any more: two that run at once are one computer in two places.")}}
	if err != nil {
		in.again(f, err)
	}
	return starting{Sentence: in.t.T("Come back from a copy"), Form: f, Below: in.t.T("This computer becomes what that one was. What has happened since comes from the others.")}
}

// restoreCopy brings a device back from a copy.
func (in *asking) restoreCopy(w http.ResponseWriter) error {
	passphrase, t := in.r.PostFormValue("passphrase"), in.t
	a := &attempt{
		again: func(in *asking, err error) starting { return in.restoreForm(err) },
		waits: func(in *asking) starting {
			return starting{Sentence: in.t.T("The copy is being read …"), Below: in.t.T("You don’t have to do anything."), Waits: true}
		},
	}
	return in.triesFile(w, a, func(ctx context.Context, file io.Reader) (string, error) {
		res, err := in.p.daemon.RestoreBackup(ctx, file, passphrase, nil)
		if err != nil {
			return "", err
		}
		in.p.hub.forget()
		says := []sentence{{Says: t.N("You are back, {name}: {n} changes were in the copy.", res.Entries-res.Left, "name", res.Member.Name)}}
		if len(res.Announce)+len(res.Relays) > 0 {
			says = append(says, sentence{Says: t.T("The copy wasn’t sealed, so the ways to this computer that it names weren’t taken from it: {ways}.", "ways", strings.Join(slices.Concat(res.Announce, res.Relays), ", "))})
		}
		space := res.Space.ID[:spaceLetters]
		return in.p.telling(space, "/"+space+"/", says), nil
	})
}
