package page

import (
	"cmp"
	"crypto/rand"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
)

// form is what somebody fills in about a document: the fields that the declaration of its kind has for a verb.
type form struct {
	ID      string // by which what is typed is kept in the browser until it is sent
	Title   string
	Explain string // what it is about, as somebody called it
	Lead    string // what Kith says of it
	At      string
	Words   string // on the button: the deed
	Beside  string // what stands beside it
	Cancel  string // where it leads not to do it; "": nowhere
	Hidden  []hidden
	Inputs  []input
	Write   string     // where the text goes as somebody writes; "": nowhere
	Plain   bool       // it is sent by leaving the page
	Holds   bool       // it holds a file, and is sent as one that does
	Follows sentence   // what follows from sending it
	Told    []sentence // what there is to know before
	Trouble *trouble   // why it wasn't taken
	status  int        // with which that is told
}

type hidden struct{ Name, Value string }

// input is one field of a form.
type input struct {
	Name, Label, Hint string
	Is                string // "line", "text", "reason", "day", "hours", "choice", "many", "flag", "pick", "code", "secret", "file"
	Own               bool   // a line of somebody's own words
	Value             string
	Options           []option
	Choose, None      string // of a file: what its button says, and what stands there until one is chosen
	Needs             bool
	Max               int // characters; 0: it has no bound of its own
}

type option struct {
	Value, Words, Hint string
	Mark               template.HTML
	Chosen             bool
}

// deeds are the words on the buttons of forms, by kind and verb; what has none says what the verb does.
var deeds = map[string]string{
	"decision/propose": "Propose it to everybody", "decision/close": "Close it", "decision/withdraw": "Take it back", "decision/next": "End this round",
	"task/add": "Add the task", "task/ask": "Ask", "task/decline": "Say no", "task/help": "Ask for help", "task/offer": "Offer help", "task/drop": "Drop it", "task/hand-over": "Ask",
	"role/take": "Yes, I take it on", "role/decline": "No, not me",
	"project/take": "Yes, I coordinate it", "project/decline": "No, not me",
	"newcomer/take": "Yes, I accompany them", "newcomer/decline": "No, not me",
	"note/add": "Begin the note", "agreement/add": "Write it down", "agreement/replace": "Put that one in its place",
}

// deed is what the button says that does what a verb says.
func (in *asking) deed(k *kind.Kind, v *kind.Verb) string {
	deed, ok := deeds[k.Name+"/"+v.Name]
	switch {
	case ok:
		return in.t.T(deed)
	case v == k.Edit:
		return in.t.T("Save it")
	}
	return capital(in.t.T(v.Gist))
}

// formOf makes the form of a verb, with what was typed if it comes back, else with what the document says. d is the zero
// document for one that is to be begun.
func (in *asking) formOf(k *kind.Kind, v *kind.Verb, d document, typed url.Values) *form {
	f := &form{Title: capital(in.t.T(v.Gist)), At: in.At(k.Many, d.Short, v.Name), Cancel: in.At(k.Many, d.Short)}
	f.ID = k.Name + "/" + d.ID + "/" + v.Name
	f.Words = in.deed(k, v)
	hide := func(name, value string) { f.Hidden = append(f.Hidden, hidden{name, value}) }
	switch v {
	case k.Make:
		f.At, f.Cancel = in.At(k.Many), in.At(k.Many)
		hide("once", cmp.Or(typed.Get("once"), rand.Text()))
		if title := in.titleInput(typed.Get("title")); k == kinds.Profile { // it is called as whose it is
			hide(title.Name, in.status.Me.Name)
		} else if len(v.Args) == 0 { // else it is the name of whom it is about
			title.Needs = v.Titled()
			f.Inputs = append(f.Inputs, title)
		}
	case k.Edit:
		f.At = in.At(k.Many, d.Short, "edit")
		hide("was.title", d.Title)
		f.Inputs = append(f.Inputs, in.titleInput(d.Title))
	}
	if back := typed.Get("back"); back != "" {
		hide("back", back)
	}
	if v.Text != kind.No || v == k.Edit {
		f.Inputs = append(f.Inputs, in.textInput(k, v, d))
		if v == k.Edit {
			hide("was.text", d.Text())
			hide("heads", strings.Join(d.Heads, " "))
			if k == kinds.Note {
				f.Write = in.At(k.Many, d.Short, "write")
				hide("was.sent", "") // what is on its way, behind a "="; the script fills it in
			}
		}
	}
	if v.By != nil {
		choice := input{Name: v.By.Key, Is: "choice", Needs: true, Label: in.t.T("What do you say?"), Options: in.choices(d)}
		if k != kinds.Decision {
			choice.Options = in.ways(v)
		}
		f.Inputs = append(f.Inputs, choice)
	}
	for _, field := range slices.Concat(v.Args, v.With) {
		if field.Key == revision { // of the text that is shown beside the form
			hide(field.Key, d.says.Str("revision"))
			continue
		}
		one := in.fieldInput(k, v, field, d)
		if v == k.Edit {
			hide("was."+field.Key, one.Value)
		}
		f.Inputs = append(f.Inputs, one)
	}
	if v == k.Make || v == k.Edit {
		tags := input{Name: "tags", Is: "line", Label: in.t.T("Tags"), Hint: in.t.T("with commas between them"), Value: strings.Join(d.Tags, ", ")}
		if v == k.Edit {
			hide("was.tags", tags.Value)
		}
		f.Inputs = append(f.Inputs, tags)
	}
	if needsWhy := reasonOf(v); needsWhy != kind.No {
		why := input{Name: kind.Why.Key, Is: "reason", Label: in.t.T("Why"), Needs: needsWhy == kind.Must, Max: api.MaxWhy}
		if needsWhy == kind.May {
			why.Label = in.t.T("Why, if you like")
		}
		f.Inputs = append(f.Inputs, why)
	}
	if typed != nil {
		f.retype(typed)
	}
	return f
}

