package exchange

import "time"

// Status is how far an exchange is.
type Status struct {
	// InStep says that each side has all that the other has and gives: the sets were compared, what
	// was missing has been stored on both sides, and nothing waits.
	InStep bool

	ToGet, Got   int // entries that came or will come for the last comparison; stored of these
	ToSend, Sent int // the same for what the peer lacked; sent and acknowledged

	// Withheld is how many entries the peer named, was to give and didn't: it isn't in step with us
	// until it does, or somebody else has. Bare is how many it named and said that it doesn't give: it
	// dropped their bodies, or they aren't for this device.
	Withheld, Bare int

	Received, Written     int64         // bytes, since the start
	Receiving, Writing    Rate          // of these, lately
	EntriesIn, EntriesOut int64         // that came and were new here; that were sent
	RTT                   time.Duration // of the last ping; 0 before the first answer
	Clocked               bool          // the peer has told what its clock says
	Ahead                 time.Duration // how far that was ahead of ours when it last did, to the minute; less than 0: behind
	Heard                 time.Time     // when the last message came; zero before the first
	Slowed                bool          // the peer is read slowly, since much that it sends is here already or stands for nothing
	Features              []string      // what the peer's release can do beyond this version
}
