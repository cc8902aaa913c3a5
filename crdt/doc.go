// Package crdt defines Kith's documents on top of Automerge: what a task, a decision and a note
// look like (View), how they are changed (Edit), and how a change reads in a log (Describe).
//
// A view is a function of the accepted changes and the charter: replicas with the same of both
// have the same view, byte for byte. An edit writes only what it changes, and only what the
// schema of its kind lets through, so our own changes are never refused elsewhere. Whether a
// change is accepted isn't asked here: that is for the packages change, schema and accept.
// Dates and times come in as values; nothing here reads a clock, a disk or a network.
//
// What the words of decisions mean to a co-op: docs/CONCEPTS.md.
package crdt