// ways are the words of a verb that has several.
func (in *asking) ways(v *kind.Verb) (all []option) {
	for _, w := range v.Ways {
		all = append(all, option{Value: kind.WordOut(w.Name), Words: capital(in.t.T(kind.WordIn(w.Name))), Hint: in.t.T(w.Gist)})
	}
	return all
}

// retype puts in what was typed, and keeps what the form knew when it was shown first.
func (f *form) retype(typed url.Values) {
	for i := range f.Hidden {
		if h := &f.Hidden[i]; typed.Has(h.Name) && h.Name != revision {
			h.Value = typed.Get(h.Name)
		}
	}
	for i := range f.Inputs {
		one := &f.Inputs[i]
		if typed.Has(one.Name) {
			one.Value = typed.Get(one.Name)
		}
		for j := range one.Options {
			one.Options[j].Chosen = slices.Contains(typed[one.Name], one.Options[j].Value)
		}
	}
}

// reasonOf says whether a verb takes a reason. Of one with several ways it may be given: which of them need one, they say.
func reasonOf(v *kind.Verb) kind.Need {
	if v.Why == kind.No && slices.ContainsFunc(v.Ways, func(w *kind.Way) bool { return w.Why != kind.No }) {
		return kind.May
	}
	return v.Why
}

func (in *asking) titleInput(value string) input {
	return input{Name: kind.Title.Key, Is: "line", Own: true, Label: in.t.T("What is it called?"), Value: value, Needs: true, Max: api.MaxTitle}
}

func (in *asking) textInput(k *kind.Kind, v *kind.Verb, d document) input {
	one := input{Name: kind.Body.Key, Is: "text", Label: in.t.T("Text"), Needs: v.Text == kind.Must && v != k.Edit, Max: api.MaxText}
	switch {
	case v == k.Edit:
		one.Value = d.Text()
	case v != k.Make && v.Text == kind.May:
		one.Is, one.Label, one.Hint = "reason", in.t.T("What else is there to say?"), in.t.T("who looks after it, from when it holds; it may stay empty")
	}
	return one
}

// mostOptions is how many documents one can choose from.
const mostOptions = 100

// oneOf are documents to choose one, or none; value is what stands for each in the form.
func (in *asking) oneOf(found []document, value func(document) string, chosen string) []option {
	all := []option{{Words: in.t.T("none of them")}}
	for _, d := range found {
		all = append(all, option{Value: value(d), Words: d.Title, Chosen: value(d) == chosen})
	}
	return all
}

func documentID(d document) string { return d.ID }

