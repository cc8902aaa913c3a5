package change_test

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"kith/crdt/change"
)

// A fixture is one document made by Automerge JS; testdata/README.md describes the files.
type fixture struct {
	Heads   []string
	Changes []struct {
		Change  []byte
		Decoded decoded
	}
}

type decoded struct {
	Ops     []decodedOp
	Actor   string
	Hash    string
	Seq     uint64
	StartOp uint64
	Time    int64
	Message string
	Deps    []string
}

type decodedOp struct {
	Action   string
	Obj      string
	Key      *string
	ElemID   string `json:"elemId"`
	Insert   bool
	Value    json.RawMessage
	Datatype string
	Pred     []string
	Name     string
	Expand   bool
}

func fixtures(t testing.TB) map[string]fixture {
	paths, err := filepath.Glob("testdata/automerge-js-3.5/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	all := make(map[string]fixture)
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var f fixture
		if err := json.Unmarshal(b, &f); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all[strings.TrimSuffix(filepath.Base(path), ".json")] = f
	}
	return all
}

func TestChangesOfAutomergeJSAreReadAsAutomergeReadsThem(t *testing.T) {
	for name, f := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			h := change.NewHistory()
			for i, fc := range f.Changes {
				b, err := change.Inflate(fc.Change)
				if err != nil {
					t.Fatalf("change %d: inflate: %v", i, err)
				}
				c, err := change.Parse(b)
				if err != nil {
					t.Fatalf("change %d: %v", i, err)
				}
				compare(t, c, &fc.Decoded)
				if again := c.Encode(); !bytes.Equal(b, again) {
					t.Errorf("change %d encoded again:\nin  %x\nout %x", i, b, again)
				}
				if err := h.Check(c); err != nil {
					t.Fatalf("change %d: %v", i, err)
				}
				h.Add(c)
			}
			var heads []string
			for _, hash := range h.Heads() {
				heads = append(heads, hash.String())
			}
			if got, want := strings.Join(heads, " "), strings.Join(f.Heads, " "); got != want {
				t.Errorf("heads\ngot  %s\nwant %s", got, want)
			}
		})
	}
}

func compare(t *testing.T, c *change.Change, want *decoded) {
	t.Helper()
	if c.Hash.String() != want.Hash || c.Actor.String() != want.Actor || c.Seq != want.Seq ||
		c.StartOp != want.StartOp || c.Time != want.Time || c.Message != want.Message {
		t.Errorf("got %+v\nwant %+v", c, want)
	}
	var deps []string
	for _, d := range c.Deps {
		deps = append(deps, d.String())
	}
	if got, want := strings.Join(deps, " "), strings.Join(want.Deps, " "); got != want {
		t.Errorf("deps\ngot  %s\nwant %s", got, want)
	}
	if len(c.Ops) != len(want.Ops) {
		t.Fatalf("%d operations, want %d", len(c.Ops), len(want.Ops))
	}
	for i := range c.Ops {
		compareOp(t, &c.Ops[i], &want.Ops[i])
	}
}

func compareOp(t *testing.T, op *change.Op, want *decodedOp) {
	t.Helper()
	action := op.Action.String()
	if op.Action == change.Mark {
		action = "markEnd"
		if op.MarkName != "" {
			action = "markBegin"
		}
	}
	key := ""
	if want.Key != nil {
		key = *want.Key
	}
	elem := op.Elem.String()
	if op.Elem.IsZero() {
		elem = "_head"
	}
	if op.InMap {
		elem = ""
	}
	var pred []string
	for _, p := range op.Pred {
		pred = append(pred, p.String())
	}
	if action != want.Action || op.Obj.String() != want.Obj || op.InMap != (want.Key != nil) || op.Key != key ||
		elem != want.ElemID || op.Insert != want.Insert || op.Expand != want.Expand || op.MarkName != want.Name ||
		strings.Join(pred, " ") != strings.Join(want.Pred, " ") {
		t.Errorf("operation\ngot  %+v\nwant %+v", op, want)
	}
	if v := wantValue(t, op, want); op.Value != v {
		t.Errorf("value of %s: got %v, want %v (%s %s)", op.ID, op.Value, v, want.Datatype, want.Value)
	}
}

// wantValue reads a value as JSON has it. JSON has one type of number, so the datatype, or what
// the operation has, decides.
func wantValue(t *testing.T, op *change.Op, want *decodedOp) change.Value {
	t.Helper()
	s := string(want.Value)
	var number string
	var wrapped struct {
		Bytes []byte
		Int   string
		Ms    *int64 `json:"timestamp_ms"`
	}
	number = s
	if strings.HasPrefix(s, "{") {
		if err := json.Unmarshal(want.Value, &wrapped); err != nil {
			t.Fatal(err)
		}
		if wrapped.Ms != nil {
			return change.TimestampValue(*wrapped.Ms)
		}
		if wrapped.Int == "" {
			return change.BytesValue(wrapped.Bytes)
		}
		number = wrapped.Int
	}
	i, _ := strconv.ParseInt(number, 10, 64)
	switch want.Datatype {
	case "int":
		return change.IntValue(i)
	case "uint":
		u, _ := strconv.ParseUint(number, 10, 64)
		return change.UintValue(u)
	case "counter":
		return change.CounterValue(i)
	case "timestamp":
		return change.TimestampValue(i)
	case "float64":
		f, _ := strconv.ParseFloat(number, 64)
		return change.FloatValue(f)
	}
	switch {
	case s == "" || s == "null":
		return change.Value{}
	case s == "true" || s == "false":
		return change.BoolValue(s == "true")
	case strings.HasPrefix(s, `"`):
		var str string
		if err := json.Unmarshal(want.Value, &str); err != nil {
			t.Fatal(err)
		}
		return change.StrValue(str)
	case strings.HasPrefix(s, "["):
		var list []int
		if err := json.Unmarshal(want.Value, &list); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, len(list))
		for i, v := range list {
			b[i] = byte(v)
		}
		return change.BytesValue(b)
	}
	if op.Action == change.Increment {
		return change.IntValue(i)
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f != math.Trunc(f) {
		return change.FloatValue(f)
	}
	return change.IntValue(i)
}
