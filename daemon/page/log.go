package page

import (
	"cmp"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/seal"
)

// happened is what was done in the co-op, or with one document, newest first.
type happened struct {
	Sentence string
	Of       *row // the document; nil: it is about all of them
	Undo     action
	Only     sifting
	Lines    []deed
	More     action
}

// deed is one thing that somebody did.
type deed struct {
	ID, When, Who, Title, At string
	Says                     []sentence
	Why                      sentence // why it doesn't count; "" if it does
}

const (
	firstHappened = 60
	mostHappened  = 1000
)

// log shows what happened.
func (in *asking) log(w http.ResponseWriter) error { return in.happened(w, in.At("log"), nil, "") }

// logOf shows what was done with one document.
func (in *asking) logOf(w http.ResponseWriter, k *kind.Kind, d document) error {
	at := in.At(k.Many, d.Short)
	return in.happened(w, at+"/"+logPage, &row{Title: d.Title, At: at}, d.ID)
}

// logPage is behind the address of a document for that.
const logPage = "log"

// happened shows the log as it is sifted at an address: that of one document, or all of it.
func (in *asking) happened(w http.ResponseWriter, at string, of *row, id string) error {
	n := min(max(firstHappened, in.asNumber("n")), mostHappened)
	v := happened{Sentence: in.t.T("What happened"), Of: of}
	by := []sieve{{name: "from", words: "By whom", is: kind.Members}}
	if of == nil {
		v.Undo = action{Words: in.t.T("Take back what I did last here"), At: in.At("log", "undo"), Post: true, Look: "line"}
		by = append(by, sieve{name: "of", words: "About what", options: in.logKinds()})
	}
	var asked url.Values
	v.Only, asked = in.sift(at, append(by, sieve{name: "since", words: "Since", is: kind.Day}))
	words := map[string]string{"from": asked.Get("from"), "of": asked.Get("of")}
	var all []api.LogLine
	since, err := in.moment(asked.Get("since"))
	if words["since"] = since; err == nil {
		all, err = in.c.LogOf(in.ctx(), id, false, n, words)
	}
	if err != nil {
		v.Only.Trouble = in.troubleOf(err)
	}
	for _, l := range all {
		if len(l.Says) == 1 && l.Why == "" && (l.Says[0] == joined || l.Kind == kinds.Time.Name && l.Changes[0].Verb == "created") {
			continue // nobody said anything with it
		}
		one := deed{ID: l.Entry, When: in.Moment(l.At.Time), Who: l.By.Name, Title: l.Title}
		for i := range l.Says {
			one.Says = append(one.Says, in.deedSays(l, i))
		}
		if l.Why != "" {
			one.Why = in.said(l.Why)
		}
		switch k := kinds.All.Named(l.Kind); {
		case l.ID == "":
			one.At, one.Title = in.At("charter"), in.t.T("Charter")
		case k == kinds.Time: // they are called by their month
			one.At, one.Title = in.At("hours"), in.t.T("Hours")
		case k != nil && k.Many != "" && l.Short != "":
			one.At = in.At(k.Many, l.Short)
			if k == kinds.Profile { // it is called as whose it is
				one.Title = capital(in.t.T(k.Name))
			}
		}
		v.Lines = append(v.Lines, one)
	}
	if len(all) == n && n < mostHappened {
		v.More = action{Words: in.t.T("Show more"), At: at + "?" + withNumber(asked, n+200)}
	}
	in.show(w, v.Only.status(), "log", in.t.T("What happened"), v)
	return nil
}

// logKinds are what lines of the log can be about: all kinds, and the charter.
func (in *asking) logKinds() (all []option) {
	for _, k := range kinds.All.Nouns() {
		all = append(all, option{Value: k.Name, Words: in.t.T(capital(k.Many))})
	}
	return append(all, option{Value: "charter", Words: in.t.T("Charter")})
}

