package home

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"os"
	"slices"

	"kith/daemon/api"
	"kith/daemon/seal"
	"kith/daemon/store"
	"kith/daemon/whole"
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
		return p, ErrNoCoop
	}
	home, err := Open(o.Home)
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, home.Close()) }()
	if !home.InUse() {
		return p, ErrNoCoop
	}
	places, err := home.Places()
	if err != nil {
		return p, err
	}
	o.Old, o.New = Once(o.Old), Once(o.New)
	for _, place := range places {
		if err := place.protect(ctx, o); err != nil {
			return p, err
		}
	}
	halfMade, err := home.HalfMade()
	if err != nil {
		return p, err
	}
	waiting, err := home.Waiting()
	if err != nil {
		return p, err
	}
	// One without a key is about to be forgotten: it must not get another.
	halfMade = slices.DeleteFunc(halfMade, (*Home).Keyless)
	for _, place := range append(halfMade, waiting...) {
		if err := place.protect(ctx, o); err != nil {
			return p, err
		}
	}
	on := o.New != nil
	return api.Protection{File: home.path(keyFile), Protected: on}, nil
}

// protect does it for one of the places in a home. After a crash between two of them it is done again
// with the same passphrases: a place that has the new one already opens with it.
func (h *Home) protect(ctx context.Context, o ProtectOptions) error {
	h.Passphrase = o.Old
	device, err := h.DeviceKey()
	var locked *LockedError
	if errors.As(err, &locked) && locked.Wrong && o.New != nil {
		h.Passphrase = o.New
		if device, err = h.DeviceKey(); errors.As(err, &locked) {
			err = &LockedError{h.path(keyFile), true}
		}
	}
	if err != nil {
		return err
	}
	now, err := h.StoreKey()
	if err == nil && !h.InUse() {
		now, err = h.NewStoreKey()
	}
	if err != nil {
		return err
	}
	if o.New == nil {
		if now != nil && h.InUse() {
			if err := h.rewriteStore(ctx, now, nil, o.Progress); err != nil {
				return err
			}
		}
		return whole.Write(h.path(keyFile), keys{device: device}.text())
	}
	passphrase, err := o.New()
	if err != nil {
		return err
	}
	wanted := keys{device, now}
	if now == nil {
		wanted.store = make([]byte, store.KeySize)
		_, _ = rand.Read(wanted.store) // it never fails
	}
	if err := h.seal(wanted, passphrase); err != nil || now != nil || !h.InUse() {
		return err // what comes to be here later is encrypted from its beginning
	}
	return h.rewriteStore(ctx, nil, wanted.store, o.Progress)
}

// ProtectLike seals the key of a place that comes to be in a home whose own key is sealed, with the same
// passphrase.
func (h *Home) ProtectLike(home *Home) error {
	b, err := home.readKeyFile()
	if err != nil || !seal.IsText(b) {
		return err
	}
	device, err := h.DeviceKey()
	if err != nil {
		return err
	}
	if home.Passphrase == nil {
		return &LockedError{Path: home.path(keyFile)}
	}
	passphrase, err := home.Passphrase()
	if err != nil {
		return err
	}
	k := keys{device, make([]byte, store.KeySize)}
	_, _ = rand.Read(k.store) // it never fails
	return h.seal(k, passphrase)
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
	h.keyMu.Lock()
	h.keys = &k
	h.keyMu.Unlock()
	return whole.Write(h.path(keyFile), text)
}
