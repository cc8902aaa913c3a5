package schema

import (
	"maps"
	"strings"

	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/entry"
)

// The keys that documents of every kind have. Own-say fields stand under a key that OwnKey gives.
const (
	Title = "title"
	Text  = "text" // a text
	Tags  = "tags" // a map: tag to true
	Link  = "link" // where the document goes on, in a share: JSON; "" if it doesn't
	Kept  = "kept" // true: only people of the side that made it may write in it; in a share, said by the first change
	// Continues is the document that this one continues, by its ID with the letters of its kind, and behind it, with spaces between, those
	// before it that are forgotten; said by the first change.
	Continues = "continues"
	// Archived and Settled hold when somebody put the document away (0: it was brought back), and when somebody said of what was
	// written at one place by two that it is as it should be.
	Archived = "archived"
	Settled  = "settled"
	Talk     = "talk" // own: what a member says about the document, a family
)

// Limits of values, in bytes. They hold for every replica alike; a field can have its own, see package kind.
const (
	MaxTitle     = 1000
	MaxString    = 8000 // of every string that names no other limit
	MaxTag       = 100
	MaxCharacter = 64 // of one element of a text: a character with all its accents and joiners
)

// MaxContinues bounds Continues, in bytes: some thirty IDs.
const MaxContinues = 1024

// MaxTalk is how many names of Talk a member has in one document.
const MaxTalk = 300

// Kind is the table of one kind of document. It never changes.
type Kind struct {
	name string
	root map[string]Field
	own  map[string]Field // by the name behind "by:<member>/"
	made int              // how many texts and maps a document has
	one  bool             // see OfOne
}

// OfOne is the kind, as one whose documents are each of the member who made it: no other writes in it.
func (k *Kind) OfOne() *Kind {
	of := *k
	of.one = true
	return &of
}

// IsOfOne says whether only who made a document writes in it.
func (k *Kind) IsOfOne() bool { return k.one }

// Name returns the name that stands in a creation header.
func (k *Kind) Name() string { return k.name }

// Field is one place that can be written. The zero Field takes nothing.
type Field struct {
	make   change.Action // MakeText or MakeMap for what holds others, Set for a plain value
	value  check         // of a plain value, and of each value in a map
	key    func(string) bool
	frozen bool // written by the first change only
	closes bool // see Closing
	each   int  // see Each
	since  uint64
}

// Frozen is the field, written by the first change alone, and at most once.
func (f Field) Frozen() Field {
	f.frozen = true
	return f
}

// Closing is the field, as one in which a member says that the document is closed: whoever has acknowledged
// such a change stands on it, as if they had written on it.
func (f Field) Closing() Field {
	f.closes = true
	return f
}

// Each is a family of what a member says: instead of one value under its key one under each KEY/NAME, at most so many
// names of a member (accept.Document sees to it). A name has 1 to 32 letters and digits.
func (f Field) Each(most int) Field {
	f.each = most
	return f
}

// Since is the field, as one that isn't there under older rules than these.
func (f Field) Since(rules uint64) Field {
	f.since = rules
	return f
}

// Rules returns the lowest version of the shared rules under which a change can be written: that of the newest field
// that it writes in.
func (k *Kind) Rules(c *change.Change) uint64 {
	rules := uint64(entry.FirstRules)
	for i := range c.Ops {
		op := &c.Ops[i]
		if !op.Obj.IsZero() {
			continue
		}
		f := k.root[op.Key]
		if _, field, ok := SplitOwn(op.Key); ok {
			field, _, _ = strings.Cut(field, "/")
			f = k.own[field]
		}
		rules = max(rules, f.since)
	}
	return rules
}

// Family returns, of an operation on a name of a family, what the names of its member begin with, and how many these
// may be.
func (k *Kind) Family(op *change.Op) (prefix string, most int, ok bool) {
	if !op.Obj.IsZero() || !op.InMap {
		return "", 0, false
	}
	_, field, ok := SplitOwn(op.Key)
	if !ok {
		return "", 0, false
	}
	field, name, _ := strings.Cut(field, "/")
	f := k.own[field]
	return strings.TrimSuffix(op.Key, name), f.each, f.each > 0
}

// Closes says whether a change writes in a field that is Closing.
func (k *Kind) Closes(c *change.Change) bool {
	for i := range c.Ops {
		if k.Closing(&c.Ops[i]) {
			return true
		}
	}
	return false
}

// Closing says whether an operation writes in a field that is Closing.
func (k *Kind) Closing(op *change.Op) bool {
	if !op.Obj.IsZero() || !op.InMap || op.Action != change.Set {
		return false
	}
	_, field, ok := SplitOwn(op.Key)
	return ok && k.own[field].closes
}

// Str takes strings of at most so many bytes. What JSON in one says is read, or not, by the kind: two
// releases of a JSON reader needn't agree on what is one, so no change is refused for it.
func Str(limit int) Field { return plain(text(limit)) }

// Int takes whole numbers from 0 to a limit.
func Int(limit int64) Field { return plain(number(limit)) }

// OneOf takes one of these words.
func OneOf(words ...string) Field { return plain(oneOf(words...)) }

// Date takes what IsDate says is one, and "".
func Date() Field { return plain(isDate) }

// True takes true alone.
func True() Field { return plain(isTrue) }

// Hash takes what a hash names, in hexadecimal of one form.
func Hash() Field { return plain(isID) }

// MemberMap holds whole numbers from 0 to a limit, by member.
func MemberMap(limit int64) Field {
	return Field{make: change.MakeMap, key: isMember, value: number(limit)}
}

// common are the fields that every kind has.
var common = map[string]Field{
	Title: Str(MaxTitle),
	Text:  {make: change.MakeText},
	Tags:  {make: change.MakeMap, key: isTag, value: isTrue},
	Link:  Str(MaxString),
	Kept:  True().Frozen(),

	Continues: Str(MaxContinues).Frozen(),

	Archived: Int(change.MaxTime),
	Settled:  Int(change.MaxTime),
}

// commonOwn are what each member says in documents of every kind.
var commonOwn = map[string]Field{Talk: Str(MaxString).Each(MaxTalk)}

// Common returns the keys that every kind has, also in what each member says.
func Common() []string {
	return []string{Title, Text, Tags, Link, Kept, Continues, Archived, Settled, Talk}
}

// New makes the table of a kind: what it has beside what every kind has, in the document and in what each member says
// of themselves.
func New(name string, root, own map[string]Field) *Kind {
	k := &Kind{name: name, root: map[string]Field{}, own: map[string]Field{}}
	maps.Copy(k.own, commonOwn)
	maps.Copy(k.own, own)
	for _, fields := range []map[string]Field{common, root} {
		for key, f := range fields {
			k.root[key] = f
			if f.make != change.Set {
				k.made++
			}
		}
	}
	return k
}

const (
	ownPrefix = "by:"
	ownKey    = len(ownPrefix) + 34 + 1 // bytes before the field: the prefix, a member ID, a slash
)

// OwnKey returns the root key of what a member says in a field.
func OwnKey(m charter.MemberID, field string) string { return ownPrefix + m.String() + "/" + field }

// SplitOwn takes the key apart that OwnKey has made; ok is false for any other key.
func SplitOwn(key string) (m charter.MemberID, field string, ok bool) {
	if len(key) < ownKey || key[:len(ownPrefix)] != ownPrefix || key[ownKey-1] != '/' {
		return charter.MemberID{}, "", false
	}
	m, err := charter.ParseMemberID(key[len(ownPrefix) : ownKey-1])
	return m, key[ownKey:], err == nil
}
