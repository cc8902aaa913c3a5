package store

import (
	"bufio"
	"bytes"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// mappedBytes is how much of mapped files is resident in this process.
func mappedBytes() int {
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

// pageOut has the system reclaim the pages of tables and value logs in dir. Other than giving up the pages, that is safe whatever lies at an
// address by the time: a page that was written is kept, or written to its file first.
func pageOut(dir string) {
	f, err := os.Open("/proc/self/maps")
	if err != nil {
		return
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		at := strings.Index(line, dir+"/")
		if at < 0 || !strings.HasSuffix(line, ".sst") && !strings.HasSuffix(line, ".vlog") {
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
