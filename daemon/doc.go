// Package daemon puts the parts of Kith together on one computer: a home folder, for each
// space in it a replica and its peers, and the local API. It is the only package that knows
// them all; what they do is decided in them.
//
// Where to read:
//
//   - what runs: run.go (all that one daemon serves), space.go (a replica with its peers), tend.go (what a
//     device does unasked), keep.go, meter.go
//   - what lies on the disk: home.go, places.go (further spaces), protect.go and rewrite.go (encryption),
//     backup.go, restore.go, twofold.go
//   - coming in: found.go, invites.go, doors.go (who may knock), welcome.go; devices.go, pair.go, pairings.go,
//     recover.go, newkey.go
//   - what the API asks, a noun a file: backend.go with tasks.go, decisions.go, notes.go, search.go, log.go,
//     status.go, doctor.go, bundle.go, unbundle.go; the charter: charter.go, propose.go, proposals.go, answer.go,
//     resign.go, split.go, adopt.go, in words: words.go, refuse.go
//   - allies, first contact to pact: allies.go, contact.go with contact_first.go and contact_second.go, meet.go
//     (messages), pact.go (what is kept), allysay.go; further.go, terms.go, pactwords.go
//   - a side follows its home: follow.go, followshare.go, ofhome.go, takeseat.go, seatbook.go, comein.go,
//     shareplace.go, shut.go
//   - documents in shares: sharing.go, linked.go, leaveout.go, asks.go
package daemon
