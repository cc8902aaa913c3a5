package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/dustin/go-humanize"

	"kith/daemon/api"
)

// comingIntoStep says how far it is with a peer that is connected and not in step.
func comingIntoStep(p api.Peer) string {
	switch {
	case p.Slowed:
		return "slowed down: it sends what is here already"
	case p.Got < p.ToGet:
		return fmt.Sprintf("getting %s of %s%s", humanize.Comma(int64(p.Got)), entries(p.ToGet), perSecond(p.RateReceived))
	case p.Sent < p.ToSend:
		return fmt.Sprintf("sending %s of %s%s", humanize.Comma(int64(p.Sent)), entries(p.ToSend), perSecond(p.RateSent))
	}
	return "coming into step"
}

func perSecond(rate float64) string {
	if rate < 1000 {
		return ""
	}
	return ", " + humanize.Bytes(uint64(rate)) + "/s"
}

// syncing says how far it is with everybody who is connected, for somebody who waits.
func syncing(ctx context.Context, client *api.Client) string {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	peers, err := client.Peers(ctx)
	if err != nil {
		return "coming into step" // that it takes longer shows, and why it fails says the command itself
	}
	var all api.Peer
	for _, p := range peers {
		if p.Connected && !p.InStep {
			all.Got, all.ToGet, all.RateReceived = all.Got+p.Got, all.ToGet+p.ToGet, all.RateReceived+p.RateReceived
			all.Sent, all.ToSend, all.RateSent = all.Sent+p.Sent, all.ToSend+p.ToSend, all.RateSent+p.RateSent
		}
	}
	return comingIntoStep(all)
}
