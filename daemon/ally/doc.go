// Package ally brings a pact with another co-op about: from a code and words that two people compare, through the step
// that each co-op agrees on, to a share that both are in; and further shares with an ally, through one that there is.
//
// A pact that is half made has a place in the home (a contact), with its own key and address, which goes on after each
// start; the first side answers there, the second asks. What both sign, and what the words say, is crdt/share's
// business. Once the share is there, package side keeps its people in step with the co-op.
package ally
