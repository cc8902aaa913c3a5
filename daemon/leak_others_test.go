package daemon

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	libpeer "github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
	"github.com/libp2p/go-libp2p/p2p/protocol/identify"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/api/apitest"
	"kith/daemon/exchange"
	"kith/daemon/home"
	"kith/daemon/knock"
	"kith/daemon/peer"
	"kith/daemon/replica"
)

// outsider is somebody with a key and a modified program, and an ear at all that they are sent.
type outsider struct {
	*listener
	said bytes.Buffer
}

func (n *neighbours) outsider(key entry.Signer) *outsider {
	return &outsider{listener: &listener{t: n.t, key: key, ear: &ear{}}}
}

// asksFor dials a host and asks it for all that one can think of, by the space that they are said to have found out.
func (o *outsider) asksFor(at host.Host, to *computer, n *neighbours, space entry.SpaceID) {
	there := n.atHomes[to]
	_ = at.Connect(n.t.Context(), there) // may seem to work: the gate shuts behind it
	say := func(id protocol.ID, words []byte) {
		o.said.Write(words)
		_, _ = ask(n.t, at, there.ID, id, words) // the ear hears what comes
	}
	for _, request := range [][]byte{{knock.RequestHello}, {knock.RequestPair}, {knock.RequestReveal}, {knock.RequestAdded}, {knock.RequestHonoured}, {knock.RequestRecover}} {
		say(peer.JoinProtocol, part(request))
	}
	say(peer.SyncProtocol, greeting(space))
	for _, id := range []protocol.ID{identify.ID, peer.AddressesProtocol, peer.ReachProtocol, proto.ProtoIDv2Hop} {
		say(id, nil)
	}
}

// heardAll is all that came, as it came and unpacked.
func (o *outsider) heardAll() (all []byte) {
	for _, s := range o.ear.streams(o.t) {
		all = append(append(all, s.bytes...), s.unzipped...)
	}
	return all
}

// Every byte that somebody gets who isn't of the co-op, and what of the home it may not be. What a live code gives is the
// charter; a dead one, and a stranger's key, give nothing at all.
func TestNoByteThatAStrangerOrTheHolderOfACodeGetsIsOfTheHome(t *testing.T) {
	t.Parallel()
	n := neighbourhood(t)
	n.workAtHome(0)
	ctx, ana := t.Context(), n.atHome(n.ana)
	status, err := n.ana.client.In("").Spaces(ctx)
	must(t, err)
	var space entry.SpaceID
	must(t, home.ReadID((*[32]byte)(&space), status.Spaces[0].Space.ID))
	invite := func() (api.Invite, entry.Signer) {
		v, err := ana.Invite(ctx, time.Hour)
		must(t, err)
		n.secrets = append(n.secrets, v.Code)
		code, err := charter.DecodeInvite(v.Code)
		must(t, err)
		return v, code.Key()
	}
	revoked, dead := invite()
	_, err = ana.RevokeInvite(ctx, revoked.ID)
	must(t, err)
	_, live := invite()
	used, err := charter.DecodeInvite(n.secrets[0]) // Zenobia's, which Cleo made
	must(t, err)
	called, err := ana.AllyInvite(ctx, api.AllyInviteRequest{Purpose: "another", Ends: nextYear(), Listen: here()})
	must(t, err)
	forAlly, err := charter.DecodeAllyCode(called.Code)
	must(t, err)
	_, err = ana.AllyCancel(ctx, called.ID)
	must(t, err)

	deviceCode := func() entry.Signer {
		made, err := ana.AddDevice(ctx, api.DeviceCodeRequest{})
		must(t, err)
		code, err := charter.DecodeDeviceCode(made.Code)
		must(t, err)
		return code.Key()
	}
	replaced, asking := deviceCode(), deviceCode() // the second ends the first

	guessed, err := charter.SignerFromPhrase(charter.NewPhrase())
	must(t, err)

	actors := []struct {
		name string
		key  entry.Signer
		dial *computer
		live bool
	}{
		{"a stranger", entry.NewSigner(), n.ana, false},
		{"the holder of a code for coming back, with a phrase that isn't its member's", guessed, n.ana, false},
		{"the holder of an invite that was taken back", dead, n.ana, false},
		{"the holder of an invite that was used", used.Key(), n.cleo, false},
		{"the holder of a code for an ally that was cancelled", forAlly.Key(), n.ana, false},
		{"the holder of a device code that another has replaced", replaced, n.ana, false},
		{"the holder of a device code whose owner has compared no words", asking, n.ana, true},
		{"the holder of an invite", live, n.ana, true},
	}
	heard := make([]*outsider, len(actors))
	for i, a := range actors {
		heard[i] = n.outsider(a.key)
		h := heard[i].hostWith(a.key)
		heard[i].asksFor(h, a.dial, n, space)
		must(t, h.Close())
	}
	for _, h := range []*computer{n.ana, n.ben, n.cleo} {
		h.stop()
	}
	needles := n.needles()
	for i, a := range actors {
		hay := heard[i].heardAll()
		dialed := n.atHomes[a.dial] // whose key it has to prove
		key, err := dialed.ID.ExtractPublicKey()
		must(t, err)
		proven, err := key.Raw()
		must(t, err)
		for needle, what := range needles {
			switch {
			case bytes.Contains(heard[i].said.Bytes(), []byte(needle)), needle == dialed.ID.String(), needle == string(proven), !bytes.Contains(hay, []byte(needle)):
				continue
			case what == "an address" && strings.Contains(dialed.Addrs[0].String()+string(dialed.Addrs[0].Bytes()), needle):
				continue
			case a.live && isOfCharter(what, needle):
				continue
			}
			t.Errorf("%s is told of %s at home: %q", a.name, what, needle)
		}
		if a.live != bytes.Contains(hay, []byte("Zenobia")) {
			t.Errorf("%s heard %d bytes, with the charter or not", a.name, len(hay))
		}
		t.Logf("%s heard %d bytes", a.name, len(hay))
	}
}

