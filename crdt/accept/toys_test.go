package accept

import (
	"kith/crdt/change"
	"kith/crdt/schema"
)

// The keys of the kinds below.
const (
	project   = "project"
	due       = "due"
	hours     = "hours"
	status    = "status"
	asked     = "asked"
	process   = "process"
	decideBy  = "by"
	review    = "review"
	withdrawn = "withdrawn"

	ownAnswer   = "answer"
	ownTaken    = "taken"
	ownHelp     = "help"
	ownPosition = "position"
	ownRecord   = "record"
	ownEntry    = "entry"
)

// toys are kinds for these tests, which need to know nothing of the real ones.
func toys(name string) (*schema.Kind, bool) {
	str := schema.Str(schema.MaxString)
	switch name {
	case "note":
		return schema.New(name, map[string]schema.Field{"later": str.Since(2)}, map[string]schema.Field{ownRecord: str.Closing(), ownEntry: str.Each(4)}), true
	case "diary":
		return schema.New(name, map[string]schema.Field{"mood": str}, map[string]schema.Field{}).OfOne(), true
	case "task":
		return schema.New(name, map[string]schema.Field{
			project: str, due: schema.Date(), hours: schema.Int(1000), status: schema.OneOf("open", "doing", "done", "dropped"),
			asked: schema.MemberMap(change.MaxTime),
		}, map[string]schema.Field{ownAnswer: str, ownTaken: schema.Int(change.MaxTime), ownHelp: str}), true
	case "decision":
		return schema.New(name, map[string]schema.Field{
			process: schema.OneOf("consent", "majority").Frozen(), decideBy: schema.Date(), review: schema.Date(), withdrawn: str,
		}, map[string]schema.Field{ownPosition: str, ownRecord: str}), true
	}
	return nil, false
}
