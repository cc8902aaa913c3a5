package drop

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"kith/crdt/charter"
	"kith/daemon/api"
	"kith/daemon/home"
	"kith/daemon/space"
	"kith/daemon/words"
)

// Bounds on what a device does with a folder.
const (
	MaxFolders = 16      // of one co-op
	MaxFiles   = 32      // of this device in one folder; beyond it they are put together in one
	MaxBytes   = 1 << 30 // of these, and of one file of others
	maxNames   = 10_000  // that are looked at in one folder

	lookEvery  = 2 * time.Second
	cleanEvery = 10 * time.Second   // how often it is looked, if the charter says anything new, what the others have
	tryAgain   = 10 * time.Second   // after something couldn't be written
	keepSeen   = 3 * 24 * time.Hour // how long lies there what only says what somebody has: that nobody acknowledges
	restless   = 15                 // looks that a device which goes on writing is waited for at most
)

// Drops are the drop folders of all co-ops that a daemon serves.
type Drops struct {
	all     *space.List
	version string
	log     *slog.Logger

	mu       sync.Mutex
	carriers map[*space.Space]*Carrier
}

// New makes those of the spaces in a list. Shares have none, as they have no bundles.
func New(all *space.List, version string) *Drops {
	return &Drops{all: all, version: version, log: all.Config.Log, carriers: map[*space.Space]*Carrier{}}
}

// Of gives those of a space.
func (d *Drops) Of(at *space.Space) *Carrier {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := d.carriers[at]
	if c == nil {
		c = newCarrier(at, d.version, d.log)
		d.carriers[at] = c
	}
	return c
}

