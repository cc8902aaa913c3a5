//go:build race

package rateless

import "flag"

// There are no goroutines here, and everything takes ten times as long. scripts/test runs all of it
// once more without.
func init() {
	estimates = 10
	_ = flag.Set("rapid.checks", "5")
}
