package page

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
)

// mux is where the routes are when nobody is behind them.
func mux() (*http.ServeMux, []string) {
	m, all := http.NewServeMux(), []string{}
	new(Page).routes(func(pattern string, answer func(http.ResponseWriter, *http.Request)) {
		m.HandleFunc(pattern, answer)
		all = append(all, pattern)
	})
	return m, all
}

// Routes are the patterns of what the page shows.
func Routes() []string {
	_, all := mux()
	return slices.DeleteFunc(all, func(pattern string) bool { return !strings.HasPrefix(pattern, "GET ") })
}

// ViewOf is the pattern by which a path is shown, in which stands which view of several it is: "GET /{space}/tasks/{id}/ask".
func ViewOf(path string) string {
	m, _ := mux()
	_, pattern := m.Handler(httptest.NewRequest(http.MethodGet, path, nil))
	is, all := strings.Split(path, "/"), strings.Split(pattern, "/")
	for i, part := range all {
		if which := slices.Contains([]string{"{many}", "{verb}", "{action}"}, part); which || part == "{id}" && is[i] == "new" {
			all[i] = is[i]
		}
	}
	return strings.Join(all, "/")
}

// StepForms are the names of the steps that are proposed on the page of a member, or else on that of the charter.
func StepForms(member bool) (all []string) {
	for _, s := range stepForms {
		if s.member == member {
			all = append(all, s.action)
		}
	}
	return all
}
