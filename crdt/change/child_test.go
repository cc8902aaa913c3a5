package change_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"testing"

	"github.com/automerge/automerge-go"

	"kith/crdt/change"
	"kith/crdt/change/changetest"
)

// The core aborts the process on input it doesn't expect, so tests hand it what the validator
// has accepted in a child: this test binary, started again.
const childEnv = "KITH_CHANGE_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		serveCore(os.Stdin, os.Stdout)
		return
	}
	os.Exit(m.Run())
}

// serveCore reads documents, each a list of chunks, and answers for each with an empty message,
// or what was wrong.
func serveCore(in io.Reader, out io.Writer) {
	r := bufio.NewReader(in)
	for {
		doc, err := readList(r)
		if err != nil {
			return
		}
		answer := ""
		if err := useInCore(doc, os.Getenv(childEnv) == "checked"); err != nil {
			answer = err.Error()
		}
		writeMessage(out, []byte(answer))
	}
}

// useInCore does with a document what Kith will: apply its changes one by one, read it, save, load,
// edit on top, save and load again. Heads are compared throughout, with those that History finds.
// Unchecked, it hands over whatever comes, to see what the core makes of it.
func useInCore(doc [][]byte, checked bool) error {
	h := change.NewHistory()
	d := automerge.New()
	for i, b := range doc {
		if !checked {
			d.LoadIncremental(b)
			continue
		}
		c, err := change.Parse(b)
		if err != nil {
			return fmt.Errorf("change %d: %w", i, err)
		}
		if err := h.Check(c); err != nil {
			return fmt.Errorf("change %d: %w", i, err)
		}
		h.Add(c)
		if err := d.LoadIncremental(b); err != nil {
			return fmt.Errorf("apply change %d: %w", i, err)
		}
	}
	if got := heads(d); checked && !slices.Equal(got, h.Heads()) {
		return fmt.Errorf("the core has heads %v, not %v", got, h.Heads())
	}
	for round := range 2 {
		before := heads(d)
		if err := read(d.Root()); err != nil {
			return fmt.Errorf("read: %w", err)
		}
		saved := d.Save()
		again, err := automerge.Load(saved)
		if err != nil {
			return fmt.Errorf("load, round %d: %w", round, err)
		}
		if got := heads(again); !slices.Equal(got, before) {
			return fmt.Errorf("loaded with heads %v, not %v", got, before)
		}
		if got := again.Save(); !bytes.Equal(got, saved) {
			return fmt.Errorf("saved differently after loading")
		}
		d = again
		if round > 0 {
			break
		}
		if !checked {
			h = nil
		}
		if err := honestEdits(d, h); err != nil {
			return err
		}
	}
	return nil
}

// honestEdits makes three changes on top, touching what is there, and sees that Check takes them,
// if there is a History.
func honestEdits(d *automerge.Doc, h *change.History) error {
	if err := d.SetActorID("00112233445566778899aabbccddeeff"); err != nil {
		return err
	}
	for n := range 3 {
		if err := touch(d.Root(), 0); err != nil {
			return fmt.Errorf("honest edit: %w", err)
		}
		if err := d.RootMap().Set("honest", int64(n)); err != nil {
			return fmt.Errorf("honest edit: %w", err)
		}
		hash, err := d.Commit("honest", at(1))
		if err != nil {
			return fmt.Errorf("honest commit: %w", err)
		}
		if h == nil {
			continue
		}
		made, err := d.Change(hash)
		if err != nil {
			return fmt.Errorf("honest change: %w", err)
		}
		b, err := change.Inflate(made.Save())
		if err != nil {
			return fmt.Errorf("honest change: %w", err)
		}
		c, err := change.Parse(b)
		if err != nil {
			return fmt.Errorf("honest change: %w", err)
		}
		if err := h.Check(c); err != nil {
			return fmt.Errorf("honest change: %w", err)
		}
		h.Add(c)
	}
	return nil
}

// read visits everything that can be seen in a document.
func read(v *automerge.Value) error {
	switch v.Kind() {
	case automerge.KindMap:
		values, err := v.Map().Values()
		if err != nil {
			return err
		}
		for _, e := range values {
			if err := read(e); err != nil {
				return err
			}
		}
	case automerge.KindList:
		values, err := v.List().Values()
		if err != nil {
			return err
		}
		for _, e := range values {
			if err := read(e); err != nil {
				return err
			}
		}
	case automerge.KindText:
		if _, err := v.Text().Get(); err != nil {
			return err
		}
	case automerge.KindCounter:
		if _, err := v.Counter().Get(); err != nil {
			return err
		}
	}
	return nil
}

