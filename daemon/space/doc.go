// Package space serves spaces: a replica in touch with its peers, for as long as the daemon runs, and the list of those
// that a home serves.
//
// A space is a co-op or a share. It keeps the exchange, the peers and the replica together, does what its device owes the
// charter without being told to, and measures who is in step. It decides neither who may come in, which are doors that
// others give it (Config.Doors), nor what a share makes of its co-op's decisions.
package space
