package peer

import (
	"errors"
	"testing"

	"kith/crdt/problem"
)

func TestWhatIsWrittenAsAnAddressIsToldHowItIsWritten(t *testing.T) {
	for typed, meant := range map[string]string{
		"127.0.0.1:0": "--listen /ip4/127.0.0.1/tcp/0", "127.0.0.1:4111": "--listen /ip4/127.0.0.1/tcp/4111", ":4111": "--listen /ip4/0.0.0.0/tcp/4111",
		"4111": "--listen /ip4/0.0.0.0/tcp/4111", "localhost:4111": "--listen /ip4/127.0.0.1/tcp/4111", "[::1]:4111": "--listen /ip6/::1/tcp/4111",
		"": "--listen /ip4/0.0.0.0/tcp/4111", "tcp://0.0.0.0": "--listen /ip4/0.0.0.0/tcp/4111", "host:99999": "--listen /ip4/0.0.0.0/tcp/4111", "/ip4/127.0.0.1": "--listen /ip4/0.0.0.0/tcp/4111",
	} {
		_, err := parseListen([]string{typed})
		var p *problem.Problem
		if !errors.As(err, &p) || p.Code != problem.Invalid || p.Hint != meant {
			t.Errorf("%q: %v, %+v", typed, err, p)
		}
		if _, err := parseListen([]string{meant[len("--listen "):]}); err != nil {
			t.Errorf("%q is answered by what isn't understood: %v", typed, err)
		}
	}
}

func TestWhoListensForTheirOwnComputerAloneIsToldSo(t *testing.T) {
	const here, all = "/ip4/127.0.0.1/tcp/4111", "/ip4/0.0.0.0/tcp/4111"
	for _, test := range []struct {
		listen, announce []string
		want             bool
	}{
		{[]string{here}, nil, true},
		{[]string{here, "/ip6/::1/udp/4111/quic-v1"}, nil, true},
		{[]string{here, all}, nil, false},
		{[]string{here}, []string{"/ip4/203.0.113.7/tcp/4111"}, false}, // a door that leads here
		{nil, nil, false},
	} {
		if got := onlyHere(test.listen, test.announce); got != test.want {
			t.Errorf("%v, announced %v: %v", test.listen, test.announce, got)
		}
	}
}
