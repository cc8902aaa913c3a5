package change

import (
	"encoding/binary"
	"unicode/utf8"
)

// opColumns reads the columns of a change row by row.
type opColumns struct {
	c *Change

	objActor runs[uint64]
	objCtr   runs[uint64]
	keyActor runs[uint64]
	keyCtr   deltas
	keyStr   runs[string]
	insert   bools
	action   runs[uint64]
	valMeta  runs[uint64]
	valRaw   reader
	predNum  runs[uint64]
	predAct  runs[uint64]
	predCtr  deltas
	expand   bools
	markName runs[string]
}

// parseOps reads the columns, which are all that is left in r. Operations and predecessors are
// counted before either are made.
func (c *Change) parseOps(r *reader) error {
	var cols [numColumns]reader
	if err := parseColumns(r, &cols); err != nil {
		return err
	}
	// The sum of the actions says nothing, but count ends early by it; no known action is above 7,
	// so all rows are counted unless one is unknown, and then that one is among them.
	n, _, err := count(cols[colAction], 8*MaxOps)
	if err != nil {
		return err
	}
	if err := limit("operations in a change", n, MaxOps); err != nil {
		return err
	}
	if c.StartOp+n-1 > MaxCounter {
		return r.fail("operation counter out of range")
	}
	_, preds, err := count(cols[colPredNum], MaxPreds)
	if err != nil {
		return err
	}
	if err := limit("predecessors in a change", preds, MaxPreds); err != nil {
		return err
	}
	if n == 0 {
		return nil // columns without rows, if any, are not in their only form
	}
	rows := opColumns{
		c:        c,
		objActor: newRuns(cols[colObjActor], (*reader).uint),
		objCtr:   newRuns(cols[colObjCtr], (*reader).uint),
		keyActor: newRuns(cols[colKeyActor], (*reader).uint),
		keyCtr:   newDeltas(cols[colKeyCtr]),
		keyStr:   newRuns(cols[colKeyStr], readKey),
		insert:   newBools(cols[colInsert]),
		action:   newRuns(cols[colAction], (*reader).uint),
		valMeta:  newRuns(cols[colValMeta], (*reader).uint),
		valRaw:   cols[colValRaw],
		predNum:  newRuns(cols[colPredNum], (*reader).uint),
		predAct:  newRuns(cols[colPredActor], (*reader).uint),
		predCtr:  newDeltas(cols[colPredCtr]),
		expand:   newBools(cols[colExpand]),
		markName: newRuns(cols[colMarkName], readKey),
	}
	c.Ops = make([]Op, n)
	pool := make([]OpID, 0, preds)
	for i := range c.Ops {
		op := &c.Ops[i]
		op.ID = OpID{c.StartOp + uint64(i), c.Actor}
		if pool, err = rows.next(op, pool); err != nil {
			return err
		}
		if what := checkForm(c, i); what != "" {
			return rows.action.r.fail(what)
		}
	}
	return nil
}

// parseColumns reads the list of columns and sets a reader for each; those that the change
// doesn't have stay empty.
func parseColumns(r *reader, cols *[numColumns]reader) error {
	n, err := r.uint()
	if err != nil {
		return err
	}
	var lens [numColumns]uint64
	next := column(0)
	for range n { // ends at the first column that isn't known, or isn't after the one before
		spec, err := r.uint()
		if err != nil {
			return err
		}
		for next < numColumns && uint64(columnSpecs[next]) != spec {
			next++
		}
		if next == numColumns {
			return r.fail("unknown column, or columns not in ascending order")
		}
		if lens[next], err = r.uint(); err != nil {
			return err
		}
		if lens[next] == 0 {
			return r.fail("empty column")
		}
		next++
	}
	for i := range cols {
		cols[i].base = r.base + r.pos
		if cols[i].s, err = r.take(lens[i], "column"); err != nil {
			return err
		}
	}
	if !r.done() {
		return r.fail("more after the last column")
	}
	return nil
}

// readKey reads a map key or the name of a mark.
func readKey(r *reader) (string, error) {
	n, err := r.uint()
	if err != nil {
		return "", err
	}
	if err := limit("bytes of a key", n, MaxKey); err != nil {
		return "", err
	}
	s, err := r.take(n, "key")
	if err != nil {
		return "", err
	}
	if s == "" {
		return "", r.fail("empty key")
	}
	if !utf8.ValidString(s) {
		return "", r.fail("key is not UTF-8")
	}
	return s, nil
}

