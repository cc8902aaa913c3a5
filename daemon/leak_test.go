package daemon

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	libpeer "github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	circuit "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
	"github.com/libp2p/go-libp2p/p2p/protocol/holepunch"
	"github.com/libp2p/go-libp2p/p2p/protocol/identify"
	"github.com/libp2p/go-libp2p/p2p/protocol/ping"
	ma "github.com/multiformats/go-multiaddr"

	"kith/crdt"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/api/apitest"
	"kith/daemon/desk"
	"kith/daemon/entrance"
	"kith/daemon/home"
	"kith/daemon/knock"
	"kith/daemon/peer"
	"kith/daemon/replica"
	"kith/daemon/replica/replicatest"
	"kith/daemon/waittest"
)

// neighbours are a co-op at work, whose full members are in a share with Dora of another one. Zenobia, a
// prospective member, isn't. Dora's computer hears all.
type neighbours struct {
	t               *testing.T
	ana, ben, cleo  *computer
	dora            *listener
	space           entry.SpaceID
	anas, bens      *apitest.Client // for the share
	shares, atHomes map[*computer]libpeer.AddrInfo
	secrets         []string // what was written at home
}

func neighbourhood(t *testing.T) *neighbours {
	t.Helper()
	riso, quilted := coop(t, "Ana", "Ben", "Cleo"), coopCalled(t, "Quilted", "Dora")
	n := &neighbours{t: t, ana: riso[0], ben: riso[1], cleo: riso[2],
		shares: map[*computer]libpeer.AddrInfo{}, atHomes: map[*computer]libpeer.AddrInfo{}}
	raw, err := hex.DecodeString(madePact(t, riso, quilted))
	must(t, err)
	n.space = entry.SpaceID(raw)
	for _, h := range riso {
		isIn(t, h, n.space, "Ana", "Ben", "Cleo")
	}
	code, err := n.atHome(n.cleo).Invite(t.Context(), time.Hour)
	must(t, err)
	n.secrets = append(n.secrets, code.Code)
	_, err = entrance.Join(t.Context(), entrance.JoinOptions{Home: t.TempDir(), Invite: code.Code, As: "Zenobia", Listen: here()})
	must(t, err)
	for _, h := range riso {
		n.atHomes[h], n.shares[h] = hostOf(t, h.dir), hostOf(t, filepath.Join(h.dir, "spaces", "1"))
	}
	n.anas, n.bens = within(t, n.ana, n.space.String()), within(t, n.ben, n.space.String())
	quilted[0].stop()
	place := home.At(filepath.Join(quilted[0].dir, "spaces", "1"))
	key, err := place.DeviceKey()
	must(t, err)
	n.dora = listen(t, replica.Config{Dir: place.StoreDir(), Key: key})
	for _, at := range n.shares {
		must(t, n.dora.host.Connect(t.Context(), at))
	}
	return n
}

// hostOf is the host of a home, or of the place of a share.
func hostOf(t *testing.T, dir string) (at libpeer.AddrInfo) {
	t.Helper()
	place := home.At(dir)
	key, err := place.DeviceKey()
	must(t, err)
	config, err := place.Config()
	must(t, err)
	id, err := peer.Identity(key.Device())
	must(t, err)
	for _, a := range config.Listen {
		info, err := libpeer.AddrInfoFromString(a + "/p2p/" + id)
		must(t, err)
		at.ID, at.Addrs = info.ID, append(at.Addrs, info.Addrs...)
	}
	return at
}

// atHome has the client of somebody's home.
func (n *neighbours) atHome(h *computer) *apitest.Client {
	n.t.Helper()
	all, err := h.client.Spaces(n.t.Context())
	must(n.t, err)
	return within(n.t, h, all.Spaces[0].Space.ID)
}

// secret is something that is written at home.
func (n *neighbours) secret(text string) string {
	n.secrets = append(n.secrets, text)
	return text
}

