package server

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"kith/crdt/kind"
	"kith/daemon/api"
)

// route is one request that the API answers. The mux, which space is meant, what may stand in the address,
// and the description at /v1/openapi.json all follow from it.
type route struct {
	path  string // method and path below /v1/: "POST tasks/{id}/take"
	gist  string // what it does, for who reads the description
	about about
	bare  bool                // it is good in a home without a co-op, too
	query []param             // what may stand in the address, besides the space
	words map[string][]string // of parts of the path that aren't free: {"verb": …}
	work  work
}

// about is which space a request is about, where none is named.
type about int

const (
	theCoop    about = iota // the only co-op
	aDocument               // the one in which what {id} or the parameter id names is
	everySpace              // each
)

// param is something that may stand in the address of a request.
type param struct {
	name, gist string
	is         kindOfParam
	words      []string // of aWord
}

// kindOfParam is how a parameter is written.
type kindOfParam int

const (
	aText   kindOfParam = iota
	aFlag               // true or false
	aNumber             // from 1
	aWord               // one of words
	aSpan               // 90s, 1h30m
	words               // any number of them, each one of words
)

var (
	acknowledged = param{name: "acknowledged", gist: "with what others have acknowledged, which takes longer the first time", is: aFlag}
	wait         = param{name: "wait", gist: "how long to wait at most", is: aSpan}
	limit        = param{name: "limit", gist: "at most so many", is: aNumber}
	since        = param{name: "since", gist: "changed since then: a day, or RFC 3339"}
	brief        = param{name: "brief", gist: "without their texts", is: aFlag}
)

// routes are all requests that the API answers.
func routes() []route {
	return slices.Concat(otherRoutes(), timeRoutes(), kindRoutes())
}

