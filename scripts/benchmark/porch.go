package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	libpeer "github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	ma "github.com/multiformats/go-multiaddr"

	"kith/crdt/charter"
	"kith/daemon/peer"
	"kith/daemon/porch"
)

// porchRests is how long a porch is left alone before its memory is looked at.
const porchRests = 5 * time.Second

// porch measures what a porch takes at rest: with nobody there, with a hundred places, and with as many as there may be; and what a catch-up
// takes that goes through one.
func (b *bench) porch(ctx context.Context) error {
	if err := b.porchAtRest(ctx); err != nil {
		return err
	}
	return b.throughPorch(ctx)
}

// opened is a porch that runs.
type opened struct {
	*home
	folder string
}

func (b *bench) openPorch(ctx context.Context, name string) (p opened, err error) {
	if p.home, err = b.home(name); err != nil {
		return p, err
	}
	p.folder = filepath.Join(p.dir, "porch")
	p.daemon = p.command(ctx, "porch", "run", p.folder, "--listen", "/ip4/0.0.0.0/tcp/0", "--json")
	said, err := p.daemon.StdoutPipe()
	if err != nil {
		return p, err
	}
	if err := p.daemon.Start(); err != nil {
		p.daemon = nil
		return p, err
	}
	if _, err := bufio.NewReader(said).ReadString('\n'); err != nil {
		return p, errors.Join(fmt.Errorf("the porch doesn't open: %w", err), p.stop())
	}
	return p, nil
}

// code makes one of the porch, for somebody.
func (p opened) code(ctx context.Context, label string) (string, error) {
	out, err := p.run(ctx, "porch", "code", "--dir", p.folder, "--for", label, "--jq", ".code")
	return strings.TrimSpace(string(out)), err
}

func (b *bench) porchAtRest(ctx context.Context) error {
	p, err := b.openPorch(ctx, "porch")
	if err != nil {
		return err
	}
	defer p.stop() //nolint:errcheck // what was measured was measured
	var there []host.Host
	defer func() {
		for _, one := range there {
			_ = one.Close()
		}
	}()
	code := ""
	for _, places := range []int{0, 100, porch.MaxPlaces} {
		for len(there) < places {
			n := len(there)
			if n%porch.PlacesOfCode == 0 {
				if code, err = p.code(ctx, fmt.Sprintf("Co-op %d", n)); err != nil {
					return err
				}
			}
			// Each code's are at an address of their own, as those of a porch are: it bounds what one address has.
			one, err := placeAt(ctx, code, fmt.Sprintf("127.0.1.%d", 1+n/porch.PlacesOfCode))
			if err != nil {
				return fmt.Errorf("place %d: %w", n, err)
			}
			there = append(there, one)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(porchRests):
		}
		m, err := p.memory()
		if err != nil {
			return err
		}
		work := fmt.Sprintf("a porch at rest, %d places", places)
		b.add(work, "RSS", m.now, "MB", "")
		b.add(work, "of that, the program's file", m.files, "MB", "")
	}
	return nil
}

// throughPorch measures a catch-up of two who reach each other through a porch alone: the doors that they announce are shut.
func (b *bench) throughPorch(ctx context.Context) error {
	p, err := b.openPorch(ctx, "porch-between")
	if err != nil {
		return err
	}
	defer p.stop() //nolint:errcheck // the same
	code, err := p.code(ctx, "Bench")
	if err != nil {
		return err
	}
	l := &link{}
	defer l.close()
	l.shut(true)
	all, err := b.togetherBy(ctx, func() ([]string, error) {
		listen, announce, err := l.between()
		if err != nil {
			return nil, err
		}
		return []string{"--listen", listen[0], "--announce", announce[0], "--relay", code}, nil
	}, "behind-a", "behind-b")
	if err != nil {
		return err
	}
	one, two := all[0], all[1]
	for _, h := range all {
		if err := h.stop(); err != nil {
			return err
		}
	}
	if err := b.fill(ctx, one.dir, one.dir, 0, b.docs); err != nil {
		return err
	}
	if _, err := one.start(ctx); err != nil {
		return err
	}
	defer one.stop() //nolint:errcheck // the same
	before, err := p.worked()
	if err != nil {
		return err
	}
	work := fmt.Sprintf("cold catch-up through a porch, %d × %d changes", b.docs, b.size)
	defer two.stop() //nolint:errcheck // the same
	if err := b.bring(ctx, one, two, work, b.docs, b.docs*b.size); err != nil {
		return err
	}
	peers, err := two.client.Peers(ctx)
	if err != nil {
		return err
	}
	if len(peers) != 1 || peers[0].Transport != "relay" {
		return fmt.Errorf("it came another way than through the porch: %+v", peers)
	}
	after, err := p.worked()
	if err != nil {
		return err
	}
	m, err := p.memory()
	if err != nil {
		return err
	}
	b.add(work, "processor time of the porch", (after - before).Seconds(), "s", "")
	b.add(work, "most memory of the porch", m.most, "MB", "")
	return nil
}

// placeAt takes a place with a code, from an address.
func placeAt(ctx context.Context, code, from string) (host.Host, error) {
	v, err := charter.DecodePorchCode(code)
	if err != nil {
		return nil, err
	}
	name, err := peer.Identity(v.At[0].Device)
	if err != nil {
		return nil, err
	}
	id, err := libpeer.Decode(name)
	if err != nil {
		return nil, err
	}
	told, err := ma.NewMultiaddrBytes(v.At[0].Address)
	if err != nil {
		return nil, err
	}
	number, err := told.ValueForProtocol(ma.P_TCP)
	if err != nil {
		return nil, err
	}
	at, err := ma.NewMultiaddr("/ip4/127.0.0.1/tcp/" + number)
	if err != nil {
		return nil, err
	}
	h, err := libp2p.New(libp2p.ListenAddrStrings("/ip4/"+from+"/tcp/0"), libp2p.DisableMetrics(), libp2p.Ping(false), libp2p.ResourceManager(&network.NullResourceManager{}))
	if err != nil {
		return nil, err
	}
	porch := libpeer.AddrInfo{ID: id, Addrs: []ma.Multiaddr{at}}
	if err = h.Connect(ctx, porch); err == nil {
		if err = peer.Present(ctx, h, id, v.Token[:]); err == nil {
			_, err = client.Reserve(ctx, h, porch)
		}
	}
	if err != nil {
		_ = h.Close()
		return nil, err
	}
	return h, nil
}
