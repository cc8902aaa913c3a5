package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// piped says whether a text comes on stdin that this command was given: in a file that nobody has read of yet, or in a pipe or socket of its
// own. unsure: something comes that may be another's to read, since the parent has it as stdin, too, or nothing has come in that time and still may.
func piped(in *os.File, within time.Duration) (text, unsure bool) {
	own, err := in.Stat()
	if err != nil {
		return false, false
	}
	switch mode := own.Mode(); {
	case mode.IsRegular():
		at, err := in.Seek(0, io.SeekCurrent)
		return err == nil && at == 0 && own.Size() > 0, false
	case mode&(os.ModeNamedPipe|os.ModeSocket) == 0:
		return false, false
	}
	parents, err := os.Stat(fmt.Sprintf("/proc/%d/fd/0", os.Getppid()))
	known := err == nil // else it is another user's, as behind ssh: nothing is waited for, lest every command took so long
	shared := known && os.SameFile(own, parents)
	if !known || shared {
		within = 0
	}
	ready, err := waitFor(in, within)
	n, failed := unix.IoctlGetInt(int(in.Fd()), unix.TIOCINQ)
	comes := failed == nil && n > 0
	return comes && !shared, comes && shared || err == nil && known && !shared && !ready
}

// waitFor waits until something comes on a file, or it is known that nothing does.
func waitFor(in *os.File, within time.Duration) (ready bool, err error) {
	for until := time.Now().Add(within); ; {
		left := max(0, time.Until(until))
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(in.Fd()), Events: unix.POLLIN}}, int(left.Milliseconds()))
		if !errors.Is(err, unix.EINTR) {
			return n > 0, err
		}
	}
}
