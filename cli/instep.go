package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"kith/daemon/api"
)

const (
	// maxNamed bounds how many devices a sentence names.
	maxNamed = 5
	// manyPeers is how many devices are named one by one if all of them are in step.
	manyPeers = 3
	// maxStandings bounds how many devices kith status says more of.
	maxStandings = 10
)

// standing says how it stands with everybody else: with whom this device is in step and as of when,
// and of the others what is missing, and why they can't be reached.
func (c *call) standing(peers []api.Peer, unsent int) {
	if len(peers) == 0 {
		c.out.println("No other device is in touch with this one.")
		return
	}
	c.out.println(c.inStep(peers))
	if unsent > 0 {
		c.out.printf("Up to %s here nobody else is known to have.\n", entries(unsent))
	}
	others := slices.DeleteFunc(slices.Clone(peers), func(p api.Peer) bool { return p.Connected && p.InStep })
	for _, p := range others[:min(len(others), maxStandings)] {
		c.out.println(paragraph(strings.TrimRight(c.standingOf(p)+" "+c.confirmed(p), " "), c.out.width))
	}
	if more := len(others) - maxStandings; more > 0 {
		c.out.printf("%s more: kith peers\n", humanize.Comma(int64(more)))
	}
}

// inStep says with whom this device is in step.
func (c *call) inStep(peers []api.Peer) string {
	var with []string
	var asOf api.Time // the oldest word
	connected := 0
	for _, p := range peers {
		if p.Connected {
			connected++
		}
		if !p.Connected || !p.InStep {
			continue
		}
		with = append(with, owned(p))
		if asOf.IsZero() || p.InStepAt.Before(asOf.Time) {
			asOf = p.InStepAt
		}
	}
	switch {
	case connected == 0:
		return "Nobody else is connected just now."
	case len(with) == 0:
		return "Coming into step …"
	case len(with) > manyPeers && len(with) == len(peers):
		with = []string{"all " + humanize.Comma(int64(len(with))) + " other devices"}
	case len(with) > maxNamed:
		with = append(with[:maxNamed:maxNamed], humanize.Comma(int64(len(with)-maxNamed))+" more")
	}
	words := "In step with " + list(with)
	if !asOf.IsZero() {
		words += ", as of " + c.ago(asOf)
	}
	return words + "."
}

func owned(p api.Peer) string { return name(p.Member) + "'s " + name(p.Device) }

// standingOf says of a device that isn't in step what is known of it.
func (c *call) standingOf(p api.Peer) string {
	whose := owned(p)
	if p.Connected {
		says := whose + ": " + missing(p)
		if rates := rates(p); rates != "" {
			says += "; " + rates
		}
		return says + "."
	}
	says := whose + " isn't connected."
	if p.Trouble != "" {
		says = strings.TrimRight(sentence(p.Trouble), ".") + "."
	}
	switch _, n := p.Lacks(); {
	case p.InStepAt.IsZero():
		return says + " Not in step with it so far."
	case n == 0:
		return says + " In step " + c.ago(p.InStepAt) + ", and nothing new here since."
	case n == 1:
		return says + " In step " + c.ago(p.InStepAt) + "; 1 entry came here since, which it may lack."
	default:
		return says + " In step " + c.ago(p.InStepAt) + "; up to " + entries(n) + " came here since, which it may lack."
	}
}

// confirmed says what a device that isn't in step just now has said it has; "" of one that is.
func (c *call) confirmed(p api.Peer) string {
	device := owned(p)
	switch {
	case p.Connected && p.InStep, p.Unconfirmed == 0 && !p.Acknowledged: // in the second case there is nothing yet
		return ""
	case p.Unconfirmed == 0:
		return device + " has everything."
	case !p.Acknowledged && !p.InStepAt.IsZero(): // what it had when it was in step is said already
		return ""
	case !p.Acknowledged:
		return "There is no word yet of what " + device + " has."
	}
	return fmt.Sprintf("%s has everything up to %s; there is no word yet of %s since.",
		device, c.ago(p.UnconfirmedSince), count(p.Unconfirmed, "change"))
}
