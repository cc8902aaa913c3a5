package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	invalid "github.com/pb33f/libopenapi-validator/errors"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/api/client"
)

// described is the description as somebody else reads it: strictly, so that what isn't described is wrong.
var described = sync.OnceValues(func() (validator.Validator, error) {
	b, err := json.Marshal(describe(routes()))
	if err != nil {
		return nil, err
	}
	doc, err := libopenapi.NewDocument(b)
	if err != nil {
		return nil, err
	}
	v, errs := validator.NewValidator(doc, config.WithStrictMode(), config.WithStrictIgnorePaths("$.body.**.tally.*", "$.body[*].**.tally.*"), config.WithFormatAssertions(), config.WithRejectUndeclaredRequestBody())
	if len(errs) > 0 {
		return nil, errs[0]
	}
	return v, nil
})

func description(t *testing.T) validator.Validator {
	t.Helper()
	v, err := described()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// checkDescribed holds a request and its answer against the description: the answer always, the request if it
// was taken. What the server took and the description forbids is as wrong as the other way round.
func checkDescribed(t *testing.T, method, path string, sent *bytes.Buffer, w *httptest.ResponseRecorder) {
	t.Helper()
	if w.Code == http.StatusOK && (w.Header().Get("Content-Type") != "application/json" || path == "openapi.json") {
		return // a stream, or what is described elsewhere
	}
	r := httptest.NewRequest(method, "http://kith/v1/"+path, bytes.NewReader(sent.Bytes()))
	if sent.Len() > 0 {
		r.Header.Set("Content-Type", "application/json")
	} else {
		r.Body = http.NoBody
	}
	if w.Code == http.StatusOK {
		if ok, errs := description(t).ValidateHttpRequestSync(r); !ok {
			t.Errorf("%s %s was taken, and isn't as described: %s", method, path, all(errs))
		}
	}
	if !known(method, path) {
		return
	}
	if ok, errs := description(t).ValidateHttpResponse(r, w.Result()); !ok {
		t.Errorf("%s %s: the answer isn't as described: %s\n%.500s", method, path, all(errs), w.Body)
	}
}

// known says whether there is a route for a request.
func known(method, path string) bool {
	mux := http.NewServeMux()
	for _, r := range routes() {
		mux.Handle(r.pattern(), http.NotFoundHandler())
	}
	_, pattern := mux.Handler(httptest.NewRequest(method, "/v1/"+path, nil))
	return pattern != ""
}

func all(errs []*invalid.ValidationError) string {
	var b strings.Builder
	for _, e := range errs {
		b.WriteString(e.Error() + "\n")
		for _, s := range e.SchemaValidationErrors {
			b.WriteString("  " + s.FieldPath + ": " + s.Reason + "\n")
		}
	}
	return b.String()
}

func TestTheDescriptionIsValidOpenAPI(t *testing.T) {
	if ok, errs := description(t).ValidateDocument(); !ok {
		t.Error(all(errs))
	}
	for _, r := range routes() {
		if r.gist == "" {
			t.Errorf("%s: nobody learns what it does", r.path)
		}
	}
}

func TestTheDaemonDescribesItself(t *testing.T) {
	status, answer := ask(t, newFake(), "GET", "openapi.json", nil)
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]any
	}
	if err := json.Unmarshal([]byte(answer), &doc); status != 200 || err != nil || doc.OpenAPI != "3.1.0" {
		t.Fatalf("%d %v %.100s", status, err, answer)
	}
	for _, r := range routes() {
		if doc.Paths["/v1/"+r.below()][strings.ToLower(r.method())] == nil {
			t.Errorf("%s isn't in it", r.path)
		}
	}
}

// TestWhateverIsAnsweredIsAsDescribed writes made-up values of each type that a route can answer with, all empty
// and all filled.
func TestWhateverIsAnsweredIsAsDescribed(t *testing.T) {
	s := New(served{newFake()}, slog.New(slog.DiscardHandler))
	for _, route := range routes() {
		if route.work.stream != nil || route.work.gave == nil || route.below() == "openapi.json" {
			continue
		}
		path := strings.NewReplacer("{", "", "}", "").Replace(route.below())
		for name, words := range route.words {
			path = strings.Replace(path, name, words[0], 1)
		}
		for seed := range uint64(20) {
			v := reflect.New(route.work.gave).Elem()
			if seed > 0 {
				makeUp(v, rand.New(rand.NewPCG(seed, 1)), 0)
			}
			w := httptest.NewRecorder()
			s.write(w, http.StatusOK, v.Interface())
			r := httptest.NewRequest(route.method(), "http://kith/v1/"+path, http.NoBody)
			if ok, errs := description(t).ValidateHttpResponse(r, w.Result()); !ok {
				t.Fatalf("%s: %s\n%s", route.path, all(errs), w.Body)
			}
		}
	}
}

