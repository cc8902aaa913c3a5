//go:build !unix

package main

import "os/exec"

// alone has nothing to do: this system has no sessions that a program ends with.
func alone(*exec.Cmd) {}
