package page

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kith/daemon/api"
)

func anAsking() *asking {
	t := allWords().all[0]
	return &asking{t: t, calendar: calendar{t, time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)}}
}

var drawnRect = regexp.MustCompile(`<rect class="(f[123])" x="([^"]*)" y="([^"]*)" width="([^"]*)" height="([^"]*)"/>`)

// Yellow is as high as what we can give, blue with the overprint as what is promised, on one scale that begins at 0; what can be given of
// what is promised is the overprint.
func TestTheWeeksAreDrawnOnOneScale(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var weeks []api.LoadWeek
		most := 1.0
		for i := range 8 {
			w := api.LoadWeek{From: time.Date(2026, 11, 30+7*i, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)}
			w.Promised, w.Offered = float64(rapid.IntRange(0, 400).Draw(t, "promised"))/2, float64(rapid.IntRange(0, 400).Draw(t, "offered"))/2
			most = max(most, w.Promised, w.Offered)
			weeks = append(weeks, w)
		}
		for _, f := range []weeksFormat{wideWeeks, narrowWeeks} {
			svg := string(anAsking().weeksPicture(f, weeks))
			high := map[string]map[int]float64{"f1": {}, "f2": {}, "f3": {}}
			for _, m := range drawnRect.FindAllStringSubmatch(svg, -1) {
				x, _ := strconv.ParseFloat(m[2], 64)
				h, err := strconv.ParseFloat(m[5], 64)
				if err != nil || math.IsNaN(h) || x < 0 || x > f.width {
					t.Fatalf("%s", m[0])
				}
				high[m[1]][int(x/(f.width/8))] = h
			}
			for i, w := range weeks {
				both := min(w.Promised, w.Offered)
				for class, hours := range map[string]float64{"f1": w.Promised - both, "f2": w.Offered, "f3": both} {
					if want := hours / most * f.height; math.Abs(high[class][i]-want) > 0.02 {
						t.Fatalf("week %d: %s is %v high, and not %v", i, class, high[class][i], want)
					}
				}
				if over := w.Promised - w.Offered; f.brief && over > 0 && !strings.Contains(svg, ">+"+anAsking().numeral(over)+"<") {
					t.Fatalf("it isn't said that week %d is %v over", i, over)
				}
			}
		}
	})
}

// Everybody who said where they see the co-op is a disc there, or in a number beside; and the picture says it in words.
func TestEachWordOnAStageIsADisc(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rounds []aRound
		for i := range rapid.IntRange(1, 12).Draw(t, "rounds") {
			one := aRound{when: fmt.Sprintf("round %d", i), stages: make([]int, 4)}
			one.stages[rapid.IntRange(0, 3).Draw(t, "some")] = 1
			for s := range one.stages {
				one.stages[s] += rapid.IntRange(0, 9).Draw(t, "say it")
			}
			rounds = append(rounds, one)
		}
		for _, f := range []stagesFormat{wideStages, narrowStages} {
			svg := string(anAsking().stagesPicture(f, rounds))
			want := 0
			for _, r := range rounds[max(0, len(rounds)-f.most):] {
				for s, n := range r.stages {
					want += min(n, mostDiscs)
					if n > 0 && !strings.Contains(svg, anAsking().t.T([]string{"forming", "storming", "norming", "performing"}[s])+" "+strconv.Itoa(n)) {
						t.Fatalf("%d isn't said in words", n)
					}
				}
			}
			if got := strings.Count(svg, "<circle"); got != want || strings.Contains(svg, "NaN") {
				t.Fatalf("%d discs for %d words in %s", got, want, svg)
			}
		}
	})
}
