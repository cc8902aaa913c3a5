// Package desk is where documents are read and written as a person means them: found by the start of an ID, listed,
// shown, changed by their kind's verbs, searched, with their history and log.
//
// A document of a co-op that goes on in a share is shown as it is there, under the ID that it has at home, and what is
// done to it is done there; that is decided here alone (Desk.Look), for all kinds. What may be read in a share of what
// is typed at home is decided here too (Leaver). What a kind is, and what its verbs write, is its declaration's
// business (crdt/kinds); putting a document into a share is the room above.
//
// It is large: reading, writing, history and taking back all go through the same look at a document, at home or in a
// share, and in rooms apart each would need all of what that look gives.
package desk
