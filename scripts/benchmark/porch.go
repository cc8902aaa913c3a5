package main

import (
	"bufio"
	"context"
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

// porch measures what a porch takes at rest: with nobody there, with a hundred places, and with as many as there may be.
func (b *bench) porch(ctx context.Context) error {
	h, err := b.home("porch")
	if err != nil {
		return err
	}
	dir := filepath.Join(h.dir, "porch")
	h.daemon = h.command(ctx, "porch", "run", dir, "--listen", "/ip4/0.0.0.0/tcp/0", "--json")
	said, err := h.daemon.StdoutPipe()
	if err != nil {
		return err
	}
	if err := h.daemon.Start(); err != nil {
		return err
	}
	defer h.stop() //nolint:errcheck // what was measured was measured
	if _, err := bufio.NewReader(said).ReadString('\n'); err != nil {
		return fmt.Errorf("the porch doesn't open: %w", err)
	}
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
				out, err := h.run(ctx, "porch", "code", "--dir", dir, "--for", fmt.Sprintf("Co-op %d", n), "--jq", ".code")
				if err != nil {
					return err
				}
				code = strings.TrimSpace(string(out))
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
		m, err := h.memory()
		if err != nil {
			return err
		}
		work := fmt.Sprintf("a porch at rest, %d places", places)
		b.add(work, "RSS", m.now, "MB", "")
		b.add(work, "of that, the program's file", m.files, "MB", "")
	}
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
