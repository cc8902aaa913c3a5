package api

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"

	"github.com/adrg/xdg"
)

// maxSocketPath is the longest path that every Unix takes for a socket, in bytes (macOS has
// 104 with the final zero, Linux 108).
const maxSocketPath = 103

// Home returns where this person's data lives: $KITH_HOME, else the XDG data folder.
func Home() string {
	if home := os.Getenv("KITH_HOME"); home != "" {
		return home
	}
	return UsualHome()
}

// UsualHome is that of who named no other.
func UsualHome() string { return filepath.Join(xdg.DataHome, "kith") }

// SocketPath returns the path of the socket of the daemon that serves home: kith.sock in it,
// or, where that is too long for a socket, one in the runtime folder named by a hash of home.
// Server and client compute it alike and nothing needs to exist yet.
func SocketPath(home string) (string, error) {
	home, err := filepath.Abs(home)
	if err != nil {
		return "", fmt.Errorf("find %s: %w", home, err)
	}
	if real, err := filepath.EvalSymlinks(home); err == nil {
		home = real
	}
	if path := filepath.Join(home, "kith.sock"); len(path) <= maxSocketPath {
		return path, nil
	}
	sum := sha256.Sum256([]byte(home))
	path := filepath.Join(runtimeDir(), hex.EncodeToString(sum[:8])+".sock")
	if len(path) > maxSocketPath {
		return "", Problemf(Failed, "use a shorter path for KITH_HOME", "the path of the home is too long for a socket, and so is that of the runtime folder: %s", path)
	}
	return path, nil
}

// runtimeDir is the folder for sockets of homes with long paths. Without a runtime folder
// (containers, cron) it is one of this user's in the folder for temporary files.
func runtimeDir() string {
	if info, err := os.Stat(xdg.RuntimeDir); err == nil && info.IsDir() && len(xdg.RuntimeDir) < maxSocketPath/2 {
		return filepath.Join(xdg.RuntimeDir, "kith")
	}
	return fmt.Sprintf("/tmp/kith-%d", os.Getuid())
}

// CheckSocket says whether only this user can have put the socket at path, which SocketPath gave: an
// error if its folder is open to others.
func CheckSocket(path string) error {
	dir := filepath.Dir(path)
	if dir == runtimeDir() {
		return private(dir)
	}
	return CheckHome(dir)
}

// CheckHome says whether only this user can put files into home or take them out: who else could would
// stand in for the daemon, or put another key or store in the place of this one's. That others can look
// into the folder is its owner's affair; the files in it are closed to them. A home that isn't there is
// nobody's yet: nil.
func CheckHome(home string) error {
	info, err := os.Stat(home)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at the home: %w", err)
	}
	uid, known := OwnerOf(info)
	switch {
	case !info.IsDir():
		return Problemf(Failed, "is KITH_HOME right?", "%s is no folder", home)
	case !known: // nor does this system say who may write there
		return nil
	case uid != os.Getuid():
		return Problemf(Failed, "run kith as who owns it, or choose a home of your own with KITH_HOME", "%s belongs to another user of this computer", home)
	case info.Mode().Perm()&0o022 != 0:
		return Problemf(Failed, "chmod go-w "+home, "others can write in %s, and could stand in for your daemon or put another key there", home)
	}
	return nil
}

// CheckAnswerer says whether what answers at the other end of a connection to a socket runs as this user:
// what is written there may be a passphrase or a member's words. Where the system doesn't tell, the folder
// of the socket has to do (CheckSocket).
func CheckAnswerer(c *net.UnixConn) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var uid int
	var known bool
	if bad := raw.Control(func(fd uintptr) { uid, known, err = userBehind(int(fd)) }); bad != nil || err != nil {
		return fmt.Errorf("ask whose daemon answers: %w", errors.Join(bad, err))
	}
	if known && uid != os.Getuid() {
		return Problemf(Failed, "run kith as who started that daemon; if nobody you know did, remove the socket", "what answers at %s runs as another user of this computer; nothing was said to it", c.RemoteAddr())
	}
	return nil
}

// private says whether only this user can put a socket into dir, so that nobody in a shared
// folder can stand in for the daemon. A folder that doesn't exist holds no socket: nil.
func private(dir string) error {
	info, err := os.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at the folder for the socket: %w", err)
	}
	if uid, known := OwnerOf(info); !known || !info.IsDir() || uid != os.Getuid() || info.Mode().Perm()&0o077 != 0 {
		return Problemf(Failed, "remove it, or use a shorter path for KITH_HOME", "%s is open to others, so the socket can't be there", dir)
	}
	return nil
}
