package cli

import (
	"context"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"kith/daemon/api"
)

func (c *coop) Devices(context.Context) ([]api.Device, error) {
	laptop := api.Named{ID: "aa" + strings.Repeat("0", 62), Name: "laptop"}
	return []api.Device{
		{ID: laptop.ID, Name: "laptop", This: true, Consents: true, LastSeen: api.At(now)},
		{ID: "bb" + strings.Repeat("0", 62), Name: "Büro", AddedBy: &laptop, Since: api.At(now.Add(-48 * time.Hour)), Connected: true},
		{ID: "cccc" + strings.Repeat("0", 60), Name: "phone", AddedBy: &laptop, Retired: true, LastSeen: api.At(now.Add(-time.Hour))},
		{ID: "ccdd" + strings.Repeat("0", 60), Name: "Phone", ByPhrase: true, LastSeen: api.At(now.Add(-time.Hour))},
		{ID: "ee00" + strings.Repeat("0", 60), Name: "box"},
		{ID: "ee11" + strings.Repeat("0", 60), Name: "box"},
	}, nil
}

func (c *coop) AddDevice(_ context.Context, q api.DeviceCodeRequest) (api.DeviceCode, error) {
	c.told = q
	return api.DeviceCode{Code: "kithd1secret", ExpiresAt: api.At(now.Add(15 * time.Minute))}, nil
}

func (c *coop) Pairing(context.Context) (api.Pairing, error) {
	return api.Pairing{State: "asked", ExpiresAt: api.At(now), Device: &api.Named{ID: "dd", Name: "box"}, Words: []string{"apple", "river"}}, nil
}

func (c *coop) ConfirmDevice(ctx context.Context, words string) (api.Device, error) {
	c.told = words
	all, err := c.Devices(ctx)
	return all[1], err
}

func (c *coop) RetireDevice(ctx context.Context, id string, q api.RetireRequest) (api.Device, error) {
	c.told = []any{id[:4], q}
	all, err := c.Devices(ctx)
	return all[1], err
}

func (c *coop) RenameDevice(ctx context.Context, id, name string) (api.Device, error) {
	c.told = []any{id[:4], name}
	all, err := c.Devices(ctx)
	return all[1], err
}

func (c *coop) MoveConsents(ctx context.Context, id string) (api.Device, error) {
	c.told = id[:4]
	all, err := c.Devices(ctx)
	return all[1], err
}

func (c *coop) WayBack(_ context.Context, member string) (api.WayBack, error) {
	c.told = member
	return api.WayBack{Code: "kithv1way", Member: ben}, nil
}

func TestWhatPeopleReadOfTheirDevices(t *testing.T) {
	d := newServedDesk(t, newCoop())
	for name, typed := range map[string]string{
		"device-list": "device list", "device-add": "device add", "device-pairing": "device pairing", "device-via": "device via ben",
		"help-device": "device --help",
	} {
		golden(t, filepath.Join("people", name+".txt"), d.ok(strings.Fields(typed)...))
	}
}

