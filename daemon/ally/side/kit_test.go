package side

import (
	"testing"

	"go.uber.org/goleak"

	"kith/daemon/seal"
	"kith/daemon/store/storetest"
)

func TestMain(m *testing.M) {
	seal.WorkFactor = 6 // what it costs to guess a passphrase is package seal's business
	goleak.VerifyTestMain(m, storetest.Lasting()...)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
