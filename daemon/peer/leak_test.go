package peer_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

// TestMain answers for the network's names itself, from before the first host is made: an earlier
// test's lookup may still be under way when a later one begins, and the resolver is the whole process's.
func TestMain(m *testing.M) {
	r := net.DefaultResolver // in place: the libraries have taken it already
	r.PreferGo, r.Dial = true, func(context.Context, string, string) (net.Conn, error) {
		conn, other := net.Pipe()
		_ = other.Close()
		return question{conn}, nil
	}
	goleak.VerifyTestMain(m)
}

// asked is what was asked of the network about names, as it was sent.
var asked struct {
	sync.Mutex
	questions [][]byte
}

// askedFor says whether a name was asked for. It is one label and a suffix of one label.
func askedFor(label, suffix string) bool {
	asked.Lock()
	defer asked.Unlock()
	sent := string(rune(len(label))) + label + string(rune(len(suffix))) + suffix // RFC 1035, section 3.1
	for _, q := range asked.questions {
		if bytes.Contains(q, []byte(sent)) {
			return true
		}
	}
	return false
}

// question is a connection to a resolver that remembers what it is asked, and answers nothing.
type question struct{ net.Conn }

var errQuestion = errors.New("this is a test: no name is looked up")

// Write implements net.Conn.
func (question) Write(q []byte) (int, error) {
	asked.Lock()
	defer asked.Unlock()
	asked.questions = append(asked.questions, bytes.Clone(q))
	return 0, errQuestion
}
