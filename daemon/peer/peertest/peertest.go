// Package peertest gives the hosts of tests addresses of their own, so that tests can play beside each other
// and beside everything else that a computer does: a home picks a port when it is made and listens on it
// later, and on an address that others use somebody may have the port by then.
package peertest

import (
	"fmt"
	"net"
	"os"
	"sync/atomic"
)

var given atomic.Uint32

// IP gives an IP address of this computer that no other call gives, in this process, and hardly one in another.
// Where there is but one that other computers can't reach, as on macOS, it is that one.
func IP() string {
	n := given.Add(1)
	ip := fmt.Sprintf("127.%d.%d.%d", 1+os.Getpid()%250, n/250%250, 1+n%250)
	l, err := net.Listen("tcp", ip+":0")
	if err != nil {
		return "127.0.0.1"
	}
	_ = l.Close()
	return ip
}

// TCP gives an address to listen on, with a port that is still to be picked.
func TCP() []string { return []string{"/ip4/" + IP() + "/tcp/0"} }
