package daemon

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

// people names members. Of a document that is shown in another space than it lies in, me there is as.
type people struct {
	c      replica.Rules
	me, as charter.MemberID
}

func (p people) named(id charter.MemberID) api.Named {
	n := api.Named{ID: id.String(), Name: id.String()[:8]}
	if m, ok := p.c.Member(id); ok {
		n.Name = fullName(&m)
	}
	if id == p.me && p.me != (charter.MemberID{}) {
		n.ID = p.as.String()
	}
	return n
}

// fullName is what a member is called: in a share, together with the co-op.
func fullName(m *charter.Member) string {
	if m.Coop == "" {
		return m.Name
	}
	return m.Name + " (" + m.Coop + ")"
}

// nobody is for what is by nobody that the charter knows.
func (p people) orNobody(id charter.MemberID) *api.Named {
	if id == (charter.MemberID{}) {
		return nil
	}
	n := p.named(id)
	return &n
}

func (p people) all(ids []charter.MemberID) []api.Named {
	out := make([]api.Named, len(ids))
	for i, id := range ids {
		out[i] = p.named(id)
	}
	return out
}

// device names a device, of whomever it is.
func (p people) device(key entry.Device) api.Named {
	n := api.Named{ID: key.String(), Name: key.String()[:8]}
	if m, ok := p.c.OwnerOf(key); ok {
		for _, d := range m.Devices {
			if d.Key == key {
				n.Name = d.Name
			}
		}
	}
	return n
}

func short(r *replica.Replica, kind string, doc entry.DocID) string {
	return api.FullID(kind, r.Short(doc))
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

func listed(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// shellWord quotes a name for a command line that a person may copy.
func shellWord(name string) string {
	for _, r := range name {
		if !(r == '-' || r == '_' || r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'" // in double quotes a shell would still run $(…)
		}
	}
	return name
}

// deviceWord is how a device is named in a command: by name, or by its key if two have that.
func deviceWord(me *charter.Member, key entry.Device) string {
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
	return shellWord(name)
}

func named(r *replica.Replica) (space, member, device api.Named) {
	c := r.Charter()
	space = api.Named{ID: r.Space().String(), Name: spaceName(r)}
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

// devicesOf returns all devices that a member ever had.
func devicesOf(c *charter.Charter, id charter.MemberID) []entry.Device {
	m, _ := c.Member(id)
	var devices []entry.Device
	for _, d := range m.Devices {
		devices = append(devices, d.Key)
	}
	slices.SortFunc(devices, func(a, b entry.Device) int { return bytes.Compare(a[:], b[:]) })
	return devices
}

// deviceKey reads a whole device ID.
func deviceKey(id string) (entry.Device, error) {
	raw, err := hex.DecodeString(strings.ToLower(id))
	if err != nil || len(raw) != len(entry.Device{}) {
		return entry.Device{}, fmt.Errorf("no device has the ID %.70q", id)
	}
	return entry.Device(raw), nil
}
