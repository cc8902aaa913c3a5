// Package schema knows the kinds of documents: which keys each has, of which type, and who may
// write them.
//
// Texts and maps stand at the root and are made by the first change alone, so nobody can hide
// what others wrote by putting another text in its place. Keys "by:<member>/<field>" belong to
// that member: nobody else's change may touch them. Both are judged from the bytes of a change,
// from what its past made, and from who signed it; so the answer is the same everywhere and for
// ever. What the values mean together (is a decision agreed?) is for package crdt to say.
// Tables of all kinds: docs/PROTOCOL.md, "Changes and schemas".
package schema
