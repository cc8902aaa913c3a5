package api

import "golang.org/x/sys/unix"

// userBehind says as which user the process runs that listens at the other end of a Unix socket.
func userBehind(fd int) (uid int, known bool, err error) {
	cred, err := unix.GetsockoptXucred(fd, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return 0, false, err
	}
	return int(cred.Uid), true, nil
}
