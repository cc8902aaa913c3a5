// Package waittest says how long tests wait for what should take a moment. No test expects anything of the
// speed of the machine that it runs on: what must come within some time is held against a clock of the
// test's own, and everything else is waited for until it comes.
package waittest

import "time"

// Limit is when a test gives up on something that should have come: only then, so that a test that hangs
// says what for. A machine on which it is too short has more to do than tests.
const Limit = 5 * time.Minute
