// Package assembly is what a co-op agrees on about itself, as a person means it: proposals, consents, how much it takes,
// the terms of a share and its end, and leaving.
//
// It puts what is asked into words of the charter and back. What holds is decided there (crdt/charter, crdt/share), and
// what is in force is brought about by package space.
package assembly
