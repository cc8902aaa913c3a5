//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// alone has a program run in a session of its own, so that it doesn't end with who started it.
func alone(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
