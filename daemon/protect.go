package daemon

import (
	"bytes"
	"errors"
	"os"

	"kith/daemon/api"
	"kith/daemon/seal"
)

// ProtectOptions is how the key of a home is to be protected.
type ProtectOptions struct {
	Home string
	Old  func() (string, error) // asked for the present passphrase, if there is one; nil: nobody to ask
	New  func() (string, error) // asked for the one from now on; nil: none
}

// Protect seals the device's key with a passphrase, changes that, or takes it away. No daemon may
// use the home meanwhile. It says whether the key is protected now.
func Protect(o ProtectOptions) (p api.Protection, err error) {
	if _, err := os.Stat(o.Home); err != nil {
		return p, errNoCoop
	}
	home, err := OpenHome(o.Home)
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, home.Close()) }()
	if !home.InUse() {
		return p, errNoCoop
	}
	home.Passphrase = o.Old
	key, err := home.DeviceKey()
	if err != nil {
		return p, err
	}
	p.File = home.path(keyFile)
	if o.New == nil {
		return p, writeWhole(p.File, keyText(key))
	}
	passphrase, err := o.New()
	if err != nil {
		return p, err
	}
	text, err := seal.Text(keyText(key), passphrase)
	if err != nil {
		return p, err
	}
	if again, err := seal.OpenText(text, passphrase); err != nil || !bytes.Equal(again, keyText(key)) {
		return p, errors.Join(errors.New("what was sealed doesn't open again; nothing was changed"), err)
	}
	p.Protected = true
	return p, writeWhole(p.File, text)
}

var errNoCoop = api.Problemf(api.NotFound, `kith init "Name of the co-op" --as You, or kith join CODE --as You`, "there is no co-op here yet")
