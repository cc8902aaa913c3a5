//go:build race

package exchange_test

func init() { raced = true }
