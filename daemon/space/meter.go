package space

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
	"sync"
	"time"

	"kith/crdt/entry"
	"kith/daemon/peer"
	"kith/daemon/store"
)

// inStepPrefix begins the names of the small records that say when this device was last in step with
// another, and up to which arrival here: two numbers of 8 bytes, big-endian, the time in milliseconds
// since 1970 by this device's clock. So a daemon that starts knows how far a device has come that isn't
// there.
const inStepPrefix = "instep/"

// inStepEvery is how often that is written down while it lasts.
const inStepEvery = 5 * time.Minute

// meters follow when each device was last in step.
type meters struct {
	mu      sync.Mutex
	of      map[entry.Device]*meter
	at      time.Time // when it was looked last; zero: not yet
	arrived uint64    // what had arrived then, or at the start: all of it is stored by the next time
	saved   time.Time
	unsaved bool
}

type meter struct {
	inStep bool
	at     time.Time // when it was last in step; zero: that isn't known
	upTo   uint64    // arrivals that it had then
}

// openMeters reads what an earlier daemon wrote down.
func openMeters(s *store.Store) (*meters, error) {
	m := &meters{of: map[entry.Device]*meter{}, arrived: s.LastArrival()}
	return m, s.Smalls(inStepPrefix, func(name string, v []byte) {
		key, err := hex.DecodeString(strings.TrimPrefix(name, inStepPrefix))
		if err == nil && len(key) == len(entry.Device{}) && len(v) == 16 {
			m.of[entry.Device(key)] = &meter{
				at: time.UnixMilli(int64(binary.BigEndian.Uint64(v))), upTo: binary.BigEndian.Uint64(v[8:]),
			}
		}
	})
}

// look measures. It is to be called about every second, with the clock, and with the newest number of an
// arrival; it returns whether something is to be saved.
func (m *meters) look(now time.Time, arrived uint64, peers []peer.PeerStatus) (save bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := m.arrived
	m.at, m.arrived = now, arrived
	for _, p := range peers {
		of := m.of[p.Device]
		if of == nil {
			of = &meter{}
			m.of[p.Device] = of
		}
		inStep := p.Connected && p.InStep
		if inStep {
			of.at, of.upTo, m.unsaved = now, before, true
		}
		save = save || of.inStep && !inStep
		of.inStep = inStep
	}
	if m.unsaved && now.Sub(m.saved).Abs() >= inStepEvery {
		save = true
	}
	return save
}

// metInStep notes at once that a device is in step: it may be gone before anybody looks.
func (m *meters) metInStep(device entry.Device, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	of := m.of[device]
	if of == nil {
		of = &meter{}
		m.of[device] = of
	}
	of.at, of.upTo, m.unsaved = now, m.arrived, true
}

// records puts into a batch what is to be known after a restart.
func (m *meters) records(b *store.Batch) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unsaved, m.saved = false, m.at
	for device, of := range m.of {
		if !of.at.IsZero() {
			v := binary.BigEndian.AppendUint64(nil, uint64(of.at.UnixMilli()))
			b.PutSmall(inStepPrefix+device.String(), binary.BigEndian.AppendUint64(v, of.upTo))
		}
	}
}

// metered is what is known of a device.
type metered struct {
	at    time.Time // when it was last in step; zero: that isn't known
	since int       // how many entries have come to this device since then, at most
}

func (m *meters) read(device entry.Device, arrived uint64) (out metered) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if of := m.of[device]; of != nil {
		out = metered{at: of.at}
		if arrived > of.upTo {
			out.since = int(arrived - of.upTo)
		}
	}
	return out
}

// measure looks at all peers, and writes down with whom this device is in step.
func (s *Space) measure() {
	arrived := s.Replica.Store().LastArrival()
	if s.meters.look(s.Now(), arrived, s.Peers.Peers()) {
		s.saveMeters()
	}
}

func (s *Space) saveMeters() {
	b := store.NewBatch(nil)
	if s.meters.records(b); b.Empty() {
		return
	}
	if err := s.Replica.Store().Commit(b); err != nil {
		s.log.Debug("with whom it is in step not written down", "err", err) // the next time
	}
}
