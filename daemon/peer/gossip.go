package peer

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"kith/crdt/entry"
)

// loadBook takes in what was remembered. A record that can't be read any more is passed over:
// the device will sign another.
func (p *Peers) loadBook() error {
	saved, err := p.cfg.Book.Load()
	if err != nil {
		return fmt.Errorf("load the remembered addresses: %w", err)
	}
	for _, sealed := range saved {
		r, err := openRecord(sealed)
		if err != nil {
			p.log.Warn("a remembered address can't be read", "err", err)
			continue
		}
		if old := p.records[r.device]; old == nil || old.number < r.number {
			p.records[r.device] = r
		}
	}
	return nil
}

// signOwn signs where this device can be reached and what it can read, if that changed.
func (p *Peers) signOwn() {
	p.signing.Lock()
	defer p.signing.Unlock()
	addrs := p.worthTelling(p.withMapped(p.host.Addrs()))
	p.mu.Lock()
	before := p.records[p.self]
	p.mu.Unlock()
	if before != nil && sameAddresses(before.addrs, addrs) && before.formats.Equal(p.cfg.Formats) {
		return
	}
	r, err := sealRecord(p.key, p.self, addrs, p.cfg.Formats, before)
	if err != nil {
		p.log.Error("sign own addresses", "err", err)
		return
	}
	p.remember(r)
}

// remember keeps a record that is newer than what there was, and has it told to the others.
func (p *Peers) remember(r *addressRecord) {
	p.mu.Lock()
	if old := p.records[r.device]; old != nil && old.number >= r.number {
		p.mu.Unlock()
		return
	}
	p.records[r.device] = r
	about := p.contacts[r.device]
	// One that moves all the time costs the others no more than one that moves now and then: they hear of
	// it with the next news, and the disk at the end.
	news := r.device == p.self || p.moves.may(r.device, moveRation, time.Now())
	if p.unsaved[r.device] = true; news {
		for _, c := range p.contacts {
			nudge(c.news)
		}
	}
	p.mu.Unlock()
	if news {
		p.save(r)
	}
	if about != nil {
		p.nearer(about)
	}
}

// save puts a record in the book.
func (p *Peers) save(r *addressRecord) {
	p.mu.Lock()
	delete(p.unsaved, r.device)
	p.mu.Unlock()
	if err := p.cfg.Book.Save(r.device, r.sealed); err != nil {
		p.log.Error("save an address", "peer", r.device.String(), "err", err)
	}
}

// saveRest saves what wasn't yet, at the end.
func (p *Peers) saveRest() {
	p.mu.Lock()
	var rest []*addressRecord
	for d := range p.unsaved {
		if r := p.records[d]; r != nil {
			rest = append(rest, r)
		}
	}
	p.mu.Unlock()
	for _, r := range rest {
		p.save(r)
	}
}

// gossip tells a connected device every record that it hasn't been told, until ctx ends.
func (p *Peers) gossip(ctx context.Context, c *contact) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.news:
		}
		// More may come with it. This also bounds what one device's flood of records can cause.
		select {
		case <-ctx.Done():
			return
		case <-time.After(tellPause):
		}
		if err := p.tell(ctx, c); err != nil && ctx.Err() == nil {
			p.log.Debug("tell addresses", "peer", c.key.String(), "err", err)
		}
	}
}

func (p *Peers) tell(ctx context.Context, c *contact) error {
	p.mu.Lock()
	var news []*addressRecord
	for d, r := range p.records {
		if d != c.key && c.told[d] < r.number && len(news) < MaxRecords && (d == p.self || p.contacts[d] != nil && !p.contacts[d].former) {
			news = append(news, r)
		}
	}
	p.mu.Unlock()
	if len(news) == 0 || !p.isConnected(c) {
		return nil
	}
	s, err := p.open(ctx, c, AddressesProtocol)
	if err != nil {
		return err
	}
	defer s.Reset() //nolint:errcheck // it is over either way
	if err := s.SetDeadline(time.Now().Add(streamTime)); err != nil {
		return err
	}
	out := bufio.NewWriter(s)
	for _, r := range news {
		var size [4]byte
		binary.BigEndian.PutUint32(size[:], uint32(len(r.sealed)))
		_, _ = out.Write(size[:]) // Flush has the error
		_, _ = out.Write(r.sealed)
	}
	if err := errors.Join(out.Flush(), s.CloseWrite()); err != nil {
		return err
	}
	// The other side closes when it has read all.
	if _, err := s.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		return fmt.Errorf("it didn't take the addresses: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range news {
		c.told[r.device] = max(c.told[r.device], r.number)
	}
	return nil
}

// handleAddresses takes records from a device of the charter, one stream after the other and no
// faster than an honest device tells them: each may cost a write to the disk.
func (p *Peers) handleAddresses(ctx context.Context, s network.Stream) {
	c := p.contactOf(s.Conn())
	if c == nil || c.former || !p.gate.knows(c.key) {
		_ = s.Reset()
		return
	}
	c.listens.Lock()
	defer c.listens.Unlock()
	if !pause(ctx, p.tells.take(c.key, recordRation, time.Now())) {
		_ = s.Reset()
		return
	}
	_ = s.SetDeadline(time.Now().Add(streamTime))
	records, err := readRecords(s)
	if err != nil {
		p.log.Warn("addresses refused", "peer", c.key.String(), "err", err)
		_ = s.Reset()
		return
	}
	if more := len(records) - 1; more > 0 { // one is taken already
		p.tells.owe(c.key, more, recordRation, time.Now())
	}
	newest := map[entry.Device]*addressRecord{}
	for _, r := range records {
		if old := newest[r.device]; old == nil || old.number < r.number {
			newest[r.device] = r
		}
	}
	for _, r := range newest {
		p.mu.Lock()
		known := p.contacts[r.device] != nil // so not this device either
		if known {
			c.told[r.device] = max(c.told[r.device], r.number)
		}
		p.mu.Unlock()
		if known {
			p.remember(r)
		}
	}
	_ = s.Close()
	select {
	case <-time.After(tellPause):
	case <-ctx.Done():
	}
}

// readRecords reads records, each a length of 4 bytes (big-endian) and the envelope, to the end
// of the stream.
func readRecords(from io.Reader) ([]*addressRecord, error) {
	in := bufio.NewReader(from)
	var all []*addressRecord
	for {
		var size [4]byte
		if _, err := io.ReadFull(in, size[:]); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		n := binary.BigEndian.Uint32(size[:])
		if n > MaxRecord {
			return nil, fmt.Errorf("an address record of %d bytes, the limit is %d", n, MaxRecord)
		}
		if len(all) == MaxRecords {
			return nil, fmt.Errorf("more than %d address records", MaxRecords)
		}
		sealed := make([]byte, n)
		if _, err := io.ReadFull(in, sealed); err != nil {
			return nil, err
		}
		r, err := openRecord(sealed)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
}