// touch edits everything a few levels down: replaces, inserts, deletes, increments.
func touch(v *automerge.Value, depth int) error {
	if depth > 3 {
		return nil
	}
	switch v.Kind() {
	case automerge.KindMap:
		values, err := v.Map().Values()
		if err != nil {
			return err
		}
		for k, e := range values {
			if k == "" {
				continue
			}
			switch e.Kind() {
			case automerge.KindMap, automerge.KindList, automerge.KindText, automerge.KindCounter:
				if err := touch(e, depth+1); err != nil {
					return err
				}
			default:
				if err := v.Map().Set(k, "touched"); err != nil {
					return err
				}
			}
		}
	case automerge.KindList:
		l := v.List()
		for i := range min(l.Len(), 3) {
			e, err := l.Get(i)
			if err != nil {
				return err
			}
			if err := touch(e, depth+1); err != nil {
				return err
			}
		}
		if n := l.Len(); n > 0 {
			if err := l.Set(n-1, "touched"); err != nil {
				return err
			}
			if n > 3 {
				if err := l.Delete(n / 2); err != nil {
					return err
				}
			}
		}
		return l.Append("touched")
	case automerge.KindText:
		t := v.Text()
		n := t.Len()
		if n > 1 {
			if err := t.Delete(n/2, 1); err != nil {
				return err
			}
			n = t.Len()
		}
		return t.Splice(n, 0, "t")
	case automerge.KindCounter:
		return v.Counter().Inc(1)
	}
	return nil
}

func writeMessage(w io.Writer, b []byte) {
	w.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...))
}

func readMessage(r io.Reader) ([]byte, error) {
	var n [4]byte
	if _, err := io.ReadFull(r, n[:]); err != nil {
		return nil, err
	}
	b := make([]byte, binary.BigEndian.Uint32(n[:]))
	_, err := io.ReadFull(r, b)
	return b, err
}

func writeList(w io.Writer, list [][]byte) {
	var b bytes.Buffer
	b.Write(binary.BigEndian.AppendUint32(nil, uint32(len(list))))
	for _, m := range list {
		writeMessage(&b, m)
	}
	w.Write(b.Bytes())
}

func readList(r io.Reader) ([][]byte, error) {
	var n [4]byte
	if _, err := io.ReadFull(r, n[:]); err != nil {
		return nil, err
	}
	list := make([][]byte, binary.BigEndian.Uint32(n[:]))
	for i := range list {
		m, err := readMessage(r)
		if err != nil {
			return nil, err
		}
		list[i] = m
	}
	return list, nil
}

// core is a child with the real core in it.
type core struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	errs bytes.Buffer
}

func startCore(t testing.TB, mode string) *core {
	k := &core{cmd: exec.Command(os.Args[0])}
	k.cmd.Env = append(os.Environ(), childEnv+"="+mode)
	k.cmd.Stderr = &k.errs
	var err error
	k.in, err = k.cmd.StdinPipe()
	must(t, err)
	out, err := k.cmd.StdoutPipe()
	must(t, err)
	k.out = bufio.NewReader(out)
	must(t, k.cmd.Start())
	t.Cleanup(k.stop)
	return k
}

func (k *core) stop() {
	k.in.Close()
	k.cmd.Wait()
}

// use returns what is wrong with a document, "" if nothing is; died is true if the child did.
func (k *core) use(doc [][]byte) (wrong string, died bool) {
	writeList(k.in, doc)
	answer, err := readMessage(k.out)
	if err != nil {
		k.stop()
		return k.errs.String(), true
	}
	return string(answer), false
}

// documents returns some that mutations start from.
func documents(t testing.TB) [][][]byte {
	var docs [][][]byte
	all := fixtures(t)
	for _, name := range sortedKeys(all) {
		var doc [][]byte
		for _, c := range all[name].Changes {
			b, err := change.Inflate(c.Change)
			must(t, err)
			doc = append(doc, b)
		}
		docs = append(docs, doc)
	}
	for seed := range int64(12) {
		docs = append(docs, grown(t, 1000+seed, 3, 25))
	}
	return docs
}

func sortedKeys(m map[string]fixture) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	return sorted(keys)
}

