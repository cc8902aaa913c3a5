package porch

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/home"
	"kith/daemon/knock"
	"kith/daemon/peer"
	"kith/daemon/whole"
)

// folder is what a porch has on the disk: porch.key, settings.json, codes.json and counts.json. Codes are changed by the commands,
// counts by who serves; nothing in it says who came.
type folder struct {
	path  string
	key   entry.Signer
	owner int // whose it is, where that is another user and root looks after it; else -1
}

// settings are where a porch listens, and what others are told instead.
type settings struct {
	Listen   []string `json:"listen"`
	Announce []string `json:"announce,omitempty"`
}

// code is what is kept of a code: not its token, only its hash.
type code struct {
	ID      string    `json:"id"`
	Label   string    `json:"label"` // whose it is, in words of who runs the porch
	Token   string    `json:"token"` // SHA-256 of it, in hexadecimal
	Made    time.Time `json:"made"`
	Revoked time.Time `json:"revoked,omitzero"`
}

// counts are what went over each code in a month, and how many have a place by it now.
type counts struct {
	Month  string           `json:"month"` // 2026-11, in UTC
	Bytes  map[string]int64 `json:"bytes"`
	Places map[string]int   `json:"places"`
	// Circuits are the connections that lead through those places.
	Circuits map[string]int `json:"circuits"`
}

// at gives the counts as of a time: empty ones in a new month.
func (c counts) at(now time.Time) counts {
	if month := now.UTC().Format("2006-01"); c.Month != month || c.Bytes == nil {
		return counts{Month: month, Bytes: map[string]int64{}, Places: c.Places, Circuits: c.Circuits}
	}
	return c
}

func (c counts) of(id string, now time.Time) int64 { return c.at(now).Bytes[id] }

func (c counts) clone() counts {
	return counts{c.Month, maps.Clone(c.Bytes), maps.Clone(c.Places), maps.Clone(c.Circuits)}
}

func hashOf(token []byte) string {
	sum := sha256.Sum256(token)
	return hex.EncodeToString(sum[:])
}

func ed25519FromSeed(seed [32]byte) []byte { return ed25519.NewKeyFromSeed(seed[:]) }

// open takes the folder of a porch, making it, and its key, if it is absent.
func open(path string) (*folder, error) {
	if err := whole.Folder(path); err != nil {
		return nil, err
	}
	owner, err := ownerOf(path)
	if err != nil {
		return nil, err
	}
	f := &folder{path: path, owner: owner}
	release, err := f.alone("key.lock") // a porch that is begun and asked for a code at one time has one key
	if err != nil {
		return nil, err
	}
	defer release()
	b, err := os.ReadFile(f.file("porch.key"))
	if errors.Is(err, fs.ErrNotExist) {
		f.key = entry.NewSigner()
		seed := f.key.Seed()
		return f, f.put("porch.key", hex.AppendEncode(nil, seed[:]))
	}
	if err != nil {
		return nil, err
	}
	seed, err := hex.DecodeString(strings.TrimSpace(string(b)))
	if err != nil || len(seed) != 32 {
		return nil, api.Problemf(api.Failed, "put it back from a backup; or remove it, and give everybody a new code", "%s is damaged", f.file("porch.key"))
	}
	f.key = entry.SignerFromSeed([32]byte(seed))
	return f, nil
}

// there takes the folder of a porch that there is.
func there(path string) (*folder, error) {
	if _, err := os.Stat(filepath.Join(path, "porch.key")); errors.Is(err, fs.ErrNotExist) {
		return nil, api.Problemf(api.NotFound, "kith porch run DIR makes one", "there is no porch in %s", path)
	}
	return open(path)
}

func (f *folder) file(name string) string { return filepath.Join(f.path, name) }

// hold sees to it that nobody else serves the porch.
func (f *folder) hold() (release func(), err error) {
	lock := flock.New(f.file("lock"), flock.SetPermissions(0o600))
	ok, err := lock.TryLock()
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, api.Problemf(api.Failed, "stop it first", "another kith process serves the porch in %s", f.path)
	}
	return func() { _ = lock.Unlock() }, nil
}

// alone waits until no other process holds a lock.
func (f *folder) alone(name string) (release func(), err error) {
	lock := flock.New(f.file(name), flock.SetPermissions(0o600))
	if err := lock.Lock(); err != nil {
		return nil, err
	}
	if f.owner >= 0 {
		err = os.Chown(f.file(name), f.owner, -1)
	}
	return func() { _ = lock.Unlock() }, err
}

