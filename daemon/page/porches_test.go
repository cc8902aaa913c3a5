package page_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	ma "github.com/multiformats/go-multiaddr"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/api"
)

// porchCode is the code of a porch that nobody runs.
func porchCode(t testing.TB) string {
	t.Helper()
	at, err := ma.NewMultiaddr("/ip4/127.0.0.1/tcp/9")
	must(t, err)
	code, err := charter.NewPorchCode(charter.Answerer{Device: entry.NewSigner().Device(), Address: at.Bytes()}).Encode()
	must(t, err)
	return code
}

// Porches are used, left here, taken up again and given up on the page.
func TestPorchesAreUsedAndLeftOnThePage(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	ana.sees("step").says(t, "A porch is a small relay")
	ana.sees("porches").says(t, "We use no porch.")
	if a := ana.sends("porches", "porches", url.Values{"code": {"kithp1 nonsense"}, "label": {"Rosa’s <b>porch"}}); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "kithp1 nonsense") {
		t.Errorf("what is no code is answered with %d: %s", a.status, plain(a.body))
	}
	added := ana.sends("porches", "porches", url.Values{"code": {porchCode(t)}, "label": {"Rosa’s <b>porch"}})
	added.says(t, "It is your only one")
	added.says(t, "We use one porch. ")
	added.says(t, "Rosa’s <b>porch")
	all, err := ana.client.Porches(t.Context())
	must(t, err)
	at := "porches/" + all[0].ID
	state := func() string {
		t.Helper()
		all, err := ana.client.Porches(t.Context())
		must(t, err)
		return all[0].State
	}
	ana.fetch("POST", ana.base+at+"/leave", url.Values{}).says(t, "not used by this computer")
	if state() != api.PorchLeft {
		t.Errorf("it is %s", state())
	}
	ana.fetch("POST", ana.base+at+"/follow", url.Values{})
	if state() == api.PorchLeft {
		t.Error("it is still left")
	}
	ana.sees(at+"/remove", "Accept-Language", "es").says(t, "Cada computadora del grupo lo deja")
	ana.sends(at+"/remove", at+"/remove", nil).says(t, "We use no porch.")
	if a := ana.fetch("POST", ana.base+at+"/paint", url.Values{}); a.status != http.StatusNotFound {
		t.Errorf("what can't be done is answered with %d", a.status)
	}
}
