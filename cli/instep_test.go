package cli

import (
	"bytes"
	"testing"
	"time"

	"kith/daemon/api"
)

func TestHowItStandsWithEverybodyIsSaidInWords(t *testing.T) {
	at := func(d time.Duration) api.Time { return api.At(now.Add(-d)) }
	peer := func(member api.Named, change func(*api.Peer)) api.Peer {
		p := api.Peer{Member: member, Device: api.Named{Name: "laptop"}}
		change(&p)
		return p
	}
	inStep := func(member api.Named, ago time.Duration) api.Peer {
		return peer(member, func(p *api.Peer) { p.Connected, p.InStep, p.InStepAt = true, true, at(ago) })
	}
	var many []api.Peer
	for range 12 {
		many = append(many, inStep(ben, time.Minute))
	}
	tests := []struct {
		name  string
		peers []api.Peer
		want  string
	}{
		{"alone", nil, "No other device is in touch with this one.\n"},
		{"in step with all", []api.Peer{inStep(ben, 0), inStep(cleo, 12*time.Second)},
			"In step with Ben's laptop and Cleo's laptop, as of 12 seconds ago.\n"},
		{"in step with many", many, "In step with all 12 other devices, as of 1 minute ago.\n"},
		{"in step with many, and one is away", append(many[:11:11], peer(ben, func(*api.Peer) {})),
			"In step with Ben's laptop, Ben's laptop, Ben's laptop, Ben's laptop, Ben's laptop and 6 more, as of 1 minute ago.\nBen's laptop isn't connected. Not in step with it so far.\n"},
		{"comparing", []api.Peer{peer(ben, func(p *api.Peer) { p.Connected = true })},
			"Coming into step …\nBen's laptop: comparing what each has.\n"},
		{"both ways, fast", []api.Peer{inStep(cleo, 0), peer(ben, func(p *api.Peer) {
			p.Connected, p.ToGet, p.Got, p.ToSend, p.RateReceived, p.RateSent = true, 12_500, 500, 3, 1_234_000, 12
		})}, "In step with Cleo's laptop, as of now.\nBen's laptop: 12,000 entries to fetch, 3 to send; 1.2 MB/s in.\n"},
		{"away, and nothing new", []api.Peer{peer(ben, func(p *api.Peer) { p.InStepAt = at(2 * time.Hour) })},
			"Nobody else is connected just now.\nBen's laptop isn't connected. In step 2 hours ago, and nothing new here since.\n"},
		{"away, with a reason", []api.Peer{peer(ben, func(p *api.Peer) {
			p.Trouble, p.InStepAt, p.ToSend = "Ben's laptop: connection refused at 10.0.0.2:4111", at(48*time.Hour), 12
		})}, "Nobody else is connected just now.\nBen's laptop: connection refused at 10.0.0.2:4111. In step 2 days ago; up to 12 entries came here since, which it may lack.\n"},
		{"never met", []api.Peer{peer(ben, func(*api.Peer) {})},
			"Nobody else is connected just now.\nBen's laptop isn't connected. Not in step with it so far.\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			k := &kith{env: Env{Stdout: &out, Now: func() time.Time { return now }}}
			c := &call{kith: k, out: &output{k: k}}
			c.standing(test.peers, 0)
			if out.String() != test.want {
				t.Errorf("it says\n%swant\n%s", out.String(), test.want)
			}
		})
	}
	for range 11 {
		many = append(many, peer(cleo, func(*api.Peer) {}))
	}
	var out bytes.Buffer
	k := &kith{env: Env{Stdout: &out, Now: func() time.Time { return now }}}
	(&call{kith: k, out: &output{k: k}}).standing(many, 3)
	if n := bytes.Count(out.Bytes(), []byte("\n")); n != 13 || !bytes.HasSuffix(out.Bytes(), []byte("1 more: kith peers\n")) {
		t.Errorf("of many it says\n%s", out.String())
	}
}