// workAtHome is what a co-op does in a day.
func (n *neighbours) workAtHome(round int) {
	n.t.Helper()
	ctx, ana, ben, cleo := n.t.Context(), n.atHome(n.ana), n.atHome(n.ben), n.atHome(n.cleo)
	say := func(text string) string { return n.secret(fmt.Sprintf("%s-%d", text, round)) }
	task, err := ana.CreateTask(ctx, apitest.NewTask{Title: say("bank-letter"), Text: say("overdraft"), Tags: []string{say("finance")}})
	must(n.t, err)
	_, err = ana.ActOnTask(ctx, task.ID, apitest.TaskAction{Verb: "take"})
	must(n.t, err)
	_, err = ana.ActOnTask(ctx, task.ID, apitest.TaskAction{Verb: "help", Why: say("nobody-answers")})
	must(n.t, err)
	note, err := ben.CreateNote(ctx, apitest.NewNote{Title: say("wages"), Text: say("ladder")})
	must(n.t, err)
	_, err = ben.AppendNote(ctx, note.ID, say("bonus"))
	must(n.t, err)
	decision, err := cleo.CreateDecision(ctx, apitest.NewDecision{Title: say("lawyer"), Text: say("retainer")})
	must(n.t, err)
	n.ana.until("she has what is to be decided", func() bool {
		_, err := ana.TakePosition(ctx, decision.ID, apitest.PositionRequest{Stance: "object", Why: say("too-dear")})
		return err == nil
	})
	proposal, err := ana.Propose(ctx, api.ProposalRequest{Action: api.ActionThreshold, Threshold: "two-thirds", Why: say("once-bitten")})
	must(n.t, err)
	n.ben.until("he has what is proposed", func() bool {
		_, err := ben.AnswerProposal(ctx, proposal.ID, api.ProposalAnswer{Verb: api.ProposalRefuse, Why: say("nothing-would-move")})
		return err == nil
	})
	for _, h := range []*apitest.Client{ana, ben, cleo} {
		_, err := h.Search(ctx, "overdraft", 10)
		must(n.t, err)
		_, err = h.Today(ctx)
		must(n.t, err)
	}
}

// workInShare has both of the co-op do something there, and waits until the ally's computer has it.
func (n *neighbours) workInShare(round int) {
	n.t.Helper()
	title := fmt.Sprintf("Print the programme %d", round)
	task, err := n.anas.CreateTask(n.t.Context(), apitest.NewTask{Title: title})
	must(n.t, err)
	n.ben.until("he has the task", func() bool {
		_, err := n.bens.ActOnTask(n.t.Context(), task.ID, apitest.TaskAction{Verb: "take"})
		return err == nil
	})
	id, err := desk.DocID(task.ID)
	must(n.t, err)
	n.ana.until("Dora has it, taken", func() bool {
		v, err := n.dora.replica.View(id)
		return err == nil && v.Title == title && len(crdttest.Task(v).TakenBy) == 1
	})
	_, err = n.dora.replica.Edit(n.t.Context(), id, func(e replica.Edit) error { return crdttest.AppendText("on yellow")(e.Doc, e.View) })
	must(n.t, err)
	n.ana.until("she has what Dora wrote", func() bool {
		got, err := n.anas.Task(n.t.Context(), task.ID)
		return err == nil && strings.Contains(got.Text, "on yellow")
	})
}

// shareNote shares a note of the home that had another title and text before, and names something that isn't
// shared; then somebody goes on with it at home.
func (n *neighbours) shareNote(round int) {
	n.t.Helper()
	ctx, ana := n.t.Context(), n.atHome(n.ana)
	say := func(text string) string { return n.secret(fmt.Sprintf("%s-%d", text, round)) }
	other, err := ana.CreateTask(ctx, apitest.NewTask{Title: say("not-for-them")})
	must(n.t, err)
	n.secrets = append(n.secrets, other.Short)
	note, err := ana.CreateNote(ctx, apitest.NewNote{Title: say("first-draft"), Text: say("who-earns-what"), Tags: []string{say("internal")}})
	must(n.t, err)
	title := fmt.Sprintf("Opening hours %d", round)
	_, err = ana.EditNote(ctx, note.ID, apitest.NoteEdit{Title: &title, Untag: note.Tags,
		Text: &api.TextEdit{Text: "We open at nine. See " + other.Short + "."}})
	must(n.t, err)
	_, err = ana.ShareDocument(ctx, "Quilted", api.ShareAdd{ID: note.ID})
	must(n.t, err)
	_, err = ana.AppendNote(ctx, note.ID, "On Sundays at ten.")
	must(n.t, err)
	n.ana.until("Dora has the note, as it goes on", func() bool {
		found := false
		must(n.t, n.dora.replica.Views(kinds.Note.Name, func(v *crdt.View) bool {
			found = found || v.Title == title && strings.Contains(v.Text, "On Sundays at ten.")
			return true
		}))
		return found
	})
}

