//go:build race

package daemon

func init() { raced = true }
