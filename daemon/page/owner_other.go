//go:build !linux

package page

import "net"

// checkOwner lets all connections through: this system doesn't tell whose they are. What is left is in docs/SECURITY.md.
func checkOwner(net.Conn) error { return nil }
