// Package schema holds changes against the table of a kind of document: which keys it has, of which
// type, and who may write them. Which kinds there are is declared in package kinds.
//
// Texts and maps stand at the root and are made by the first change alone, so nobody can hide
// what others wrote by putting another text in its place. Keys "by:<member>/<field>" belong to
// that member: nobody else's change may touch them. Both are judged from the bytes of a change,
// from what its past made, and from who signed it; so the answer is the same everywhere and for
// ever. What the values mean together (is a decision agreed?) is for
// each kind to say. Tables of all kinds: docs/PROTOCOL.md, "Changes and schemas".
package schema