func TestWhatIsTypedOfDevicesIsWhatTheDaemonIsTold(t *testing.T) {
	d := newServedDesk(t, newCoop())
	for typed, want := range map[string]any{
		"device add --expires 1h":                     api.DeviceCodeRequest{ExpiresIn: 3600},
		"device confirm apple river":                  "apple river",
		"device retire BURO":                          []any{"bb00", api.RetireRequest{}},
		"device retire phone --yes":                   []any{"ccdd", api.RetireRequest{Yes: true}}, // the one in use
		"device retire cccc":                          []any{"cccc", api.RetireRequest{}},
		"device retire this --consents phone":         []any{"aa00", api.RetireRequest{Consents: "ccdd" + strings.Repeat("0", 60)}},
		"device rename Büro Pult":                     []any{"bb00", "Pult"},
		"device consents Büro":                        "bb00",
		"device via ben":                              ben.ID,
		"member new-key ben kithk1x --why lost":       api.ProposalRequest{Action: "new-key", Member: ben.ID, Code: "kithk1x", Why: "lost"},
		"member new-key ben k --why l --not-theirs x": api.ProposalRequest{Action: "new-key", Member: ben.ID, Code: "k", Why: "l", NotTheirs: []string{"x"}},
	} {
		d.coop.told = nil
		if _, errs, exit := d.run(strings.Fields(typed)...); exit != 0 {
			t.Errorf("kith %s: exit %d, %s", typed, exit, errs)
		}
		if !reflect.DeepEqual(d.coop.told, want) {
			t.Errorf("kith %s\ntold %s\nwant %s", typed, asJSON(d.coop.told), asJSON(want))
		}
	}
	for typed, exit := range map[string]int{
		"device retire box":                           4, // two are called so
		"device retire nobody":                        4,
		"device retire bb":                            4, // too short for a key
		"device add --expires 25h":                    6,
		"device confirm":                              2,
		"device recover":                              2,
		"device recover --via x --phrase a":           2,
		"device recover --via x --phrase - a":         2,
		"device new-phrase":                           2,
		"member new-key ben":                          2,
		"member new-key ben code":                     2,
		"device join x --wait 0s":                     6,
		"device recover --via x --phrase - --wait 0s": 6,
	} {
		d.fails(exit, strings.Fields(typed)...)
	}
}

func TestADeviceThatComesBackIsToldWhatWasTypedAndTriesAgainWhileNobodyAnswers(t *testing.T) {
	d := newServedDesk(t, newCoop())
	var got []RecoverOptions
	d.hooks.Recover = func(ctx context.Context, o RecoverOptions) (api.Recovered, error) {
		got = append(got, o)
		if len(got) == 1 {
			return api.Recovered{}, api.Problemf(api.TimedOut, "", "nobody answered")
		}
		devices, err := d.coop.Devices(ctx)
		if err != nil {
			return api.Recovered{}, err
		}
		choice, err := o.Choose("Ana", devices)
		if err != nil {
			return api.Recovered{}, err
		}
		if len(choice.Keep) != 1 || choice.Keep[0] != devices[1].ID || len(choice.NotMine) != 1 || choice.NotMine[0] != devices[4].ID {
			t.Errorf("chosen: %+v", choice)
		}
		return api.Recovered{Member: ana, Device: api.Named{Name: "new"}, Space: api.Named{Name: "Riso"}, Retired: []api.Named{{Name: "phone"}}}, nil
	}
	d.stdin = "abandon ability\n"
	out := d.ok("device", "recover", "--via", "kithv1x", "--phrase", "-", "--keep", "büro", "--not-mine", "ee00", "--name", "new")
	if len(got) != 2 || got[1].Phrase != "abandon ability" || got[1].Via != "kithv1x" || got[1].Name != "new" {
		t.Errorf("told %+v", got)
	}
	if !strings.Contains(out, "Welcome back, Ana") || !strings.Contains(out, "Out of use: phone") {
		t.Error(out)
	}
}

func TestADeviceThatJoinsShowsItsWordsBesideTheResult(t *testing.T) {
	d := newDesk(t)
	d.hooks.JoinDevice = func(_ context.Context, o JoinDeviceOptions) (api.DeviceJoined, error) {
		o.Show(api.Compare{Words: []string{"apple", "river"}, Member: "Ana", Space: "Riso"})
		return api.DeviceJoined{Member: ana, Device: api.Named{ID: "dd", Name: o.Name}}, nil
	}
	out, errs, exit := d.run("device", "join", "kithd1x", "--name", "box", "--json")
	if exit != 0 || !strings.Contains(errs, "\n    apple river\n") || !strings.HasPrefix(out, `{"space"`) {
		t.Errorf("exit %d\n%s%s", exit, out, errs)
	}
}
