package replica

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/automerge/automerge-go"

	"kith/crdt/accept"
	"kith/crdt/change"
	"kith/crdt/entry"
)

// core is the way to the Automerge core for changes that this process did not make itself.
//
// The core is a library that ends the whole process on input that it takes for granted. The
// validator in crdt/change is there so that this never happens; behind it is a net. Before
// changes go to the core, their entries' IDs are written to a mark, which outlives the process
// though not a power cut. Whatever stands in a mark when a replica opens is suspect: it may
// have killed the process, or the process was killed for another reason at that moment. A
// suspect change is tried in a child process first, and only if the child dies is it
// quarantined: left out here, shown, and never counted as in step.
type core struct {
	marks chan *os.File // one for each application that may be under way at a time

	mu           sync.Mutex
	suspects     map[entry.ID]bool
	suspectDocs  map[entry.DocID]bool // died while being loaded
	quarantined  map[entry.ID]bool
	trialCommand Trial
}

// Trial makes the command of a child process that runs TryChanges on its standard streams.
type Trial func() *exec.Cmd

const markPattern = "applying.*"

func openCore(dir string, quarantined map[entry.ID]entry.DocID) (*core, error) {
	c := &core{
		suspects:    map[entry.ID]bool{},
		suspectDocs: map[entry.DocID]bool{},
		quarantined: map[entry.ID]bool{},
	}
	for id := range quarantined {
		c.quarantined[id] = true
	}
	old, err := filepath.Glob(filepath.Join(dir, markPattern))
	if err != nil {
		return nil, err
	}
	for _, name := range old {
		if err := c.readMark(name); err != nil {
			return nil, err
		}
	}
	slots := runtime.GOMAXPROCS(0) + 1
	c.marks = make(chan *os.File, slots)
	for i := range slots {
		f, err := os.OpenFile(filepath.Join(dir, fmt.Sprintf("applying.%d", i)), os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, err
		}
		c.marks <- f
	}
	return c, nil
}

func (c *core) close() error {
	var errs []error
	for range cap(c.marks) {
		errs = append(errs, (<-c.marks).Close())
	}
	return errors.Join(errs...)
}

// A mark is the number of entry IDs plus one (0: nothing is being applied), the document, and
// the IDs; none if the document is being loaded.
const markHead = 4 + len(entry.DocID{})

func (c *core) readMark(name string) error {
	b, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if len(b) < markHead {
		return nil
	}
	n := int(binary.BigEndian.Uint32(b))
	if n == 0 {
		return nil
	}
	if n == 1 {
		c.suspectDocs[entry.DocID(b[4:markHead])] = true
	}
	for ids := b[markHead:]; n > 1 && len(ids) >= len(entry.ID{}); n-- {
		c.suspects[entry.ID(ids)] = true
		ids = ids[len(entry.ID{}):]
	}
	return nil
}

