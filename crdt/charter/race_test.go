//go:build race

package charter_test

func init() { raced = true }
