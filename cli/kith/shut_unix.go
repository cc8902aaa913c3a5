//go:build unix

package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// shut says whether a stream was closed when the program began (“>&-”). Go's runtime has opened the null device in its place, for reading
// and writing, so that no error tells of what is written there; a shell opens it for writing alone (“>/dev/null”).
func shut(stream *os.File) bool {
	is, err := stream.Stat()
	if err != nil {
		return false
	}
	null, err := os.Stat(os.DevNull)
	if err != nil || !os.SameFile(is, null) {
		return false
	}
	flags, err := unix.FcntlInt(stream.Fd(), unix.F_GETFL, 0)
	return err == nil && flags&unix.O_ACCMODE == unix.O_RDWR
}