// A change that anything may have happened to is refused, or the core lives with it: it applies
// it, saves, loads, goes on being edited, and loads again.
func TestTheCoreLivesWithWhateverIsAccepted(t *testing.T) {
	n := 3000
	if s := os.Getenv("KITH_FUZZ_N"); s != "" {
		var err error
		n, err = strconv.Atoi(s)
		must(t, err)
	}
	seed := int64(1)
	if s := os.Getenv("KITH_FUZZ_SEED"); s != "" {
		var err error
		seed, err = strconv.ParseInt(s, 10, 64)
		must(t, err)
	}
	rng := rand.New(rand.NewSource(seed))
	docs := documents(t)
	child := startCore(t, "checked")
	var malformed, misfit, same, accepted, bad int
	rules := make(map[change.Rule]int)
	for i := range n {
		doc := docs[rng.Intn(len(docs))]
		last := rng.Intn(min(len(doc), 40))
		b := changetest.Mutate(rng, doc[last])
		if i%3 == 0 {
			b = remake(rng, doc[last])
		}
		if bytes.Equal(b, doc[last]) {
			same++
			continue
		}
		c, err := change.Parse(b)
		if err != nil {
			malformed++
			continue
		}
		h := accept(t, doc[:last])
		if err := h.Check(c); err != nil {
			if e, ok := err.(*change.ContextError); ok {
				rules[e.Rule]++
			}
			misfit++
			continue
		}
		accepted++
		hostile := append(slices.Clone(doc[:last]), b)
		hostile = append(hostile, fitting(h, c, doc[last+1:])...)
		wrong, died := child.use(hostile)
		if died {
			child = startCore(t, "checked")
		}
		if died || wrong != "" {
			bad++
			keep(t, wrong, append(slices.Clone(doc[:last]), b))
			t.Errorf("died: %v: %.400s\nwas %x\nnow %x", died, wrong, doc[last], b)
			if bad > 5 {
				t.Fatal("and so on")
			}
		}
	}
	t.Logf("%d changes: %d unchanged, %d malformed, %d don't fit %v, %d accepted, %d of them bad",
		n, same, malformed, misfit, rules, accepted, bad)
}

// fitting returns those of the next changes of a document that still fit after a hostile one:
// what was made beside it.
func fitting(h *change.History, c *change.Change, next [][]byte) [][]byte {
	h.Add(c)
	var out [][]byte
	for _, b := range next[:min(len(next), 20)] {
		c, err := change.Parse(b)
		if err != nil || h.Check(c) != nil {
			continue
		}
		h.Add(c)
		out = append(out, b)
	}
	return out
}

// keep puts a document whose last change slipped through among those of testdata/killers.json,
// where the test that it is refused, and the fuzzers, find it.
func keep(t testing.TB, does string, doc [][]byte) {
	all := append(killers(t), newKiller(does, doc))
	b, err := json.MarshalIndent(all, "", "\t")
	must(t, err)
	must(t, os.WriteFile(killersFile, append(b, '\n'), 0o644))
}

// remake edits a change as parsed, so that its form is right and only its sense is damaged.
func remake(rng *rand.Rand, b []byte) []byte {
	return changetest.Rebuild(b, func(c *change.Change) {
		var ids []change.OpID
		for i := range c.Ops {
			op := &c.Ops[i]
			ids = append(append(ids, op.ID, op.Obj, op.Elem), op.Pred...)
		}
		ids = append(ids, change.OpID{Counter: uint64(rng.Intn(int(c.StartOp) + 3)), Actor: c.Actor})
		for range 1 + rng.Intn(2) {
			if len(c.Ops) == 0 {
				c.Seq += uint64(rng.Intn(2))
				c.StartOp += uint64(rng.Intn(2))
				return
			}
			op := &c.Ops[rng.Intn(len(c.Ops))]
			id := ids[rng.Intn(len(ids))]
			switch rng.Intn(16) {
			case 0:
				op.Obj = id
			case 1:
				op.Elem = id
			case 2:
				op.Pred = append(slices.Clone(op.Pred), id)
				slices.SortFunc(op.Pred, change.OpID.Compare)
				op.Pred = slices.Compact(op.Pred)
			case 3:
				op.Pred = nil
			case 4:
				op.Pred = []change.OpID{id}
			case 5:
				op.Action = change.Action(rng.Intn(9))
			case 6:
				op.Value = values[rng.Intn(len(values))]
			case 7:
				op.Insert = !op.Insert
			case 8:
				op.InMap = !op.InMap
				op.Key = "k"
			case 9:
				op.Key = []string{"", "a", "b", "text", "list", "\x00"}[rng.Intn(6)]
			case 10:
				op.MarkName = []string{"", "bold"}[rng.Intn(2)]
				op.Expand = rng.Intn(2) == 0
			case 11:
				other := c.Ops[rng.Intn(len(c.Ops))]
				*op = other
			case 12:
				c.Ops = append(c.Ops, c.Ops[rng.Intn(len(c.Ops))])
			case 13:
				c.Ops = slices.Delete(slices.Clone(c.Ops), 0, 1)
			case 14:
				op.Action = change.Increment
				op.Value = change.IntValue(rng.Int63())
			case 15:
				op.Action, op.Value = change.Delete, change.Value{}
			}
		}
	})
}

var values = []change.Value{
	{}, change.BoolValue(true), change.IntValue(-1 << 63), change.IntValue(1<<63 - 1), change.UintValue(1<<64 - 1),
	change.CounterValue(1<<63 - 1), change.CounterValue(-1 << 63), change.TimestampValue(change.MaxTime),
	change.TimestampValue(change.MinTimestamp), change.StrValue(""), change.StrValue("\x00"),
	change.StrValue("many letters in one operation 🦊"), change.BytesValue(nil), change.BytesValue([]byte{0xff}),
	change.FloatValue(math.Copysign(0, -1)),
}
