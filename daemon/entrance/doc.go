// Package entrance is how people and devices come into a space, come back, and go: founding and joining, invites, a
// second device, a recovery phrase, a device taken out of use.
//
// It answers the local API about that, and opens its doors to those who knock; the other end of a door is package knock.
// Who may be admitted it doesn't decide: that is the charter's question, and what the co-op agrees on about itself is
// the room above.
package entrance
