// Package change reads Automerge changes in pure Go and decides whether the Automerge core may
// see them.
//
// The core is a C library that aborts the whole process on input it takes for granted, and that
// takes some changes live which it can't load again after the next save. So nothing from outside
// reaches it before two questions are answered here: is this one change chunk in its only form,
// within the limits (Parse), and does it fit what is known of its document (History.Check)?
// Both look at bytes and hashes alone: no clock, no disk, no core, and the same answer on every
// replica.
//
// Whether the author was allowed to write what the change writes is not asked here: that is for
// the schemas in package crdt and for the charter. Two things of the format are left out on
// purpose: tables, which today's cores don't make, and value types without a meaning. Format:
// https://automerge.org/automerge-binary-format-spec.
package change
