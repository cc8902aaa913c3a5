package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"kith/daemon/api"
	"kith/daemon/api/client"
)

// comingIntoStep says how far it is with a peer that is connected and not in step.
func comingIntoStep(p api.Peer) string {
	switch {
	case p.Slowed:
		return "slowed down: much that it sends is of no use"
	case p.Got < p.ToGet:
		return halfway("getting", p.Got, p.ToGet, p.RateReceived)
	case p.Sent < p.ToSend:
		return halfway("sending", p.Sent, p.ToSend, p.RateSent)
	}
	return "coming into step"
}

func halfway(doing string, done, of int, rate float64) string {
	says := fmt.Sprintf("%s %s of %s", doing, humanize.Comma(int64(done)), entries(of))
	if rate := perSecond(rate); rate != "" {
		says += ", " + rate
	}
	return says
}

// worthTelling is from how many bytes a second on a rate is told.
const worthTelling = 1000

// perSecond is a rate in words; "" if it isn't worth telling.
func perSecond(rate float64) string {
	if rate < worthTelling {
		return ""
	}
	return humanize.Bytes(uint64(rate)) + "/s"
}

// missing says what two connected devices lack of each other.
func missing(p api.Peer) string {
	switch toFetch, toSend := p.Lacks(); {
	case toFetch > 0 && toSend > 0:
		return entries(toFetch) + " to fetch, " + humanize.Comma(int64(toSend)) + " to send"
	case toFetch > 0:
		return entries(toFetch) + " to fetch"
	case toSend > 0:
		return entries(toSend) + " to send"
	}
	return "comparing what each has"
}

// rates says how fast it goes; "" if nothing does.
func rates(p api.Peer) string {
	var parts []string
	for _, way := range []struct {
		rate float64
		to   string
	}{{p.RateReceived, "in"}, {p.RateSent, "out"}} {
		if words := perSecond(way.rate); words != "" {
			parts = append(parts, words+" "+way.to)
		}
	}
	return strings.Join(parts, ", ")
}

// syncing says how far it is with everybody who is connected, for somebody who waits.
func syncing(ctx context.Context, client *client.Client) string {
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
