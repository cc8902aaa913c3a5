package page

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/letter"
)

// importPage names in an address where a request is taken from a mail or a form.
const importPage = "import"

// importForm asks for the file.
func (in *asking) importForm() *form {
	return &form{Title: in.t.T("Take a request from a mail or a form"), At: in.At(kinds.Intake.Many, importPage), Words: in.t.T("Read it"), Cancel: in.At(kinds.Intake.Many), Plain: true, Holds: true,
		Lead:   in.t.T("Its words are put into a form that you read before it is sent. No attachment is opened, and nothing is kept of the file."),
		Inputs: []input{in.fileInput(in.t.T("The file"), in.t.T("a mail as mail programs save one (.eml), or lines like who: Tandem Bikes, with subject, contact, need, budget and due"))}}
}

// imports reads the file, and shows what it says in the form that begins a request: nothing is written down before that is sent.
func (in *asking) imports(w http.ResponseWriter) error {
	l, err := in.sentLetter()
	if err != nil {
		in.formPage(w, in.again(in.importForm(), err))
		return nil
	}
	k := kinds.Intake
	says := url.Values{"title": {l.Who}, "subject": {l.Subject}, "text": {l.Text}, "contact": {l.Contact}, "budget": {l.Budget}}
	var told []sentence
	if at, _, err := api.ParseDate(l.Due, in.now.Location()); err == nil && l.Due != "" {
		says.Set("due", at.Format(time.DateOnly))
	} else if l.Due != "" {
		told = append(told, sentence{Says: in.t.T("When they need it, in their words: {due}", "due", l.Due)})
	}
	for _, left := range l.Left {
		told = append(told, sentence{Says: in.t.T("Left out: {what}", "what", in.said(left).Says)})
	}
	before, err := in.takenBefore(l, says.Get("due"))
	if err != nil {
		return err
	}
	if before != nil {
		told = append(told, sentence{Says: in.t.T("The same was written down before: {title}, {when}.", "title", before.Title, "when", in.Moment(before.CreatedAt.Time))})
	}
	f := in.formOf(k, k.Make, document{}, says)
	f.ID, f.Told = "intake/"+importPage+"/"+onceKey(), told // what was typed into another one doesn't come into this
	in.formPage(w, f)
	return nil
}

// sentLetter reads the file that was sent, as it comes.
func (in *asking) sentLetter() (*letter.Letter, error) {
	if in.file == nil {
		return nil, errNoFile
	}
	defer in.leftOver()
	l, err := letter.Read(in.fileName, in.file)
	if err != nil {
		return nil, api.Problemf(api.Invalid, "", "%v", err)
	}
	return l, nil
}

// takenBefore is the request that says the same, whatever became of it; nil if there is none.
func (in *asking) takenBefore(l *letter.Letter, due string) (*document, error) {
	for _, away := range []string{"false", "true"} {
		all, err := readDocuments(in.c.Documents(in.ctx(), kinds.Intake.Many, url.Values{"limit": {strconv.Itoa(mostListed)}, "archived": {away}}))
		if err != nil {
			return nil, err
		}
		for _, d := range all {
			if l.Is(d.says.Str, due) {
				return &d, nil
			}
		}
	}
	return nil, nil
}
