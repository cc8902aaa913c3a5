package schema

// The keys of kinds, as package crdt still names them; they are declared in package kinds.
const (
	Project   = "project"
	Due       = "due"
	Hours     = "hours"
	Status    = "status"
	StatusWhy = "status_why"
	Asked     = "asked"
	Process   = "process"
	DecideBy  = "by"
	Review    = "review"
	Withdrawn = "withdrawn"

	Share = "share"
	Side  = "side"
	Step  = "step"
	Code  = "code"

	OwnAnswer   = "answer"
	OwnTaken    = "taken"
	OwnHelp     = "help"
	OwnOffer    = "offer"
	OwnPosition = "position"
	OwnRecord   = "record"
	OwnSeat     = "seat"

	MaxRecord  = 32_000
	MaxMinutes = 10_000_000
)
