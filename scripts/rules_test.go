package scripts_test

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var rulesOut = flag.String("rules", "", "take each rule out whose name matches, and expect the tests of its package to miss it; . for all (a quarter of an hour)")

// rule is a rule of docs/CHARTER.md or docs/PROTOCOL.md, and the edit of the source that takes it out.
type rule struct {
	name, file string
	from, to   string
	in         string // the package whose tests miss it; "" for the file's own
	run        string // the tests that are to miss it, where all of a package take minutes; "" for all
}

// rules are those that one edit takes out. What the tests don't miss isn't held: give it a test, or take it out for good.
var rules = []rule{
	{"C1: one way from the genesis", "crdt/charter/judge.go", "if !k.step.reaches(h.tip()) {", "if k.step == nil && !k.step.reaches(h.tip()) {", "", ""},
	{"C1: nothing stands on an acknowledgement", "crdt/charter/judge.go", "case !h.sound(), h.leaf() && understood && (h.seen == nil || s.Type != TypeSeen):", "case !h.sound():", "", ""},
	{"C3: the founder is full", "crdt/charter/step.go", "s.seats < s.founding.Seats && s.isFull(s.founder)", "s.seats < s.founding.Seats", "", ""},
	{"C4: by the device that consents", "crdt/charter/agree.go", "t.k.step.founder || !t.who.consentsBy(t.e.Device) {", "t.k.step.founder {", "", ""},
	{"C4: a code fills one seat", "crdt/charter/agree.go", "case t.k.step.spent(s.Invite):", "case false:", "", ""},
	{"A1: at the tip", "crdt/charter/agree.go", "case p.Parent != t.k.step.id:\n\t\treturn whyParent\n\tcase !t.fullMember():", "case !t.fullMember():", "", ""},
	{"A1: by a full member", "crdt/charter/agree.go", "case !t.fullMember():\n\t\treturn whyNotFull\n\tcase !p.known():", "case !p.known():", "", ""},
	{"A1: what stays is the member's word", "crdt/charter/agree.go", "n.said.Type != TypeProspective || n.by != by {", "n.said.Type != TypeProspective {", "", ""},
	{"A1: who is admitted has a redemption that counts", "crdt/charter/agree.go", "!= Prospective, !t.k.admits(n):", "!= Prospective:", "", ""},
	{"A2: at the tip", "crdt/charter/agree.go", "case prop.parent != t.k.step:\n\t\treturn whyParent\n\tcase !t.fullMember() && !side:", "case !t.fullMember() && !side:", "", ""},
	{"A2: from the device that consents", "crdt/charter/agree.go", "case !t.who.consentsBy(t.e.Device):\n\t\treturn whyNotConsenter", "case false:\n\t\treturn whyNotConsenter", "", ""},
	{"A2: who is to be removed doesn't decide", "crdt/charter/agree.go", "case prop.subject() == t.who.id && !side:", "case false:", "", ""},
	{"A2: only one's own is taken back", "crdt/charter/agree.go", "			return whyNothingBack", "			return \"\"", "", ""},
	{"A3: not withdrawn", "crdt/charter/agree.go", "if withdrawn(prop.id, by, all) {", "if false {", "", ""},
	{"A3: the founder while the founding is open", "crdt/charter/agree.go", "len(c.consents) >= c.needed && !c.founder", "len(c.consents) >= c.needed", "", ""},
	{"A3: two open consents count for neither", "crdt/charter/agree.go", "if len(a.open) == 1 && a.open[prop.id] != nil {", "if a.open[prop.id] != nil {", "", ""},
	{"A3: what was taken back isn't open", "crdt/charter/agree.go", "if a.tookBack(c, of) || len(a.refused[of])", "if len(a.refused[of])", "", ""},
	{"A3: what was refused isn't open", "crdt/charter/agree.go", "len(a.refused[of]) > 0 || who.silenced(c)", "who.silenced(c)", "", ""},
	{"A3: what was cut isn't open", "crdt/charter/agree.go", "len(a.refused[of]) > 0 || who.silenced(c)", "len(a.refused[of]) > 0 || who == nil", "", ""},
	{"A4: one resignation of each", "crdt/charter/agree.go", "n.said.Type != TypeResign || seen[n.member] ||", "n.said.Type != TypeResign ||", "", ""},
	{"A4: that holds", "crdt/charter/agree.go", "!k.step.isFull(n.member) || !slices.Contains(who.resigned, n)", "!k.step.isFull(n.member) || who == nil", "", ""},
	{"A4: whose maker hasn't consented here", "crdt/charter/agree.go", "c.member == n.member && n.knows(c)", "c.member == n.member && n == c", "", ""},
	{"D1: a new device has no part yet", "crdt/charter/judge.go", "case t.k.isTaken(t.pool, new.Key):", "case false:", "", ""},
	{"D2: the new device has accepted", "crdt/charter/judge.go", "case !t.accepted(new, t.who.key):", "case false:", "", ""},
	{"D2: 200 devices", "crdt/charter/judge.go", "case len(t.who.devices) >= MaxDevices:", "case false:", "", ""},
	{"D2: a certified device retires", "crdt/charter/judge.go", "(!t.who.here() || !t.who.device(t.e.Device).certified)", "!t.who.here()", "", ""},
	{"D2: whose owner is in", "crdt/charter/judge.go", "(!t.who.here() || !t.who.device(t.e.Device).certified)", "!t.who.device(t.e.Device).certified", "", ""},
	{"D2: 1,000 statements", "crdt/charter/judge.go", "if t.who.own >= MaxOwn {", "if false {", "", ""},
	{"D2: consents are moved to a live device", "crdt/charter/judge.go", "case d == nil || !d.live:", "case d == nil:", "", ""},
	{"D2: by one that has them", "crdt/charter/judge.go", "case len(t.who.consents) == 1 && !t.who.consentsBy(t.e.Device):", "case false:", "", ""},
	{"D3: not once it has ended", "crdt/charter/judge.go", "if who == nil || t.ended(who) {\n\t\treturn whyNotMemberKey", "if who == nil {\n\t\treturn whyNotMemberKey", "", ""},
	{"D3: 200 devices", "crdt/charter/judge.go", "case fresh > 0 && who.listed+fresh > MaxDevices:", "case false:", "", ""},
	{"D3: a key without a part", "crdt/charter/judge.go", "case !own && t.k.isTaken(t.pool, d.Key):", "case false:", "", ""},
	{"D3: that has accepted", "crdt/charter/judge.go", "case !t.accepted(d, who.key):", "case false:", "", ""},
	{"D4: what knows all of K", "crdt/charter/person.go", "n.said.Type != TypeRecover && !slices.ContainsFunc(d.keys, func(k *node) bool { return !n.knows(k) })", "n.said.Type != TypeRecover", "", ""},
	{"D4: what knows the new key", "crdt/charter/person.go", "		if !d.seat.replaced(n) {\n\t\t\tleft", "		if true {\n\t\t\tleft", "", ""},
	{"D5: not beyond a retirement", "crdt/charter/person.go", "if !by.ended.cut(n) {", "if true {", "", ""},
	{"D5: 200 that certificates add", "crdt/charter/person.go", "if len(all) <= MaxDevices {", "if len(all) > 0 {", "", "AddedBesideEachOther"},
	{"D5: by a certified device", "crdt/charter/person.go", "	for _, key := range d.first() {", "	for key := range added {\n\t\tcertify(key)\n\t}\n\tfor _, key := range d.first() {", "", ""},
	{"D6: a retirement cuts", "crdt/charter/person.go", "dev.retired, dev.ended = append(dev.retired, n), dev.ended.with(n)", "dev.retired = append(dev.retired, n)", "", ""},
	{"D6: all of an uncertified device is cut", "crdt/charter/person.go", "len(p.keys) == 0 && !p.seat.replaced(n) {", "len(p.keys) == 0 && n == nil {", "", ""},
	{"D6: the phrase cuts", "crdt/charter/person.go", "dev.ended = dev.ended.with(k)", "dev.live = dev.live && k != nil", "", ""},
	{"D7: a resignation that is cut doesn't hold", "crdt/charter/person.go", "n.said.Type == TypeResign && !d.cut(n)", "n.said.Type == TypeResign", "", ""},
	{"D8: whom two claim speaks for neither", "crdt/charter/known.go", "		if found >= 0 {\n\t\t\treturn nil", "		if false {\n\t\t\treturn nil", "", ""},
	{"D9: a move that is cut doesn't count", "crdt/charter/person.go", "newest(slices.DeleteFunc(slices.Clone(d.counts), d.cut), TypeMove)", "newest(d.counts, TypeMove)", "", ""},
	{"D9: exactly one device consents", "crdt/charter/person.go", "return len(p.consents) == 1 && p.consents[0] == key", "return slices.Contains(p.consents, key)", "", ""},
	{"P1: a key without a part", "crdt/charter/prospective.go", "case t.k.uses(t.pool, t.said.Invite):", "case false:", "", ""},
	{"P2: whose maker is full", "crdt/charter/prospective.go", "issuer.standing != Full {", "issuer == nil {", "", ""},
	{"P2: the lowest ID of several", "crdt/charter/prospective.go", "n.entry.ID().Compare(invite.entry.ID()) < 0", "n.entry.ID().Compare(invite.entry.ID()) > 0", "", ""},
	{"P2: not taken back", "crdt/charter/prospective.go", "	case revoked:", "	case revoked && used:", "", ""},
	{"P2: not used", "crdt/charter/prospective.go", "	case used, t", "	case used && revoked, t", "", ""},
	{"P2: by a seat neither", "crdt/charter/prospective.go", "case used, t.k.step.spent(t.said.Invite):", "case used:", "", "ACodeThatFilledAFoundingSeat"},
	{"P2: as many as the chain allows", "crdt/charter/prospective.go", "case len(t.k.guestsOf(invite.member)) >= t.k.step.invites:", "case false:", "", ""},
	{"P2: three keys", "crdt/charter/prospective.go", "case r.Member == r.Device, r.Member == t.said.Invite, r.Device == t.said.Invite:", "case false:", "", ""},
	{"D1: an invite takes no key away", "crdt/charter/known.go", "return part.what != partInvite && part.in(k)", "return part.in(k)", "", ""},
	{"D1: a member's or a device's is taken", "crdt/charter/known.go", "return part.what != partInvite && part.in(k)", "return part.what != partInvite && part.in(k) && p == nil", "", ""},
	{"Replica: nobody takes somebody else's guests over", "crdt/charter/view.go", "if all = slices.Compact(all); len(all) == 1 {", "if all = slices.Compact(all); len(all) > 0 {", "./daemon/replica", "SaysARedemptionAgain"},
	{"P3: an invite that counts", "crdt/charter/prospective.go", "t.k.in(n) && t.k.honours(n) {", "t.k.in(n) {", "", ""},
	{"P3: whom a removal names", "crdt/charter/prospective.go", "return slices.Contains(s.ended.terms.Stay, n.entry.ID())", "return true", "", ""},
	{"P3: what the named resignation knew", "crdt/charter/prospective.go", "case s.resignation != nil && !s.resignation.knows(n):", "case false:", "", "BringsNobodyInByTheirPhrase"},
	{"P3: whom a new key names", "crdt/charter/prospective.go", "return slices.Contains(s.rekeyed.terms.Stay, n.entry.ID())", "return true", "", ""},
	{"P3: what isn't cut", "crdt/charter/prospective.go", "return !by.silenced(n)", "return true", "", ""},
	{"P4: as many as the chain allowed", "crdt/charter/prospective.go", "if len(open) < n.tip().invites {", "if true {", "", ""},
	{"R1: of one's own devices", "crdt/charter/rename.go", "case t.said.Device != entry.Device{} && t.who.device(t.said.Device) == nil:", "case false:", "", "AMemberAlone|OfTwoNames|ARename|ANameIs|NamesThat"},
	{"R1: 100 times", "crdt/charter/rename.go", "case len(t.who.renames) >= MaxRenames:", "case false:", "", "AMemberAlone|OfTwoNames|ARename|ANameIs|NamesThat"},
	{"R1: what isn't cut", "crdt/charter/person.go", "n.said.Type == TypeRename && !d.seat.replaced(n) && !d.cut(n)", "n.said.Type == TypeRename && !d.seat.replaced(n)", "", "AMemberAlone|OfTwoNames|ARename|ANameIs|NamesThat"},
	{"R1: what knows the new key", "crdt/charter/person.go", "n.said.Type == TypeRename && !d.seat.replaced(n) && !d.cut(n)", "n.said.Type == TypeRename && !d.cut(n)", "", "AMemberAlone|OfTwoNames|ARename|ANameIs|NamesThat"},
	{"R1: what a resignation knows", "crdt/charter/rename.go", "left := who.left ", "left := ends{} ", "", "AMemberAlone|OfTwoNames|ARename|ANameIs|NamesThat"},
	{"R1: what a removal knows", "crdt/charter/rename.go", "if s := who.seat; s != nil && s.standing == Removed {", "if false {\n\t\ts := who.seat", "", "AMemberAlone|OfTwoNames|ARename|ANameIs|NamesThat"},
	{"R1: the highest number", "crdt/charter/rename.go", "return cmp.Or(cmp.Compare(a.nth, b.nth), cmp.Compare(a.tip()", "return cmp.Or(cmp.Compare(a.tip()", "", "AMemberAlone|OfTwoNames|ARename|ANameIs|NamesThat"},
	{"R1: on the newest step", "crdt/charter/rename.go", "cmp.Compare(a.tip().depth, b.tip().depth), b.entry.ID()", "b.entry.ID()", "", "AMemberAlone|OfTwoNames|ARename|ANameIs|NamesThat"},
	{"R1: the lowest ID", "crdt/charter/rename.go", "b.entry.ID().Compare(a.entry.ID()))", "a.entry.ID().Compare(b.entry.ID()))", "", "AMemberAlone|OfTwoNames|ARename|ANameIs|NamesThat"},
	{"R2: shown apart", "crdt/charter/rename.go", "		if apart {", "		if false {", "", "AMemberAlone|OfTwoNames|ARename|ANameIs|NamesThat"},
	{"R2: also of who came later", "crdt/charter/rename.go", "renamed && (k.several || k.of != i)", "renamed && k.of < i", "", "AMemberAlone|OfTwoNames|ARename|ANameIs|NamesThat"},
	{"H1: a resignation that the phrase overruled too late", "crdt/charter/person.go", "if s.resignation != nil && !slices.Contains(p.resigned, s.resignation) {", "if false {", "", ""},
	{"H1: what each retirement honours", "crdt/charter/person.go", "all = append(all, r.said.Frontier)", "all = append(all, r.said.Frontier[:0])", "", ""},
	{"H1: what the phrase honours of what it leaves out", "crdt/charter/person.go", "	case len(p.keys) > 0: // they", "	case false: // they", "", ""},
	{"H1: what a new key took out of use stays so", "crdt/charter/origin.go", "case named, len(who.keys) == 0:", "case !named && len(who.keys) == 0:", "", ""},
	{"H1: nothing of who is out", "crdt/charter/person.go", "	if p.lapsed {", "	if false {", "", ""},
	{"H4: one other, and no more", "crdt/charter/judge.go", "case h.leaf() && understood && over != nil:", "case false && over != nil:", "", ""},
	{"H4: within a bound", "crdt/charter/seen.go", "left >= 0 && !itself {", "left > -MaxRuns && !itself {", "", ""},
	{"H4: what is listed first", "crdt/charter/seen.go", "left >= 0 && !itself {", "left >= 0 && (!itself || left >= 0) {", "", ""},
	{"H4: what it lists counts towards the bound", "crdt/charter/seen.go", "&& room >= maxBeside &&", "&& room >= 0 &&", "./daemon/replica", "NotTakenOverIsListed"},
	{"H4: nothing of a run that forked", "daemon/replica/seen.go", "w == nil || w.forked {", "w == nil {", "", "NothingIsTakenOver"},
	{"H4: nothing that isn't here", "crdt/charter/seen.go", "number == 0 || !said && number > p.may", "!said && number > p.may", "./daemon/replica", "NothingIsTakenOver"},
	{"H4: nothing further than counts", "crdt/charter/seen.go", "!said && number > p.may[end.RunOf] {", "!said && p.may[end.RunOf] == 0 {", "./daemon/replica", "NothingIsTakenOver"},
	{"H4: nothing that wasn't said", "crdt/charter/seen.go", "!said && number > p.may[end.RunOf] {", "!said && p.may[end.RunOf] > 0 && number > p.may[end.RunOf] {", "./daemon/replica", "NothingIsTakenOver"},
	{"H4: what was made before a time", "daemon/replica/seen.go", "arrival > before && madeAfter(e, upTo):", "arrival < before && madeAfter(e, upTo):", "", "LeftForTheNext"},
	{"N1: heads are fair", "crdt/charter/heads.go", "chosen = c.fair(candidates, limit)[:limit]", "chosen = candidates[:limit]", "", ""},
	{"H3: an acknowledgement that no frontier cuts", "crdt/accept/cut.go", " && d.placeOf(a.Device, a.Run, a.Entry) == within {", " {", "", ""},
	{"H3: of a full member", "crdt/accept/cut.go", "if a.Full && !slices.Contains(who, a.Member)", "if !slices.Contains(who, a.Member)", "", ""},
	{"H3: of who didn't close it", "crdt/accept/cut.go", "bool { return m == s.Author })", "bool { return false })", "", ""},
	{"States 10: the steps of its dependencies", "crdt/accept/judge.go", "	if !d.covers(s) {", "	if false {", "", ""},
	{"Room: 64 closings", "crdt/accept/room.go", " || r.closed[key]+w.closings > MaxClosings", "", "./crdt", "TheRightRecordCounts"},
	{"Room: on whom more people stand", "crdt/accept/crowd.go", "return cmp.Or(cmp.Compare(b.people.len(), a.people.len()),", "return cmp.Or(", "", ""},
	{"Room: who has had less", "crdt/accept/crowd.go", "		cmp.Compare(r.ops.of[a.needs.author]+a.needs.ops, r.ops.of[b.needs.author]+b.needs.ops),\n", "", "", ""},
	{"Room: no more for who didn't make it", "crdt/accept/room.go", " && (made || b.othersOps == 0 || o.of[author]+more <= b.othersOps)", "", "", ""},
	{"Room: more is kept for who made it", "crdt/accept/room.go", "return max(b.ownOps, b.makersOps)", "return b.ownOps", "", ""},
	{"Room: what makes somebody stand is kept", "crdt/accept/document.go", "return d.standsFirst(n) || d.comesIn(n)", "return d.comesIn(n)", "", ""},
	{"Room: what makes valid what waits for it is kept", "crdt/accept/document.go", "d.missing[c.Hash]; named {", "d.missing[c.Hash]; named && n == nil {", "", "InACrowdWhatMakesAnother"},
	{"Twins: one that may stay is kept", "crdt/accept/document.go", "		return d.mayStay(n)", "		return false", "", ""},
	{"Outcomes: who records doesn't stand on it", "crdt/kinds/outcome.go", "over[i] && item.Author != v.member && ", "over[i] && ", "./crdt", "WhoRecordsAnOutcome"},
	{"Outcomes: full members stand on it", "crdt/kinds/outcome.go", " && t.wasFull(item) {", " {", "./crdt", "OnARecordOnlyFullMembers"},
	{"Replica: what counts is kept without room", "crdt/accept/document.go", "func (d *Document) MayCount(e *entry.Entry, c *change.Change) bool {", "func (d *Document) MayCount(e *entry.Entry, c *change.Change) bool {\n\tif e != nil {\n\t\treturn false\n\t}", "./daemon/replica", "WhatCountsIsKeptHoweverMuch"},
	{"Replica: what is sound is kept without room", "daemon/replica/statements.go", "(tried.rules.IsSound(e.ID()) || r.hasRoom(b, taken[b]))", "r.hasRoom(b, taken[b])", "", "WhatCountsIsKeptHoweverMuch"},
	{"Replica: what others name takes their room", "daemon/replica/held.go", "return b == own || !k.r.hasRoom(b, k.taken[b])", "return k.r.hasRoom(own, room{}) || b != own", "", "WhatIsAcknowledgedIsKept|Bytes"},
	{"Replica: what comes says what is before it", "daemon/replica/held.go", "	if v.fresh {\n\t\tkeys = append(keys, v.entry.Previous)", "	if false {\n\t\tkeys = append(keys, v.entry.Previous)", "", "WhatIsAcknowledgedIsKept"},
	{"Replica: states of changes change in pieces", "daemon/replica/accept.go", "many := states > maxStates || size > store.MaxBatch/2", "many := false && size+states > 0", "", "FifteenThousandChanges|ManySmallChanges"},
	{"Replica: statements are folded in groups", "daemon/replica/accept.go", "if i > 0 && (size > maxStatementsBytes || i >= maxStatements) {", "if false {", "", "TwentyThousandStatements"},
	{"Replica: a day's worth", "daemon/replica/days.go", "if n > 0 && a.left[i] < 1 {", "if n < 0 && a.left[i] < 1 {", "", "DaysWorth|WordHasEnded"},
	{"Replica: a frontier leads to a day's worth", "daemon/replica/days.go", "return r.wanted.has(e.ID()) && r.spendOf(ledRoom(own), e)", "return r.wanted.has(e.ID()) && own == r.bucketOf(e.Device)", "", "AFrontierLeads"},
	{"Replica: what is beyond a frontier comes with what stands on it", "daemon/replica/held.go", " && !k.bringsIn(a) {", " {", "", "CountsOnlyWithWhatStands"},
	{"Replica: what stands on it comes again", "daemon/replica/held.go", "	if h.beyond != (change.Hash{}) {", "	if h.beyond != h.beyond {", "", "CountsOnlyWithWhatStands"},
	{"Replica: what isn't remembered isn't had", "daemon/replica/held.go", "		q.more[h.device]++\n		return false", "		q.more[h.device]++\n		return true", "", "IsntRemembered"},
	{"Replica: none once its word has ended", "daemon/replica/days.go", "passed < 0 || !r.growing(b) {", "passed < 0 {", "", "WordHasEnded"},
	{"Replica: one's own devices are no others", "daemon/replica/whose.go", "r.speaks(rules, by) && r.namerOf(rules, by).who != r.namerOf(rules, own).who", "r.speaks(rules, by) && by != own", "", "NamesOnesOwn|WritesOnWhat"},
	{"Replica: whom nobody knows is no other", "daemon/replica/whose.go", "r.speaks(rules, by) && r.namerOf(rules, by).who != r.namerOf(rules, own).who", "r.namerOf(rules, by).who != r.namerOf(rules, own).who", "", "WhomNobodyKnows"},
	{"Replica: what others name has a bound", "daemon/replica/whose.go", "return r.spendOf(r.whose.named(r.namerOf(rules, by), own), e)", "return by != own", "", "NameEachOthers"},
	{"Replica: which each of them has", "daemon/replica/whose.go", "return w.note(append(b, of[:]...), sharing{by: by.who, speak: true, names: true})", "return w.note(append(b[:0], of[:]...), sharing{by: by.who, speak: true, names: true})", "", "NameEachOthers"},
	{"Replica: what a new computer names comes once that is known, of statements", "daemon/replica/quota.go", "len(q.held) > 0 && r.opensKnown(old, grown)", "false", "", "NewComputerNames"},
	{"Replica: what a new computer names comes once that is known, of changes", "daemon/replica/document.go", "	for hash := range d.judge.Missing() { // who", "	for hash := range func(func(change.Hash) bool) {} { // who", "", "NewComputerNames"},
	{"Replica: whom a member lets in share a room", "daemon/replica/whose.go", "if by, guest := who.Answers(); guest {", "if by, guest := who.Answers(); guest && by == who.ID {", "", "WhoMakesDevices"},
	{"Replica: a member's further devices share a room", "daemon/replica/whose.go", "own < ownRooms && !w.own[of]", "!w.own[of]", "", "WhoMakesDevices"},
	{"Replica: a side that is taken turns what waits", "daemon/replica/ground.go", "if c.Undecided() != before[i].Undecided() {", "if c.Undecided() != c.Undecided() && before[i] != nil {", "", "WhereBothSidesHaveSplit"},
	{"Replica: a statement wakes what waited for it in its run", "daemon/replica/charter.go", "\t\tdocs = slices.AppendSeq(docs, maps.Keys(r.wanted.take(id)))\n", "\t\t_ = slices.AppendSeq(docs, maps.Keys(r.wanted.take(id)))\n", "", "ARunIsJudgedAgain"},
	{"Replica: who waits for a run is judged once it leads back to them", "daemon/replica/frontier.go", "if waiting[at.doc] {", "if false {", "", "LeadsBack"},
	{"Replica: what runs hold is noted as it is stored", "daemon/replica/accept.go", "\t\tr.reach.note(w.verdicts)\n", "", "", "WhatRunsHold"},
	{"Store: what came back keeps its bytes", "daemon/store/erase.go", "all = false", "", "", "CameBack"},
	{"Batch: a stretch begins in the space of the entry before", "crdt/batch/batch.go", "s.fields, s.last, r.space = f, d.ID(), f.Space", "s.fields, s.last = f, d.ID()", "", "SeveralSpaces"},
	{"Replica: an ally's split leaves one's own alone", "crdt/accept/judge.go", "		case !d.charter.IsSound(h):", "		case h != first:", "./daemon/replica", "AChangeThatKnowsOfAnAllysSplit"},
	{"Peer: sessions", "daemon/peer/limits.go", "sessionRation = ration{20, ", "sessionRation = ration{1 << 20, ", "", "SyncSessionsAreRationed"},
	{"Peer: sessions of former devices", "daemon/peer/limits.go", "formerRation  = ration{3, ", "formerRation  = ration{1 << 20, ", "", "SyncSessionsAreRationed"},
	{"Peer: records that are told", "daemon/peer/limits.go", "recordRation = ration{4096, ", "recordRation = ration{1 << 30, ", "", "TellsAddresses"},
	{"Peer: records that are saved", "daemon/peer/limits.go", "moveRation    = ration{4, ", "moveRation    = ration{1 << 20, ", "", "MovesAllTheTime"},
	{"Peer: streams", "daemon/peer/limits.go", "streamRation = ration{512, ", "streamRation = ration{1 << 30, ", "", "OpensStreams"},
	{"Peer: what is asked of a relay", "daemon/peer/limits.go", "relayRation  = ration{256, ", "relayRation  = ration{1 << 30, ", "", "AsksARelay"},
	{"Peer: to whom a relay leads", "daemon/peer/limits.go", "ledRation    = ration{128, ", "ledRation    = ration{1 << 30, ", "", "ARelayLeadsNobody"},
	{"Peer: questions whether it can be dialed", "daemon/peer/limits.go", "knockRation   = ration{4, ", "knockRation   = ration{1 << 20, ", "", "DialsBack|KnockElsewhere|KnockAtAnother|Knock"},
	{"Peer: two voices", "daemon/peer/reach.go", "== min(2, len(members)) {", "== 1 {", "", "AYesTakesTwoVoices"},
	{"Doubt: nobody of the side counts", "crdt/share/entry.go", " && !s.doubted[i] {", " {", "./daemon", "SomebodyWhomTheAllyRemoved"},
	{"Doubt: no record of theirs holds", "crdt/kinds/outcome.go", "if t.charter.Doubtful(v.member) {", "if false {", "./daemon", "SomebodyWhomTheAllyRemoved"},
	{"Doubt: once the first share is over", "daemon/ally/side/vouch.go", "Doubt(ctx, over || !holds)", "Doubt(ctx, !holds)", "./daemon", "AFurtherShareGoesOn"},
	{"Share: views are looked at, not arrivals", "daemon/ally/side/follow.go", "r.ViewsAt(), r.Charter()", "r.Store().LastArrival(), r.Charter()", "", "AShareIsFound"},
	{"Share: what was missed is looked at anew", "daemon/ally/side/follow.go", "|| now.Sub(h.looked).Abs() >= lookAnew", "|| now.Before(h.looked)", "", "AShareIsFound"},
	{"Events: of spaces that begin meanwhile", "daemon/api/server/events.go", "if w.known[b.Peers.Space().ID] {", "if len(w.known) > 0 {", "", "WhoWatchesAllSpaces"},
	{"Code: a refusal is one of several answers", "daemon/peer/join.go", "j.refusal = cmp.Or(j.refusal, refused)", "j.refusal, j.dialing, j.next = cmp.Or(j.refusal, refused), nil, nil", "", "NobodyWhoAnswersACode"},
	{"Pact: who has signed keeps the key", "daemon/ally/contact.go", "if p.bound(now) || ", "if ", "", "WhoHasSignedGoesOnListening"},
	{"Pact: and goes on asking", "daemon/ally/contact_second.go", "return p.bound(now), boundPause", "return now.IsZero(), boundPause", "", "WhoHasSignedGoesOnListening"},
	// The three faults that the worlds were made to find, put back: as many worlds as scripts/test makes find each.
	{"Worlds: certified by order of arrival, as attack 30 found it", "crdt/charter/person.go", "\tadded := map[entry.Device][]*node{} // certificates, by who signed them\n", "\tfor _, key := range d.first() {\n\t\td.device(key).certified = true\n\t}\n\tfor _, n := range d.counts {\n\t\tswitch by := d.device(n.entry.Device); {\n\t\tcase n.said.Type == TypeRetire:\n\t\t\tdev := d.device(n.said.Device)\n\t\t\tdev.retired = append(dev.retired, n)\n\t\tcase n.said.Type == TypeCertify && by != nil && by.certified && !slices.ContainsFunc(by.retired, func(r *node) bool { return !r.knows(n) }):\n\t\t\td.device(n.said.New.Key).certified = true\n\t\t}\n\t}\n\tfor i := range d.devices {\n\t\td.devices[i].live = d.devices[i].certified && len(d.devices[i].retired) == 0\n\t}\n\tif d.person != nil {\n\t\treturn\n\t}\n\tadded := map[entry.Device][]*node{}\n", "./daemon/replica", "SameEntriesSayTheSame"},
	{"Worlds: dropped before they are judged, as attack 31 found it", "daemon/replica/held.go", "\tvar late []arrived\n\tfor _, a := range in {\n", "\tfor _, a := range in {\n\t\tif own := k.r.bucketOf(a.entry.Device); k.r.hasRoom(own, k.taken[own]) {\n\t\t\ttake(a)\n\t\t\tcontinue\n\t\t}\n\t\theld = append(held, heldEntry{id: a.entry.ID(), device: a.entry.Device, run: a.entry.Run, size: len(a.entry.Encoded()), why: HeldRoom})\n\t}\n\tif len(in) > 0 {\n\t\treturn kept, held\n\t}\n\tvar late []arrived\n\tfor _, a := range in {\n", "./daemon/replica", "SameEntriesSayTheSame"},
	{"Worlds: all states in one transaction, as attack 32 found it", "daemon/replica/charter.go", "if len(changed) > maxStates {", "if len(changed) < 0 {", "./daemon/replica", "SameEntriesSayTheSame"},
	{"Agreements: who shared it says what it names", "crdt/view.go", "ok && c.SameCoop(it.Author, d.Creator()) {", "ok && it != nil {", "./crdt", "OfAnAgreementInAShare"},
}

