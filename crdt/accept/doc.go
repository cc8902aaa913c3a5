// Package accept judges the entries of one document: which of them every replica lets into it.
//
// The answer is a function of the set of entries and of the charter. Neither the order in which
// they came nor a clock has a part in it, so all replicas that hold the same come to the same.
// And it is stable: once others' entries stand on a change, nothing that comes later voids it,
// unless it was one of two changes under the same number and more people stand on the other.
// Who stands on what is read from the hash graph, never from what was accepted.
//
// Nothing here applies changes or keeps them on disk; that is for package replica. The rules in
// their order: docs/PROTOCOL.md, "Changes and schemas".
package accept
