package daemon

import (
	"encoding/binary"
	"io"
	"slices"
	"testing"

	"kith/crdt/charter"
	"kith/daemon/api"
)

// deaf says hello and answers pings, and nothing else.
type deaf struct {
	io.ReadWriteCloser
	rest []byte
}

func (d *deaf) Write(b []byte) (int, error) {
	d.rest = append(d.rest, b...)
	for len(d.rest) >= 5 && len(d.rest) >= 5+int(binary.BigEndian.Uint32(d.rest)) {
		n := 5 + int(binary.BigEndian.Uint32(d.rest))
		frame := d.rest[:n]
		d.rest = d.rest[n:]
		if kind := frame[4]; kind != 1 && kind != 9 && kind != 10 {
			continue
		}
		if _, err := d.ReadWriteCloser.Write(frame); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

// Attack 51: a connected device that never comes into step kept what computers do by themselves from happening.
func TestADeviceThatNeverComesIntoStepHoldsUpNoStep(t *testing.T) {
	t.Parallel()
	all := coop(t, "Ana", "Ben", "Mel")
	ana, ben := all[0], all[1]
	ana.start()
	ben.start()
	ana.inStepWith(ben)
	mel := modify(all[2], func(rw io.ReadWriteCloser) io.ReadWriteCloser { return &deaf{ReadWriteCloser: rw} })
	mel.meets(ana)
	mel.meets(ben)
	for _, h := range []*computer{ana, ben} {
		h.until("Mel is connected, and isn't in step", func() bool {
			s, err := h.client.Peers(t.Context())
			must(t, err)
			for _, p := range s {
				if p.Member.Name == "Mel" && p.Connected {
					return !p.InStep
				}
			}
			return false
		})
	}
	agrees(t, api.ProposalRequest{Action: api.ActionThreshold, Threshold: "two-thirds"}, ana, ben)
	inForce := func(h *computer) bool {
		proposals, err := h.client.Proposals(t.Context(), false)
		must(t, err)
		return slices.ContainsFunc(proposals, func(p api.Proposal) bool { return p.State == string(charter.ProposalInForce) })
	}
	for _, h := range []*computer{ana, ben} {
		h.until("it is in force", func() bool { return inForce(h) })
	}
}
