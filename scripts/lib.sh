# shellcheck shell=bash
# What the scripts share. Sourced, never run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
kith=$root/bin/kith

# The version comes from `git describe` below. Go's own stamp ends the build where git refuses
# to look, as in a checkout that belongs to somebody else. Without the paths of files in it, what was compiled in
# one copy of the project serves in every other.
export GOFLAGS="${GOFLAGS:+$GOFLAGS }-buildvcs=false -trimpath"

# die CODE MESSAGE [HINT] ends the script, in the form that kith's own errors have.
die() {
	printf '%s: %s\n' "${0##*/}" "$2" >&2
	[ -z "${3-}" ] || printf 'hint: %s\n' "$3" >&2
	exit "$1"
}

# usage ends the script with the comment at its top.
usage() {
	sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$0"
	exit
}

# need_go finds Go, also where it lies after an installation by the book but not in PATH.
need_go() {
	local want have
	command -v go >/dev/null || PATH=$PATH:/usr/local/go/bin:/usr/lib/go/bin
	want=$(sed -n 's/^go //p' "$root/go.mod")
	command -v go >/dev/null ||
		die 1 "this needs Go $want or newer, and finds no go" "install it from https://go.dev/dl, then try again"
	# Since 1.21, Go fetches the version that go.mod asks for by itself, unless told not to.
	have=$(cd / && go env GOVERSION)
	if [ "$(go env GOTOOLCHAIN 2>/dev/null)" = local ] || ! newer "${have#go}" 1.21; then
		newer "${have#go}" "$want" ||
			die 1 "this needs Go $want or newer, and $(command -v go) is ${have#go}" "install it from https://go.dev/dl, then try again"
	fi
}

# newer A B: is version A at least B?
newer() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]; }

# need_cc installs a C compiler if there is none: Automerge's core comes as a library for C.
need_cc() {
	local cc
	cc=$(go env CC)
	# A compiler without the C library's headers is found but of no use: try it.
	if printf '#include <stdlib.h>\nint main(void) { return EXIT_SUCCESS; }\n' |
		${cc:-cc} -x c -o /dev/null - >/dev/null 2>&1; then return; fi
	install_packages gcc libc6-dev
	export CC=gcc
}

# need_chromium installs a browser if there is none: the tests of the page drive it, without a screen.
need_chromium() {
	command -v chromium >/dev/null || install_packages chromium
}

# need_namespaces finds out how to make networks of namespaces here, and leaves in $namespace the
# command that does; or returns 1, with the reason in $why_not.
need_namespaces() {
	namespace=() why_not=''
	[ "$(uname -s)" = Linux ] || { why_not="they need Linux"; return 1; }
	if ! command -v ip >/dev/null || ! command -v nft >/dev/null; then
		PATH=$PATH:/usr/sbin:/sbin
	fi
	if ! command -v ip >/dev/null || ! command -v nft >/dev/null; then
		(install_packages iproute2 nftables) || { why_not="ip and nft are missing (iproute2, nftables)"; return 1; }
	fi
	local how
	for how in --net '--net --map-root-user'; do
		# shellcheck disable=SC2086 # two words are two words
		if unshare $how sh -c 'ip tuntap add dev lab0 mode tap && nft add table ip lab' >/dev/null 2>&1; then
			read -r -a namespace <<<"unshare $how"
			return
		fi
	done
	why_not="network namespaces, /dev/net/tun or nft can't be used"
	return 1
}

# in_memory leaves in $memory a folder that lies in memory, where programs can be run and tests have room; or returns 1.
in_memory() { # its name is short, as the paths of sockets have to be
	local free
	free=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo 2>/dev/null) && [ "${free:-0}" -ge 8000 ] || return
	free=$(df --output=avail -BM /dev/shm 2>/dev/null | tail -n 1 | tr -dc 0-9) && [ "${free:-0}" -ge 4000 ] || return
	memory=$(mktemp -d /dev/shm/kXXX) && chmod 1777 "$memory" || return # as /tmp: some tests ask as another user
	printf '#!/bin/sh\n' >"$memory/run" && chmod +x "$memory/run"
	"$memory/run" 2>/dev/null || { rm -rf "$memory" && return 1; }
}

# install_packages NAME… installs Debian packages, or says why it can't.
install_packages() {
	local as_root=()
	command -v apt-get >/dev/null ||
		die 1 "this needs $*, and there is no apt-get here" "install that the way this system does, then try again"
	if [ "$(id -u)" != 0 ]; then
		# Ask for a password only where somebody can type it.
		as_root=(sudo)
		[ -t 0 ] || as_root=(sudo -n)
		if ! command -v sudo >/dev/null || ! "${as_root[@]}" true; then
			die 1 "this needs $*, and may not install them" "as root: apt-get install $*"
		fi
	fi
	echo "Installing $* …" >&2
	if ! "${as_root[@]}" apt-get update -qq ||
		! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null; then
		die 1 "apt-get could not install $*" "see what it said above"
	fi
}

# build makes bin/kith.
build() {
	local version
	need_go
	need_cc
	version=$(git -C "$root" describe --tags --always --dirty 2>/dev/null) || version=dev
	(cd "$root" && go build -ldflags "-X main.version=$version" -o "$root/bin/kith" ./cli/kith)
}

# answers HOME: does a daemon serve this home?
answers() { KITH_HOME=$1 "$kith" status >/dev/null 2>&1; }

# start_daemon HOME LOG [FLAG…] starts a daemon that outlives the script, waits until it answers,
# and leaves its process ID in $pid.
start_daemon() {
	local home=$1 log=$2 detach=nohup
	shift 2
	# In a session of its own, a Ctrl-C typed here doesn't reach it.
	command -v setsid >/dev/null && detach=setsid
	KITH_HOME=$home "$detach" "$kith" daemon "$@" >>"$log" 2>&1 </dev/null &
	pid=$!
	disown "$pid" # how it ends is no news to the terminal
	for _ in $(seq 300); do
		answers "$home" && return
		alive "$pid" || break
		sleep 0.1
	done
	tail -n 5 "$log" >&2
	die 1 "the daemon doesn't answer" "its log: $log"
}

# alive PID: does it still do anything? One that ended may wait long for its parent to take note.
alive() {
	kill -0 "$1" 2>/dev/null && ! grep -qs '^State:[[:space:]]*Z' "/proc/$1/status"
}

# stop_process PID [SIGNAL] ends a process, by force if it doesn't end when asked, and waits for its
# end.
stop_process() {
	kill -"${2:-TERM}" "$1" 2>/dev/null || return 0
	for _ in $(seq 150); do
		alive "$1" || return 0
		sleep 0.1
	done
	kill -KILL "$1" 2>/dev/null || true
}

# names_in NAMES prints the names in a line as people write it, one a line: "Ana and Ben, Cleo".
names_in() {
	sed -E 's/[[:space:]]+(and|y|und|et|e|&|\+)[[:space:]]+/,/g; s/[;,]/\n/g' <<<"$1" | sed -E 's/^[[:space:]]+//; s/[[:space:]]+$//; /^$/d'
}