// longest are the tests that are asked only if no other misses a rule.
const longest = "SmallScope|NaiveOne|CharterThatGrows|HeadsAreTheSame|NewestHundred|DevicesSayOfEachOther|PhraseCantAddOne|EveryOrderOfArrival"

// The table stays with the source: each edit finds its place, once.
func TestEachRuleCanBeTakenOut(t *testing.T) {
	for _, r := range rules {
		b, err := os.ReadFile("../" + r.file)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(b), r.from); n != 1 {
			t.Errorf("%s: what takes it out stands %d times in %s; bring this table up to date", r.name, n, r.file)
		}
	}
}

// Before a release, and when a rule changes: go test ./scripts -run TestEachRuleIsMissed -rules . -timeout 2h -v
func TestEachRuleIsMissed(t *testing.T) {
	if *rulesOut == "" {
		t.Skip("takes a quarter of an hour: -rules .")
	}
	only := regexp.MustCompile(*rulesOut)
	failed := regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)
	for _, r := range rules {
		if !only.MatchString(r.name) {
			continue
		}
		t.Run(r.name, func(t *testing.T) {
			source, err := filepath.Abs("../" + r.file)
			if err != nil {
				t.Fatal(err)
			}
			b, err := os.ReadFile(source)
			if err != nil {
				t.Fatal(err)
			}
			without := filepath.Join(t.TempDir(), "without.go")
			overlay := filepath.Join(t.TempDir(), "overlay.json")
			list, err := json.Marshal(map[string]any{"Replace": map[string]string{source: without}})
			if err != nil {
				t.Fatal(err)
			}
			for name, b := range map[string][]byte{without: []byte(strings.Replace(string(b), r.from, r.to, 1)), overlay: list} {
				if err := os.WriteFile(name, b, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			in := r.in
			if in == "" {
				in = "./" + filepath.Dir(r.file)
			}
			test := func(more ...string) ([]byte, error) {
				args := append([]string{"test", "-vet=off", "-short", "-failfast", "-overlay", overlay, in, "-timeout", "15m"}, more...)
				if strings.HasPrefix(in, "./crdt") {
					args = append(args, "-rapid.nofailfile")
				}
				test := exec.CommandContext(t.Context(), "go", args...)
				test.Dir = ".."
				return test.CombinedOutput()
			}
			var out []byte
			if r.run != "" {
				out, err = test("-run", r.run)
			} else if out, err = test("-skip", longest); err == nil {
				out, err = test("-run", longest)
			}
			switch missed := failed.FindStringSubmatch(string(out)); {
			case err == nil:
				t.Error("no test misses it")
			case missed == nil:
				t.Errorf("the tests don't run: %v\n%s", err, out)
			default:
				t.Log(missed[1])
			}
		})
	}
}
