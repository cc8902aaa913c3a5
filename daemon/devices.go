package daemon

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/api"
)

// Devices implements server.Entrance.
func (b *backend) Devices(_ context.Context) ([]api.Device, error) {
	s, err := b.space()
	if err != nil {
		return nil, err
	}
	return s.devices(), nil
}

// devices gives all devices that the member of this one ever had.
func (s *space) devices() []api.Device {
	c := s.replica.Charter()
	me, ok := c.OwnerOf(s.replica.Device())
	if !ok {
		return nil
	}
	seen := map[string]api.Peer{}
	for _, peer := range peersOf(s) {
		seen[peer.Device.ID] = peer
	}
	all := devicesShown(c, &me)
	for i, d := range me.Devices {
		shown := &all[i]
		if origin, _ := c.Origin(d.Key); origin.Entry != (entry.ID{}) {
			shown.Since = api.At(s.replica.Came(origin.Entry))
		}
		shown.Connected, shown.LastSeen = seen[shown.ID].Connected, seen[shown.ID].LastSeen
		if d.Key == s.replica.Device() {
			shown.This, shown.LastSeen = true, api.At(s.invites.now())
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
			by := people{c: c}.device(origin.By)
			shown.AddedBy = &by
		}
		all = append(all, shown)
	}
	return all
}

func (s *space) device(key entry.Device) (api.Device, error) {
	all := s.devices()
	if i := slices.IndexFunc(all, func(d api.Device) bool { return d.ID == key.String() }); i >= 0 {
		return all[i], nil
	}
	return api.Device{}, charter.ErrNotYours
}

// AddDevice implements server.Entrance.
func (b *backend) AddDevice(_ context.Context, q api.DeviceCodeRequest) (api.DeviceCode, error) {
	s, err := b.space()
	if err != nil {
		return api.DeviceCode{}, err
	}
	at, err := b.answerers(s)
	if err != nil {
		return api.DeviceCode{}, err
	}
	life := time.Duration(q.ExpiresIn) * time.Second
	if life == 0 {
		life = deviceCodeLife
	}
	code, expires, err := s.pairings.open(at, life)
	return api.DeviceCode{Code: code, ExpiresAt: api.At(expires)}, err
}

// answerers are where this device is reached, for a code.
func (b *backend) answerers(s *space) ([]charter.Answerer, error) {
	config, err := b.home.Config()
	if err != nil {
		return nil, err
	}
	return config.answerers(s.replica.Device())
}

// Pairing implements server.Entrance.
func (b *backend) Pairing(_ context.Context) (api.Pairing, error) {
	s, err := b.space()
	if err != nil {
		return api.Pairing{}, err
	}
	p, err := s.pairings.show()
	return p, err
}

// ConfirmDevice implements server.Entrance.
func (b *backend) ConfirmDevice(ctx context.Context, words string) (api.Device, error) {
	s, err := b.space()
	if err != nil {
		return api.Device{}, err
	}
	key, err := s.pairings.confirm(ctx, words)
	if err != nil {
		return api.Device{}, err
	}
	return s.device(key)
}

// DeclineDevice implements server.Entrance.
func (b *backend) DeclineDevice(_ context.Context) (api.Pairing, error) {
	s, err := b.space()
	if err != nil {
		return api.Pairing{}, err
	}
	if err := s.pairings.decline(); err != nil {
		return api.Pairing{}, err
	}
	return b.Pairing(context.Background())
}

// WayBack implements server.Entrance.
func (b *backend) WayBack(_ context.Context, member string) (api.WayBack, error) {
	s, err := b.space()
	if err != nil {
		return api.WayBack{}, err
	}
	if err := s.replica.Speaks(); err != nil {
		return api.WayBack{}, err
	}
	id, err := charter.ParseMemberID(member)
	if err != nil {
		return api.WayBack{}, err
	}
	if shared, _ := s.replica.Share(); shared != nil {
		return api.WayBack{}, errNoWayBack
	}
	at, err := b.answerers(s)
	if err != nil {
		return api.WayBack{}, err
	}
	c := s.replica.Charter()
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
func (b *backend) RetireDevice(ctx context.Context, id string, q api.RetireRequest) (api.Device, error) {
	s, err := b.space()
	if err != nil {
		return api.Device{}, err
	}
	key, err := deviceKey(id)
	if err != nil {
		return api.Device{}, err
	}
	r := s.replica
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
		says, err := s.whatRetiringDoes(&me, key, next)
		if err != nil {
			return api.Device{}, err
		}
		return api.Device{}, api.Problemf(api.NotAllowed, fmt.Sprintf("if that is what you want: kith device retire %s --yes", deviceWord(&me, key)), "%s", says)
	}
	if next != (entry.Device{}) && key == r.Device() { // afterwards this device can't say it any more
		if err := s.moveConsents(ctx, next); err != nil {
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
		if err := s.moveConsents(ctx, next); err != nil {
			return api.Device{}, err
		}
	}
	return s.device(key)
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
		return next, api.Problemf(api.NotAllowed, "kith device list", "“%s” is out of use already", gone.Name)
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
func (s *space) whatRetiringDoes(me *charter.Member, key, next entry.Device) (string, error) {
	n, err := s.replica.Beyond(nil, []entry.Device{key})
	if err != nil {
		return "", err
	}
	c := s.replica.Charter()
	name := people{c: c}.device(key).Name
	says := fmt.Sprintf("“%s” can't write for you any more, and gets nothing new. What it wrote and this device has (%s) stays; what it wrote and nobody here has seen, and what it writes from now on, doesn't count, except where others build on it.",
		name, counted(n, "change", "changes"))
	var added []string
	for _, d := range me.Devices {
		if origin, ok := c.Origin(d.Key); ok && origin.By == key && !d.Retired {
			added = append(added, "“"+d.Name+"”")
		}
	}
	if len(added) > 0 {
		says += fmt.Sprintf(" %s, which it added, stays in use: retire that as well if somebody else added it.", listed(added))
	}
	if next != (entry.Device{}) {
		says += fmt.Sprintf(" From then on you consent to agreed steps from “%s”.", people{c: c}.device(next).Name)
	}
	return says + " It can't be taken back by this device; it can with your recovery phrase.", nil
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

// shellWord quotes a name for a command line that a person may copy.
func shellWord(name string) string {
	for _, r := range name {
		if !(r == '-' || r == '_' || r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'" // in double quotes a shell would still run $(…)
		}
	}
	return name
}

// MoveConsents implements server.Entrance.
func (b *backend) MoveConsents(ctx context.Context, id string) (api.Device, error) {
	s, err := b.space()
	if err != nil {
		return api.Device{}, err
	}
	key, err := deviceKey(id)
	if err != nil {
		return api.Device{}, err
	}
	if d, err := s.device(key); err != nil || d.Consents {
		return d, err
	}
	if err := s.moveConsents(ctx, key); err != nil {
		return api.Device{}, err
	}
	return s.device(key)
}

func (s *space) moveConsents(ctx context.Context, to entry.Device) error {
	r := s.replica
	_, err := r.Say(ctx, func(c *charter.Charter) ([]byte, error) { return c.MoveConsents(r.Device(), to) })
	return err
}