// Run reads and writes until ctx ends.
func (d *Drops) Run(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		for _, at := range d.all.All() {
			if shared, _ := at.Replica.Share(); shared == nil && ctx.Err() == nil {
				d.Of(at).look(ctx)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Carrier are the drop folders of one space.
type Carrier struct {
	at      *space.Space
	version string
	log     *slog.Logger

	looking sync.Mutex // held while folders are looked at, and while one comes or goes
	folders map[string]*folder
	dirs    []string          // as the config has them: nobody else writes it while the daemon runs
	read    bool              // they were read
	makers  map[maker]*budget // time for reading what brings nothing, by who made it
	clock   func() time.Time  // of what reading costs: time.Now, or a test's

	mu      sync.Mutex // guards what is told
	shown   []api.Drop
	carried map[string]time.Time // by the device's ID
}

func newCarrier(at *space.Space, version string, log *slog.Logger) *Carrier {
	return &Carrier{
		at: at, version: version, log: log, clock: time.Now,
		folders: map[string]*folder{}, makers: map[maker]*budget{}, carried: map[string]time.Time{},
	}
}

// look reads and writes in all folders once.
func (c *Carrier) look(ctx context.Context) {
	c.looking.Lock()
	defer c.looking.Unlock()
	if err := c.readDirs(); err != nil {
		c.log.Error("which drop folders there are", "err", err)
		return
	}
	for _, dir := range c.dirs {
		c.of(dir).look(ctx)
	}
	c.show(c.dirs)
}

// of gives a folder. The caller holds looking.
func (c *Carrier) of(dir string) *folder {
	if c.folders[dir] == nil {
		c.folders[dir] = newFolder(c, dir)
	}
	return c.folders[dir]
}

// maker is who answers for bundles: a member or, guests, all whom they let in and who never were full.
type maker struct {
	id     charter.MemberID
	guests bool
}

// makerOf says who answers for what somebody made.
func (c *Carrier) makerOf(by api.Named) (of maker) {
	id, err := charter.ParseMemberID(by.ID)
	if m, ok := c.at.Replica.Charter().Member(id); ok && err == nil {
		of.id, of.guests = m.Answers()
	}
	return of
}

// says is how it is called what they made.
func (c *Carrier) says(of maker) string {
	name := words.People{Rules: c.at.Replica.Charter()}.Named(of.id).Name
	if of.guests {
		return "those whom " + name + " let in put there"
	}
	return name + " put there"
}

// budgetOf is what is left for what some made. The caller holds looking.
func (c *Carrier) budgetOf(of maker) *budget {
	now := c.clock()
	if c.makers[of] == nil {
		b := newBudget(now)
		c.makers[of] = &b
	}
	c.makers[of].fill(now)
	return c.makers[of]
}

// readDirs reads which folders there are, once. The caller holds looking.
func (c *Carrier) readDirs() error {
	if c.read {
		return nil
	}
	config, err := c.at.Place.Config()
	c.dirs, c.read = config.Drops, err == nil
	return err
}

// show tells of the folders as they were just found.
func (c *Carrier) show(dirs []string) {
	shown := []api.Drop{}
	for _, dir := range dirs {
		one := api.Drop{Dir: dir, Says: []string{}}
		if f := c.folders[dir]; f != nil {
			one = f.told
		}
		shown = append(shown, one)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shown = shown
}

// Told gives the folders as they were found last.
func (c *Carrier) Told() []api.Drop {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]api.Drop{}, c.shown...)
}

// Carried says when a bundle of the device with this ID was last read from a folder; zero if none was since the start.
func (c *Carrier) Carried(id string) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.carried[id]
}

func (c *Carrier) noteCarried(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.carried[id] = c.at.Now()
}

// Drops implements server.Drops.
func (c *Carrier) Drops(context.Context) ([]api.Drop, error) {
	if all := c.Told(); len(all) > 0 {
		return all, nil
	}
	c.looking.Lock() // nobody has looked since the start, perhaps
	defer c.looking.Unlock()
	if err := c.readDirs(); err != nil {
		return nil, err
	}
	c.show(c.dirs)
	return c.Told(), nil
}

// AddDrop implements server.Drops.
func (c *Carrier) AddDrop(_ context.Context, dir string) (api.DropChanged, error) {
	if shared, _ := c.at.Replica.Share(); shared != nil {
		return api.DropChanged{}, api.Problemf(api.NotAllowed, "let the daemons meet: kith peers --space NAME", "a share has no drop folders: what is in it goes from daemon to daemon, as long as the pact holds")
	}
	if err := c.fit(dir); err != nil {
		return api.DropChanged{}, err
	}
	return c.change(dir, func(dirs []string) ([]string, error) {
		if len(dirs) >= MaxFolders {
			return nil, api.Problemf(api.Limit, "kith drop list; kith drop remove DIR", "a co-op has at most %d drop folders on one computer", MaxFolders)
		}
		return append(dirs, dir), nil
	}, false)
}

// RemoveDrop implements server.Drops. What this device has put there stays.
func (c *Carrier) RemoveDrop(_ context.Context, dir string) (api.DropChanged, error) {
	return c.change(dir, func(dirs []string) ([]string, error) {
		return slices.DeleteFunc(dirs, func(d string) bool { return d == dir }), nil
	}, true)
}

// change alters the list of folders, unless dir is in it exactly if had isn't so; then nothing changes, but what isn't there can't go.
func (c *Carrier) change(dir string, alter func([]string) ([]string, error), had bool) (out api.DropChanged, err error) {
	c.looking.Lock()
	defer c.looking.Unlock()
	if err := c.readDirs(); err != nil {
		return out, err
	}
	has := slices.Contains(c.dirs, dir)
	if had && !has {
		return out, api.Problemf(api.NotFound, "kith drop list", "%s is no drop folder here", api.Brief(dir))
	}
	out.Dir, out.Says = dir, []string{}
	if f := c.folders[dir]; f != nil {
		out.Drop = f.told
	}
	if has != had {
		return out, nil
	}
	if _, err := c.at.Place.ChangeConfig(func(config *home.Config) (err error) {
		config.Drops, err = alter(slices.Clone(c.dirs))
		return err
	}); err != nil {
		return out, err
	}
	if c.dirs, err = alter(slices.Clone(c.dirs)); err != nil {
		return out, err
	}
	if had {
		if f := c.folders[dir]; f != nil {
			err = f.forget()
		}
		delete(c.folders, dir)
	}
	c.show(c.dirs)
	out.Changed = true
	return out, err
}

// ledTo is where a path leads.
func ledTo(path string) string {
	if led, err := filepath.EvalSymlinks(path); err == nil {
		return led
	}
	return path
}

// fit says why a folder can be none for bundles.
func (c *Carrier) fit(dir string) error {
	info, err := os.Stat(dir)
	inside := func(a, b string) bool {
		rel, err := filepath.Rel(ledTo(b), ledTo(a))
		return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
	}
	switch {
	case !filepath.IsAbs(dir):
		return api.Problemf(api.Invalid, "name it from the root on", "%s is no whole path", api.Brief(dir))
	case os.IsNotExist(err):
		return api.Problemf(api.NotFound, "mkdir '"+dir+"'; or is the stick in, and the disk mounted?", "there is no folder %s", dir)
	case err != nil:
		return fmt.Errorf("look at a folder: %w", err)
	case !info.IsDir():
		return api.Problemf(api.Invalid, "name the folder that it is in", "%s is no folder", dir)
	case inside(dir, c.at.Place.Where()):
		return api.Problemf(api.Invalid, "make one somewhere else: only bundles are to be carried about", "%s lies where Kith keeps this computer's key", dir)
	case inside(c.at.Place.Where(), dir):
		return api.Problemf(api.Invalid, "make a folder for bundles alone, and name that", "%s holds this computer's key as well, which would be carried about", dir)
	}
	return nil
}

// what is remembered of a folder stands under this name, with a hash of where it lies.
const markPrefix = "drop/"
