package home

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	"kith/daemon/peer"
)

func TestWhatAPlaceRemembersOfItsShareIsReadOrRefused(t *testing.T) {
	for _, b := range []string{"", "{}", `{"form":2}`, `{"form":1,"member":"m-1"}`, "[]", `{"form":1,"member":"m-00000000000000000000000000000000","home":"00"}`} {
		if p, err := readSharePlace([]byte(b)); err == nil {
			t.Errorf("%s is read as %+v", b, p)
		}
	}
}

// Another program took a port while the daemon wasn't running.
func TestAShareMovesToOtherPortsWhereOneOfItsOwnIsTaken(t *testing.T) {
	own := At(t.TempDir())
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	must(t, err)
	defer l.Close() //nolint:errcheck // it was only held
	at := l.Addr().(*net.TCPAddr).Port
	taken := Config{Listen: []string{fmt.Sprintf("/ip4/127.0.0.1/udp/%d/quic-v1", at), fmt.Sprintf("/ip4/127.0.0.1/tcp/%d", at)}}
	moved, err := own.Moves(taken)
	must(t, err)
	if len(moved.Listen) != 2 || peer.Taken(moved.Listen) || strings.Contains(strings.Join(moved.Listen, " "), fmt.Sprint("/", at)) {
		t.Errorf("it listens at %q", moved.Listen)
	}
	if kept, err := own.Config(); err != nil || !slices.Equal(kept.Listen, moved.Listen) {
		t.Errorf("it remembers %q, %v", kept.Listen, err)
	}
	if again, err := own.Moves(moved); err != nil || !slices.Equal(again.Listen, moved.Listen) {
		t.Errorf("from ports that are free it moves to %q, %v", again.Listen, err)
	}
	taken.Announce = []string{"/ip4/198.51.100.7/tcp/4001"}
	if stays, err := own.Moves(taken); err != nil || !slices.Equal(stays.Listen, taken.Listen) {
		t.Errorf("a router sends others to its port, and it moves to %q, %v", stays.Listen, err)
	}
}
