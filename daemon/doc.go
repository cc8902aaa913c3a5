// Package daemon puts the parts of Kith together on one computer: it opens the home, serves every space in it, wires
// what answers the local API, and closes all again. It is the only package that knows them all; what they do is
// decided in them.
//
// run.go is the wiring. The rest are rooms, whose order from the bottom is in rooms_test.go: none names anything that
// another one further up declares. docs/ARCHITECTURE.md, "Rooms", says what each is for.
//
// It is large: words, home, knock, space, entrance, assembly, desk, sharing, side and ally are packages of their own; the other rooms still lie
// here, and can be moved out one by one from the bottom, beginning with backup.
package daemon
