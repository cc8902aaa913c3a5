package page

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"sync"

	"kith/crdt/kinds"
	"kith/daemon/api"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed static
var staticFiles embed.FS

var templates = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").Funcs(template.FuncMap{
		"paragraphs": paragraphs,
		"inc":        func(i int) int { return i + 1 },
		"dict": func(pairs ...any) map[string]any { // what a part is given that needs two things
			all := map[string]any{}
			for i := 0; i+1 < len(pairs); i += 2 {
				all[pairs[i].(string)] = pairs[i+1]
			}
			return all
		},
	}).ParseFS(templateFiles, "templates/*.html"))
})

// paragraphs are the blocks of a text between empty lines.
func paragraphs(text string) (out []string) {
	for _, p := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		if strings.TrimSpace(p) != "" {
			out = append(out, strings.Trim(p, "\n"))
		}
	}
	return out
}

// view is what a frame is given.
type view struct {
	*asking
	Title   string
	Body    template.HTML
	Mast    mast
	Index   []group
	Tongues []*tongue
	Onward  bool       // it goes on to the page by itself
	Answer  bool       // it answers a form, and isn't at the address to which that was sent
	Told    []sentence // what there is to know of what was done, which led here
	First   [3]string  // the steps of the first run, if it is a page of that
}

// Version is that of what is built in: another one isn't taken from a browser's store.
func (v view) Version() string { return staticVersion() }

// Bar are the five places at the foot of a narrow page.
func (v view) Bar() []entry {
	place := func(words string, path string) entry {
		at := v.At(path)
		return entry{Words: v.T(words), At: at, Here: v.r.URL.Path == at || path != "" && strings.HasPrefix(v.r.URL.Path, at+"/")}
	}
	return []entry{place("Today", ""), place("Decide", "decisions"), place("Tasks", "tasks"), place("Notes", "notes"), place("Contents", "contents")}
}

// render writes a view. Nothing of it is sent before all of it is there.
func (in *asking) render(w http.ResponseWriter, status int, name string, body any) {
	in.show(w, status, name, "", body)
}

