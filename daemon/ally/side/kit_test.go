package side

import (
	"testing"

	"go.uber.org/goleak"

	"kith/daemon/seal"
)

func TestMain(m *testing.M) {
	seal.WorkFactor = 6 // what it costs to guess a passphrase is package seal's business
	goleak.VerifyTestMain(m,
		// Badger starts these for all stores of a process and never ends them.
		goleak.IgnoreTopFunction("github.com/golang/glog.(*fileSink).flushDaemon"),
		goleak.IgnoreTopFunction("github.com/golang/glog.(*loggingT).flushDaemon"),
	)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
