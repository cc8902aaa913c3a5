package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"kith/crdt/kinds"
	"kith/daemon/api"
)

// asker asks one daemon anything that its API knows, as another program does.
type asker struct {
	t    testing.TB
	http *http.Client
	docs map[string]string // by the path of its kind: a document
}

func newAsker(t testing.TB, h *computer) *asker {
	path, err := api.SocketPath(h.dir)
	must(t, err)
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}
	a := &asker{t: t, http: &http.Client{Transport: &http.Transport{DialContext: dial}, Timeout: time.Minute}, docs: map[string]string{}}
	t.Cleanup(a.http.CloseIdleConnections)
	return a
}

// ask says whether something was done, or was so already, and else why not.
func (a *asker) ask(method, path string, body any) (answer map[string]any, refused string) {
	a.t.Helper()
	var in io.Reader
	if method != "GET" {
		b, err := json.Marshal(body)
		must(a.t, err)
		in = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(a.t.Context(), method, "http://kith"+path, in)
	must(a.t, err)
	req.URL.RawQuery = url.Values{"space": {"Riso Print Co-op"}}.Encode() // what is asked founds another one
	req.Header.Set("Content-Type", "application/json")
	res, err := a.http.Do(req)
	must(a.t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	must(a.t, err)
	_ = json.Unmarshal(b, &answer) // a list, or lines, say nothing that is needed
	if p, ok := answer["error"].(map[string]any); ok && p["code"] != string(api.Nothing) {
		return answer, p["code"].(string)
	}
	return answer, ""
}

// path puts the documents of an asker into a path of the description.
func (a *asker) path(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		switch {
		case part == "{id}" && parts[i-1] == "members":
			parts[i] = holder
		case part == "{id}" && a.docs[parts[i-1]] != "":
			parts[i] = a.docs[parts[i-1]]
		case part == "{id}":
			parts[i] = a.docs["notes"]
		case strings.HasPrefix(part, "{"):
			parts[i] = "none"
		}
	}
	return strings.Join(parts, "/")
}

// example is a value of a schema: with what is required, or with all that there is.
func example(doc map[string]any, schema map[string]any, all bool, depth int) any {
	if ref, ok := schema["$ref"].(string); ok {
		named := doc["components"].(map[string]any)["schemas"].(map[string]any)
		return example(doc, named[ref[strings.LastIndex(ref, "/")+1:]].(map[string]any), all, depth)
	}
	if enum, ok := schema["enum"].([]any); ok && len(enum) > 0 {
		return enum[0]
	}
	what := schema["type"]
	if several, ok := what.([]any); ok {
		what = several[0]
	}
	switch what {
	case "integer", "number":
		return 1
	case "boolean":
		return false
	case "array":
		items, _ := schema["items"].(map[string]any)
		if items == nil || depth > 4 {
			return []any{}
		}
		return []any{example(doc, items, all, depth+1)}
	case "object":
		out := map[string]any{}
		required, _ := schema["required"].([]any)
		properties, _ := schema["properties"].(map[string]any)
		for name, of := range properties {
			if depth <= 4 && (all || slices.Contains(required, any(name))) {
				out[name] = example(doc, of.(map[string]any), all, depth+1)
			}
		}
		return out
	}
	return holder
}

// holder is who holds everything in one of the two co-ops, and what is said wherever a text is asked for. No ID has a u in it, so
// that it can't happen to be the beginning of one in one of the two.
const holder = "Luz"

// ofOnesOwn are the requests in which somebody says what they themselves do with what they hold: nobody says it for them.
var ofOnesOwn = []string{"take", "accept", "decline", "hand-over", "put-back"}

// notAsked are those that end what is looked at, wait for something that doesn't come, or ask for another program.
var notAsked = []string{"/v1/events", "/v1/resign", "/v1/sync", "/v1/spaces/sync", "/v1/join", "/v1/join/device", "/v1/allies/join", "/v1/allies", "/v1/further", "/v1/further/join", "/v1/page", "/v1/openapi.json"}

// Luz holds every role and coordinates every project in one co-op, and nothing in another that is the same else. Whatever the
// API can be asked, by the commands and by the page, she is let do in the one if she is in the other.
func TestHoldingARoleAllowsNothing(t *testing.T) {
	var askers []*asker
	for _, holds := range []bool{true, false} {
		h := coop(t, holder)[0]
		h.start()
		a := newAsker(t, h)
		askers = append(askers, a)
		for _, k := range kinds.All.Nouns() {
			made, refused := a.ask("POST", "/v1/"+k.Many, map[string]any{"title": "the " + k.Name})
			if refused == "" {
				a.docs[k.Many], _ = made["id"].(string)
			}
		}
		for _, many := range []string{"roles", "projects"} {
			if !holds {
				continue
			}
			if _, refused := a.ask("POST", "/v1/"+many+"/"+a.docs[many]+"/take", map[string]any{}); refused != "" {
				t.Fatalf("Luz doesn't take %s: %s", a.docs[many], refused)
			}
		}
	}
	doc, _ := askers[0].ask("GET", "/v1/openapi.json", nil)
	paths := doc["paths"].(map[string]any)
	var names []string
	for path := range paths {
		names = append(names, path)
	}
	slices.Sort(names)
	asked, allowed := 0, 0
	for _, all := range []bool{false, true} {
		for _, path := range names {
			verb := path[strings.LastIndex(path, "/")+1:]
			if slices.Contains(notAsked, path) || slices.Contains(ofOnesOwn, verb) && (strings.HasPrefix(path, "/v1/roles/") || strings.HasPrefix(path, "/v1/projects/")) {
				continue
			}
			for method, op := range paths[path].(map[string]any) {
				method = strings.ToUpper(method)
				if method == "PARAMETERS" {
					continue
				}
				var body any = map[string]any{}
				if content, ok := op.(map[string]any)["requestBody"].(map[string]any); ok {
					media, _ := content["content"].(map[string]any)["application/json"].(map[string]any)
					if media == nil {
						continue // a file
					}
					body = example(doc, media["schema"].(map[string]any), all, 0)
				}
				var refusals []string
				for _, a := range askers {
					_, refused := a.ask(method, a.path(path), body)
					refusals = append(refusals, refused)
				}
				if asked++; refusals[0] == "" {
					allowed++
				}
				if refusals[0] != refusals[1] {
					t.Errorf("%s %s with %v: who holds is told %q, who doesn't %q", method, path, body, refusals[0], refusals[1])
				}
			}
		}
	}
	t.Logf("%d requests, %d of them allowed", asked, allowed)
	if asked < 200 || allowed < 60 {
		t.Error("this shows little")
	}
}