// otherRoutes are those that aren't about documents of one kind.
func otherRoutes() []route {
	return []route{
		{path: "GET spaces", gist: "how it stands with every space", about: everySpace, bare: true, query: []param{acknowledged}, work: answers((*Server).overview)},
		{path: "POST spaces", gist: "found another co-op in this home", about: everySpace, bare: true, work: takes((*Server).found)},
		{path: "POST spaces/sync", gist: "come into step in every space, and wait for it", about: everySpace, query: []param{wait}, work: takes((*Server).syncAll)},
		{path: "GET computer", gist: "how this computer keeps what the co-op wrote, and starts the daemon", about: everySpace, bare: true, work: answers((*Server).computer)},
		{path: "POST computer/starts", gist: "have the system start the daemon at each login", about: everySpace, bare: true, work: takes((*Server).startAtLogin)},
		{path: "POST page", gist: "make a link that opens the page in a browser, once", about: everySpace, bare: true, work: takes((*Server).page)},
		{path: "POST join", gist: "join a co-op by a code", about: everySpace, bare: true, query: []param{wait}, work: takes((*Server).join)},
		{path: "POST join/device", gist: "become a device of a member by a code, and tell the words to compare", about: everySpace, bare: true, query: []param{wait}, work: tells[api.DeviceJoinRequest, api.DeviceJoinLine]((*Server).joinDevice)},
		{path: "GET join/ask", gist: "the requests to join that wait for their answers", about: everySpace, bare: true, work: answers((*Server).joinAsking)},
		{path: "POST join/ask", gist: "write a request to join, where no network leads to anybody who answers the code", about: everySpace, bare: true, work: takes((*Server).joinAsk)},
		{path: "POST join/read", gist: "join by the answer to a request", about: everySpace, bare: true, work: reads[api.JoinLine]((*Server).joinRead)},
		{path: "POST recover", gist: "come back with a recovery phrase, or hear which devices are to be chosen about before", about: everySpace, bare: true, query: []param{wait}, work: takes((*Server).recover)},
		{path: "POST new-phrase", gist: "draw a new recovery phrase, which the co-op has to agree on", about: everySpace, bare: true, work: takes((*Server).newPhrase)},
		{path: "POST restore", gist: "bring a device back from a backup; the field " + api.PassphraseHeader + " has what it is sealed with, in base64url", about: everySpace, bare: true, work: reads[api.RestoreLine]((*Server).restore)},
		{path: "GET status", gist: "how it stands with one space", bare: true, query: []param{acknowledged}, work: answers((*Server).status)},
		{path: "GET peers", gist: "every other device of the charter, connected or not", work: answers((*Server).peers)},
		{path: "POST sync", gist: "come into step, and wait for it", query: []param{wait}, work: takes((*Server).sync)},
		{path: "GET events", gist: "what happens, as it happens", about: everySpace, query: []param{{name: "kind", gist: "types of events or kinds of documents", is: words, words: api.EventKinds()}}, work: lines[api.Event]((*Server).events)},
		{path: "POST doctor", gist: "look whether all is well", about: everySpace, bare: true, work: takes((*Server).doctor)},
		{path: "POST backup", gist: "what a backup holds, unsealed", work: file((*Server).backup)},
		{path: "GET bundle", gist: "a bundle, sealed; the field " + api.BundleHeader + " says what it is", query: []param{{name: "since", gist: "what came here since then: RFC 3339"}, {name: "for", gist: "a member, or a device: what they have is left out"}}, work: file((*Server).writeBundle)},
		{path: "POST bundle/read", gist: "take what is in a bundle, and tell how far it is", work: reads[api.BundleLine]((*Server).readBundle)},
		{path: "GET drops", gist: "the drop folders of this device", work: answers((*Server).drops)},
		{path: "POST drops", gist: "have bundles left and taken in a folder that something else carries", work: takes((*Server).addDrop)},
		{path: "POST drops/remove", gist: "give a drop folder up; what lies in it stays", work: takes((*Server).removeDrop)},
		{path: "GET porches", gist: "the porches of the co-op, and how it stands with them on this device", work: answers((*Server).porches)},
		{path: "POST porches", gist: "add a porch for the whole co-op", work: takes((*Server).addPorch)},
		{path: "POST porches/remove", gist: "give a porch up for the whole co-op", work: takes((*Server).removePorch)},
		{path: "POST porches/follow", gist: "have this device use a porch, before others", work: takes((*Server).followPorch)},
		{path: "POST porches/leave", gist: "have this device use a porch no more", work: takes((*Server).leavePorch)},

		{path: "GET members", gist: "everybody who ever was a member", work: answers((*Server).members)},
		{path: "GET members/{id}", gist: "one of them", work: answers((*Server).member)},
		{path: "POST members/{id}/admit", gist: "propose them as a full member", work: takes(proposeAbout(api.ActionAdmit))},
		{path: "POST members/{id}/remove", gist: "propose that they leave", work: takes(proposeAbout(api.ActionRemove))},
		{path: "POST members/{id}/new-key", gist: "propose a new recovery phrase for them", work: takes(proposeAbout(api.ActionNewKey))},
		{path: "POST members/{id}/way", gist: "a code with which they come back who have lost all devices", work: takes((*Server).wayBack)},
		{path: "POST rename", gist: "say what one is called from now on", work: takes((*Server).rename)},
		{path: "POST resign", gist: "leave the co-op", work: takes((*Server).resign)},
		{path: "GET invites", gist: "the codes that this device made", work: answers((*Server).invites)},
		{path: "POST invites", gist: "make a code for a prospective member", work: takes((*Server).invite)},
		{path: "POST invites/answer", gist: "let in who asks with a text, and answer with the bundle that their computer begins with; the field " + api.BundleHeader + " says what it is", work: fileFor[api.LetInRequest]((*Server).letIn)},
		{path: "POST invites/{id}/revoke", gist: "make a code useless", work: takes((*Server).revokeInvite)},
		{path: "GET devices", gist: "the devices of one's own", work: answers((*Server).devices)},
		{path: "POST devices", gist: "make a code for a new device", work: takes((*Server).addDevice)},
		{path: "GET devices/pairing", gist: "how it stands with the newest code", work: answers((*Server).pairing)},
		{path: "POST devices/pairing/confirm", gist: "add the device that shows these words", work: takes((*Server).confirmDevice)},
		{path: "POST devices/pairing/decline", gist: "make the code useless", work: takes((*Server).declineDevice)},
		{path: "POST devices/{id}/retire", gist: "take a device of one's own out of use", work: takes((*Server).retireDevice)},
		{path: "POST devices/{id}/rename", gist: "say what a device of one's own is called from now on", work: takes((*Server).renameDevice)},
		{path: "POST devices/{id}/consents", gist: "let it consent to agreed steps from now on", work: takes((*Server).moveConsents)},

		{path: "GET charter", gist: "what the co-op has agreed on about itself", work: answers((*Server).charter)},
		{path: "GET charter/log", gist: "what was said about it, newest first", query: []param{limit}, work: answers((*Server).charterLog)},
		{path: "POST charter/follow/{step}", gist: "take a side where the charter has forked", work: takes((*Server).follow)},
		{path: "POST charter/{action}", gist: "propose a step about the charter as a whole", words: map[string][]string{"action": charterActions}, work: takes((*Server).propose)},
		{path: "GET proposals", gist: "all proposals, oldest first", query: []param{{name: "pending", gist: "that ask for something", is: aFlag}}, work: answers((*Server).proposals)},
		{path: "GET proposals/{id}", gist: "one of them", about: aDocument, work: answers((*Server).proposal)},
		{path: "POST proposals/{id}/shown", gist: "say that it was shown to the member of this device", about: aDocument, work: takes((*Server).noteProposal)},
		{path: "POST proposals/{id}/{verb}", gist: "answer one", about: aDocument, words: map[string][]string{"verb": api.ProposalVerbs}, work: takes((*Server).answerProposal)},

		{path: "GET allies", gist: "the pacts with other co-ops, made or half made", work: answers((*Server).allies)},
		{path: "POST allies", gist: "make a code with which another co-op gets in touch", work: takes((*Server).allyInvite)},
		{path: "POST allies/join", gist: "get in touch with who made a code", query: []param{wait}, work: takes((*Server).allyJoin)},
		{path: "POST allies/confirm", gist: "say which words were heard from the other side", work: takes((*Server).allyConfirm)},
		{path: "GET allies/{id}", gist: "one pact", work: answers((*Server).ally)},
		{path: "POST allies/{id}/cancel", gist: "give up a pact that is half made", work: takes((*Server).allyCancel)},
		{path: "POST allies/{id}/end", gist: "propose to end all that is shared with an ally", work: takes((*Server).endAlly)},
		{path: "POST allies/{id}/lend-porch", gist: "put a porch into the share with an ally, for them to add", work: takes((*Server).lendPorch)},
		{path: "POST further", gist: "open a further share with an ally", work: takes((*Server).newShare)},
		{path: "POST further/join", gist: "join one that an ally has opened", query: []param{wait}, work: takes((*Server).joinShare)},
		{path: "GET shares", gist: "the shares of the co-op", work: answers((*Server).shares)},
		{path: "GET shares/{share}", gist: "one of them, with what is in it", work: answers((*Server).share)},
		{path: "POST shares/{share}/preview", gist: "what sharing a document will show, and to whom", work: takes((*Server).previewSharing)},
		{path: "POST shares/{share}/documents", gist: "put a document into a share", work: takes((*Server).shareDocument)},
		{path: "GET asks", gist: "what was asked in all shares, newest first", work: answers((*Server).asks)},
		{path: "POST asks", gist: "ask an ally for something", work: takes((*Server).createAsk)},
		{path: "GET asks/{id}", gist: "one of them", work: answers((*Server).ask)},
		{path: "POST asks/{id}/answer", gist: "answer one", work: takes((*Server).answerAsk)},
		{path: "POST asks/{id}/withdraw", gist: "take back what one has asked", work: takes((*Server).withdrawAsk)},

		{path: "GET agreements/figures", gist: "what the agreements that hold say in numbers", work: answers((*Server).figures)},
		{path: "POST archive/{id}", gist: kind.Archive.Gist, about: aDocument, work: every(kind.Archive)},
		{path: "POST continue/{id}", gist: "go on in a fresh document, which names this one and is named by it", about: aDocument, work: takes((*Server).goOn)},
		{path: "POST settle/{id}", gist: kind.Settle.Gist, about: aDocument, work: every(kind.Settle)},
		{path: "GET talk/{id}", gist: "what is said about a document", about: aDocument, work: answers((*Server).thread)},
		{path: "POST talk/{id}", gist: "say something about it", about: aDocument, work: takes((*Server).talk)},
		{path: "POST talk/{id}/shown", gist: "say that the thread was shown to the member of this device", about: aDocument, work: takes((*Server).noteThread)},
		{path: "GET forget/{id}", gist: "who would have to agree that a document is forgotten, and what that means", about: aDocument, query: []param{{name: "goes_on", gist: "if what stands in it now goes on in a fresh one", is: aFlag}}, work: answers((*Server).forgetting)},
		{path: "POST forget/{id}", gist: "say that it is to be forgotten, or propose it", about: aDocument, work: takes((*Server).forget)},
		{path: "GET find", gist: "headers of documents by the start of their ID", about: everySpace, query: []param{{name: "kind", gist: "of this kind"}, {name: "prefix", gist: "the start of the ID"}, limit}, work: answers((*Server).find)},
		{path: "GET search", gist: "documents that hold all the words, best first", about: everySpace, query: []param{{name: "q", gist: "the words"}, limit}, work: answers((*Server).search)},
		{path: "GET search/partly", gist: "headers of documents that are so long that a search looks through their beginning alone", about: everySpace, query: []param{limit}, work: answers((*Server).partly)},
		{path: "GET today", gist: "what waits for me", about: everySpace, query: []param{{name: "all", gist: "with what I was shown already", is: aFlag}}, work: todayWork()},
		{path: "POST undo", gist: "take back what this device did last, if nobody else can have it", about: everySpace, work: takes((*Server).undo)},
		{path: "POST told", gist: "say that the member of this device was told how things stand that are no documents: they are no news any more", about: everySpace, work: takes((*Server).noteTold)},
		{path: "GET log", gist: "what happened, newest first", about: aDocument, query: []param{{name: "id", gist: "to this document"}, {name: "void", gist: "only what a rule refused", is: aFlag}, {name: "since", gist: "what came here since then: RFC 3339, or last"}, {name: "from", gist: "by this member"}, {name: "of", gist: "about documents of this kind, or charter"}, {name: "note", gist: "remember how far this went, for since=last", is: aFlag}, limit}, work: answers((*Server).logLines)},
		{path: "POST carry", gist: "carry the documents of another co-op of this home into this one, which was founded from it; once more goes on where it broke off", work: takes((*Server).carry)},
		{path: "POST adopt/{entry}", gist: "take over what a member wrote beyond what the co-op honours", work: takes((*Server).adopt)},

		{path: "GET openapi.json", gist: "this description", about: everySpace, bare: true, work: answers((*Server).openapi)},
	}
}

