package main

import "testing"

func TestOnlyWhatIsWorseByMoreThanTheNoiseIsNamed(t *testing.T) {
	for _, c := range []struct {
		name, unit  string
		before, now [3]float64
		want        string
	}{
		{"the same", "ms", [3]float64{10, 11, 12}, [3]float64{10, 11, 12}, ""},
		{"slower in every round", "ms", [3]float64{10, 11, 12}, [3]float64{15, 14, 16}, isWorse},
		{"slower, and not in every round", "ms", [3]float64{10, 18, 12}, [3]float64{15, 14, 16}, ""},
		{"slower by what isn't worth a word", "ms", [3]float64{10, 10, 10}, [3]float64{10.1, 10.2, 10.1}, ""},
		{"quicker in every round", "ms", [3]float64{15, 14, 16}, [3]float64{10, 11, 12}, "better"},
		{"a rate that fell", "changes/s", [3]float64{500, 510, 520}, [3]float64{400, 410, 420}, isWorse},
		{"a rate that rose", "changes/s", [3]float64{400, 410, 420}, [3]float64{500, 510, 520}, "better"},
	} {
		rounds := func(values [3]float64) (out [][]row) {
			for _, v := range values {
				out = append(out, []row{{Work: "other"}, {Work: "start", Figure: "p50", Unit: c.unit, Value: v}})
			}
			return out
		}
		all := compared(rounds(c.before), rounds(c.now))
		if len(all) != 2 || all[1].verdict() != c.want {
			t.Errorf("%s: %v", c.name, all)
		}
	}
}

func TestARowThatOneBuildLacksIsNotCompared(t *testing.T) {
	rows := [][]row{{{Work: "start", Figure: "p50", Unit: "ms", Value: 1}}}
	if all := compared([][]row{{}}, rows); len(all) > 0 {
		t.Errorf("compared: %v", all)
	}
}
