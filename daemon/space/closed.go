package space

import (
	"errors"

	"kith/crdt/entry"
	"kith/daemon/home"
	"kith/daemon/replica"
)

// Closed is a replica that is opened without the device's key, which may be locked.
type Closed struct {
	*replica.Replica
	Device entry.Device // zero if it isn't known
}

// OpenClosed opens the replica of a home that no daemon serves, to read it. The passphrase is asked for
// if the store is encrypted, and else not: a key may stay closed.
func OpenClosed(h *home.Home) (*Closed, error) {
	storeKey, err := h.StoreKey()
	if err != nil {
		return nil, err
	}
	if storeKey == nil {
		h.Passphrase = nil // not needed for what is looked at
	}
	key, err := h.DeviceKey()
	var locked *home.LockedError
	isLocked := errors.As(err, &locked)
	if isLocked {
		key, err = entry.NewSigner(), nil // of nobody
	}
	if err != nil {
		return nil, err
	}
	r, err := replica.Open(replica.Config{Dir: h.StoreDir(), Key: key, StoreKey: storeKey})
	if err != nil {
		return nil, err
	}
	c := &Closed{Replica: r}
	if !isLocked {
		c.Device = key.Device()
	}
	return c, nil
}