// pattern is what the mux knows the route by.
func (r *route) pattern() string { return strings.Replace(r.path, " ", " /v1/", 1) }

// method and below are the two parts of the path.
func (r *route) method() string { m, _, _ := strings.Cut(r.path, " "); return m }
func (r *route) below() string  { _, p, _ := strings.Cut(r.path, " "); return p }

// checkQuery refuses what a request doesn't take, so that a misspelled filter isn't lost in silence.
func (r *route) checkQuery(q *http.Request) error {
	for name, values := range q.URL.Query() {
		i := slices.IndexFunc(r.query, func(p param) bool { return p.name == name })
		switch {
		case name == "space":
		case i < 0:
			return api.Problemf(api.Invalid, r.queryHint(), "%s can't be asked with “%s”", r.below(), api.Brief(name))
		case len(values) > 1 && r.query[i].is != words:
			return api.Problemf(api.Invalid, "say it once", "there is more than one %s", name)
		case r.query[i].is == aSpan && !isSpan(values[0]):
			return api.Problemf(api.Invalid, name+"=30s", "“%s” is no time to wait", api.Brief(values[0]))
		case r.query[i].is == aFlag && values[0] != "true" && values[0] != "false":
			return api.Problemf(api.Invalid, name+"=true", "%s is true or false", name)
		}
	}
	return nil
}

func (r *route) queryHint() string {
	var names []string
	for _, p := range r.query {
		names = append(names, p.name)
	}
	if len(names) == 0 {
		return "it takes nothing but space"
	}
	return "it takes: " + strings.Join(names, ", ")
}

func isSpan(s string) bool {
	d, err := time.ParseDuration(s)
	return err == nil && d >= 0
}