// fieldInput is the input for a declared field.
func (in *asking) fieldInput(k *kind.Kind, v *kind.Verb, f *kind.Field, d document) input {
	one := input{Name: f.Key, Label: capital(in.t.T(f.Called())), Hint: in.t.T(f.Hint), Needs: f.Needs || slices.Contains(v.Args, f), Max: f.Typed}
	if (slices.Contains(v.Args, f) || f.Is == kind.Ref && f.Needs) && f.Label == "" && f.Hint != "" { // on a command line it has no name, or one that says too little alone
		one.Label = capital(one.Hint)
	}
	if capital(one.Hint) == one.Label {
		one.Hint = ""
	}
	one.Value = d.says.Str(f.Name())
	if f.Tongue {
		one.Is, one.Hint, one.Options = "pick", in.t.T("On each computer of yours, in a browser in which you chose no other."), in.tongueOptions(one.Value)
		return one
	}
	switch f.Is {
	case kind.Day:
		one.Is = "day"
		if at, _, err := api.ParseDate(one.Value, in.now.Location()); err == nil {
			one.Value = at.Format("2006-01-02")
		}
	case kind.Hours:
		one.Is = "hours"
		if hours, _ := d.says[f.Name()].(float64); hours > 0 {
			one.Value = strconv.FormatFloat(hours, 'f', -1, 64)
		}
	case kind.Word:
		one.Is, one.Needs = "choice", true
		for _, word := range f.Words {
			one.Options = append(one.Options, option{Value: kind.WordOut(word), Words: capital(in.t.T(word)), Hint: in.t.T(processHints[word]), Chosen: one.Value == kind.WordOut(word)})
		}
	case kind.Members:
		if one.Is = "many"; f.Typed == 1 {
			one.Is = "choice"
		}
		members, err := in.c.Members(in.ctx())
		for _, m := range members {
			if err == nil && (!m.Me || k != kinds.Task && v.Name != "hand-over") && (m.Standing == "full" || m.Standing == "prospective") {
				one.Options = append(one.Options, option{Value: m.ID, Words: m.Called()})
			}
		}
	case kind.Ref:
		one.Is = "pick"
		var found []document
		if of := kinds.All.Named(f.Of); of != nil {
			found, _ = in.list(of, mostOptions) // without them there is nothing to choose
		}
		found = slices.DeleteFunc(found, func(other document) bool { return other.ID == d.ID })
		one.Options = in.oneOf(found, documentID, one.Value)
	case kind.Lines:
		one.Is, one.Hint, one.Max = "reason", dots(one.Hint, in.t.T("one on a line")), 0
	case kind.Reason:
		one.Is = "reason"
	case kind.Text:
		one.Is = "text"
	case kind.Flag:
		one.Is = "flag"
		one.Options = []option{{Value: "yes", Words: one.Label, Hint: one.Hint, Chosen: d.says.Is(f.Name())}}
	case kind.Tags:
		one.Is, one.Hint = "line", dots(one.Hint, in.t.T("with commas between them"))
	case kind.Line:
		if one.Is = "line"; f.Key == kinds.TemplateKey {
			one.Is, one.Hint, one.Options = "pick", "", []option{{Words: in.t.T("none of them")}}
			for _, name := range kinds.TemplateNames(k == kinds.Newcomer) {
				one.Options = append(one.Options, option{Value: name, Words: capital(kinds.TemplateTitle(name)), Chosen: name == one.Value})
			}
		}
	default:
		one.Is = "line"
	}
	return one
}

// tongueOptions are the languages of the page, and the one that a profile says, whatever it is.
func (in *asking) tongueOptions(chosen string) []option {
	all := []option{{Words: in.t.T("that of the browser")}}
	for _, t := range in.p.words.all {
		all = append(all, option{Value: t.Tag, Words: t.Name, Chosen: t.Tag == chosen})
	}
	if chosen != "" && in.p.words.called(chosen) == nil {
		all = append(all, option{Value: chosen, Words: chosen, Chosen: true})
	}
	return all
}

// processHints say in a line how each process decides; docs/CONCEPTS.md has the whole of it.
var processHints = map[string]string{
	kinds.ProcessConsent:   "more than half have answered, at least one consents, and nobody objects",
	kinds.ProcessConsensus: "more than half agree, and nobody disagrees or blocks",
	kinds.ProcessMajority:  "more than half of us all agree",
	kinds.ProcessAdvice:    "whoever proposes it decides, after hearing at least one other",
	kinds.ProcessApproval:  "each chooses all options that they can live with",
	kinds.ProcessScore:     "each gives 0 to 5 points to each option",
	kinds.ProcessRanking:   "each puts the options in an order",
	kinds.ProcessDates:     "when we meet: each says when they can",
	kinds.ProcessSense:     "what members think of it; it decides nothing",
}

