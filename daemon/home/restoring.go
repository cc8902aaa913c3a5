package home

import (
	"bytes"
	"errors"
	"io/fs"
	"os"

	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/whole"
)

// RestoringDir is where a replica comes into being that a backup brings; it is moved when it is whole.
func (h *Home) RestoringDir() string { return h.path("restoring") }

// MakeRoomFor makes sure that a home without a co-op has no other device's key, which somebody may
// need, and none of the remains of a restore that a crash ended.
func (h *Home) MakeRoomFor(key []byte) error {
	was, err := os.ReadFile(h.path(keyFile))
	if err == nil && !bytes.Equal(was, key) {
		return api.Problemf(api.Failed, "if no co-op needs it, move it away", "%s is another device's key", h.path(keyFile))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.RemoveAll(h.RestoringDir())
}

// SettleRestored makes the home what it was: with this content of the file with its keys, and with the replica that
// is whole in restoringDir. The replica takes its place at last: before that the home is in no co-op.
func (h *Home) SettleRestored(keys []byte, c Config) error {
	if err := whole.Write(h.path(keyFile), keys); err != nil {
		return err
	}
	if err := h.SetConfig(c); err != nil {
		return err
	}
	return whole.Move(h.RestoringDir(), h.StoreDir())
}

// DeviceOf gives the device that the content of a file with keys is of, if it isn't sealed.
func DeviceOf(keys []byte) (entry.Device, error) {
	k, err := (&Home{}).parseKeys(keys)
	if err != nil {
		return entry.Device{}, err
	}
	return k.device.Device(), nil
}

// Files gives the content of the files with the keys, sealed or not, and of what the home remembers, which may be
// none.
func (h *Home) Files() (keys, config []byte, err error) {
	if keys, err = h.readKeyFile(); err != nil {
		return nil, nil, err
	}
	config, err = os.ReadFile(h.path("config.json"))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return keys, config, err
}
