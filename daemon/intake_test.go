package daemon

import (
	"encoding/json"
	"fmt"
	"net/url"
	"testing"
)

// Ana accepts a request with its first tasks, and her computer dies in the middle of it: when the project is there, or with some of
// the tasks. The request isn't accepted by half: accepted once more it goes on with the project and the tasks that there are, and
// ends with each of them once.
func TestARequestWhoseAcceptingIsInterruptedIsGoneOnWith(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	ana.start()
	list := func(many string) (all []struct{ ID, Short, Title, State, Project string }) {
		b, err := ana.client.Documents(t.Context(), many, url.Values{"limit": {"500"}})
		must(t, err)
		must(t, json.Unmarshal(b, &all))
		return all
	}
	var first []string
	for i := range 12 {
		first = append(first, fmt.Sprintf("Part %d=2h", i))
	}
	for round := range 3 {
		who := fmt.Sprintf("Mia %d", round)
		b, err := ana.client.MakeDocument(t.Context(), "intakes", map[string]any{"title": who, "text": "A web site"})
		must(t, err)
		var request struct{ ID string }
		must(t, json.Unmarshal(b, &request))
		tasks := len(list("tasks"))
		done := make(chan error, 1)
		accept := func() error {
			_, err := ana.client.Do(t.Context(), "intakes", request.ID, "accept", map[string]any{"task": first})
			return err
		}
		go func() { done <- accept() }()
		ana.until("the accepting is under way", func() bool {
			return len(list("projects")) > round && len(list("tasks")) >= tasks+4*round
		})
		ana.kill()
		said := <-done
		ana.start()
		t.Logf("killed with %d projects and %d tasks: %v", len(list("projects")), len(list("tasks"))-tasks, said)
		if err := accept(); err != nil && said != nil && list("intakes")[0].State != "accepted" {
			t.Fatal(err)
		}
		projects, titles := 0, map[string]int{}
		for _, p := range list("projects") {
			if p.Title == who {
				projects++
			}
		}
		for _, task := range list("tasks") {
			if task.Project == who {
				titles[task.Title]++
			}
		}
		for _, request := range list("intakes") {
			if request.Title == who && (request.State != "accepted" || request.Project == "") {
				t.Errorf("%s: the request is %s, and became %q", who, request.State, request.Project)
			}
		}
		if projects != 1 || len(titles) != len(first) {
			t.Errorf("%s: %d projects and %d tasks", who, projects, len(titles))
		}
		for title, n := range titles {
			if n > 1 {
				t.Errorf("%s: “%s” is there %d times", who, title, n)
			}
		}
	}
	ana.stop()
}
