// Package kinds declares the kinds of documents, one a file: its fields, what each member says of themselves, its verbs,
// and what follows from them. What the words mean is said in package kind. A new kind is a file of its own and a line in
// All; nothing else names it.
//
// It is large: each kind more is a file more, and they are read one at a time. What closes a decision has files of its own
// (closing, outcome, tally, voices, sides).
package kinds
