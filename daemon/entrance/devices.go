package entrance

import (
	"context"
	"fmt"
	"slices"
	"time"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/words"
)

// Devices implements server.Entrance.
func (e *Entrance) Devices(_ context.Context) ([]api.Device, error) {
	return e.devices(), nil
}

// devices gives all devices that the member of this one ever had.
func (e *Entrance) devices() []api.Device {
	c := e.at.Replica.Charter()
	me, ok := c.OwnerOf(e.at.Replica.Device())
	if !ok {
		return nil
	}
	seen := map[string]api.Peer{}
	for _, peer := range e.at.PeersNow() {
		seen[peer.Device.ID] = peer
	}
	all := devicesShown(c, &me)
	for i, d := range me.Devices {
		shown := &all[i]
		if origin, _ := c.Origin(d.Key); origin.Entry != (entry.ID{}) {
			shown.Since = api.At(e.at.Replica.Came(origin.Entry))
		}
		shown.Connected, shown.LastSeen = seen[shown.ID].Connected, seen[shown.ID].LastSeen
		if d.Key == e.at.Replica.Device() {
			shown.This, shown.LastSeen = true, api.At(e.at.Now())
		}
	}
	return all
}

// devicesShown gives a member's devices as the charter alone knows them.
func devicesShown(c *charter.Charter, m *charter.Member) []api.Device {
	var all []api.Device
	for _, d := range m.Devices {
		shown := api.Device{ID: d.Key.String(), Name: d.Name, Retired: d.Retired, Consents: d.Consents}
		origin, _ := c.Origin(d.Key)
		shown.ByPhrase = origin.Phrase
		if origin.By != (entry.Device{}) {
			by := words.People{Rules: c}.Device(origin.By)
			shown.AddedBy = &by
		}
		all = append(all, shown)
	}
	return all
}

func (e *Entrance) device(key entry.Device) (api.Device, error) {
	all := e.devices()
	if i := slices.IndexFunc(all, func(d api.Device) bool { return d.ID == key.String() }); i >= 0 {
		return all[i], nil
	}
	return api.Device{}, charter.ErrNotYours
}

// AddDevice implements server.Entrance.
func (e *Entrance) AddDevice(_ context.Context, q api.DeviceCodeRequest) (api.DeviceCode, error) {
	at, err := e.answerers()
	if err != nil {
		return api.DeviceCode{}, err
	}
	life := time.Duration(q.ExpiresIn) * time.Second
	if life == 0 {
		life = deviceCodeLife
	}
	code, expires, err := e.pairings.open(at, life)
	return api.DeviceCode{Code: code, ExpiresAt: api.At(expires)}, err
}

// Pairing implements server.Entrance.
func (e *Entrance) Pairing(_ context.Context) (api.Pairing, error) {
	p, err := e.pairings.show()
	return p, err
}

// ConfirmDevice implements server.Entrance.
func (e *Entrance) ConfirmDevice(ctx context.Context, words string) (api.Device, error) {
	key, err := e.pairings.confirm(ctx, words)
	if err != nil {
		return api.Device{}, err
	}
	return e.device(key)
}

// DeclineDevice implements server.Entrance.
func (e *Entrance) DeclineDevice(_ context.Context) (api.Pairing, error) {
	if err := e.pairings.decline(); err != nil {
		return api.Pairing{}, err
	}
	return e.Pairing(context.Background())
}

// WayBack implements server.Entrance.
func (e *Entrance) WayBack(_ context.Context, member string) (api.WayBack, error) {
	if err := e.at.Replica.Speaks(); err != nil {
		return api.WayBack{}, err
	}
	id, err := charter.ParseMemberID(member)
	if err != nil {
		return api.WayBack{}, err
	}
	if shared, _ := e.at.Replica.Share(); shared != nil {
		return api.WayBack{}, errNoWayBack
	}
	at, err := e.anybody()
	if err != nil {
		return api.WayBack{}, err
	}
	c := e.at.Replica.Charter()
	m, ok := c.Member(id)
	if !ok || m.Standing == charter.Removed { // a resignation may be a thief's: the phrase overrules it
		return api.WayBack{}, charter.ErrNotIn
	}
	code, err := charter.Way{Space: c.Space(), Member: id, Answerers: at[:min(len(at), charter.MaxAnswerers)]}.Encode()
	return api.WayBack{Code: code, Member: api.Named{ID: m.ID.String(), Name: m.Name}}, err
}

// errNoWayBack says why nobody comes back into a share with a phrase: there is none.
var errNoWayBack = api.Problemf(api.NotAllowed, "kith device via NAME --space CO-OP, for the co-op", "a share has no recovery phrase: who comes back into their co-op comes into its shares by themselves")

