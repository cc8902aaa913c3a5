//go:build !linux

package pages

// Resident is how much of mapped files is resident in this process, in bytes: here that isn't known.
func Resident() int { return 0 }

// Out has the system reclaim the pages of mapped files: here it does so by itself.
func Out(func(file string) bool) {}
