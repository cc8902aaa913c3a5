package server

import (
	"net/url"
	"strconv"

	"kith/daemon/api"
)

var nothingToChange = api.Problemf(api.Invalid, "say what is to change; see --help", "nothing is to be changed")

// query reads the parameters of a request.
type query struct{ url.Values }

func (q query) flag(name string) bool { return q.Get(name) == "true" }

// number reads a number from 1; absent where it isn't given.
func (q query) number(name string, absent int) (int, error) {
	if !q.Has(name) {
		return absent, nil
	}
	n, err := strconv.Atoi(q.Get(name))
	if err != nil || n < 1 {
		return 0, api.Problemf(api.Invalid, "", "%s is a number from 1", name)
	}
	return n, nil
}
