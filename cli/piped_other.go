//go:build !linux

package cli

import (
	"os"
	"time"
)

// piped isn't known on this system.
func piped(*os.File, time.Duration) (text, unsure bool) { return false, false }
