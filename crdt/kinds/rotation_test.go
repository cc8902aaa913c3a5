package kinds_test

import (
	"bufio"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/charter"
	"kith/crdt/kind"
	"kith/crdt/kinds"
)

// cases reads a table of crdt/testdata that people who don't program can read and correct: columns stand apart by "|",
// and what stands behind a # is a remark.
func cases(t *testing.T, name string, columns int) (rows [][]string) {
	t.Helper()
	f, err := os.Open("../testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line, _, _ := strings.Cut(lines.Text(), "#")
		if strings.TrimSpace(line) == "" {
			continue
		}
		row := strings.Split(line, "|")
		if len(row) != columns {
			t.Fatalf("%s: %q has %d columns, and not %d", name, line, len(row), columns)
		}
		for i := range row {
			row[i] = strings.TrimSpace(row[i])
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		t.Fatalf("%s has no cases", name)
	}
	return rows
}

func TestWhoIsNextInTheRotation(t *testing.T) {
	people := []string{"ana", "ben", "cleo", "dora"}
	for _, row := range cases(t, "rotation.txt", 3) {
		var turns []kinds.Turn
		for i, name := range people {
			turn := kinds.Turn{Member: charter.MemberID{byte(i + 1)}}
			if at := slices.Index(strings.Fields(row[0]), name); at >= 0 {
				turn.In = kind.Time(at + 1)
			}
			for at, held := range strings.Fields(row[1]) {
				if held == name {
					turn.Last = kind.Time(100 + at)
				}
			}
			turns = append(turns, turn)
		}
		var order []string
		for _, m := range kinds.Rotation(turns) {
			order = append(order, people[m[0]-1])
		}
		if got := strings.Join(order, " "); got != row[2] {
			t.Errorf("in: %s; held so far: %s; next are %q, and not %q", row[0], row[1], got, row[2])
		}
	}
}

// Whoever comes and goes meanwhile: nobody has a role twice before somebody else had it once who was in all the time.
func TestARotationIsFairToWhoIsInAllTheTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		turns := make([]kinds.Turn, rapid.IntRange(1, 6).Draw(t, "people"))
		for i := range turns {
			turns[i].Member = charter.MemberID{byte(i + 1)}
		}
		since := map[charter.MemberID]map[charter.MemberID]bool{} // by member: who was in without a break since they had it last
		for now := kind.Time(1); now < 40; now++ {
			i := rapid.IntRange(0, len(turns)-1).Draw(t, "who")
			switch who := &turns[i]; {
			case who.In == 0:
				who.In = kind.Time(rapid.Int64Range(1, 60).Draw(t, "clock")) // set as they like
			case rapid.IntRange(0, 3).Draw(t, "out") == 0:
				who.In = 0
				for _, waiting := range since {
					delete(waiting, who.Member)
				}
			}
			order := kinds.Rotation(turns)
			if len(order) == 0 {
				continue
			}
			next := order[0]
			if waiting, again := since[next]; again && len(waiting) > 0 {
				t.Fatalf("%v has it again, and these were in all the time: %v", next, waiting)
			}
			since[next] = map[charter.MemberID]bool{}
			for _, m := range order[1:] {
				since[next][m] = true
			}
			for _, waiting := range since {
				delete(waiting, next)
			}
			turns[next[0]-1].Last = now
		}
	})
}

// Who opts out and in again is neither earlier nor later for it, also where several held it together.
func TestWhoHeldItTogetherComesInOneOrderWheneverTheyOptedIn(t *testing.T) {
	order := func(anas, bens kind.Time) []charter.MemberID {
		return kinds.Rotation([]kinds.Turn{{Member: ana, In: anas, Last: 5}, {Member: ben, In: bens, Last: 5}})
	}
	if first, second := order(1, 9), order(9, 1); !slices.Equal(first, second) {
		t.Errorf("%v, and after one opted in anew %v", first, second)
	}
}
