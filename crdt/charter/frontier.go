package charter

import (
	"bytes"
	"cmp"
	"slices"

	"kith/crdt/entry"
)

// MaxRuns bounds the runs that one statement or proposal names, over all devices. A run is one
// start of a daemon; what others built on needs no naming.
const MaxRuns = 4000

// Frontier says of one device, run by run, which entries are honoured: the last one named, and
// all that is reached from it by Previous. Runs that aren't named are not honoured. It is
// sorted by run.
type Frontier []Last

// Last is the last entry of a run that is honoured, or was seen.
type Last struct {
	Run   entry.Run
	Entry entry.ID
}

// Of returns the last entry of a run; false if the run isn't named.
func (f Frontier) Of(run entry.Run) (entry.ID, bool) {
	at, ok := slices.BinarySearchFunc(f, run, func(l Last, run entry.Run) int { return bytes.Compare(l.Run[:], run[:]) })
	if !ok {
		return entry.ID{}, false
	}
	return f[at].Entry, true
}

// DeviceFrontier is the frontier of one device. Lists of them are sorted by device.
type DeviceFrontier struct {
	Device   entry.Device
	Frontier Frontier
}

// Frontiers makes a list of frontiers in the form in which statements hold it: sorted, each
// device once, each run once. Of a run given twice the later one stays.
func Frontiers(list []DeviceFrontier) []DeviceFrontier {
	byDevice := map[entry.Device]map[entry.Run]entry.ID{}
	for _, d := range list {
		if byDevice[d.Device] == nil {
			byDevice[d.Device] = map[entry.Run]entry.ID{}
		}
		for _, l := range d.Frontier {
			byDevice[d.Device][l.Run] = l.Entry
		}
	}
	out := make([]DeviceFrontier, 0, len(byDevice))
	for device, runs := range byDevice {
		d := DeviceFrontier{Device: device, Frontier: make(Frontier, 0, len(runs))}
		for run, id := range runs {
			d.Frontier = append(d.Frontier, Last{run, id})
		}
		slices.SortFunc(d.Frontier, compareLast)
		out = append(out, d)
	}
	slices.SortFunc(out, compareDevices)
	return out
}

func compareFrontiers(a, b Frontier) int {
	return slices.CompareFunc(a, b, func(a, b Last) int { return cmp.Or(compareLast(a, b), a.Entry.Compare(b.Entry)) })
}

func compareLast(a, b Last) int              { return bytes.Compare(a.Run[:], b.Run[:]) }
func compareDevices(a, b DeviceFrontier) int { return bytes.Compare(a.Device[:], b.Device[:]) }
func frontierOf(list []DeviceFrontier, device entry.Device) Frontier {
	for _, d := range list {
		if d.Device == device {
			return d.Frontier
		}
	}
	return nil
}

type wireLast struct {
	_     struct{} `cbor:",toarray"`
	Run   []byte
	Entry []byte
}

type wireFrontier struct {
	_      struct{} `cbor:",toarray"`
	Device []byte
	Runs   []wireLast
}

func wireLasts(f Frontier) []wireLast {
	out := make([]wireLast, len(f))
	for i, l := range f {
		out[i] = wireLast{Run: l.Run[:], Entry: l.Entry[:]}
	}
	return out
}

func wireFrontiers(list []DeviceFrontier) []wireFrontier {
	out := make([]wireFrontier, len(list))
	for i, d := range list {
		out[i] = wireFrontier{Device: d.Device[:], Runs: wireLasts(d.Frontier)}
	}
	return out
}

func readLasts(list []wireLast, runs *int) (Frontier, error) {
	if *runs += len(list); *runs > MaxRuns {
		return nil, malformed("more than %d runs", MaxRuns)
	}
	f := make(Frontier, len(list))
	for i, w := range list {
		if err := fill(f[i].Run[:], w.Run, "run"); err != nil {
			return nil, err
		}
		if err := fill(f[i].Entry[:], w.Entry, "last entry of a run"); err != nil {
			return nil, err
		}
		if i > 0 && compareLast(f[i-1], f[i]) >= 0 {
			return nil, malformed("the runs are not sorted and unique")
		}
	}
	return f, nil
}

func readFrontiers(list []wireFrontier) ([]DeviceFrontier, error) {
	out := make([]DeviceFrontier, len(list))
	runs := 0
	for i, w := range list {
		if err := fill(out[i].Device[:], w.Device, "device"); err != nil {
			return nil, err
		}
		var err error
		if out[i].Frontier, err = readLasts(w.Runs, &runs); err != nil {
			return nil, err
		}
		if i > 0 && compareDevices(out[i-1], out[i]) >= 0 {
			return nil, malformed("the devices are not sorted and unique")
		}
	}
	return out, nil
}