// read reads a JSON file; what isn't there leaves into as it is.
func (f *folder) read(name string, into any) error {
	b, err := os.ReadFile(f.file(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", f.file(name), err)
	}
	return nil
}

func (f *folder) write(name string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return f.put(name, append(b, '\n'))
}

// put writes a file, for whose folder it is.
func (f *folder) put(name string, b []byte) error {
	if err := whole.Write(f.file(name), b); err != nil || f.owner < 0 {
		return err
	}
	return os.Chown(f.file(name), f.owner, -1)
}

// ownerOf looks whether only who owns a folder can put files into it, and gives that user if root is about to do so for them, as
// where a service of the system serves the porch: what root wrote there only root could read. Else it is -1.
func ownerOf(path string) (int, error) {
	info, err := os.Stat(path)
	if err != nil {
		return -1, err
	}
	uid, known := api.OwnerOf(info)
	if os.Getuid() != 0 || !known || uid == 0 || info.Mode().Perm()&0o022 != 0 {
		return -1, api.CheckHome(path)
	}
	return uid, nil
}

func (f *folder) codes() (all []code, err error) { return all, f.read("codes.json", &all) }

// changed says when the list of codes was last written; zero if there is none.
func (f *folder) changed() time.Time {
	info, err := os.Stat(f.file("codes.json"))
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

func (f *folder) counts() (c counts, err error) { return c, f.read("counts.json", &c) }

func (f *folder) putCounts(c counts) error { return f.write("counts.json", c) }

// defaultListen is where a porch listens if nobody says otherwise.
var defaultListen = []string{"/ip4/0.0.0.0/tcp/4001", "/ip4/0.0.0.0/udp/4001/quic-v1", "/ip6/::/tcp/4001", "/ip6/::/udp/4001/quic-v1"}

// choose fixes where the porch listens, and remembers it.
func (f *folder) choose(listen, announce []string) (s settings, err error) {
	if err := f.read("settings.json", &s); err != nil {
		return s, err
	}
	if len(listen) > 0 {
		s.Listen = listen
	}
	if len(s.Listen) == 0 {
		s.Listen = defaultListen
	}
	if s.Listen, err = peer.PickPorts(s.Listen); err != nil {
		return s, err
	}
	if len(announce) > 0 {
		s.Announce = announce
	}
	return s, f.write("settings.json", s)
}

// maxCodes bounds the codes of a porch, revoked ones included.
const maxCodes = 1000

// Code makes a code. It is shown this once: the folder keeps what it takes to know it again, and not the code.
func Code(dir, label string, now time.Time) (out api.PorchCode, err error) {
	if label, err = charter.CleanName(label); err != nil {
		return out, err
	}
	f, err := open(dir)
	if err != nil {
		return out, err
	}
	s, err := f.choose(nil, nil)
	if err != nil {
		return out, err
	}
	at, err := knock.Answerers(home.Config{Listen: s.Listen, Announce: s.Announce}, f.key.Device(), knock.Found{})
	if err != nil {
		return out, err
	}
	v := charter.NewPorchCode(at...)
	text, err := v.Encode()
	if err != nil {
		return out, err
	}
	made := code{Label: label, Token: hashOf(v.Token[:]), Made: now.UTC().Truncate(time.Second)}
	made.ID = "pc-" + made.Token[:8]
	err = f.change(func(all []code) ([]code, error) {
		if len(all) >= maxCodes {
			return nil, api.Problemf(api.Limit, "a second porch, in another folder, has room for more", "a porch has at most %d codes, revoked ones included", maxCodes)
		}
		return append(all, made), nil
	})
	out = made.shown(counts{}, now)
	out.Code = text
	return out, err
}

// change alters the list of codes, one at a time.
func (f *folder) change(alter func([]code) ([]code, error)) error {
	release, err := f.alone("codes.lock")
	if err != nil {
		return err
	}
	defer release()
	all, err := f.codes()
	if err != nil {
		return err
	}
	if all, err = alter(all); err != nil {
		return err
	}
	return f.write("codes.json", all)
}

func (c *code) shown(n counts, now time.Time) api.PorchCode {
	return api.PorchCode{
		ID: c.ID, Label: c.Label, MadeAt: api.At(c.Made), RevokedAt: api.At(c.Revoked),
		Places: n.Places[c.ID], Circuits: n.Circuits[c.ID], Bytes: n.of(c.ID, now),
		Limits: api.PorchLimits{
			Places: PlacesOfCode, BytesMonth: BytesOfCode, CodeCircuits: CircuitsOfCode, Circuits: CircuitsOfOne,
			CircuitBytes: CircuitBytes, CircuitSeconds: int(CircuitTime / time.Second),
		},
	}
}

// List gives the codes of a porch, the oldest first, with what went over them this month. What is counted is some seconds old.
func List(dir string, now time.Time) (out []api.PorchCode, err error) {
	f, err := there(dir)
	if err != nil {
		return nil, err
	}
	all, err := f.codes()
	if err != nil {
		return nil, err
	}
	n, err := f.counts()
	for i := range all {
		out = append(out, all[i].shown(n, now))
	}
	return out, err
}

// Revoke ends a code, named by its ID, the start of it, or its label. Who has a place by it loses it.
func Revoke(dir, word string, now time.Time) (out api.PorchCode, err error) {
	f, err := there(dir)
	if err != nil {
		return out, err
	}
	err = f.change(func(all []code) ([]code, error) {
		var found []int
		for i, c := range all {
			if c.Revoked.IsZero() && (strings.HasPrefix(c.ID, word) || strings.HasPrefix(c.ID, "pc-"+word) || charter.FoldName(c.Label) == charter.FoldName(word)) {
				found = append(found, i)
			}
		}
		switch len(found) {
		case 0:
			return nil, api.Problemf(api.NotFound, "kith porch list", "the porch has no code “%s” that is good", api.Brief(word))
		case 1:
		default:
			return nil, api.Problemf(api.Ambiguous, "kith porch list; type more of the ID", "“%s” is more than one code", api.Brief(word))
		}
		all = slices.Clone(all)
		all[found[0]].Revoked = now.UTC().Truncate(time.Second)
		out = all[found[0]].shown(counts{}, now)
		return all, nil
	})
	return out, err
}