// moment is when a day begins, or a moment, as the daemon is asked for it; "" for none.
func (in *asking) moment(typed string) (string, error) {
	if typed == "" {
		return "", nil
	}
	at, _, err := api.ParseDate(typed, in.now.Location())
	if err != nil {
		return "", api.Problemf(api.Invalid, "", "“%s” is no day, such as 2026-12-01", api.Brief(typed))
	}
	return at.Format(time.RFC3339), nil
}

// undo takes back what this computer did last, as far as nobody else has it. It ends at another address: whoever loads the
// page anew doesn't take back one more thing.
func (in *asking) undo(w http.ResponseWriter) error {
	u, err := in.c.Undo(in.ctx())
	if err != nil {
		return err
	}
	in.goTo(w, in.telling(in.At("log"), []sentence{{Says: in.t.T("Taken back: {title}", "title", u.Undone.Title)}}))
	return nil
}

// backupForm asks for a passphrase.
func (in *asking) backupForm() *form {
	return &form{Title: in.t.T("A copy from which this computer can come back"), At: in.At("devices", "backup"), Words: in.t.T("Save the copy"), Cancel: in.At("devices"), Plain: true,
		Told: []sentence{{Says: in.t.T("Keep it on a stick or another computer, and make a new one now and then. On the day you need it: “Come back” on the page of the new computer, with this file and the passphrase.")}},
		Inputs: []input{
			{Name: "passphrase", Is: "secret", Label: in.t.T("A passphrase for it"), Needs: true, Max: maxPassphrase, Hint: in.t.T("the copy can write as you: five or six words picked by chance are easy to keep and hard to guess")},
			{Name: "again", Is: "secret", Label: in.t.T("The same once more"), Needs: true, Max: maxPassphrase},
		}}
}

const maxPassphrase = 1000

// backup gives the browser a backup, sealed with the passphrase that was typed.
func (in *asking) backup(w http.ResponseWriter) error {
	word := in.r.PostFormValue("passphrase")
	refused := func(err error) error {
		in.formPage(w, in.again(in.backupForm(), err))
		return nil
	}
	if word != in.r.PostFormValue("again") {
		return refused(api.Problemf(api.Invalid, "", "the two passphrases differ"))
	}
	if len(word) < seal.MinPassphrase {
		return refused(seal.ErrShort)
	}
	from, err := in.c.Backup(in.ctx())
	if err != nil {
		return refused(err)
	}
	defer from.Close()
	name := "kith-" + in.now.Format("2006-01-02") + ".backup"
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	w.Header().Set("Cache-Control", "no-store")
	if err := http.NewResponseController(w).SetWriteDeadline(time.Time{}); err != nil { // it takes as long as it is large
		return err
	}
	to, err := seal.NewWriter(w, word)
	if err == nil {
		if _, err = io.Copy(to, from); err == nil {
			err = to.Close()
		}
	}
	if err != nil {
		in.p.log.Error("a backup was broken off", "err", err)
		panic(http.ErrAbortHandler) // so that the browser doesn't take a part of it for the whole
	}
	return nil
}

// didSay is what the log says that somebody did: the verb of a change, and behind it to whom, and what they said.
var didSay = [...]string{
	"said that it holds again{more}",
	"replaced{more}",
	"read it{more}",
	"took a seat{more}",
	"consented{more}",
	"objected{more}",
	"stood aside{more}",
	"blocked{more}",
	"abstained{more}",
	"agreed{more}",
	"disagreed{more}",
	"advised{more}",
	"ended the term of{more}",
	"named{more}",
	"put back{more}",
	"hands it over{more}",
	"took back hours{more}",
	"logged{more}",
	"logged coordination{more}",
	"reopened{more}",
	"talks to them{more}",
	"estimated{more}",
	"accepted{more}",
	"declined{more}",
	"passed it on{more}",
	"said that it goes on{more}",
	"ended it{more}",
	"took a step off the list{more}",
	"put on the list{more}",
	"said that a step isn't done{more}",
	"said that a step is done{more}",
	"took an option away{more}",
	"put up the option{more}",
	"planned{more}",
	"started{more}",
	"paused{more}",
	"closed{more}",
	"dropped{more}",
	"finished{more}",
	"closed the round{more}",
	"said how we are{more}",
	"left the rotation{more}",
	"joined the rotation{more}",
	"unasked{more}",
	"asked{more}",
	"took{more}",
	"ended help{more}",
	"wants help{more}",
	"took back{more}",
	"offered help{more}",
	"said how much they can give{more}",
	"said until when that holds{more}",
	"said when they are away{more}",
	"said which days are off{more}",
	"said who sees their hours{more}",
	"withdrew{more}",
	"withdrawn{more}",
	"said{more}",
	"ended the round of questions{more}",
	"ended the round of reactions{more}",
	"chose{more}",
}