// needles are all that names anything of the home, with what it is. No daemon may be running.
func (n *neighbours) needles() map[string]string {
	n.t.Helper()
	all := map[string]string{}
	raw := func(what string, b []byte) {
		if len(bytes.Trim(b, "\x00")) == 0 {
			return
		}
		all[string(b)], all[hex.EncodeToString(b)], all[entry.Text.EncodeToString(b)] = what, what, what
	}
	var written [][]byte
	for _, h := range []*computer{n.ana, n.ben, n.cleo} {
		r := h.openReplica()
		for _, e := range replicatest.Entries(n.t, r) {
			id, space := e.ID(), e.SpaceOf()
			raw("an entry's ID", id[:])
			raw("the space", space[:])
			raw("a device", e.Device[:])
			raw("a run", e.Run[:])
			raw("a document", e.Doc[:])
			raw("a signature", e.Signature[:])
			if e.Kind == entry.Change {
				c, err := change.Parse(e.Payload)
				must(n.t, err)
				raw("a change", c.Hash[:])
				raw("an actor", []byte(c.Actor))
			}
			written = append(written, e.Encoded())
		}
		for _, m := range r.Charter().Members() {
			raw("a member", m.ID[:])
			raw("a member's key", m.Key[:])
		}
		must(n.t, r.Close())
		at := n.atHomes[h]
		all[at.ID.String()] = "a host"
		for _, a := range at.Addrs {
			all[a.String()], all[string(a.Bytes())] = "an address", "an address"
		}
		all[h.dir] = "a folder"
	}
	all["Zenobia"] = "a member's name"
	everything := bytes.Join(written, nil)
	for _, text := range n.secrets {
		all[text] = "a text"
		if !bytes.Contains(everything, []byte(text)) && !strings.HasPrefix(text, "kith1") && !strings.HasPrefix(text, "t-") {
			n.t.Errorf("%q isn't in the home: it would be found nowhere", text)
		}
	}
	return all
}

// search looks for what is of the home in all that Dora's computer heard, and in what it made of it. What
// she said herself comes back to her and tells her nothing.
func (n *neighbours) search(said []byte) {
	n.t.Helper()
	for _, h := range []*computer{n.ana, n.ben, n.cleo} {
		h.stop()
	}
	needles := n.needles()
	for needle := range needles {
		if bytes.Contains(said, []byte(needle)) {
			delete(needles, needle)
		}
	}
	in := map[string]int{}
	look := func(where string, hay []byte) {
		in[where] += len(hay)
		for needle, what := range needles {
			if bytes.Contains(hay, []byte(needle)) {
				n.t.Errorf("%s tells an ally of %s at home: %q", where, what, needle)
			}
		}
	}
	entries := replicatest.Entries(n.t, n.dora.replica)
	heardTask := false
	for _, s := range n.dora.ear.streams(n.t) {
		look(s.protocol, s.bytes)
		look("a batch", s.unzipped)
		heardTask = heardTask || bytes.Contains(s.unzipped, []byte("Print the programme 0"))
		for _, count := range s.counts {
			if count > uint64(len(entries)) {
				n.t.Errorf("an ally is told of %d entries; the share has %d", count, len(entries))
			}
		}
	}
	must(n.t, n.dora.replica.Views("", func(v *crdt.View) bool {
		b, err := json.Marshal(v)
		must(n.t, err)
		look("a document of the share", b)
		return true
	}))
	name, err := os.Hostname()
	must(n.t, err)
	for _, m := range n.dora.replica.Rules().Members() {
		for _, d := range m.Devices {
			if d.Name == name { // it may be too short to be searched for
				n.t.Errorf("an ally is told of the name of %s's computer: %q", m.Name, d.Name)
			}
		}
	}
	n.t.Logf("%d entries in the share; searched for %d things in so many bytes: %v", len(entries), len(needles), in)
	for _, id := range []protocol.ID{peer.SyncProtocol, peer.AddressesProtocol, identify.ID} {
		if in[string(id)] == 0 {
			n.t.Errorf("nothing was heard over %s: the search finds nothing", id)
		}
	}
	if !heardTask {
		n.t.Error("not even the task of the share was heard: the search finds nothing")
	}
}

