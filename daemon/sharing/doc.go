// Package sharing puts documents of a co-op into its shares with allies, and answers what allies ask for there.
//
// What is shared is a copy without its history; the document at home is linked to it, and goes on there (package desk
// follows the link). Copy and link lie in two stores: what is still to be done is kept with the copy, so that after a
// crash it is finished (Finish), and nothing is shared twice. Who may share what is in the kind's declaration and in
// what the co-op has agreed (crdt/share).
package sharing
