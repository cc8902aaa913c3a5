package pages

import (
	"bufio"
	"bytes"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Resident is how much of mapped files, the program's own included, is resident in this process, in bytes; 0: it isn't known.
func Resident() int {
	b, err := os.ReadFile("/proc/self/statm")
	fields := bytes.Fields(b)
	if err != nil || len(fields) < 3 {
		return 0
	}
	pages, err := strconv.Atoi(string(fields[2]))
	if err != nil {
		return 0
	}
	return pages * os.Getpagesize()
}

// Out has the system reclaim the pages of mapped files that of is told the names of and says yes to. Other than giving up the pages, that is
// safe whatever lies at an address by the time: a page that was written is kept, or written to its file first.
func Out(of func(file string) bool) {
	f, err := os.Open("/proc/self/maps")
	if err != nil {
		return
	}
	defer f.Close() //nolint:errcheck // it was only read
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		at := strings.IndexByte(line, '/') // before it are addresses, permissions and numbers
		if at < 0 || !of(line[at:]) {
			continue
		}
		addresses, _, _ := strings.Cut(line, " ")
		from, to, _ := strings.Cut(addresses, "-")
		start, err := strconv.ParseUint(from, 16, 64)
		end, err2 := strconv.ParseUint(to, 16, 64)
		if err != nil || err2 != nil {
			continue
		}
		// Its error, as of a kernel that can't, leaves things as they are.
		_, _, _ = unix.Syscall(unix.SYS_MADVISE, uintptr(start), uintptr(end-start), unix.MADV_PAGEOUT)
	}
}
