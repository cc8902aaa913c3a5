//go:build unix

package drop

import "syscall"

// alone are the flags with which a file is opened that somebody else may change for another one at any time: a link isn't followed,
// and of a pipe nobody is waited for.
const alone = syscall.O_NOFOLLOW | syscall.O_NONBLOCK
