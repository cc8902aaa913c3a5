//go:build unix

package api

import (
	"io/fs"
	"syscall"
)

// OwnerOf says whose a file or folder is, by the user's number, if the system tells.
func OwnerOf(info fs.FileInfo) (uid int, known bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return -1, false
	}
	return int(stat.Uid), true
}