// next reads one row into op; its predecessors are taken from pool, which has room for them.
func (t *opColumns) next(op *Op, pool []OpID) ([]OpID, error) {
	var err error
	if op.Obj, err = t.opID(&t.objActor, t.objCtr.next, "object"); err != nil {
		return pool, err
	}
	if op.Key, op.InMap, err = t.keyStr.next(); err != nil {
		return pool, err
	}
	if err := t.elem(op); err != nil {
		return pool, err
	}
	var ok bool
	if op.Insert, ok, err = t.insert.next(); err != nil {
		return pool, err
	} else if !ok {
		return pool, t.insert.r.fail("column too short")
	}
	a, ok, err := t.action.next()
	if err != nil {
		return pool, err
	}
	if !ok || a > uint64(Mark) || a == 6 {
		return pool, t.action.r.fail("unknown action")
	}
	op.Action = Action(a)
	if op.Value, err = t.value(); err != nil {
		return pool, err
	}
	if pool, err = t.preds(op, pool); err != nil {
		return pool, err
	}
	if op.Expand, _, err = t.expand.next(); err != nil {
		return pool, err
	}
	op.MarkName, _, err = t.markName.next()
	return pool, err
}

// opID reads the two columns of an operation's ID: both null for the zero one.
func (t *opColumns) opID(actors *runs[uint64], counter func() (uint64, bool, error), what string) (OpID, error) {
	a, hasActor, err := actors.next()
	if err != nil {
		return OpID{}, err
	}
	n, hasCounter, err := counter()
	if err != nil {
		return OpID{}, err
	}
	if !hasActor && !hasCounter {
		return OpID{}, nil
	}
	if !hasActor || !hasCounter || n == 0 || n > MaxCounter {
		return OpID{}, actors.r.fail("half an ID for " + what)
	}
	actor, err := t.actor(a, actors)
	return OpID{n, actor}, err
}

// elem reads the columns of a list element: counter 0 without an actor is the head, nothing at
// all goes with a key.
func (t *opColumns) elem(op *Op) error {
	a, hasActor, err := t.keyActor.next()
	if err != nil {
		return err
	}
	n, hasCounter, err := t.keyCtr.next()
	if err != nil {
		return err
	}
	if op.InMap == hasCounter {
		return t.keyCtr.r.fail("neither a key nor an element, or both")
	}
	if hasActor != (n > 0) {
		return t.keyActor.r.fail("half an ID for an element")
	}
	if !hasActor {
		return nil
	}
	op.Elem.Counter = n
	op.Elem.Actor, err = t.actor(a, &t.keyActor)
	return err
}

func (t *opColumns) actor(n uint64, col *runs[uint64]) (Actor, error) {
	switch {
	case n == 0:
		return t.c.Actor, nil
	case n <= uint64(len(t.c.Others)):
		return t.c.Others[n-1], nil
	}
	return "", col.r.fail("actor that the change doesn't list")
}

func (t *opColumns) preds(op *Op, pool []OpID) ([]OpID, error) {
	n, ok, err := t.predNum.next()
	if err != nil {
		return pool, err
	}
	if !ok {
		return pool, t.predNum.r.fail("column too short")
	}
	if n > uint64(cap(pool)-len(pool)) {
		return pool, t.predNum.r.fail("more predecessors than were counted")
	}
	if n == 0 {
		return pool, nil
	}
	start := len(pool)
	for range n {
		id, err := t.opID(&t.predAct, t.predCtr.next, "a predecessor")
		if err != nil {
			return pool, err
		}
		if id.IsZero() {
			return pool, t.predAct.r.fail("column too short")
		}
		pool = append(pool, id)
	}
	op.Pred = pool[start:len(pool):len(pool)]
	return pool, nil
}

