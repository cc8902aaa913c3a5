//go:build race

package exchange_test

import "flag"

// What is drawn at random is drawn less often where everything takes ten times as long: races
// show in the first few. scripts/test runs all of it once more without.
func init() {
	raced = true
	_ = flag.Set("rapid.checks", "15")
}
