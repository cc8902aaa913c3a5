package api

import "golang.org/x/sys/unix"

// userBehind says as which user the process runs that listens at the other end of a Unix socket.
func userBehind(fd int) (uid int, known bool, err error) {
	cred, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return 0, false, err
	}
	return int(cred.Uid), true, nil
}
