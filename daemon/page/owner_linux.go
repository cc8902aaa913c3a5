package page

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
)

// checkOwner says whether who is at the other end of a loopback connection runs as this user. The kernel lists both
// ends (proc(5), /proc/net/tcp); the line of the other has the addresses the other way round.
func checkOwner(c net.Conn) error {
	ends, err := os.Open("/proc/net/tcp")
	if err != nil {
		return fmt.Errorf("ask who is at the other end: %w", err)
	}
	defer ends.Close()
	want := [2]string{asListed(c.RemoteAddr()), asListed(c.LocalAddr())}
	for lines := bufio.NewScanner(ends); lines.Scan(); {
		// sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid …
		f := strings.Fields(lines.Text())
		if len(f) < 8 || [2]string{f[1], f[2]} != want {
			continue
		}
		if f[7] == strconv.Itoa(os.Getuid()) {
			return nil
		}
		return fmt.Errorf("user %s is at the other end of a connection to the page", f[7])
	}
	return fmt.Errorf("nobody is at the other end of a connection to the page")
}

// asListed is an IPv4 address in the kernel's list: the four bytes as a number of this machine, and the port. "" is none.
func asListed(a net.Addr) string {
	at, ok := a.(*net.TCPAddr)
	if !ok || at.IP.To4() == nil {
		return ""
	}
	return fmt.Sprintf("%08X:%04X", binary.NativeEndian.Uint32(at.IP.To4()), at.Port)
}
