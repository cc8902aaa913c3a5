package peer

import (
	"time"

	"github.com/libp2p/go-libp2p/core/metrics"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
)

// A guest holds a code and isn't of the charter. Through this device they get to those of its charter who answer the code,
// to be let in there: a few times, for a minute each (see noticed), and with no more bytes than a charter has.

// leads says whether a guest may go through this device to another one now.
func (p *Peers) leads(from, to peer.ID) bool {
	key, err := deviceOf(from)
	d, bad := deviceOf(to)
	return err == nil && bad == nil && !p.gate.knows(key) && p.gate.mayJoin(key) && p.cfg.Invites.Leads(key, d) &&
		p.guests.may(key, guestRation, time.Now())
}

// guestMeter hears of every read and write of the host, and ends the connections of a guest through whose relayed ones more
// goes than it takes to be let in.
type guestMeter struct{ p *Peers }

var _ metrics.Reporter = guestMeter{}

// LogSentMessageStream implements metrics.Reporter.
func (m guestMeter) LogSentMessageStream(n int64, of protocol.ID, with peer.ID) {
	if of == proto.ProtoIDv2Hop && n > 0 {
		m.passed(n, with)
	}
}

// LogRecvMessageStream implements metrics.Reporter.
func (m guestMeter) LogRecvMessageStream(n int64, of protocol.ID, with peer.ID) {
	m.LogSentMessageStream(n, of, with)
}

func (m guestMeter) passed(n int64, with peer.ID) {
	d, err := deviceOf(with)
	if err != nil || m.p.gate.knows(d) {
		return
	}
	for ; n > 0; n -= relayBuffer {
		if !m.p.carried.may(d, carryRation, time.Now()) {
			go m.p.host.Network().ClosePeer(with) //nolint:errcheck // it closes the connection on which this is told
			return
		}
	}
}

// What else a metrics.Reporter could be told and asked: nobody does.

func (guestMeter) LogSentMessage(int64)                                  {}
func (guestMeter) LogRecvMessage(int64)                                  {}
func (guestMeter) GetBandwidthForPeer(peer.ID) (s metrics.Stats)         { return s }
func (guestMeter) GetBandwidthForProtocol(protocol.ID) (s metrics.Stats) { return s }
func (guestMeter) GetBandwidthTotals() (s metrics.Stats)                 { return s }
func (guestMeter) GetBandwidthByPeer() map[peer.ID]metrics.Stats         { return nil }
func (guestMeter) GetBandwidthByProtocol() map[protocol.ID]metrics.Stats { return nil }
func (guestMeter) Reset()                                                {}
func (guestMeter) TrimIdle(time.Time)                                    {}
