package schema

import (
	"kith/crdt/change"
	"kith/crdt/charter"
)

// The keys of documents. Own-say fields stand under a key that OwnKey gives.
const (
	Title = "title"
	Text  = "text" // a text
	Tags  = "tags" // a map: tag to true
	Link  = "link" // where the document goes on, in a share: JSON; "" if it doesn't
	Kept  = "kept" // true: only people of the side that made it may write in it; in a share, said by the first change

	Project   = "project"
	Due       = "due"
	Hours     = "hours" // in minutes
	Status    = "status"
	StatusWhy = "status_why"
	Asked     = "asked" // a map: member to the time when they were asked, in ms, which also tells this asking from another
	Process   = "process"
	DecideBy  = "by"
	Review    = "review"
	Withdrawn = "withdrawn" // why; "" if it isn't

	Share = "share" // of an ally: the ID of the share's space, in hexadecimal
	Side  = "side"  // of an ally: that of one's own side's charter in it
	Step  = "step"  // of an ally: that of the step by which the pact was agreed at home
	Code  = "code"  // of what an ally is asked: leads to a further share

	OwnAnswer   = "answer"   // to having been asked: JSON
	OwnTaken    = "taken"    // when, in ms; 0 if not, or not any more
	OwnHelp     = "help"     // why help is wanted; "" if it isn't, or not any more
	OwnOffer    = "offer"    // of help: why, or "yes"; "" if taken back
	OwnPosition = "position" // on a decision: JSON, one value, so that two devices never mix
	OwnRecord   = "record"   // of a decision's outcome: JSON
	OwnSeat     = "seat"     // in a share: JSON
)

// Limits of values, in bytes or, for MaxMinutes, in minutes. They hold for every replica alike.
const (
	MaxTitle     = 1000
	MaxString    = 8000  // of every string that isn't listed here
	MaxRecord    = 32000 // names each position that it rests on: about 140 bytes a member
	MaxTag       = 100
	MaxCharacter = 64 // of one element of a text: a character with all its accents and joiners
	MaxMinutes   = 10_000_000
)

// Kind is one kind of document. Kinds are made by this package and never change.
type Kind struct {
	name string
	root map[string]field
	own  map[string]field // by the name behind "by:<member>/"
	made int              // how many texts and maps a document has
}

// Name returns the name that stands in a creation header.
func (k *Kind) Name() string { return k.name }

// field is one place that can be written.
type field struct {
	make   change.Action // MakeText or MakeMap for what holds others, Set for a plain value
	value  check         // of a plain value, and of each value in a map
	key    func(string) bool
	frozen bool // written by the first change only
}

var (
	kinds = map[string]*Kind{}

	// Every kind has these.
	common = map[string]field{
		Title: plain(text(MaxTitle)),
		Text:  {make: change.MakeText},
		Tags:  {make: change.MakeMap, key: isTag, value: isTrue},
		Link:  plain(text(MaxString)),
		Kept:  {make: change.Set, value: isTrue, frozen: true},
	}
)

func init() {
	define("task", map[string]field{
		Project:   plain(text(MaxString)),
		Due:       plain(isDate),
		Hours:     plain(number(MaxMinutes)),
		Status:    plain(oneOf("open", "doing", "done", "dropped")),
		StatusWhy: plain(text(MaxString)),
		Asked:     {make: change.MakeMap, key: isMember, value: number(change.MaxTime)},
	}, map[string]field{
		OwnAnswer: plain(text(MaxString)),
		OwnTaken:  plain(number(change.MaxTime)),
		OwnHelp:   plain(text(MaxString)),
		OwnOffer:  plain(text(MaxString)),
	})
	define("decision", map[string]field{
		Process:   {make: change.Set, value: oneOf("consent", "consensus", "majority", "advice"), frozen: true},
		DecideBy:  plain(isDate),
		Review:    plain(isDate),
		Withdrawn: plain(text(MaxString)),
	}, map[string]field{
		OwnPosition: plain(text(MaxString)),
		OwnRecord:   plain(text(MaxRecord)),
	})
	define("note", nil, nil)
	define("ally", map[string]field{
		Share: {make: change.Set, value: isID, frozen: true},
		Side:  {make: change.Set, value: isID, frozen: true},
		Step:  {make: change.Set, value: isID, frozen: true},
	}, map[string]field{
		OwnSeat: plain(text(MaxString)),
	})
	define("ask", map[string]field{
		Code:      {make: change.Set, value: text(MaxString), frozen: true},
		Withdrawn: plain(text(MaxString)),
	}, map[string]field{
		OwnAnswer: plain(text(MaxString)),
	})
}

func define(name string, root, own map[string]field) {
	k := &Kind{name: name, root: map[string]field{}, own: own}
	for _, fields := range []map[string]field{common, root} {
		for key, f := range fields {
			k.root[key] = f
			if f.make != change.Set {
				k.made++
			}
		}
	}
	kinds[name] = k
}

// For returns the kind of that name; ok is false for one that this release doesn't know.
func For(name string) (k *Kind, ok bool) {
	k, ok = kinds[name]
	return k, ok
}

// Names returns the names of all kinds, in no order.
func Names() []string {
	var names []string
	for name := range kinds {
		names = append(names, name)
	}
	return names
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