func (t *opColumns) value() (Value, error) {
	meta, ok, err := t.valMeta.next()
	if err != nil {
		return Value{}, err
	}
	if !ok {
		return Value{}, t.valMeta.r.fail("column too short")
	}
	raw, err := t.valRaw.take(meta>>4, "value")
	if err != nil {
		return Value{}, err
	}
	v := reader{s: raw, base: t.valRaw.base + t.valRaw.pos - len(raw)}
	out := Value{Kind: Kind(meta & 15)}
	switch meta & 15 {
	case 0:
	case 1, 2:
		out = BoolValue(meta&15 == 2)
	case 3:
		out.num, err = v.uint()
	case 4, 8, 9:
		var i int64
		i, err = v.int()
		out.num = uint64(i)
		if out.Kind == TimestampKind && (i < MinTimestamp || i > MaxTime) {
			return out, v.fail("timestamp out of range")
		}
	case 5:
		if len(raw) != 8 {
			return out, v.fail("float64 without 8 bytes")
		}
		out.num = binary.LittleEndian.Uint64([]byte(raw))
		v.pos = len(raw)
	case 6, 7:
		out.str = raw
		v.pos = len(raw)
		if out.Kind == StrKind && !utf8.ValidString(raw) {
			return out, v.fail("text is not UTF-8")
		}
	default:
		return out, v.fail("value of an unknown type")
	}
	if err != nil {
		return out, err
	}
	if !v.done() {
		return out, v.fail("more after the end of a value")
	}
	return out, nil
}

// checkForm says what is wrong in operation i of c by itself; "" if nothing is. It holds what
// the core keeps of an operation when it saves a document: a delete, for example, is kept only
// as a mark on what it deletes, so it can't carry a value, and must name what it deletes.
func checkForm(c *Change, i int) string {
	op := &c.Ops[i]
	if what := checkPlace(op); what != "" {
		return what
	}
	if op.Action != Mark && (op.MarkName != "" || op.Expand) {
		return "name of a mark on another operation"
	}
	switch op.Action {
	case Set:
	case Increment:
		if op.Value.Kind != IntKind {
			return "increment by something other than an int"
		}
	case Mark:
		if !op.Insert {
			return "mark that isn't inserted"
		}
		if op.MarkName == "" && op.Value.Kind != NullKind {
			return "value on the end of a mark"
		}
	default:
		if op.Value.Kind != NullKind {
			return "value on an operation that has none"
		}
	}
	if (op.Action == Delete || op.Action == Increment) && (op.Insert || len(op.Pred) == 0) {
		return "delete or increment of nothing"
	}
	if what := checkMark(c, i); what != "" {
		return what
	}
	return checkRefs(c, op)
}

func checkPlace(op *Op) string {
	switch {
	case op.InMap && op.Insert:
		return "insert into a map"
	case op.Obj.IsZero() && !op.InMap:
		return "list element in the root map"
	case op.Insert && len(op.Pred) > 0:
		return "insert that replaces something"
	case !op.InMap && !op.Insert && op.Elem.IsZero():
		return "change of the head of a list"
	case !op.InMap && !op.Insert && len(op.Pred) == 0:
		return "change of a list element that replaces nothing"
	}
	return ""
}

// checkMark sees that marks come in pairs: the core looks for the begin of a mark right before
// its end.
func checkMark(c *Change, i int) string {
	op := &c.Ops[i]
	begun := i > 0 && c.Ops[i-1].Action == Mark && c.Ops[i-1].MarkName != ""
	ends := op.Action == Mark && op.MarkName == ""
	switch {
	case begun != ends:
		return "mark without its begin or end"
	case ends && c.Ops[i-1].Obj != op.Obj:
		return "mark from one object to another"
	case op.Action == Mark && !ends && i == len(c.Ops)-1:
		return "mark without its end"
	}
	return ""
}

// checkRefs sees that an operation refers only to earlier ones: by its own actor, up to itself,
// and by others, up to before the change. Whether they exist is History's to say.
func checkRefs(c *Change, op *Op) string {
	earlier := func(id OpID) bool {
		return id.Counter < c.StartOp || id.Actor == c.Actor && id.Counter < op.ID.Counter
	}
	if !earlier(op.Obj) || !earlier(op.Elem) {
		return "reference to a later operation"
	}
	for i, p := range op.Pred {
		if !earlier(p) {
			return "reference to a later operation"
		}
		if i > 0 && op.Pred[i-1].Compare(p) >= 0 {
			return "predecessors not in ascending order"
		}
	}
	return ""
}