// filled reads what a form holds into the fields of a request. Of an edit only what was changed in the form is among
// them, so that what others have changed meanwhile stays.
func (in *asking) filled(k *kind.Kind, v *kind.Verb) (map[string]any, error) {
	typed := in.r.Form // with what stands in the address: the revision that somebody has read
	fields := map[string]any{}
	changed := func(name string) bool {
		return typed.Has(name) && (v != k.Edit || clean(typed.Get(name)) != clean(typed.Get("was."+name)))
	}
	if (v == k.Make || v == k.Edit) && changed("title") {
		fields["title"] = typed.Get("title")
	}
	if text := clean(typed.Get("text")); changed("text") {
		if v == k.Edit {
			fields["text"] = api.TextEdit{Text: text, BaseHeads: strings.Fields(typed.Get("heads"))}
		} else if v.Text != kind.No && text != "" {
			fields["text"] = text
		}
	}
	if v == k.Make || v == k.Edit {
		tags, was := split(typed.Get("tags")), split(typed.Get("was.tags"))
		without := func(from, what []string) []string {
			return slices.DeleteFunc(slices.Clone(from), func(t string) bool { return slices.Contains(what, t) })
		}
		if v == k.Make && len(tags) > 0 {
			fields["tags"] = tags
		} else if v == k.Edit {
			put(fields, "tag", without(tags, was))
			put(fields, "untag", without(was, tags))
		}
	}
	all := slices.Concat(v.Args, v.With)
	if v.By != nil {
		all = append(all, v.By)
	}
	for _, f := range all {
		if err := in.read(fields, f, changed(f.Key)); err != nil {
			return nil, err
		}
	}
	if why := clean(typed.Get("why")); why != "" && reasonOf(v) != kind.No {
		fields["why"] = why
	}
	return fields, nil
}

func put(fields map[string]any, key string, values []string) {
	if len(values) > 0 {
		fields[key] = values
	}
}

// read puts the value of a field into a request.
func (in *asking) read(fields map[string]any, f *kind.Field, changed bool) error {
	value := clean(in.r.Form.Get(f.Key))
	switch {
	case f.Is == kind.Tags:
		put(fields, f.Key, split(in.r.Form.Get(f.Key)))
	case f.Is == kind.Lines:
		lines := strings.Split(clean(strings.Join(in.r.Form[f.Key], "\n")), "\n")
		put(fields, f.Key, slices.DeleteFunc(lines, func(s string) bool { return strings.TrimSpace(s) == "" }))
	case f.IsMany():
		put(fields, f.Key, in.r.Form[f.Key])
	case f.Is == kind.Flag:
		if in.r.Form.Has(f.Key) || in.r.Form.Has("was."+f.Key) {
			fields[f.Key] = value != ""
		}
	case !changed:
	case f.Is == kind.Hours && value == "":
		if in.r.Form.Get("was."+f.Key) != "" {
			fields[f.Key] = 0
		}
	case f.Is == kind.Hours:
		hours, err := strconv.ParseFloat(strings.Replace(value, ",", ".", 1), 64)
		if err != nil {
			return api.Problemf(api.Invalid, "", "“%s” is no number of hours, such as 2.5", api.Brief(value))
		}
		fields[f.Key] = hours
	case value != "" || in.r.Form.Has("was."+f.Key):
		fields[f.Key] = value
	}
	return nil
}