// Every byte that an ally's computer gets on a busy day of the home is searched for what isn't the share's.
func TestNoByteThatAnAllyGetsOnABusyDayIsOfTheHome(t *testing.T) {
	t.Parallel()
	n := neighbourhood(t)
	for round := range 3 {
		n.workAtHome(round)
		n.workInShare(round)
		n.shareNote(round)
	}
	n.holdACode()
	n.search(nil)
}

// holdACode has somebody who was given a code for an ally say who they are, and hear who made it.
func (n *neighbours) holdACode() {
	n.t.Helper()
	made, err := n.atHome(n.ana).AllyInvite(n.t.Context(), api.AllyInviteRequest{Purpose: "a fair", Ends: nextYear(), Listen: here()})
	must(n.t, err)
	code, err := charter.DecodeAllyCode(made.Code)
	must(n.t, err)
	h := n.dora.hostWith(code.Key())
	defer func(h host.Host) { _ = h.Close() }(h)
	at := answererOf(n.t, code)
	must(n.t, h.Connect(n.t.Context(), at))
	for _, request := range [][]byte{{knock.RequestHello}, begins(n.t, "Quilted")} {
		if got, err := ask(n.t, h, at.ID, peer.JoinProtocol, part(request)); len(got) == 0 {
			n.t.Errorf("the holder of a code is told nothing: %v", err)
		}
	}
}

// answererOf is the host that a code for an ally leads to.
func answererOf(t *testing.T, code charter.AllyCode) libpeer.AddrInfo {
	t.Helper()
	all, err := knock.Addresses(code.Answerers)
	must(t, err)
	info, err := libpeer.AddrInfoFromString(all[0])
	must(t, err)
	return *info
}

// begins is how somebody says that they are of a co-op, and would make a pact.
func begins(t *testing.T, coop string) []byte {
	t.Helper()
	key := entry.NewSigner()
	payload, err := charter.NewGenesis(charter.Genesis{Coop: coop, Founder: "Dora", Seats: 1}, entry.NewSigner(), key, home.SharedDevice)
	must(t, err)
	genesis, err := entry.New(entry.Fields{Kind: entry.Statement, Run: entry.Run{1}, Number: 1, Payload: payload}, key)
	must(t, err)
	b, err := charter.Encode([]any{genesis.Encoded(), []string{"Dora"}, make([]byte, 32)})
	must(t, err)
	return append([]byte{7, 1}, b...) // a beginning, in the first version of the messages
}

// The holder of a code may say that they are of any co-op. With which the one that made the code has a pact is told to
// its own people alone.
func TestTheHolderOfACodeDoesntLearnWithWhomThereIsAPact(t *testing.T) {
	t.Parallel()
	ana, dora := coopCalled(t, "Riso Print Co-op", "Ana")[0], coopCalled(t, "Quilted", "Dora")[0]
	ana.start()
	dora.start()
	joined := dora.joinsAlly(ana.invitesAlly().Code)
	dora.confirms(ana.untilPact(api.AllyCompare).Words)
	ana.confirms(joined.Words)
	ana.untilPact(api.AllyMade)
	made, err := ana.homeClient().AllyInvite(t.Context(), api.AllyInviteRequest{Purpose: "another", Ends: nextYear(), Listen: here()})
	must(t, err)
	code, err := charter.DecodeAllyCode(made.Code)
	must(t, err)
	at := answererOf(t, code)
	where := at.Addrs[0].String() + "/p2p/" + at.ID.String()
	for _, name := range []string{"Nobody's", "Quilted"} {
		got, err := peer.Join(t.Context(), code.Key(), []string{where}, begins(t, name), nil)
		if err != nil || len(got.Reply) != 32 {
			t.Errorf("who says that they are of %s is told: %v", name, err)
		}
	}
	_, err = ana.homeClient().AllyConfirm(t.Context(), api.AllyConfirmRequest{Words: strings.Join(joined.Words, " "), Ally: made.ID})
	if err == nil || !strings.Contains(err.Error(), "you have a pact with Quilted") {
		t.Errorf("Ana is told: %v", err)
	}
	ana.stop()
	dora.stop()
}