// TestWhatIsSentIsAsDescribed holds what the client would send, made up for each route, against the description.
func TestWhatIsSentIsAsDescribed(t *testing.T) {
	for _, route := range routes() {
		if route.work.took == nil {
			continue // of a kind: see kinds_test.go
		}
		path := strings.NewReplacer("{", "", "}", "").Replace(route.below())
		for name, words := range route.words {
			path = strings.Replace(path, name, words[0], 1)
		}
		send := func(body string) (bool, []*invalid.ValidationError) {
			r := httptest.NewRequest(route.method(), "http://kith/v1/"+path, strings.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			return description(t).ValidateHttpRequestSync(r)
		}
		for seed := range uint64(20) {
			v := reflect.New(route.work.took).Elem()
			if seed > 0 {
				makeUp(v, rand.New(rand.NewPCG(seed, 2)), 0)
			}
			b, err := json.Marshal(withLists(v.Interface()))
			if err != nil {
				t.Fatal(err)
			}
			if ok, errs := send(string(b)); !ok {
				t.Fatalf("%s: %s\n%s", route.path, all(errs), b)
			}
		}
		if ok, _ := send(`{"no_such_field":1}`); ok {
			t.Errorf("%s: a field that the server refuses is described as good", route.path)
		}
		if ok, _ := send(`[]`); ok {
			t.Errorf("%s: a list is described as good", route.path)
		}
	}
}

// makeUp fills a value with anything.
func makeUp(v reflect.Value, r *rand.Rand, deep int) {
	switch v.Kind() {
	case reflect.Pointer:
		if r.IntN(2) == 0 && deep < 6 {
			v.Set(reflect.New(v.Type().Elem()))
			makeUp(v.Elem(), r, deep+1)
		}
	case reflect.Slice:
		if deep < 6 {
			v.Set(reflect.MakeSlice(v.Type(), r.IntN(3), 3))
		}
		for i := range v.Len() {
			makeUp(v.Index(i), r, deep+1)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		if v.Type().Elem().Kind() == reflect.Int {
			v.SetMapIndex(reflect.ValueOf("consent").Convert(v.Type().Key()), reflect.ValueOf(r.IntN(9)))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[api.Time]() {
			v.Set(reflect.ValueOf(api.At(time.UnixMilli(r.Int64N(4e12)))))
			return
		}
		for i := range v.NumField() {
			makeUp(v.Field(i), r, deep+1)
		}
	case reflect.String:
		v.SetString([]string{"", "Ana", "t-4kq2", "🖨\n\"", strings.Repeat("x", 300)}[r.IntN(5)])
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.Int, reflect.Int64:
		v.SetInt(r.Int64N(1e9))
	case reflect.Uint64:
		v.SetUint(r.Uint64N(1e9))
	case reflect.Float64:
		v.SetFloat(float64(r.IntN(1000)) / 4)
	}
}

func TestSchemasKnowEveryTypeOfTheAPI(t *testing.T) {
	seen := map[reflect.Type]bool{}
	var look func(t reflect.Type, in string)
	look = func(ty reflect.Type, in string) {
		if ty == nil || seen[ty] || ty == reflect.TypeFor[api.Time]() || ty == reflect.TypeFor[kind.Time]() || ty == reflect.TypeFor[object]() {
			return
		}
		seen[ty] = true
		switch ty.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			look(ty.Elem(), in)
		case reflect.Struct:
			for _, f := range reflect.VisibleFields(ty) {
				if f.Tag.Get("json") == "-" {
					continue
				}
				look(f.Type, ty.Name()+"."+f.Name)
			}
		case reflect.Bool, reflect.String, reflect.Float64, reflect.Int, reflect.Int64, reflect.Uint64:
		default:
			t.Errorf("%s is a %s, of which schemas.of knows nothing", in, ty.Kind())
		}
	}
	for _, r := range routes() {
		look(r.work.took, r.path)
		look(r.work.gave, r.path)
	}
	for _, k := range kinds.All.Nouns() {
		for _, show := range k.Shows {
			look(show.Type, k.Name+"."+show.Name)
		}
	}
}

func TestWhatARequestDoesntTakeInItsAddressIsRefused(t *testing.T) {
	for path, says := range map[string]string{
		"tasks?colour=red":          "can't be asked with “colour”",
		"tasks?waiting_for_me=1":    "can't be asked with",
		"notes?project=fair":        "can't be asked with “project”",
		"tasks?mine=yes":            "mine is true or false",
		"tasks?tag=a&tag=b":         "more than one tag",
		"tasks?limit=none":          "limit is a number",
		"tasks?sort=colour":         "there is no order “colour”",
		"tasks/4kq2?tag=a":          "can't be asked with",
		"members?limit=3":           "can't be asked with",
		"charter/log?limit=0":       "limit is a number",
		"decisions?review_before=x": "is not a date",
	} {
		if p := refused(t, newFake(), "GET", path, nil); p.Code != api.Invalid || !strings.Contains(p.Message, says) {
			t.Errorf("%s: %s: %s (%s)", path, p.Code, p.Message, p.Hint)
		}
	}
	if p := refused(t, newFake(), "POST", "sync?wait=soon", io.NopCloser(strings.NewReader(""))); p.Code != api.Invalid {
		t.Errorf("a wait that is none: %+v", p)
	}
}

func TestAHomeWithoutACoopSaysSoWhateverIsAsked(t *testing.T) {
	bare := bareHome{newFake()}
	bare.space = api.Named{}
	for _, route := range routes() {
		path := strings.NewReplacer("{", "", "}", "").Replace(route.below())
		w := httptest.NewRecorder()
		New(bare, slog.New(slog.DiscardHandler)).Handler().ServeHTTP(w, httptest.NewRequest(route.method(), "/v1/"+path, http.NoBody))
		if says := strings.Contains(w.Body.String(), "there is no co-op here yet"); says == route.bare {
			t.Errorf("%s: %d %s", route.path, w.Code, w.Body)
		}
	}
}

// bareHome has no co-op yet.
type bareHome struct{ *fake }

func (b bareHome) Doctor(context.Context, api.DoctorRequest) ([]api.Check, error) { return nil, nil }

func (b bareHome) Spaces() []Space { return []Space{{Peers: b, Keeping: b}} }

func (b bareHome) Ways() Ways         { return noWays{} }
func (b bareHome) Computer() Computer { return noComputer{} }

func (b bareHome) Begun() <-chan struct{} { return nil }

func (b bareHome) Page() (api.PageLink, error) { return api.PageLink{}, nil }

func (b bareHome) Join(ctx context.Context, r api.JoinRequest) (api.JoinResult, error) {
	return api.JoinResult{}, nil
}

func (b bareHome) JoinDevice(context.Context, api.DeviceJoinRequest, func(api.Compare)) (api.DeviceJoined, error) {
	return api.DeviceJoined{}, nil
}

func (b bareHome) Found(ctx context.Context, r api.InitRequest) (api.InitResult, error) {
	return api.InitResult{}, nil
}

func TestNoPartOfASpaceIsWide(t *testing.T) {
	for _, part := range reflect.VisibleFields(reflect.TypeFor[Space]()) {
		if n := part.Type.NumMethod(); n == 0 || n > 12 {
			t.Errorf("%s has %d methods: who implements it or fakes it has to read them all", part.Name, n)
		}
	}
}

// TestTheClientAsksForWhatThereIs calls each method of the client with what has no meaning, and looks whether there
// is a route for it.
func TestTheClientAsksForWhatThereIs(t *testing.T) {
	home := shortHome(t)
	l, err := Listen(home)
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]bool{}
	mux := http.NewServeMux()
	for _, r := range routes() {
		mux.HandleFunc(r.pattern(), func(w http.ResponseWriter, q *http.Request) {
			asked[r.path] = true
			if err := r.checkQuery(q); err != nil {
				t.Errorf("the client asks %s for what it doesn't take: %v", r.path, err)
			}
			http.Error(w, "", http.StatusTeapot)
		})
	}
	mux.HandleFunc("/", func(_ http.ResponseWriter, q *http.Request) {
		t.Errorf("the client asks for %s %s", q.Method, q.URL.Path)
	})
	h := http.Server{Handler: mux}
	served := make(chan error, 1)
	go func() { served <- h.Serve(l) }()
	c, err := client.New(home, "")
	if err != nil {
		t.Fatal(err)
	}
	calls := reflect.ValueOf(c)
	for i := range calls.NumMethod() {
		method, name := calls.Method(i), calls.Type().Method(i).Name
		if name == "Close" || name == "In" || name == "Events" {
			continue
		}
		if slices.Contains([]string{"Documents", "Document", "MakeDocument", "EditDocument", "SetMine", "Do", "History", "Differences", "Edition", "Restore", "LastShown", "NoteShown", "Possible"}, name) {
			continue // see askOfEveryKind
		}
		args := []reflect.Value{reflect.ValueOf(t.Context())}
		for n := 1; n < method.Type().NumIn(); n++ {
			args = append(args, filled(method.Type().In(n)))
		}
		method.Call(args)
	}
	for _, err := range c.Events(t.Context(), []string{"task"}, nil) {
		if err == nil {
			t.Error("events come from nowhere")
		}
	}
	askOfEveryKind(t, c)
	for _, action := range []string{api.ActionAdmit, api.ActionRemove, api.ActionNewKey} {
		if _, err := c.Propose(t.Context(), api.ProposalRequest{Action: action, Member: "Ana"}); err == nil {
			t.Error("a proposal comes from nowhere")
		}
	}
	c.Close()
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	<-served
	for _, r := range routes() {
		if !asked[r.path] && r.below() != "openapi.json" {
			t.Errorf("the client never asks for %s", r.path)
		}
	}
}

// filled is an argument that isn't empty, as far as its type has any.
func filled(t reflect.Type) reflect.Value {
	v := reflect.New(t).Elem()
	switch {
	case t == reflect.TypeFor[io.Reader]():
		v.Set(reflect.ValueOf(strings.NewReader("")))
	case t.Kind() == reflect.String:
		v.SetString("threshold")
	case t.Kind() == reflect.Bool:
		v.SetBool(true)
	case t.Kind() == reflect.Int, t.Kind() == reflect.Int64:
		v.SetInt(1)
	case t.Kind() == reflect.Struct:
		for i := range t.NumField() {
			if k := t.Field(i).Type.Kind(); k == reflect.String || k == reflect.Bool {
				v.Field(i).Set(filled(t.Field(i).Type))
			}
		}
	}
	return v
}

// askOfEveryKind asks for all that documents of a kind can be asked.
func askOfEveryKind(t *testing.T, c *client.Client) {
	ctx := t.Context()
	for _, k := range kinds.All.Nouns() {
		_, errs := c.Documents(ctx, k.Many, nil)
		_, err := c.Document(ctx, k.Many, "x")
		errs = errors.Join(errs, err)
		_, err = c.MakeDocument(ctx, k.Many, nil)
		errs = errors.Join(errs, err)
		_, err = c.EditDocument(ctx, k.Many, "x", nil)
		errs = errors.Join(errs, err)
		if k.Single {
			_, err = c.SetMine(ctx, k.Many, nil)
			errs = errors.Join(errs, err)
		}
		for _, v := range k.Verbs {
			_, err = c.Do(ctx, k.Many, "x", v.Name, nil)
			errs = errors.Join(errs, err)
		}
		_, err = c.LastShown(ctx, k.Many, "x")
		errs = errors.Join(errs, err, c.NoteShown(ctx, k.Many, "x", []string{"ab"}))
		_, err = c.Possible(ctx, k.Many, "x")
		errs = errors.Join(errs, err)
		_, err = c.History(ctx, k.Many, "x")
		errs = errors.Join(errs, err)
		_, err = c.Differences(ctx, k.Many, "x", 1)
		errs = errors.Join(errs, err)
		_, err = c.Edition(ctx, k.Many, "x", "ab")
		errs = errors.Join(errs, err)
		_, err = c.Restore(ctx, k.Many, "x", "ab")
		errs = errors.Join(errs, err)
		if errs == nil {
			t.Errorf("%s come from nowhere", k.Many)
		}
	}
}
