package peer

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/sec"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	ma "github.com/multiformats/go-multiaddr"

	"kith/daemon/exchange"
)

// The reasons why a device can't be reached, in a member's words.
var (
	errNoAddress = errors.New("no address known yet")
	errNotLetIn  = errors.New("it doesn't let this device in (yet)")
	errFlood     = errors.New("it asks for more than any device needs, so it is left alone for some minutes")
)

// reason says in words why a dial failed.
func reason(err error) string {
	var dial *swarm.DialError
	if !errors.As(err, &dial) || len(dial.DialErrors) == 0 {
		return reasonOf(err)
	}
	var parts []string
	for _, a := range attempts(dial) {
		parts = append(parts, a.Why+" at "+a.Address)
	}
	return strings.Join(parts, "; ")
}

// attempts lists what came of each IP address and port. Where TCP and QUIC failed for different
// reasons, it is TCP's that tells more: UDP has no word for "nobody listens here".
func attempts(dial *swarm.DialError) []Attempt {
	var all []Attempt
	at := map[string]int{}
	for i := range dial.DialErrors {
		a := Attempt{where(dial.DialErrors[i].Address), reasonOf(dial.DialErrors[i].Cause)}
		before, seen := at[a.Address]
		switch {
		case !seen:
			at[a.Address] = len(all)
			all = append(all, a)
		case all[before].Why == noAnswer:
			all[before] = a
		}
	}
	return all
}

const (
	noAnswer   = "no answer"
	notAtRelay = "it isn't connected" // of a relay that is there
)

// where is a multiaddr as people write it: 192.168.1.7:4001.
func where(a ma.Multiaddr) string {
	var ip, port string
	ma.ForEach(a, func(c ma.Component) bool {
		switch c.Protocol().Code {
		case ma.P_IP4, ma.P_IP6, ma.P_DNS, ma.P_DNS4, ma.P_DNS6:
			ip = c.Value()
		case ma.P_TCP, ma.P_UDP:
			port = c.Value()
		}
		return port == ""
	})
	if ip == "" || port == "" {
		return a.String()
	}
	if isRelayed(a) {
		return "the relay " + net.JoinHostPort(ip, port)
	}
	return net.JoinHostPort(ip, port)
}

const connectionEnded = "the connection ended"

// syncReason says why a sync session ended.
func syncReason(err error) string {
	switch {
	case err == nil:
		return connectionEnded
	case !errors.Is(err, exchange.ErrClosed):
		return err.Error() // it is in words already
	case reasonOf(err) == errNotLetIn.Error():
		return errNotLetIn.Error()
	}
	return connectionEnded
}

func reasonOf(err error) string {
	var other sec.ErrPeerIDMismatch
	var gated *network.ConnError
	var timeout net.Error
	text := err.Error()
	switch {
	case strings.Contains(text, "NO_RESERVATION"):
		return notAtRelay
	case strings.Contains(text, "PERMISSION_DENIED"):
		return "not for this device"
	case strings.Contains(text, "error opening hop stream to relay"):
		return noAnswer
	case errors.As(err, &other) || strings.Contains(text, "peer id mismatch"):
		return "another device answers"
	case errors.Is(err, swarm.ErrDialToSelf):
		return "this computer itself is at that address"
	case errors.As(err, &gated) && gated.ErrorCode == network.ConnGated && gated.Remote:
		return errNotLetIn.Error()
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "no way there from this network"
	case errors.Is(err, swarm.ErrNoAddresses), errors.Is(err, swarm.ErrNoGoodAddresses), errors.Is(err, errNoAddress):
		return errNoAddress.Error()
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout(), strings.Contains(text, "timeout"):
		return noAnswer
	case closedAfterHandshake(text):
		return errNotLetIn.Error()
	}
	return text
}

// closedAfterHandshake recognises a TCP connection that the other side closed once it knew who
// we are, which is how a gate shuts.
func closedAfterHandshake(text string) bool {
	return strings.Contains(text, "failed to negotiate stream multiplexer") ||
		strings.Contains(text, "failed to negotiate security protocol: EOF") ||
		strings.Contains(text, "connection gated")
}
