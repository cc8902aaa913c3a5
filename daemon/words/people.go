package words

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/replica"
)

// People names members. Of a document that is shown in another space than it lies in, me there is as.
type People struct {
	Rules  replica.Rules
	Me, As charter.MemberID
}

// Named gives somebody's ID and name; who isn't known is called by the beginning of their ID.
func (p People) Named(id charter.MemberID) api.Named {
	n := api.Named{ID: id.String(), Name: id.String()[:8]}
	if m, ok := p.Rules.Member(id); ok {
		n.Name = FullName(&m)
	}
	if id == p.Me && p.Me != (charter.MemberID{}) {
		n.ID = p.As.String()
	}
	return n
}

// FullName is what a member is called: in a share, together with the co-op.
func FullName(m *charter.Member) string {
	if m.Coop == "" {
		return m.Name
	}
	return m.Name + " (" + m.Coop + ")"
}

// OrNobody is for what is by nobody that the charter knows.
func (p People) OrNobody(id charter.MemberID) *api.Named {
	if id == (charter.MemberID{}) {
		return nil
	}
	n := p.Named(id)
	return &n
}

func (p People) all(ids []charter.MemberID) []api.Named {
	out := make([]api.Named, len(ids))
	for i, id := range ids {
		out[i] = p.Named(id)
	}
	return out
}

// Device names a device, of whomever it is.
func (p People) Device(key entry.Device) api.Named {
	n := api.Named{ID: key.String(), Name: key.String()[:8]}
	if m, ok := p.Rules.OwnerOf(key); ok {
		for _, d := range m.Devices {
			if d.Key == key {
				n.Name = d.Name
			}
		}
	}
	return n
}

// ShortID is how people know a document: the letters of its kind, and as much of its ID as tells it from all others
// here.
func ShortID(r *replica.Replica, kind string, doc entry.DocID) string {
	return api.FullID(kind, r.Short(doc))
}

// Counted is a number with its noun: "1 task", "3 tasks".
func Counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// ShellWord quotes a name for a command line that a person may copy.
func ShellWord(name string) string {
	for _, r := range name {
		if !(r == '-' || r == '_' || r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'" // in double quotes a shell would still run $(…)
		}
	}
	return name
}

// DeviceWord is how a device is named in a command: by name, or by its key if two have that.
func DeviceWord(me *charter.Member, key entry.Device) string {
	name, same := "", 0
	for _, d := range me.Devices {
		if d.Key == key {
			name = d.Name
		}
	}
	for _, d := range me.Devices {
		if api.FoldName(d.Name) == api.FoldName(name) {
			same++
		}
	}
	if same > 1 {
		return key.String()[:8]
	}
	return ShellWord(name)
}

// Self names the space of a replica, and the member and device that it is of; both have no name once the device is
// nobody's.
func Self(r *replica.Replica) (space, member, device api.Named) {
	c := r.Charter()
	space = api.Named{ID: r.Space().String(), Name: SpaceName(r)}
	if m, ok := c.OwnerOf(r.Device()); ok {
		member = api.Named{ID: m.ID.String(), Name: m.Name}
		for _, d := range m.Devices {
			if d.Key == r.Device() {
				device = api.Named{ID: d.Key.String(), Name: d.Name}
			}
		}
	}
	return space, member, device
}

// StandingOf is the standing of the member of this device, as a word; "" if its device is nobody's.
func StandingOf(r *replica.Replica) string {
	if m, ok := r.Me(); ok {
		return m.Standing.String()
	}
	return ""
}

// DevicesOf returns all devices that a member ever had.
func DevicesOf(c *charter.Charter, id charter.MemberID) []entry.Device {
	m, _ := c.Member(id)
	var devices []entry.Device
	for _, d := range m.Devices {
		devices = append(devices, d.Key)
	}
	slices.SortFunc(devices, func(a, b entry.Device) int { return bytes.Compare(a[:], b[:]) })
	return devices
}

// DeviceKey reads a whole device ID.
func DeviceKey(id string) (entry.Device, error) {
	raw, err := hex.DecodeString(strings.ToLower(id))
	if err != nil || len(raw) != len(entry.Device{}) {
		return entry.Device{}, fmt.Errorf("no device has the ID %.70q", id)
	}
	return entry.Device(raw), nil
}
