package page

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var stances = []string{"consent", "agree", "choose", "object", "disagree", "block", "stand_aside", "abstain", "advise", toRenew, notYet}

// anyCircle draws people around a proposal, from one to fifty.
func anyCircle(t *rapid.T) []seat {
	var all []seat
	for i := range rapid.IntRange(1, 50).Draw(t, "people") {
		all = append(all, seat{
			name: rapid.StringMatching(`[A-Za-zÀ-ÿ ]{1,18}`).Draw(t, "name"), stance: rapid.SampledFrom(stances).Draw(t, "stance"),
			says: []string{"stands aside"}, joining: rapid.Bool().Draw(t, "joining"), me: i == 0,
		})
	}
	return all
}

func TestACircleHoldsAllOfItsShapesAndNothingIsCutOff(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := anyCircle(t)
		for _, f := range []format{wide, narrow} {
			svg := string(circleOf(f, rapid.StringMatching(`[A-Za-z ]{1,120}`).Draw(t, "title"), all, "says"))
			view := regexp.MustCompile(`viewBox="([^"]*)"`).FindStringSubmatch(svg)[1]
			var box [4]float64
			for i, n := range strings.Fields(view) {
				box[i], _ = strconv.ParseFloat(n, 64)
			}
			if box[2] != f.width || !(box[3] > 0) || math.IsInf(box[3], 0) {
				t.Fatalf("the picture is %v", box)
			}
			for _, m := range regexp.MustCompile(`<circle class="[^"]*" cx="([^"]*)" cy="([^"]*)" r="([^"]*)"/>`).FindAllStringSubmatch(svg, -1) {
				var c [3]float64
				for i := range c {
					n, err := strconv.ParseFloat(m[i+1], 64)
					if err != nil || math.IsNaN(n) {
						t.Fatalf("%s isn't a number", m[i+1])
					}
					c[i] = n
				}
				if c[0]-c[2] < box[0]-1 || c[0]+c[2] > box[0]+box[2]+1 || c[1]-c[2] < box[1]-1 || c[1]+c[2] > box[1]+box[3]+1 {
					t.Fatalf("%s lies outside of %v", m[0], box)
				}
			}
			if strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
				t.Fatal("something is no number")
			}
		}
	})
}

func TestNobodyStandsAtTheHeadAndTheReaderAtTheFoot(t *testing.T) {
	for n := 1; n <= 50; n++ {
		for i := range n {
			if a := angleOf(i, n); n > 1 && math.Abs(a+math.Pi/2) < 0.01 {
				t.Errorf("of %d, number %d is at the head", n, i)
			}
		}
		all := make([]seat, n)
		for i := range all {
			all[i] = seat{name: fmt.Sprint(i), me: i == n*2/3}
		}
		if turned := turned(all); !turned[n/2].me {
			t.Errorf("of %d, the reader isn't at the foot", n)
		}
	}
}

// A yes is where both inks lie on each other: it is a shape of its own, drawn once for each who is for it.
func TestWhoIsForItLiesOnTheProposalAndWhoObjectsHoldsAPieceOut(t *testing.T) {
	all := []seat{{name: "Ana", stance: "consent"}, {name: "Ben", stance: "object"}, {name: "Cleo", stance: notYet, me: true}}
	svg := string(circleOf(wide, "Buy a second riso", all, "says"))
	for class, want := range map[string]int{"f3": 1, "f1": 1, "fp": 1, "held": 1, "dots": 1, "f2": 1} {
		if got := strings.Count(svg, `class="`+class+`"`); got != want {
			t.Errorf("there are %d of %s", got, class)
		}
	}
	for _, says := range []string{"Ana", "Ben", "Cleo", "Buy a second riso"} {
		if !strings.Contains(svg, ">"+says+"<") {
			t.Errorf("it doesn't name %s", says)
		}
	}
}

func TestADifferenceLeadsFromOneTextToTheOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from, to := rapid.StringMatching(`([a-c ñ世]|\n){0,60}`).Draw(t, "from"), rapid.StringMatching(`([a-c ñ世]|\n){0,60}`).Draw(t, "to")
		var was, is string
		for _, p := range differences(from, to) {
			if p.Is != "new" {
				was += p.Says
			}
			if p.Is != "gone" {
				is += p.Says
			}
		}
		if was != from || is != to {
			t.Fatalf("%q to %q gives %q and %q", from, to, was, is)
		}
	})
}

func TestThePictureOfWhoIsInStepShowsEachComputerOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []spot
		n := rapid.IntRange(0, 20).Draw(t, "computers")
		for i := range n {
			all = append(all, spot{key: fmt.Sprint(i), lines: []string{fmt.Sprintf("computer %d", i), "here now"},
				here: rapid.Bool().Draw(t, "here"), apart: rapid.SampledFrom([]float64{inStepApart, onItsWay, outOfReach}).Draw(t, "apart")})
		}
		for _, f := range []round{wideRound, narrowRound} {
			svg := string(stepPicture(f, []string{"Your laptop", "this one"}, all, "says"))
			if n == 0 || n > f.most {
				if svg != "" {
					t.Fatalf("%d computers are drawn", n)
				}
				continue
			}
			for i := range n {
				if got := strings.Count(svg, fmt.Sprintf(">computer %d<", i)); got != 1 {
					t.Fatalf("computer %d is there %d times", i, got)
				}
			}
			if strings.Contains(svg, "NaN") || strings.Count(svg, "<path class=\"st\"")+strings.Count(svg, "<path class=\"last\"") != n {
				t.Fatalf("there are other lines than %d", n)
			}
		}
	})
}
