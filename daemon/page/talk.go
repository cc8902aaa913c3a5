package page

import (
	"net/http"
	"net/url"
	"slices"

	"kith/crdt/kind"
	"kith/daemon/api"
)

// talking is what members say about a document, and the form to say something.
type talking struct {
	heading
	Remarks []remark
	Form    *form
}

type remark struct {
	ID, Name, Who, When, To, Text string
	Home                          string   // that the ally doesn't read it; ""
	Does                          []action // nothing where it was taken back
}

// What names in an address the remark that is to be answered, or said otherwise.
const (
	answerTo = "answer"
	instead  = "instead"
)

// talk is the thread of a document.
func (in *asking) talk(k *kind.Kind, d document) (*talking, error) {
	thread, err := in.c.Thread(in.ctx(), d.ID)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	v := &talking{heading: in.heading(k, d), Form: in.talkForm(d.ID, in.r.URL.Path, thread.Remarks)}
	for _, r := range thread.Remarks {
		who := capital(in.namedBy(r.By))
		names[r.Name] = who
		one := remark{ID: r.ID, Name: r.Name, Who: who, When: in.Moment(r.At.Time), Text: r.Text}
		if to := names[r.Answer]; to != "" {
			one.To = in.t.T("to {who}", "who", to)
		}
		if !r.ChangedAt.IsZero() && r.Text != "" {
			one.When = dots(one.When, in.t.T("changed"))
		}
		if r.AtHome {
			one.Home = in.t.T("said before it was shared: it stays here")
		}
		at := func(what string) string {
			return in.r.URL.Path + "?" + url.Values{what: {r.Name}}.Encode() + "#talk"
		}
		if r.Text == "" {
			one.When = dots(one.When, in.t.T("taken back"))
		} else {
			one.Does = append(one.Does, action{Words: in.t.T("Answer"), At: at(answerTo), About: who})
		}
		if in.me[r.By.ID] && r.Text != "" && !r.AtHome { // what was said at home is closed there
			one.Does = append(one.Does, action{Words: in.t.T("Say it otherwise"), At: at(instead), About: cut(r.Text, 40)})
		}
		v.Remarks = append(v.Remarks, one)
	}
	if len(thread.Remarks) > 0 { // who is named in it was shown that
		if err := in.c.NoteThread(in.ctx(), d.ID, thread.Document.Heads); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// talkForm is the form to say something about a document, which stands at an address: something new, an answer, or what the reader said,
// otherwise.
func (in *asking) talkForm(id, at string, remarks []api.Remark) *form {
	f := &form{ID: "talk/" + id, At: in.At("talk", id), Words: in.t.T("Say it"), Hidden: []hidden{{"back", at}}}
	text := input{Name: "text", Is: "reason", Label: in.t.T("Say something about it"), Hint: in.t.T("@Name tells somebody that it is for them"), Needs: true, Max: api.MaxWhy}
	to := func(what string) *api.Remark {
		name := in.r.FormValue(what)
		i := slices.IndexFunc(remarks, func(r api.Remark) bool { return r.Name == name })
		if name == "" || i < 0 || remarks[i].Text == "" {
			return nil
		}
		f.ID += "/" + what + "/" + name
		f.Hidden, f.Cancel = append(f.Hidden, hidden{what, name}), at
		return &remarks[i]
	}
	if r := to(answerTo); r != nil {
		text.Label = in.t.T("Your answer to {who}", "who", in.namedBy(r.By))
	} else if r := to(instead); r != nil && in.me[r.By.ID] {
		text.Label, text.Value, text.Needs = in.t.T("What you say in its place"), r.Text, false
		text.Hint = in.t.T("with nothing in it, it is taken back; what stood there stays in the history of the thread")
		f.Words = in.t.T("Let this stand")
	}
	f.Inputs = []input{text}
	return f
}

// say says something about a document of any kind. What isn't taken is shown with all that was typed.
func (in *asking) say(w http.ResponseWriter) error {
	id, back := in.r.PathValue("id"), in.r.PostFormValue("back")
	_, err := in.c.Talk(in.ctx(), id, api.TalkRequest{Text: clean(in.r.PostFormValue("text")), Answer: in.r.PostFormValue(answerTo), Instead: in.r.PostFormValue(instead)})
	if err == nil {
		in.goTo(w, back)
		return nil
	}
	thread, gone := in.c.Thread(in.ctx(), id)
	if gone != nil {
		return err
	}
	f := in.talkForm(id, back, thread.Remarks)
	f.Title, f.Explain, f.Cancel = in.t.T("Talk"), thread.Document.Title, back
	f.retype(in.r.PostForm)
	in.formPage(w, in.again(f, err))
	return nil
}
