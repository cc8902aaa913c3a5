package space

import (
	"testing"
	"time"

	"kith/daemon/api"
)

func TestInStepIsSaidWithWhomAndNeverAlone(t *testing.T) {
	peer := func(member string, change func(*api.Peer)) api.Peer {
		p := api.Peer{Member: api.Named{ID: member}}
		change(&p)
		return p
	}
	here := func(p *api.Peer) { p.Connected, p.InStep = true, true }
	away := func(lacks int) func(*api.Peer) {
		return func(p *api.Peer) { p.InStepAt, p.ToSend = api.At(time.Unix(1, 0)), lacks }
	}
	never := func(*api.Peer) {}
	comparing := func(p *api.Peer) { p.Connected, p.ToSend, p.Sent = true, 5, 2 }
	for _, test := range []struct {
		name  string
		peers []api.Peer
		is    bool
		with  string
		lacks int
	}{
		{"nobody else", nil, true, api.WithNobody, 0},
		{"alone with unsent work", []api.Peer{peer("ben", away(3)), peer("cleo", away(7))}, false, api.WithNobody, 3},
		{"alone, and they have it all", []api.Peer{peer("ben", away(0)), peer("cleo", away(7))}, false, api.WithNobody, 0},
		{"never met", []api.Peer{peer("ben", never)}, false, api.WithNobody, 100},
		{"comparing", []api.Peer{peer("ben", comparing)}, false, api.WithNobody, 3},
		{"with one's own phone", []api.Peer{peer("ana", here), peer("ben", away(3))}, true, api.WithSome, 0},
		{"with one of four", []api.Peer{peer("ben", here), peer("cleo", away(1)), peer("dora", never)}, true, api.WithSome, 0},
		{"with two of four", []api.Peer{peer("ben", here), peer("cleo", here), peer("dora", never)}, true, api.WithMajority, 0},
		{"with all", []api.Peer{peer("ben", here), peer("cleo", here)}, true, api.WithAll, 0},
		{"with one, and coming into step with another", []api.Peer{peer("ben", here), peer("cleo", comparing)}, false, api.WithMajority, 0},
	} {
		if is, with, lacks := standsWith(test.peers, "ana", 100); is != test.is || with != test.with || lacks != test.lacks {
			t.Errorf("%s: %v with %s, %d unsent", test.name, is, with, lacks)
		}
	}
}
