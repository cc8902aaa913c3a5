package home

import (
	"os"
	"slices"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/peer"
)

// defaultListen is where a daemon listens if nobody says otherwise: on all interfaces, at ports
// that are picked once.
var defaultListen = []string{"/ip4/0.0.0.0/tcp/0", "/ip4/0.0.0.0/udp/0/quic-v1"}

// Choose fixes where this home listens and what its device is called, and remembers it.
func (h *Home) Choose(listen, announce []string) (Config, error) {
	config, err := h.Config()
	if err != nil {
		return config, err
	}
	if len(listen) == 0 {
		listen = config.Listen
	}
	if len(listen) == 0 {
		listen = defaultListen
	}
	if config.Listen, err = peer.PickPorts(listen); err != nil {
		return config, err
	}
	if len(announce) > 0 {
		config.Announce = announce
	}
	if config.DeviceName == "" {
		config.DeviceName = h.deviceName()
	}
	return config, h.SetConfig(config)
}

// ChooseRelays remembers named relays, or with "none" forgets them.
func (h *Home) ChooseRelays(c Config, relays []string) (Config, error) {
	if len(relays) == 0 {
		return c, nil
	}
	if c.Relays = relays; slices.Equal(relays, []string{"none"}) {
		c.Relays = nil
	}
	if err := peer.CheckRelays(c.Relays); err != nil {
		return c, err
	}
	return c, h.SetConfig(c)
}

// deviceName is what this computer is called among the member's devices. In a further space it isn't by its own
// name: an ally, or the people of another co-op, would know by it whose it is at home.
func (h *Home) deviceName() string {
	if host, err := os.Hostname(); err == nil && !h.further {
		if name, err := charter.CleanName(host); err == nil {
			return name
		}
	}
	return SharedDevice
}

// NewDevice fixes where this home listens and what its device is called, and draws its key.
func (h *Home) NewDevice(name string, listen, announce []string) (Config, entry.Signer, error) {
	config, err := h.Choose(listen, announce)
	if err != nil {
		return config, entry.Signer{}, err
	}
	if name != "" {
		if config.DeviceName, err = charter.CleanName(name); err != nil {
			return config, entry.Signer{}, err
		}
		if err := h.SetConfig(config); err != nil {
			return config, entry.Signer{}, err
		}
	}
	key, err := h.DeviceKey()
	return config, key, err
}
