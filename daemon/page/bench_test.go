package page_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/url"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"kith/daemon/api/apitest"
)

// firstView is how many bytes a browser gets until the page of today is there, compressed; fonts are already.
func firstView(t testing.TB, ana *member) (size int) {
	t.Helper()
	add := func(body string, compressed bool) {
		if compressed {
			size += len(body)
			return
		}
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, err := w.Write([]byte(body))
		must(t, err)
		must(t, w.Close())
		size += b.Len()
	}
	page := ana.sees("").body
	add(page, false)
	at, err := url.Parse(ana.base)
	must(t, err)
	links := regexp.MustCompile(`/static/[^"]+`).FindAllString(page, -1)
	style := ana.fetch("GET", at.Scheme+"://"+at.Host+"/static/style.css", nil).body
	links = append(links, regexp.MustCompile(`/static/[a-z.0-9]+woff2`).FindAllString(style, -1)...)
	for _, name := range regexp.MustCompile(`url\("?([a-z]+\.woff2)`).FindAllStringSubmatch(style, -1) {
		links = append(links, "/static/"+name[1])
	}
	had := map[string]bool{}
	for _, link := range links {
		link, _, _ = strings.Cut(link, "?")
		if !had[link] {
			had[link] = true
			a := ana.fetch("GET", at.Scheme+"://"+at.Host+link, nil)
			add(a.body, strings.HasSuffix(link, ".woff2"))
		}
	}
	for _, needed := range []string{"/static/sans.woff2", "/static/serif.woff2", "/static/style.css", "/static/page.js"} {
		if !had[needed] {
			t.Errorf("%s isn't counted", needed)
		}
	}
	return size
}

func TestTheFirstViewIsSmall(t *testing.T) {
	ana := coop(t, "Ana")[0]
	ana.sends("tasks/new", "tasks", url.Values{"title": {"Order paper"}})
	if size := firstView(t, ana); size > 100_000 {
		t.Errorf("it is %d bytes", size)
	}
}

// BenchmarkPage measures what docs/BENCHMARKS.md has of the page, with 10,000 documents and three windows:
//
//	go test ./daemon/page -run none -bench Page -benchtime 1x
func BenchmarkPage(b *testing.B) {
	const documents, burst, looks = 10_000, 1000, 9
	all := coop(b, "Ana", "Ben")
	ana, ben := all[0], all[1]
	var writers sync.WaitGroup
	for i := range 16 { // many at once: they are stored together
		writers.Go(func() {
			for n := i; n < documents; n += 16 {
				if _, err := ben.client.CreateTask(b.Context(), apitest.NewTask{Title: fmt.Sprintf("Task %d of many", n), Text: "Two sentences. So long are most of them."}); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	writers.Wait()
	until(b, "Ana has them", func() bool {
		s, err := ana.client.Status(b.Context())
		return err == nil && s.InStep && s.Documents >= documents
	})
	b.ReportMetric(float64(firstView(b, ana))/1000, "kB-first-view")
	heap := func() float64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc) / (1 << 20)
	}
	before := heap()
	w := browser(b, ana)
	for _, view := range []string{"", "tasks", "log"} {
		var took []float64
		for range looks {
			w.goTo(view)
			took = append(took, js[float64](w, `performance.getEntriesByType("navigation")[0].domInteractive`))
		}
		slices.Sort(took)
		b.ReportMetric(took[looks/2], "ms-interactive-"+map[string]string{"": "today"}[view]+view)
	}
	others := []*window{browser(b, ana), browser(b, ana)}
	others[0].goTo("tasks")
	others[1].goTo("")
	b.ReportMetric(heap()-before, "MB-three-windows")
	w.goTo("")
	js[bool](w, `(window.long = [], new PerformanceObserver((l) => long.push(...l.getEntries().map((e) => e.duration))).observe({ type: "longtask" }), true)`)
	note, err := ben.client.CreateNote(b.Context(), apitest.NewNote{Title: "Minutes"})
	must(b, err)
	for i := range burst {
		_, err := ben.client.AppendNote(b.Context(), note.ID, fmt.Sprintf("line %d", i))
		must(b, err)
	}
	_, err = ben.client.CreateDecision(b.Context(), apitest.NewDecision{Title: "The last of the burst", Process: "consent"})
	must(b, err)
	w.untilSays("The last of the burst")
	b.ReportMetric(js[float64](w, `Math.max(0, ...long)`), "ms-longest-task")
	b.ReportMetric(js[float64](w, `long.length`), "long-tasks")
	b.ReportMetric(heap()-before, "MB-after-burst")
}
