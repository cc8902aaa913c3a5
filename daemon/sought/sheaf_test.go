package sought

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/kind"
)

// wordsOfAll are words of several scripts, that are near each other, parts of each other, and said in several forms.
var wordsOfAll = []string{"paper", "Papers", "newspaper", "papre", "pa", "p", "Zeitung", "zeitungen", "Zeitnug", "Dora's", "doras", "新聞紙", "聞", "กระดาษ", "Ёлка", "елка", "présents", "12,5", "a.b", "aa", "aaa", "#x", "für", "’", "\u00a0", "\x85"}

func drawText(t *rapid.T, name string) string {
	words := rapid.SliceOfN(rapid.SampledFrom(wordsOfAll), 0, 6).Draw(t, name)
	between := rapid.SampledFrom([]string{" ", "\n", "-", "", "  "}).Draw(t, name+": between")
	return strings.Join(words, between)
}

func TestASheafFindsWhatItsRecordsDo(t *testing.T) {
	room := &Room{} // what one call leaves in it the next must not see
	rapid.Check(t, func(t *rapid.T) {
		records := []string{}
		for i := range rapid.IntRange(1, 20).Draw(t, "documents") {
			v := &kind.View{Title: drawText(t, "title"), Tags: strings.Fields(drawText(t, "tags")), Text: drawText(t, fmt.Sprint("text ", i))}
			records = append(records, recordOf(v, []string{drawText(t, "said")}))
		}
		dead := rapid.IntRange(0, len(records)).Draw(t, "dead")
		limit := rapid.IntRange(0, 5).Draw(t, "limit")
		nearly := rapid.Bool().Draw(t, "nearly")
		q := Parse(drawText(t, "typed"))
		if len(q) == 0 {
			q = Query{{Text: rapid.SampledFrom([]string{"p", "pa", "ei", "聞", "aa"}).Draw(t, "a part")}}
		}
		want := firsts{limit: limit}
		for i, r := range records {
			if score := q.Score(r, nearly); score > 0 && i != dead {
				want.add(Found{i, score})
			}
		}
		s := Bind(records)
		got, err := q.In(s.Words, func(at int) bool { return at != dead }, nearly, limit, room, func(use func([]byte) error) error { return use(s.Places) })
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want.all()) {
			t.Fatalf("%v (a letter apart: %v) finds %v in a sheaf, %v in the records: %v", q, nearly, got, want.kept, err)
		}
	})
}

func TestTheFirstOfEqualOnesAreKept(t *testing.T) {
	f := firsts{limit: 2}
	for i, score := range []float64{1, 2, 2, 3, 2, 3, 1, 3} {
		f.add(Found{i, score})
	}
	if got := fmt.Sprint(f.all()); got != "[{3 3} {5 3}]" {
		t.Error(got)
	}
}

func TestASheafThatIsCutIsRefused(t *testing.T) {
	s := Bind([]string{"paper\n\nfor the riso\npaper", "paper\n\nriso"})
	for n := range len(s.Words) {
		for m := range len(s.Places) {
			// It may find less, or nothing: it reads nothing that isn't there.
			_, _ = Parse("paper").In(s.Words[:n], func(int) bool { return true }, n%2 == 0, 0, &Room{}, func(use func([]byte) error) error { return use(s.Places[:m]) })
		}
	}
}

// many are records as a co-op of years has them, of about 500 letters.
func many() (records []string) {
	for i := range SheafDocs / 3 {
		v := &kind.View{Title: fmt.Sprintf("Print run %d, plate %d", i, i%7)}
		for n := range 10 {
			v.Text += fmt.Sprintf("We order recycled paper number %d for the riso, as in month %d.\n", (i*31+n*17)%4000, n)
		}
		records = append(records, recordOf(v, nil))
	}
	return records
}

func BenchmarkBind(b *testing.B) {
	records := many()
	size := 0
	for _, r := range records {
		size += len(r)
	}
	s := Bind(records)
	b.ReportMetric(float64(len(s.Words)+len(s.Places))/float64(len(records)), "bytes/document")
	b.ReportMetric(float64(size)/float64(len(records)), "letters/document")
	for b.Loop() {
		Bind(records)
	}
}

func BenchmarkIn(b *testing.B) {
	s, room := Bind(many()), &Room{}
	for _, typed := range []string{"e", "paper", "3999", "recycled paper riso", "recylced", "nothing"} {
		for _, nearly := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/%v", typed, nearly), func(b *testing.B) {
				for b.Loop() {
					_, _ = Parse(typed).In(s.Words, func(int) bool { return true }, nearly, 20, room, func(use func([]byte) error) error { return use(s.Places) })
				}
			})
		}
	}
}
