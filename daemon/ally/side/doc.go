// Package side has a co-op's side of a share follow its home: who is a member at home sits in the share, who has left
// it leaves the share, and each computer of a member comes in by itself.
//
// What is to be said follows from both charters alone (crdt/share, Follow); here is when it is said, and by whose
// device, what this computer keeps of seats that it has seen proven, and how it knocks until its own side lets it in.
// Whom the share is with, and what was agreed on with them, is the room above.
package side