// part is how requests say how long they are.
func part(b []byte) []byte { return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...) }

// frame is a message of the exchange.
func frame(kind byte, body []byte) []byte {
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), kind), body...)
}

func greeting(space entry.SpaceID) []byte {
	return frame(1, append(append([]byte{0, 1, 0, 1}, space[:]...), 0))
}

// An ally whose program asks the hosts of a co-op for all that it can think of, with what it may have found out
// of the home: which keys and ports there are, and IDs.
func TestAHostileAllyThatAsksForAllItCanThinkOfGetsNothingOfTheHome(t *testing.T) {
	t.Parallel()
	n := neighbourhood(t)
	n.workAtHome(0)
	n.workInShare(0)
	h := n.dora.host

	// What a host says of itself when one connects.
	spoken := []protocol.ID{identify.ID, identify.IDPush, peer.SyncProtocol, peer.AddressesProtocol, peer.JoinProtocol, peer.ReachProtocol,
		proto.ProtoIDv2Hop, proto.ProtoIDv2Stop, holepunch.Protocol}
	for _, at := range n.shares {
		told, err := h.Peerstore().GetProtocols(at.ID)
		must(t, err)
		for _, id := range told {
			if !slices.Contains(spoken, id) {
				t.Errorf("the host of a share speaks %s", id)
			}
		}
		agent, err := h.Peerstore().Get(at.ID, "AgentVersion")
		if must(t, err); agent != "kith" {
			t.Errorf("the host of a share says that it is %v", agent)
		}
		for _, a := range h.Peerstore().Addrs(at.ID) {
			if !slices.ContainsFunc(at.Addrs, a.Equal) {
				t.Errorf("the host of a share says that it is at %v", a)
			}
		}
	}

	// What is of the home, and known to her for the sake of the argument.
	home, err := n.ana.client.In("").Spaces(t.Context())
	must(t, err)
	raw, err := hex.DecodeString(home.Spaces[0].Space.ID)
	must(t, err)
	homeSpace := entry.SpaceID(raw)
	task, err := n.atHome(n.ana).Tasks(t.Context(), apitest.TaskQuery{})
	must(t, err)
	var ids []byte
	for _, head := range task[0].Heads {
		id, err := hex.DecodeString(head)
		must(t, err)
		ids = append(ids, id...)
	}
	var said bytes.Buffer
	asks := func(to libpeer.ID, id protocol.ID, say []byte) []byte {
		said.Write(say)
		got, _ := ask(t, h, to, id, say)
		return got
	}

	for _, at := range n.shares {
		// Is anybody of the home at these ports? Only where the asker's own key answers is told.
		var ports []byte
		for _, there := range n.atHomes {
			for _, a := range there.Addrs {
				ports = append(ports, part(a.Bytes())...)
				said.WriteString(a.String())
			}
		}
		if got := asks(at.ID, peer.ReachProtocol, ports); len(got) > 0 {
			t.Errorf("asked whether it can dial the home, the host of a share says % x", got)
		}
		// Lead me to somebody of the home.
		if _, err := circuit.Reserve(t.Context(), h, at); err != nil {
			t.Errorf("an ally gets no place at the relay of the share: %v", err)
		}
		unknown, err := peer.Identity(entry.NewSigner().Device())
		must(t, err)
		want := n.through(at, unknown)
		for _, there := range n.atHomes {
			if got := n.through(at, there.ID.String()); got != want {
				t.Errorf("asked to be led to the home, the host of a share says %q, and of somebody who isn't there %q", got, want)
			}
		}
		// Let me in, let me add a device, let me come back.
		for _, request := range [][]byte{{knock.RequestHello}, append([]byte{knock.RequestRedeem}, ids...), {knock.RequestPair}, {knock.RequestReveal}, {knock.RequestAdded}, {knock.RequestHonoured}, {knock.RequestRecover}} {
			if got := asks(at.ID, peer.JoinProtocol, part(request)); len(got) > 0 {
				t.Errorf("request %d to join gets %q", request[0], got)
			}
		}
		for _, id := range append(spoken, ping.ID, "/libp2p/autonat/1.0.0", "/libp2p/autonat/2/dial-request", "/ipfs/kad/1.0.0") {
			if id != peer.SyncProtocol { // which shuts the gate for a while
				asks(at.ID, id, nil)
				asks(at.ID, id, part(ids))
			}
		}
	}
	// Give me the home's entries: by its space, and by their IDs in that of the share.
	asks(n.shares[n.ana].ID, peer.SyncProtocol, greeting(homeSpace))
	asks(n.shares[n.ben].ID, peer.SyncProtocol, slices.Concat(greeting(n.space), frame(4, ids), frame(4, nil)))

	// At the hosts of the home she is a stranger, by whichever key.
	for whose, there := range n.atHomes {
		for _, key := range []entry.Signer{n.dora.key, entry.NewSigner()} {
			n.knock(key, whose.name, there, slices.Concat(greeting(homeSpace), frame(4, ids), frame(4, nil)))
		}
	}
	said.Write(homeSpace[:])
	said.Write(ids)
	for _, there := range n.atHomes { // whom she dialed has to prove who they are
		key, err := there.ID.ExtractPublicKey()
		must(t, err)
		b, err := key.Raw()
		must(t, err)
		said.Write(b)
		said.WriteString(there.ID.String())
	}
	n.search(said.Bytes())
}