// clean gives a text as documents have it: lines end in \n, where browsers send \r\n.
func clean(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

// split takes tags apart.
func split(tags string) (all []string) {
	for _, t := range strings.Split(tags, ",") {
		if t = strings.TrimSpace(t); t != "" && !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	return all
}

// beginsOne shows the form that begins a document.
func (in *asking) beginsOne(w http.ResponseWriter) error {
	k := in.kind()
	if k == nil {
		return noSuchThing
	}
	in.formPage(w, in.formOf(k, k.Make, document{}, nil))
	return nil
}

// statusOf is how a page with a form is answered; nil is one that wasn't sent.
func statusOf(f *form) int {
	if f == nil || f.status == 0 {
		return http.StatusOK
	}
	return f.status
}

func (in *asking) formPage(w http.ResponseWriter, f *form) {
	in.show(w, statusOf(f), "form", f.Title, f)
}

// again shows a form once more, with all that was typed and why it wasn't taken.
func (in *asking) again(f *form, err error) *form {
	status, t := in.explain(err)
	f.status, f.Trouble = status, &t
	return f
}

// begin makes a document. A form that is sent twice makes one.
func (in *asking) begin(w http.ResponseWriter) error {
	k := in.kind()
	if k == nil {
		return noSuchThing
	}
	once := in.r.PostFormValue("once")
	at, err := in.p.made.once(once, func() (string, error) {
		fields, err := in.filled(k, k.Make)
		if err != nil {
			return "", err
		}
		d, err := readDocument(in.c.MakeDocument(in.ctx(), k.Many, fields))
		return in.telling(in.At(k.Many, d.Short), in.saidAll(toldOf(d))), err
	})
	if err != nil {
		in.formPage(w, in.again(in.formOf(k, k.Make, document{}, in.r.PostForm), err))
		return nil
	}
	http.Redirect(w, in.r, at, http.StatusSeeOther)
	return nil
}

// asksFor shows what a verb asks for before it is done.
func (in *asking) asksFor(w http.ResponseWriter) error {
	k, d, err := in.one()
	if err != nil {
		return err
	}
	if in.r.PathValue("verb") == "edit" {
		in.formPage(w, in.formOf(k, k.Edit, d, nil))
		return nil
	}
	switch in.r.PathValue("verb") {
	case "history":
		return in.history(w, k, d)
	case logPage:
		return in.logOf(w, k, d)
	case "share":
		return in.share(w, k, d, nil, nil)
	case forgotten:
		f, err := in.forgetForm(k, d)
		if err == nil {
			in.formPage(w, f)
		}
		return err
	}
	name, undo := strings.CutSuffix(in.r.PathValue("verb"), undone)
	v := k.Verb(name)
	if v == nil || undo && !v.Undo {
		return noSuchThing
	}
	if v == passing(k) {
		return in.share(w, k, d, v, nil)
	}
	in.formPage(w, in.verbFormOf(k, v, d, undo, nil))
	return nil
}

// verbFormOf is the form of a verb about a document that stands; to take back what it did, it asks for what that was about.
func (in *asking) verbFormOf(k *kind.Kind, v *kind.Verb, d document, undo bool, typed url.Values) *form {
	what := v
	if undo {
		what = &kind.Verb{Name: v.Name + undone, Gist: v.Gist, Args: v.Args}
	}
	f := in.formOf(k, what, d, typed)
	if f.Explain = d.Title; undo {
		f.Title, f.Words = in.undoing(v), in.t.T("Not any more")
	}
	return f
}

// undone is behind the name of a verb in the address of what takes it back.
const undone = "-undo"

// do does what a verb says.
func (in *asking) do(w http.ResponseWriter) error {
	k, d, err := in.one()
	if err != nil {
		return err
	}
	switch {
	case in.r.PathValue("verb") == "edit":
		return in.edit(w, k, d)
	case in.r.PathValue("verb") == "restore":
		return in.restore(w, k, d)
	case in.r.PathValue("verb") == "share":
		return in.shareDocument(w, k, d)
	case in.r.PathValue("verb") == forgotten:
		return in.forgets(w, k, d)
	case in.r.PathValue("verb") == goesOn:
		return in.goOn(w, k, d)
	case slices.Contains([]string{putAway, putBack, settled}, in.r.PathValue("verb")):
		return in.puts(w, k, d, in.r.PathValue("verb"))
	case in.r.PathValue("verb") == "write" && k == kinds.Note:
		return in.write(w, k, d)
	}
	name, undo := strings.CutSuffix(in.r.PathValue("verb"), undone)
	v := k.Verb(name)
	if v == nil || undo && !v.Undo {
		return noSuchThing
	}
	if v == passing(k) {
		return in.passes(w, k, d, v)
	}
	fields := map[string]any{}
	chooses := k == kinds.Decision && v.Name == "choose"
	if chooses {
		in.r.Form["choices"] = in.chosen(d)
	}
	if !undo || len(v.Args) > 0 {
		fields, err = in.filled(k, v)
	}
	if undo && err == nil {
		fields["undo"] = true
	}
	if err == nil && (v.By != nil && in.r.Form.Get(v.By.Key) == "" || chooses && len(in.r.Form["choices"]) == 0) {
		err = api.Problemf(api.Invalid, "", "nothing was chosen")
	}
	var now document
	if err == nil {
		now, err = readDocument(in.c.Do(in.ctx(), k.Many, d.ID, v.Name, fields))
	}
	if err != nil {
		return in.notDone(w, k, v, d, undo, err)
	}
	in.leads(w, cmp.Or(in.r.PostForm.Get("back"), in.At(k.Many, d.Short)), toldOf(now))
	return nil
}

// notDone tells why, beside what was typed.
func (in *asking) notDone(w http.ResponseWriter, k *kind.Kind, v *kind.Verb, d document, undo bool, err error) error {
	if v.By == nil && v.Name != "choose" {
		f := in.verbFormOf(k, v, d, undo, in.r.PostForm)
		if len(f.Inputs) == 0 {
			return err
		}
		in.formPage(w, in.again(f, err))
		return nil
	}
	f := in.wordForm(d)
	f.retype(in.r.PostForm)
	return in.decision(w, d, in.again(f, err))
}
