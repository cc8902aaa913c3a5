package daemon

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"os"

	"kith/daemon/api"
	"kith/daemon/seal"
	"kith/daemon/store"
)

// ProtectOptions is how a home is to be protected.
type ProtectOptions struct {
	Home string
	Old  func() (string, error) // asked for the present passphrase, if there is one; nil: nobody to ask
	New  func() (string, error) // asked for the one from now on; nil: none
	// Progress is told how many records of how many were written anew; nil: nobody looks.
	Progress func(done, of int64)
}

// Protect seals the device's key with a passphrase and encrypts the store, changes the passphrase, or
// takes both away. No daemon may use the home meanwhile. It says how the home lies there now.
//
// The order is such that after a crash at any moment the passphrase of before or the new one opens all
// that is there: the file with the keys is written first on the way in, and last on the way out.
func Protect(ctx context.Context, o ProtectOptions) (p api.Protection, err error) {
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
	device, err := home.DeviceKey()
	if err != nil {
		return p, err
	}
	now, err := home.StoreKey()
	if err != nil {
		return p, err
	}
	p.File = home.path(keyFile)
	if o.New == nil {
		if now != nil {
			if err := home.rewriteStore(ctx, now, nil, o.Progress); err != nil {
				return p, err
			}
		}
		return p, writeWhole(p.File, keys{device: device}.text())
	}
	passphrase, err := o.New()
	if err != nil {
		return p, err
	}
	wanted := keys{device, now}
	if now == nil {
		wanted.store = make([]byte, store.KeySize)
		_, _ = rand.Read(wanted.store) // it never fails
	}
	if err := home.seal(wanted, passphrase); err != nil {
		return p, err
	}
	if now == nil {
		if err := home.rewriteStore(ctx, nil, wanted.store, o.Progress); err != nil {
			return p, err
		}
	}
	p.Protected, p.StoreEncrypted = true, true
	return p, nil
}

// seal writes the keys under a passphrase.
func (h *Home) seal(k keys, passphrase string) error {
	text, err := seal.Text(k.text(), passphrase)
	if err != nil {
		return err
	}
	if again, err := seal.OpenText(text, passphrase); err != nil || !bytes.Equal(again, k.text()) {
		return errors.Join(errors.New("what was sealed doesn't open again; nothing was changed"), err)
	}
	h.keys = &k
	return writeWhole(h.path(keyFile), text)
}

var errNoCoop = api.Problemf(api.NotFound, `kith init "Name of the co-op" --as You, or kith join CODE --as You`, "there is no co-op here yet")
