package peer_test

import (
	"net"
	"testing"
)

// multicast says whether this machine has a network on which anybody can be discovered.
func multicast() bool {
	all, err := net.Interfaces()
	for _, i := range all {
		addrs, _ := i.Addrs()
		if i.Flags&net.FlagUp != 0 && i.Flags&net.FlagMulticast != 0 && i.Flags&net.FlagLoopback == 0 && len(addrs) > 0 {
			return err == nil
		}
	}
	return false
}

func TestTwoDevicesFindEachOtherOnTheLAN(t *testing.T) {
	t.Parallel()
	if !multicast() {
		t.Skip("no network with multicast here")
	}
	c := newCoop(t)
	ana, ben := c.device("Ana's laptop"), c.device("Ben's laptop")
	for _, d := range []*device{ana, ben} {
		d.mdns = true
		d.listen = []string{"/ip4/0.0.0.0/tcp/0", "/ip4/0.0.0.0/udp/0/quic-v1"}
		d.on()
	}
	ana.untilInStep(ben)
	ben.untilInStep(ana)
}