// deedSays puts one change of a line into words.
func (in *asking) deedSays(l api.LogLine, i int) sentence {
	if i >= len(l.Changes) || len(l.Changes) != len(l.Says) {
		return in.said(l.Says[i])
	}
	k, c := kinds.All.Named(l.Kind), l.Changes[i]
	switch {
	case c.Verb == "created" && c.To == l.Title:
		return sentence{Says: in.t.T("began it")}
	case c.Verb == "set" && c.Field == kind.Title.Key:
		return sentence{Says: in.t.T("gave it the title {title}", "title", c.To)}
	case c.Verb == "wrote" && c.Field == kind.Body.Key:
		return sentence{Says: in.t.T("wrote “{words}”", "words", strings.TrimSpace(c.To))}
	case c.Verb == "removed" && c.Field == kind.Body.Key:
		what := strings.TrimSuffix(strings.TrimPrefix(l.Says[i], "removed "), " from the text") // "3 characters"
		return sentence{Says: in.t.T("removed {what} from the text", "what", in.said(what).Says)}
	case c.Verb == "added" && c.Field == "tags":
		return sentence{Says: in.t.T("added the tag {tag}", "tag", c.To)}
	case c.Verb == "set" && k != nil:
		if f := k.Field(c.Field); f != nil {
			return sentence{Says: in.t.T("said {what}: {value}", "what", in.said(f.About()).Says, "value", in.setSays(f, c.To))}
		}
	case slices.Contains(didSay[:], c.Verb+"{more}"):
		more := ""
		if c.Member != nil {
			more = " " + c.Member.Name
		}
		if c.To != "" {
			more += ": " + in.didTo(k, c)
		}
		return sentence{Says: in.t.T(c.Verb+"{more}", "more", more)}
	}
	return in.said(l.Says[i])
}

// setSays is what somebody gave a field, which the log has as documents hold it.
func (in *asking) setSays(f *kind.Field, to string) string {
	switch f.Is {
	case kind.Day:
		return cmp.Or(in.Due(to, in.short), to)
	case kind.Hours:
		return in.t.T("{hours}\u00a0h", "hours", to)
	case kind.Word, kind.Flag:
		return in.t.T(kind.WordIn(to))
	case kind.Ref:
		return in.titleOf(kinds.All.Named(f.Of), to)
	case kind.Line:
		if amount.MatchString(to) {
			return in.money(to)
		}
	}
	return to
}

// didTo is what a deed was about: words of whoever did it, but for an outcome, a day that is an option, and for hours and their day.
func (in *asking) didTo(k *kind.Kind, c api.FieldChange) string {
	if k == kinds.Decision && c.Verb == "closed" {
		return in.t.T(c.To)
	}
	if k == kinds.Decision && c.Verb == "put up the option" {
		return cmp.Or(in.Due(c.To, in.short), c.To)
	}
	if m := hoursOn.FindStringSubmatch(c.To); m != nil && k == kinds.Time {
		return in.t.T("{hours} on {day}", "hours", m[1], "day", in.Due(m[2], in.short))
	}
	return c.To
}

var hoursOn = regexp.MustCompile(`^(.+) on (\d{4}-\d\d-\d\d)$`)

// joined is what the log says of a change that only brings together what others wrote.
const joined = "brought together what was written side by side"
