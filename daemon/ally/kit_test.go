package ally

import (
	"errors"
	"testing"

	"go.uber.org/goleak"

	"kith/daemon/peer"
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

func wantCode(t *testing.T, what string, err error, want peer.JoinCode) {
	t.Helper()
	var refused *peer.JoinError
	if !errors.As(err, &refused) || refused.Code != want {
		t.Errorf("%s: got %v, want %s", what, err, want)
	}
}