// RetireDevice implements server.Entrance.
func (e *Entrance) RetireDevice(ctx context.Context, id string, q api.RetireRequest) (api.Device, error) {
	key, err := words.DeviceKey(id)
	if err != nil {
		return api.Device{}, err
	}
	r := e.at.Replica
	me, ok := r.Charter().OwnerOf(r.Device())
	if !ok {
		return api.Device{}, r.Speaks()
	}
	if me.Standing != charter.Full && me.Standing != charter.Prospective {
		return api.Device{}, r.Speaks()
	}
	next, err := consentsNext(&me, r.Device(), key, q.Consents)
	if err != nil {
		return api.Device{}, err
	}
	if !q.Yes {
		says, err := e.whatRetiringDoes(&me, key, next)
		if err != nil {
			return api.Device{}, err
		}
		return api.Device{}, api.Problemf(api.NotAllowed, fmt.Sprintf("if that is what you want: kith device retire %s --yes", words.DeviceWord(&me, key)), "%s", says)
	}
	if next != (entry.Device{}) && key == r.Device() { // afterwards this device can't say it any more
		if err := e.moveConsents(ctx, next); err != nil {
			return api.Device{}, err
		}
	}
	_, err = r.SayOf(ctx, func(c *charter.Charter) ([]byte, error) {
		honoured, err := r.Honoured([]entry.Device{key})
		if err != nil {
			return nil, err
		}
		return c.Retire(r.Device(), key, honoured[0].Frontier)
	})
	if err != nil {
		return api.Device{}, err
	}
	if next != (entry.Device{}) && key != r.Device() && r.Speaks() == nil {
		if err := e.moveConsents(ctx, next); err != nil {
			return api.Device{}, err
		}
	}
	return e.device(key)
}

// consentsNext says which device consents once another one is retired; zero if that stays as it is.
func consentsNext(me *charter.Member, this, retired entry.Device, wanted string) (next entry.Device, err error) {
	var live []charter.Device
	var gone *charter.Device
	speaks := false // whether this device can still say from where its member consents
	for i, d := range me.Devices {
		speaks = speaks || d.Key == this && !d.Retired
		if d.Key == retired {
			gone = &me.Devices[i]
		} else if !d.Retired {
			live = append(live, d)
		}
	}
	switch {
	case gone == nil:
		return next, charter.ErrNotYours
	case gone.Retired:
		return next, api.Problemf(api.Nothing, "kith device list", "“%s” is out of use already", gone.Name)
	case !speaks:
		return next, nil
	case len(live) == 0:
		return next, api.Problemf(api.NotAllowed, "add another one first: kith device add; or, to leave the co-op: kith member resign",
			"“%s” is the only device that you have in use", gone.Name)
	case wanted == "" && !gone.Consents:
		return next, nil
	case wanted == "" && retired != this:
		return this, nil
	case wanted == "" && len(live) == 1:
		return live[0].Key, nil
	case wanted == "":
		return next, api.Problemf(api.Usage, "say it with --consents DEVICE: kith device list", "“%s” is the device from which you consent to agreed steps, and you have several others", gone.Name)
	}
	for _, d := range live {
		if d.Key.String() == wanted {
			return d.Key, nil
		}
	}
	return next, api.Problemf(api.NotAllowed, "kith device list", "you can consent only from a device that is in use")
}

// whatRetiringDoes says what follows, before it happens.
func (e *Entrance) whatRetiringDoes(me *charter.Member, key, next entry.Device) (string, error) {
	n, err := e.at.Replica.Beyond(nil, []entry.Device{key})
	if err != nil {
		return "", err
	}
	c := e.at.Replica.Charter()
	name := words.People{Rules: c}.Device(key).Name
	says := fmt.Sprintf("“%s” can't write for you any more, and gets nothing new. What it wrote and this device has (%s) stays; what it wrote and nobody here has seen, and what it writes from now on, doesn't count, except where others build on it.",
		name, words.Counted(n, "change", "changes"))
	var added []string
	for _, d := range me.Devices {
		if origin, ok := c.Origin(d.Key); ok && origin.By == key && !d.Retired {
			added = append(added, "“"+d.Name+"”")
		}
	}
	if len(added) > 0 {
		says += fmt.Sprintf(" %s, which it added, stays in use: retire that as well if somebody else added it.", api.Listed(added))
	}
	if next != (entry.Device{}) {
		says += fmt.Sprintf(" From then on you consent to agreed steps from “%s”.", words.People{Rules: c}.Device(next).Name)
	}
	return says + " It can't be taken back by this device; it can with your recovery phrase.", nil
}

// RenameDevice implements server.Names.
func (e *Entrance) RenameDevice(ctx context.Context, id, name string) (api.Device, error) {
	key, err := words.DeviceKey(id)
	if err != nil {
		return api.Device{}, err
	}
	r := e.at.Replica
	if _, err := r.Say(ctx, func(c *charter.Charter) ([]byte, error) { return c.RenameDevice(r.Device(), key, name) }); err != nil {
		return api.Device{}, err
	}
	return e.device(key)
}

// MoveConsents implements server.Entrance.
func (e *Entrance) MoveConsents(ctx context.Context, id string) (api.Device, error) {
	key, err := words.DeviceKey(id)
	if err != nil {
		return api.Device{}, err
	}
	if d, err := e.device(key); err != nil || d.Consents {
		return d, err
	}
	if err := e.moveConsents(ctx, key); err != nil {
		return api.Device{}, err
	}
	return e.device(key)
}

func (e *Entrance) moveConsents(ctx context.Context, to entry.Device) error {
	r := e.at.Replica
	_, err := r.Say(ctx, func(c *charter.Charter) ([]byte, error) { return c.MoveConsents(r.Device(), to) })
	return err
}