// through says what comes of dialing somebody through a relay, but for whom.
func (n *neighbours) through(relay libpeer.AddrInfo, whom string) string {
	n.t.Helper()
	a, err := ma.NewMultiaddr(relay.Addrs[0].String() + "/p2p/" + relay.ID.String() + "/p2p-circuit/p2p/" + whom)
	must(n.t, err)
	info, err := libpeer.AddrInfoFromP2pAddr(a)
	must(n.t, err)
	ctx, cancel := context.WithTimeout(n.t.Context(), waittest.Limit)
	defer cancel()
	n.dora.host.Peerstore().ClearAddrs(info.ID) // of the way through another relay
	err = n.dora.host.Connect(ctx, *info)
	if err == nil {
		n.t.Fatalf("the host of a share led an ally to %s", whom)
	}
	return strings.ReplaceAll(err.Error(), whom, "…")
}

// knock dials a host of the home, which must tell nothing.
func (n *neighbours) knock(key entry.Signer, whose string, there libpeer.AddrInfo, say []byte) {
	n.t.Helper()
	h := n.dora.hostWith(key)
	defer func(h host.Host) { _ = h.Close() }(h)
	_ = h.Connect(n.t.Context(), there) // may seem to work: the gate shuts behind it
	for _, id := range []protocol.ID{identify.ID, peer.SyncProtocol, peer.AddressesProtocol, peer.JoinProtocol, peer.ReachProtocol, proto.ProtoIDv2Hop} {
		if got, err := ask(n.t, h, there.ID, id, say); len(got) > 0 {
			n.t.Errorf("%s's home says %q over %s (%v)", whose, got, id, err)
		}
	}
	if known, _ := h.Peerstore().GetProtocols(there.ID); len(known) > 0 {
		n.t.Errorf("%s's home tells an ally what it speaks: %v", whose, known)
	}
	if agent, err := h.Peerstore().Get(there.ID, "AgentVersion"); err == nil {
		n.t.Errorf("%s's home tells an ally what it is: %v", whose, agent)
	}
}
