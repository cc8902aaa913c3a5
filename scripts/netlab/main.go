//go:build linux

// Command netlab runs real daemons in networks that are hard on them, made of network namespaces on
// this computer, and checks that they come into step all the same. scripts/lab builds and starts it.
//
// Nothing that it makes outlives it: a namespace goes with its last process, and the daemons are
// told to end with the lab by the kernel.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// A story is one lab. Those that are quick are run with every test: all but those in which a minute has to pass, or thousands of documents
// to be written, before there is anything to see.
type story struct {
	name, about string
	quick       bool
	run         func(*lab) error
}

var stories = []story{
	{"lan", "one network: they find each other by mDNS, though every remembered address is wrong", true, lan},
	{"no-network", "started before there is any network: they find each other once there is one, and end when it is gone", true, noNetwork},
	{"three-homes", "all behind routers that let nobody through: they found a co-op through a relay that only its founder names", true, threeHomes},
	{"guest-by-another", "who invited is away: another member lets the newcomer in, and nobody with a used code", true, guestByAnother},
	{"upnp", "two homes whose routers open a port when they are asked (UPnP), or only say so; no relay", true, upnp},
	{"one-port", "two homes behind one router that chose one port: both are reached from elsewhere, without a relay", true, onePort},
	{"porch-dies", "the same through two porches, which only one of them has codes of; one goes away", true, porchDies},
	{"porches", "the same through the porches of the co-op, which nobody but Ana typed; one goes away, and is removed", true, porchesOfCoop},
	{"bad-porches", "one porch refuses at random, another drops what it carries after 64 kB: all comes through all the same", true, badPorches},
	{"by-file", "no network at all: a co-op is founded, and kept in step, by files", true, byFile},
	{"drop", "no network: a folder that something carries keeps them in step, also after it was full and read-only", true, dropFolder},
	{"relay", "both behind routers that let nobody through: a third member's device passes everything on", true, relayed},
	{"punch", "both behind ordinary routers: they meet through a relay, and a direct way is found", true, punch},
	{"ipv6", "there is no IPv4 at all, and nobody chose where to listen", true, onlyIPv6},
	{"lossy", "3 % of all packets are lost, and the rest takes 200 ms there and back", true, lossy},
	{"parted", "six on one network, parted into three and three for a while", true, parted},
	{"far", "5,000 documents come through a relay that is no member", false, far},
	{"dying", "a relay that is no member goes away in the middle of a catch-up", false, dying},
	{"narrow", "no packet above 1280 bytes gets through", true, narrow},
	{"moving", "a laptop gets another address while edits flow", true, moving},
	{"idle", "what three daemons cost in a minute in which nothing happens", false, idle},
	{"asleep", "a laptop sleeps for half a minute, and wakes up in another network", false, asleep},
}

func main() {
	if len(os.Args) == 4 && os.Args[1] == relayCommand {
		exit(serveRelay(os.Args[2], os.Args[3]))
	}
	kith := flag.String("kith", "", "the program")
	dir := flag.String("dir", "", "where homes are made")
	logs := flag.String("logs", "", "a folder for what the daemons log, one for each lab in it; empty: it is thrown away")
	atOnce := flag.Int("at-once", 1, "how many labs run beside each other; each has networks of its own")
	flag.Parse()
	if flag.NArg() == 0 {
		list()
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	exit(runAll(ctx, *kith, *dir, *logs, *atOnce, flag.Args()))
}

type noLabError struct{ name string }

func (e *noLabError) Error() string {
	return fmt.Sprintf("there is no lab %q; scripts/lab lists them", e.name)
}

func list() {
	for _, s := range stories {
		fmt.Printf("%-16s %s\n", s.name, s.about)
	}
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		if errors.As(err, new(*noLabError)) {
			os.Exit(2) // wrong usage, as everywhere in Kith
		}
		os.Exit(1)
	}
	os.Exit(0)
}

func runAll(ctx context.Context, kith, dir, logs string, atOnce int, names []string) error {
	var chosen []story
	for _, name := range names {
		i := slices.IndexFunc(stories, func(s story) bool { return s.name == name })
		switch {
		case name == "all":
			chosen = append(chosen, stories...)
		case name == "quick":
			for _, s := range stories {
				if s.quick {
					chosen = append(chosen, s)
				}
			}
		case i < 0:
			return &noLabError{name}
		default:
			chosen = append(chosen, stories[i])
		}
	}
	var mu sync.Mutex // of what is told
	failed := make([]bool, len(chosen))
	var g errgroup.Group
	g.SetLimit(max(1, atOnce))
	for i, s := range chosen {
		g.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			var told bytes.Buffer
			l := newLab(ctx, kith, filepath.Join(dir, fmt.Sprint(i)))
			l.out = &told
			if logs != "" {
				l.logs = filepath.Join(logs, s.name)
			}
			if err := makeAll(l.dir, l.logs); err != nil {
				return err
			}
			if atOnce <= 1 {
				l.out = os.Stdout // as it happens: nobody else tells anything
			}
			fmt.Fprintf(l.out, "\n== %s: %s\n", s.name, s.about)
			err := l.tell(s)
			if err = errors.Join(err, l.end()); err != nil {
				fmt.Fprintf(l.out, "%7s  %v\n", "FAILED", err)
				failed[i] = true
			}
			mu.Lock()
			defer mu.Unlock()
			_, err = told.WriteTo(os.Stdout)
			return err
		})
	}
	if err := errors.Join(g.Wait(), ctx.Err()); err != nil {
		return err
	}
	var which []string
	for i, s := range chosen {
		if failed[i] {
			which = append(which, s.name)
		}
	}
	if len(which) > 0 {
		return fmt.Errorf("failed: %s", strings.Join(which, ", "))
	}
	return nil
}

// makeAll makes folders; "" is none.
func makeAll(dirs ...string) error {
	for _, dir := range dirs {
		if dir == "" {
			continue
		}
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	return nil
}

// tell runs a story, and lets a panic be its failure, so that the others run and all is taken away.
func (l *lab) tell(s story) error {
	ctx, cancel := context.WithTimeout(l.ctx, patience)
	defer cancel()
	l.ctx = ctx
	return s.run(l)
}

// patience is for a whole lab, on a machine that has much else to do.
const patience = 3 * time.Minute
