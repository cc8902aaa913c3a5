// Package porches has a computer use the porches of its co-op: small relays that are nobody's member, which the co-op keeps in
// documents (kinds.Porch). Who adds one adds it for all; each device takes it up by itself, unless its person left it there.
//
// What a document says is believed as far as it costs little: a device uses a few, of whoever is a full member, taking turns between
// those who added them; a porch that is of no use is left by package peer, which also bounds how often one is dialed.
package porches
