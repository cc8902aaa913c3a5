package daemon

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kith/daemon/api"
	"kith/daemon/api/apitest"
)

func TestAShareThatCantBeOpenedHoldsUpNothingElse(t *testing.T) {
	t.Parallel()
	riso, quilted := coopCalled(t, "Riso Print Co-op", "Ana"), coopCalled(t, "Quilted", "Dora")
	ana, dora := riso[0], quilted[0]
	madePact(t, riso, quilted)
	ana.until("the place knows whose share it is", func() bool {
		_, err := os.Stat(filepath.Join(ana.dir, "spaces", "1", "share.json"))
		return err == nil
	})
	ana.stop()
	dora.stop()
	config := filepath.Join(ana.dir, "spaces", "1", "config.json")
	good, err := os.ReadFile(config)
	must(t, err)
	must(t, os.WriteFile(config, []byte("{"), 0o600))

	ana.start()
	_, err = ana.client.CreateTask(t.Context(), apitest.NewTask{Title: "Order paper"})
	must(t, err)
	status, err := ana.client.Status(t.Context())
	must(t, err)
	if !slices.ContainsFunc(status.Notice, func(s string) bool {
		return strings.Contains(s, "can't be opened") && strings.Contains(s, "kith doctor")
	}) {
		t.Errorf("Ana isn't told: %q", status.Notice)
	}
	checks, err := ana.client.Doctor(t.Context(), api.DoctorRequest{})
	must(t, err)
	if !slices.ContainsFunc(checks, func(c api.Check) bool {
		return c.Name == "share" && !c.OK && strings.Contains(c.Says, "config.json") && c.Hint != ""
	}) {
		t.Errorf("the doctor says %+v", checks)
	}
	ana.stop()
	if places, err := os.ReadDir(filepath.Join(ana.dir, "spaces")); err != nil || len(places) != 1 {
		t.Errorf("another place was made for it: %v, %v", places, err)
	}

	must(t, os.WriteFile(config, good, 0o600))
	ana.start()
	if a := ana.pact(); a.State != api.AllyMade {
		t.Errorf("once that is mended the share is %s", a.State)
	}
	ana.stop()
}
