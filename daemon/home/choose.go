package home

import (
	"os"
	"slices"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/peer"
)

// defaultListen is where a daemon listens if nobody says otherwise: on all interfaces, at a port
// that is picked once.
func defaultListen() []string {
	all := []string{"/ip4/0.0.0.0/tcp/0", "/ip4/0.0.0.0/udp/0/quic-v1"}
	if peer.HasIPv6() {
		all = append(all, "/ip6/::/tcp/0", "/ip6/::/udp/0/quic-v1")
	}
	return all
}

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
		listen = defaultListen()
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

// ChooseAll fixes and remembers as Choose does, and the relays that are named: nothing, if one of these can't be.
func (h *Home) ChooseAll(listen, announce, relays []string) (Config, error) {
	if _, err := relaysMeant(relays); err != nil {
		return Config{}, err
	}
	c, err := h.Choose(listen, announce)
	if err != nil {
		return c, err
	}
	return h.ChooseRelays(c, relays)
}

// CheckAll says which of these addresses can't be used, where nothing has a use for them yet.
func CheckAll(listen, announce, relays []string) error {
	if _, err := relaysMeant(relays); err != nil {
		return err
	}
	return peer.CheckListen(listen, announce)
}

// NoRelays says in the place of relays that there are to be none.
const NoRelays = "none"

func relaysMeant(relays []string) ([]string, error) {
	if slices.Equal(relays, []string{NoRelays}) {
		return nil, nil
	}
	return relays, peer.CheckRelays(relays)
}

// ChooseRelays remembers named relays, or with "none" forgets them.
func (h *Home) ChooseRelays(c Config, relays []string) (Config, error) {
	if len(relays) == 0 {
		return c, nil
	}
	var err error
	if c.Relays, err = relaysMeant(relays); err != nil {
		return c, err
	}
	return c, h.SetConfig(c)
}

// ChoosePortMap remembers whether the router is asked to let others through to this computer: "yes" or "no"; "" changes nothing.
func (h *Home) ChoosePortMap(word string) error {
	if word == "" {
		return nil
	}
	if word != "yes" && word != "no" {
		return api.Problemf(api.Invalid, "yes or no", "whether the router is asked can't be “%s”", api.Brief(word))
	}
	c, err := h.Config()
	if err != nil || c.PortMap == word {
		return err
	}
	c.PortMap = word
	return h.SetConfig(c)
}

// keptRelays bounds the relays that a home takes over from a code.
const keptRelays = 2

// KeepRelays remembers relays that a code named, unless others were chosen here, and returns those that are new.
func (h *Home) KeepRelays(named []string) (kept []string, err error) {
	c, err := h.Config()
	if err != nil || len(c.Relays) > 0 || len(named) == 0 {
		return nil, err
	}
	kept = named[:min(len(named), keptRelays)]
	_, err = h.ChooseRelays(c, kept)
	return kept, err
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
func (h *Home) NewDevice(name string, listen, announce, relays []string) (Config, entry.Signer, error) {
	config, err := h.ChooseAll(listen, announce, relays)
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
