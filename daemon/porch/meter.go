package porch

import (
	"time"

	"github.com/libp2p/go-libp2p/core/metrics"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	pb "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/pb"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
)

// meter counts what goes to and from those who have a place, for their codes. All of a circuit passes their side of it.
type meter struct{ p *Porch }

var _ metrics.Reporter = meter{}

// LogSentMessageStream implements metrics.Reporter.
func (m meter) LogSentMessageStream(n int64, of protocol.ID, with peer.ID) {
	if of != proto.ProtoIDv2Stop || n <= 0 {
		return
	}
	m.p.mu.Lock()
	defer m.p.mu.Unlock()
	if code, ok := m.p.proven[with]; ok {
		m.p.counts = m.p.counts.at(m.p.now())
		m.p.counts.Bytes[code] += n
		m.p.dirty = true
		if m.p.counts.Bytes[code] >= BytesOfCode {
			go m.p.host.Network().ClosePeer(with) //nolint:errcheck // it closes the connection on which this is told
		}
	}
}

// LogRecvMessageStream implements metrics.Reporter.
func (m meter) LogRecvMessageStream(n int64, of protocol.ID, with peer.ID) {
	m.LogSentMessageStream(n, of, with)
}

// What else a metrics.Reporter could be told and asked: nobody does.

func (meter) LogSentMessage(int64)                                  {}
func (meter) LogRecvMessage(int64)                                  {}
func (meter) GetBandwidthForPeer(peer.ID) (s metrics.Stats)         { return s }
func (meter) GetBandwidthForProtocol(protocol.ID) (s metrics.Stats) { return s }
func (meter) GetBandwidthTotals() (s metrics.Stats)                 { return s }
func (meter) GetBandwidthByPeer() map[peer.ID]metrics.Stats         { return nil }
func (meter) GetBandwidthByProtocol() map[protocol.ID]metrics.Stats { return nil }
func (meter) Reset()                                                {}
func (meter) TrimIdle(time.Time)                                    {}

// tracer counts the circuits.
type tracer struct{ p *Porch }

var _ relay.MetricsTracer = tracer{}

// ConnectionOpened implements relay.MetricsTracer.
func (t tracer) ConnectionOpened() { t.add(1) }

// ConnectionClosed implements relay.MetricsTracer.
func (t tracer) ConnectionClosed(time.Duration) { t.add(-1) }

func (t tracer) add(n int) {
	t.p.mu.Lock()
	defer t.p.mu.Unlock()
	t.p.circuits += n
	t.p.dirty = true
}

// What else a relay tells: nobody wants to know.

func (tracer) RelayStatus(bool)                    {}
func (tracer) ConnectionRequestHandled(pb.Status)  {}
func (tracer) ReservationAllowed(bool)             {}
func (tracer) ReservationClosed(int)               {}
func (tracer) ReservationRequestHandled(pb.Status) {}
func (tracer) BytesTransferred(int)                {}