// CopyMarks copies the marks of a replica that isn't open beside another copy of its store.
func CopyMarks(from, to string) error {
	all, err := filepath.Glob(filepath.Join(from, markPattern))
	if err != nil {
		return err
	}
	for _, name := range all {
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(name)), b, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// apply gives changes to the core, in order. loading says that they all were accepted before.
func (c *core) apply(am *automerge.Doc, doc entry.DocID, items []*accept.Item, loading bool) error {
	if len(items) == 0 {
		return nil
	}
	mark := <-c.marks
	defer func() { c.marks <- mark }()
	head := make([]byte, markHead, markHead+len(items)*len(entry.ID{}))
	binary.BigEndian.PutUint32(head, 1)
	copy(head[4:], doc[:])
	if !loading {
		binary.BigEndian.PutUint32(head, uint32(len(items)+1))
		for _, it := range items {
			id := it.Entry.ID()
			head = append(head, id[:]...)
		}
	}
	if _, err := mark.WriteAt(head, 0); err != nil {
		return fmt.Errorf("mark what is being applied: %w", err)
	}
	err := applyAll(am, items)
	if _, clearErr := mark.WriteAt(make([]byte, 4), 0); clearErr != nil {
		return errors.Join(err, fmt.Errorf("clear the mark of what was applied: %w", clearErr))
	}
	return err
}

func applyAll(am *automerge.Doc, items []*accept.Item) error {
	size := 0
	for _, it := range items {
		size += len(it.Entry.Payload)
	}
	chunks := make([]byte, 0, size)
	for _, it := range items {
		chunks = append(chunks, it.Entry.Payload...)
	}
	return am.LoadIncremental(chunks)
}

// inStep says whether the core is where the judge is. The core ignores some things in silence.
func inStep(am *automerge.Doc, heads []change.Hash) bool {
	have := am.Heads()
	if len(have) != len(heads) {
		return false
	}
	want := make(map[change.Hash]bool, len(heads))
	for _, h := range heads {
		want[h] = true
	}
	for _, h := range have {
		if !want[change.Hash(h)] {
			return false
		}
	}
	return true
}

// suspect says whether a document with these changes has to be tried first.
func (c *core) suspect(doc entry.DocID, items []*accept.Item) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.suspectDocs[doc] {
		return true
	}
	if len(c.suspects) == 0 {
		return false
	}
	for _, it := range items {
		if c.suspects[it.Entry.ID()] {
			return true
		}
	}
	return false
}

func (c *core) isQuarantined(id entry.ID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.quarantined[id]
}

// try applies all changes of a document in a child process. It returns the place of the one
// that killed it, or -1, and then clears the document of suspicion.
func (c *core) try(doc entry.DocID, items []*accept.Item) (int, error) {
	died := -1
	if c.trialCommand != nil {
		var err error
		if died, err = runTrial(c.trialCommand(), items); err != nil {
			return -1, err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.suspectDocs, doc)
	for _, it := range items {
		delete(c.suspects, it.Entry.ID())
	}
	if died >= 0 {
		c.quarantined[items[died].Entry.ID()] = true
		c.suspectDocs[doc] = true // there may be another
	}
	return died, nil
}

func runTrial(cmd *exec.Cmd, items []*accept.Item) (int, error) {
	in, err := cmd.StdinPipe()
	if err != nil {
		return -1, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return -1, err
	}
	if err := cmd.Start(); err != nil {
		return -1, fmt.Errorf("start the trial of a change: %w", err)
	}
	go func() {
		w := bufio.NewWriter(in)
		for _, it := range items {
			w.Write(binary.BigEndian.AppendUint32(nil, uint32(len(it.Entry.Payload))))
			w.Write(it.Entry.Payload)
		}
		w.Flush() // an error here means that the child has died, which shows below
		in.Close()
	}()
	done := 0
	for r := bufio.NewReader(out); ; done++ {
		if _, err := r.ReadByte(); err != nil {
			break
		}
	}
	err = cmd.Wait()
	if err == nil && done == len(items)+1 {
		return -1, nil
	}
	if done >= len(items) { // all applied, then died saving: the last one is as guilty as any
		done = len(items) - 1
	}
	return done, nil
}

// TryChanges is what the child process of a trial runs: it applies the changes that come on in,
// writes a byte for each, and one more when the document was saved and loaded again.
func TryChanges(in io.Reader, out io.Writer) error {
	am := automerge.New()
	r := bufio.NewReader(in)
	for {
		var n uint32
		err := binary.Read(r, binary.BigEndian, &n)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if n > entry.MaxPayload {
			return fmt.Errorf("a change of %d bytes, the limit is %d", n, entry.MaxPayload)
		}
		chunk := make([]byte, n)
		if _, err := io.ReadFull(r, chunk); err != nil {
			return err
		}
		if err := am.LoadIncremental(chunk); err != nil {
			return err
		}
		if _, err := out.Write([]byte{'.'}); err != nil {
			return err
		}
	}
	if _, err := automerge.Load(am.Save()); err != nil {
		return err
	}
	_, err := out.Write([]byte{'.'})
	return err
}