// isOfCharter says whether something is of who is in a co-op, and of what they say about it: what the holder of a live
// code is told, so that they see who lets them in.
func isOfCharter(what, needle string) bool {
	switch what {
	case "a member", "a member's key", "a member's name", "a device", "an entry's ID", "a signature", "a run", "the space", "a host", "an address":
		return true
	}
	return what == "a text" && (strings.HasPrefix(needle, "once-bitten") || strings.HasPrefix(needle, "nothing-would-move"))
}

// What is written after somebody was removed, or after a share's end, doesn't reach them: neither a byte of a text, nor
// which document it is in.
func TestNoByteThatAFormerMemberOrAFormerAllyGetsIsOfWhatWasWrittenSince(t *testing.T) {
	t.Parallel()
	n := neighbourhood(t)
	n.workInShare(0)
	n.shareNote(0)
	ctx, ana := t.Context(), n.atHome(n.ana)
	// The share ends, and Cleo is removed.
	p, err := n.anas.Propose(ctx, api.ProposalRequest{Action: api.ActionEndShare, Why: "the fair is over"})
	must(t, err)
	n.ben.until("the share is over", func() bool {
		_, _ = n.bens.AnswerProposal(ctx, p.ID, api.ProposalAnswer{Verb: api.ProposalConsent}) // until it is there
		s, _ := n.ana.shareNow(n.space.String())
		return s.Over
	})
	n.cleo.stop()
	out, err := ana.Propose(ctx, api.ProposalRequest{Action: api.ActionRemove, Member: "Cleo", Why: "away"})
	must(t, err)
	n.ben.until("Cleo is out", func() bool {
		_, _ = n.atHome(n.ben).AnswerProposal(ctx, out.ID, api.ProposalAnswer{Verb: api.ProposalConsent})
		all, err := ana.Members(ctx)
		must(t, err)
		return slices.ContainsFunc(all, func(m api.Member) bool { return m.Name == "Cleo" && m.Standing == "removed" })
	})
	notes, err := ana.Notes(ctx, apitest.NoteQuery{})
	must(t, err)
	for _, note := range notes { // also what was in the share comes home, and goes on there
		_, err := ana.AppendNote(ctx, note.ID, "written-since in "+note.ID)
		must(t, err)
	}
	fresh, err := ana.CreateNote(ctx, apitest.NewNote{Title: "written-since", Text: "the new prices"})
	must(t, err)
	id := strings.TrimPrefix(fresh.ID, "n-")

	place := home.At(n.cleo.dir)
	key, err := place.DeviceKey()
	must(t, err)
	former := listen(t, replica.Config{Dir: place.StoreDir(), Key: key})
	x, theirs := exchange.New(kept{former.replica}), exchange.New(kept{n.dora.replica})
	asking, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer func() { stop(); running.Wait(); x.Close(); theirs.Close() }()
	asks := func(l *listener, x *exchange.Exchange, whom libpeer.ID) {
		if s, err := l.host.NewStream(ctx, whom, peer.SyncProtocol); err == nil {
			running.Go(func() { _ = x.Run(asking, hangUp{s}, nil) })
		}
	}
	for _, h := range []*computer{n.ana, n.ben} { // who is out asks; nobody asks them
		must(t, former.host.Connect(ctx, n.atHomes[h]))
		asks(former, x, n.atHomes[h].ID)
	}
	n.ana.until("Cleo's computer has heard that she is out", func() bool {
		m, ok := former.replica.Me()
		return !ok || m.Standing == charter.Removed
	})
	tried, pause := time.Now(), 5*time.Second
	n.ana.until("Dora's computer has heard that the share is over", func() bool {
		// Nobody says anything any more over a connection whose stream was reset: then Dora's computer asks, as a daemon does. Each time the
		// others wait longer before they ask again, and so does this: else it would always have ended before they do.
		anew := time.Since(tried) > pause
		if anew {
			tried, pause = time.Now(), 2*pause
		}
		for _, at := range n.shares { // the connection of before ends once each has seen that it is
			if anew {
				_ = n.dora.host.Network().ClosePeer(at.ID)
			}
			if _ = n.dora.host.Connect(ctx, at); anew {
				asks(n.dora, theirs, at.ID)
			}
		}
		shared, _ := n.dora.replica.Share()
		_, over := shared.Ended()
		return over
	})
	raw, err := entry.ParseDocID(id)
	must(t, err)
	for who, l := range map[string]*listener{"a former member": former, "a former ally": n.dora} {
		heard := 0
		for _, s := range l.ear.streams(t) {
			heard += len(s.bytes)
			for _, needle := range []string{"written-since", "the new prices", id, string(raw[:])} {
				if bytes.Contains(s.bytes, []byte(needle)) || bytes.Contains(s.unzipped, []byte(needle)) {
					t.Errorf("%s hears %q over %s", who, needle, s.protocol)
				}
			}
		}
		if heard == 0 {
			t.Errorf("%s heard nothing: the search finds nothing", who)
		}
	}
	n.ana.stop()
	n.ben.stop()
}
