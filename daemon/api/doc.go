// Package api is the local HTTP/JSON API of a daemon: the JSON types of the contract, the
// server that answers on a unix socket, and the Go client that the commands use.
//
// The server turns words into exact things (a name into a member, the start of an ID into a
// document), bounds what comes in, and turns errors into what people and programs are told.
// What it answers with comes from a Backend, which it declares and package daemon provides.
// It holds no state of its own, decides nothing about the co-op, and is no way in for other
// computers: the socket belongs to one user of this one. The JSON: docs/CLI.md.
package api
