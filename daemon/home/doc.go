// Package home is what lies on the disk of one device: keys and what protects them, what was chosen once, the lock, and
// the places of all spaces that are served from one home. It opens no store, and knows nobody's state: of a pact that a
// place keeps it reads whose the place is, and no more.
package home
