// Package daemon puts the parts of Kith together on one computer: it opens the home, serves every space in it, wires
// what answers the local API, and closes all again. It is the only package that knows them all; what they do is
// decided in them. docs/ARCHITECTURE.md, "Rooms", says what each is for.
//
// run.go is the wiring. Tests of several rooms at once, with daemons that are processes, are here.
package daemon
