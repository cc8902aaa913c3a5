// Package api is what the local HTTP/JSON API of a daemon says: the JSON of the contract as Go types, and
// the socket at which it is said. It does nothing.
//
// Package server beside it answers, and package client asks; the commands use that one, as any other
// program could the socket. The JSON: docs/CLI.md.
package api