// show is render with a title for the window.
func (in *asking) show(w http.ResponseWriter, status int, name, title string, body any) {
	v := view{asking: in, Title: title, Tongues: in.p.words.all, Onward: name == "enter", Answer: in.r.Method == http.MethodPost && status < http.StatusBadRequest, Told: in.toldHere()}
	frame := "bare"
	if first, ok := body.(interface{ Steps() [3]string }); ok {
		frame, v.First = "first", first.Steps()
	}
	var b bytes.Buffer
	err := templates().ExecuteTemplate(&b, name, struct {
		*asking
		It any
	}{in, body})
	if err == nil && in.c != nil {
		frame = "page"
		v.Mast, v.Index, err = in.around()
	}
	v.Body = template.HTML(b.String()) //nolint:gosec // html/template wrote it
	b = bytes.Buffer{}
	if err == nil {
		err = templates().ExecuteTemplate(&b, frame, v)
	}
	if err != nil {
		if in.ctx().Err() == nil {
			in.p.log.Error("unexpected", "err", err)
		}
		http.Error(w, in.t.T("Something went wrong that Kith doesn’t know."), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if _, err := w.Write(b.Bytes()); err != nil {
		in.p.log.Debug("answer not taken", "err", err)
	}
}

// Here is the address that was asked for, to come back to. What was told there is told once.
func (in *asking) Here() string {
	at := *in.r.URL
	if q := at.Query(); q.Has(toldKey) {
		q.Del(toldKey)
		at.RawQuery = q.Encode()
	}
	return at.RequestURI()
}

// Today is the weekday and the day, for the head of a page.
func (in *asking) Today() [2]string {
	return [2]string{capital(in.t.T(weekdays[in.now.Weekday()])), in.t.T("{day} of {month}", "day", in.now.Day(), "month", in.t.T(months[in.now.Month()-1]))}
}

// KithMark is that of the program, where there is no co-op yet.
func (in *asking) KithMark() template.HTML { return coopMark(4) }

// T says a phrase in the reader's language.
func (in *asking) T(key string, with ...any) string { return in.t.T(key, with...) }

// Lang is the reader's language.
func (in *asking) Lang() string { return in.t.Tag }

// mast is what stands above every page.
type mast struct {
	Mark   template.HTML
	Day    [2]string // the weekday, and the day
	Name   string
	Step   []string   // how we are connected, in sentences
	Notice []sentence // what the person has to know first
	Others []entry    // further co-ops that this daemon serves
}

// group is a part of the table of contents.
type group struct {
	Title   string
	Entries []entry
}

type entry struct {
	Words string
	At    string
	Count string // ""
	Here  bool
}

// groupOf is where a kind stands in the table of contents, by its name; one that isn't here is something that is done together.
var groupOf = map[string]string{
	"task": "Work", "project": "Work", "intake": "Work", "request": "Work", "load": "Work", "time": "Work", "invoice": "Work",
	"role": "Us", "profile": "Us", "newcomer": "Us",
}

// mostCounted is how many things the table of contents counts; above it stands that there are more.
const mostCounted = 99

// around makes what stands around every page of a co-op.
func (in *asking) around() (m mast, index []group, err error) {
	members, err := in.c.Members(in.ctx())
	if err != nil {
		return m, nil, err
	}
	full := 0
	for _, one := range members {
		if one.Standing == "full" {
			full++
		}
	}
	m = mast{Mark: coopMark(full), Day: in.Today(), Name: in.status.Space.Name, Step: in.stepWords(), Notice: in.saidAll(in.status.Notice)}
	for _, s := range in.coops {
		if s.Space.ID != in.status.Space.ID {
			m.Others = append(m.Others, entry{Words: s.Space.Name, At: "/" + s.Space.ID[:spaceLetters] + "/"})
		}
	}
	counts := map[string]string{"members": in.counted(full, full)}
	for _, k := range kinds.All.Nouns() {
		var of []string
		for _, f := range k.Finds {
			if f.Name == "open" || f.Name == "current" {
				of = []string{f.Name, "true"}
			}
		}
		n, err := keep(&in.p.hub, in.space+"/"+k.Many, func() (int, error) {
			found, err := in.list(k, mostCounted+1, of...)
			return len(found), err
		})
		if err != nil {
			return m, nil, err
		}
		counts[k.Many] = in.counted(n, mostCounted)
	}
	place := func(words, path string, under ...string) entry {
		e := entry{Words: in.t.T(words), At: in.At(path), Count: counts[path]}
		for _, of := range append(under, path) {
			e.Here = e.Here || in.r.URL.Path == in.At(of) || strings.HasPrefix(in.r.URL.Path, in.At(of)+"/")
		}
		return e
	}
	here := func(path string) entry { return place(capital(path), path) }
	groups := map[string][]entry{}
	for _, k := range kinds.All.Nouns() {
		group := cmp.Or(groupOf[k.Name], "Together")
		groups[group] = append(groups[group], here(k.Many))
	}
	index = []group{
		{Entries: []entry{place("Today", "")}},
		{Title: in.t.T("Together"), Entries: groups["Together"]},
		{Title: in.t.T("Work"), Entries: append(groups["Work"], here("hours"), here("load"))},
		{Title: in.t.T("Us"), Entries: slices.Concat([]entry{place("Members", "members", "invites")}, groups["Us"], []entry{
			place("Charter", "charter", "proposals"), here("allies"), place("For others", "for-others"), place("In step", "step", "porches", byFilePage),
			place("Your computers", "devices"), place("What happened", "log"),
		})},
	}
	return m, index, nil
}

// counted is a number in the table of contents; "" for none.
func (in *asking) counted(n, most int) string {
	switch {
	case n == 0:
		return ""
	case n > most:
		return in.t.T("{#}+", "#", most)
	}
	return in.t.T("{#}", "#", n)
}

// stepWords says in at most two sentences how this computer is connected.
func (in *asking) stepWords() (says []string) {
	var with []string
	var away []api.Peer
	under := false
	for _, p := range in.status.Peers {
		name := p.Member.Name
		if p.Member.ID == in.status.Me.ID {
			name = p.Device.Name
		}
		switch {
		case !p.Connected:
			away = append(away, p)
		case !p.InStep:
			under = true
		default:
			with = addOnce(with, name)
		}
	}
	switch {
	case len(in.status.Peers) == 0:
		return []string{in.t.T("Nobody else is here yet.")}
	case len(with) > 3:
		says = append(says, in.t.N("In step with {n} people.", len(with)))
	case len(with) > 0:
		says = append(says, in.t.T("In step with {names}.", "names", in.t.And(with)))
	case under:
		says = append(says, in.t.T("Changes are on their way."))
	default:
		return []string{in.t.T("Nobody is in reach just now."), in.t.T("What you do goes to them when they are.")}
	}
	switch {
	case len(away) == 1 && !away[0].LastSeen.IsZero():
		says = append(says, in.t.T("{computer} of {who}: last here {when}.", "computer", away[0].Device.Name, "who", away[0].Member.Name, "when", in.Moment(away[0].LastSeen.Time)))
	case len(away) > 0:
		says = append(says, in.t.N("{N} computers are out of reach.", len(away)))
	}
	return says
}

func addOnce(words []string, word string) []string {
	for _, w := range words {
		if w == word {
			return words
		}
	}
	return append(words, word)
}

// static gives a file of those that are built in: they change with the program alone, and no other version is ever meant.
func static(w http.ResponseWriter, r *http.Request, name string) {
	files, err := fs.Sub(staticFiles, "static")
	if err != nil || strings.Contains(name, "/") || name == "" || r.Method != http.MethodGet {
		http.NotFound(w, r)
		return
	}
	if version := r.URL.Query().Get("v"); version == staticVersion() {
		w.Header().Set("Cache-Control", "private, max-age=31536000, immutable")
	}
	http.ServeFileFS(w, r, files, name)
}

// staticVersion changes with what is built in.
var staticVersion = sync.OnceValue(func() string {
	sum := sha256.New()
	_ = fs.WalkDir(staticFiles, ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			b, err := staticFiles.ReadFile(path)
			sum.Write(b)
			return err
		}
		return err
	})
	return hex.EncodeToString(sum.Sum(nil)[:8])
})
