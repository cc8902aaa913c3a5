package main

import (
	"errors"
	"flag"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"kith/daemon/seal"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write the output that scripts expect")

// TestMain lets scripts run kith as the program that people run.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"kith": func() {
		seal.WorkFactor = 6 // what it costs to guess a passphrase is package seal's business
		if ahead, err := time.ParseDuration(os.Getenv(aheadEnv)); err == nil {
			clock = func() time.Time { return time.Now().Add(ahead) }
		}
		main()
	}})
}

// aheadEnv says how far the clocks of a script's computers are ahead.
const aheadEnv = "KITH_LAB_AHEAD"

// TestScripts runs the stories in testdata, with real daemons on this computer.
//
// Beside testscript's own commands a script has:
//
//	coop NAME…       a co-op of these founders, each with a home and a running daemon
//	found NAME N [COOP]  its first part: NAME alone founds a co-op with N seats, called COOP
//	join NAME [CODE] its second part: NAME joins with the next code or this one, and a daemon starts
//	as NAME          who types from now on ($KITH_HOME)
//	keep VAR         names what was just printed $VAR
//	start NAME…      starts daemons
//	halt NAME…       stops them as Ctrl-C does; each has to end well (stop is of testscript, and ends the script)
//	crash NAME…      kills them in the middle of whatever they do
//	cut NAME NAME    ends the link between two, both ways, until mend, and waits until both have noticed
//	mend NAME NAME
//	comeback NAME HOME FILE…   restores a backup of NAME's device in a new home, and starts its daemon
//	copy NAME HOME [in-its-place]  copies a home into a new one that is cut off from all: one device that can say two things
//	unlock NAME FILE           lets the daemon of a home find a passphrase in a file
//	asks HOME CODE             a new computer asks to be added, and shows two words: $WORDS
//	added HOME NAME            it was added as a device of NAME's; its daemon starts
//	recovers HOME NAME CODE PAPER [FLAG…]   NAME comes back on a new computer with the phrase in a file, and its daemon starts
//	redraws HOME CODE          a new computer draws a new phrase, HOME.phrase; for the others: $KEYCODE and $KEYWORDS
//	damage NAME      spoils the store of a home; undamage NAME takes that back
//	meet NAME NAME…  waits until they are connected and in step, each with each
//	knows NAME NAME… waits until the first has learned where the others can be reached
//	sees NAME TEXT … waits until what kith prints for NAME, with these arguments, holds TEXT; what isn't found is on its way
//	porch NAME       runs a porch until the script ends; $NAME is a code of it
//	finds NAME TEXT …  the same for what no event tells of, such as a place at a porch: it is looked at again and again
//	erased NAME TEXT waits until no file of NAME's home holds TEXT any more
//	told NAME…       waits until they have been told that they aren't in any more
//	story NAME       the script tells this one in docs/CHARTER.md
//	tell TEXT        a paragraph of it; types NAME …: what somebody types, and reads
//	answers TOPIC    from now on, what says asks for is kept in testdata/answers
//	says NAME …      what kith --json answers to somebody
//	called VAR       names the document or the like that was just answered, there and as $VAR
//	later TIME       ends all daemons and starts them again with clocks that are ahead by so much more
//	later TIME NAME… ends these daemons, and starts them again with clocks that are so much ahead of the others'
//	newer NAME…      gives them a newer Kith in the place of theirs; who has no home yet begins with it
//	settle [NAME…]   waits until these (or all that run) report the same members and heads
//
// The recovery phrase of each member is in the file NAME.phrase.
//
// With -slow what they say to each other takes its time; that shows which steps don't wait for what they need.
//
// At the end every daemon has to stop well, and kith doctor to find nothing in any home.
func TestScripts(t *testing.T) {
	newest := sync.OnceValues(func() (string, error) {
		dir := t.TempDir()
		return dir, newerKith(dir)
	})
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("GORACE", os.Getenv("GORACE")) // scripts/test says how watched programs end
			l, err := newLab(env, newest)
			if err != nil {
				return err
			}
			env.Values[labKey{}] = l
			env.Defer(func() {
				trouble := l.end()
				if err := errors.Join(l.compareStory(), l.compareAnswers()); err != nil && trouble == "" {
					trouble = err.Error()
				}
				if trouble != "" {
					env.T().Log(trouble)
					env.T().FailNow()
				}
			})
			env.Setenv("KITH_HOME", l.dir+"/nobody")
			env.Setenv("HOME", l.dir)
			env.Setenv("NO_COLOR", "1")
			env.Setenv("TZ", "UTC")
			env.Setenv("LONG", strings.Repeat("ü", 10_000))
			env.Setenv("TOOLONG", strings.Repeat("x", 100_001))
			env.Setenv("DEEP", strings.Repeat("deep/", 20))
			env.Setenv("XDG_RUNTIME_DIR", os.Getenv("XDG_RUNTIME_DIR"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"coop":     scripted(1, (*lab).coop),
			"found":    scripted(2, (*lab).found),
			"join":     scripted(1, (*lab).join),
			"as":       scripted(1, (*lab).as),
			"keep":     scripted(1, keep),
			"start":    scripted(1, (*lab).startAll),
			"halt":     scripted(1, (*lab).stopAll),
			"crash":    scripted(1, (*lab).crash),
			"cut":      scripted(2, (*lab).cut),
			"mend":     scripted(2, (*lab).mend),
			"meet":     scripted(2, (*lab).meet),
			"knows":    scripted(2, (*lab).knows),
			"sees":     scripted(3, (*lab).sees),
			"finds":    scripted(3, (*lab).finds),
			"porch":    scripted(1, (*lab).porch),
			"told":     scripted(1, (*lab).told),
			"erased":   scripted(2, (*lab).erased),
			"comeback": scripted(3, (*lab).comeback),
			"copy":     scripted(2, (*lab).copyHome),
			"unlock":   scripted(2, (*lab).unlock),
			"asks":     scripted(2, (*lab).asks),
			"added":    scripted(2, (*lab).added),
			"recovers": scripted(4, (*lab).recovers),
			"redraws":  scripted(2, (*lab).redraws),
			"damage":   scripted(1, (*lab).damage),
			"undamage": scripted(1, (*lab).undamage),
			"story":    scripted(1, (*lab).story),
			"tell":     scripted(1, (*lab).tell),
			"types": func(ts *testscript.TestScript, neg bool, args []string) {
				ts.Value(labKey{}).(*lab).types(ts, neg, args)
			},
			"answers": scripted(1, (*lab).answers),
			"called":  scripted(1, (*lab).called),
			"says": func(ts *testscript.TestScript, neg bool, args []string) {
				ts.Value(labKey{}).(*lab).says(ts, neg, args)
			},
			"later":  scripted(1, (*lab).later),
			"newer":  scripted(1, (*lab).newer),
			"settle": scripted(0, (*lab).settle),
		},
	})
}

type labKey struct{}

// scripted makes a command for scripts of a function of the lab.
func scripted(least int, do func(*lab, *testscript.TestScript, []string) error) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) < least {
			ts.Fatalf("not used like this")
		}
		l, ok := ts.Value(labKey{}).(*lab)
		if !ok {
			ts.Fatalf("no lab")
		}
		if err := do(l, ts, args); err != nil {
			ts.Fatalf("%v", err)
		}
	}
}

func keep(_ *lab, ts *testscript.TestScript, args []string) error {
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
	return nil
}
