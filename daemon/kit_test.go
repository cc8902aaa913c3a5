package daemon

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"kith/daemon/api"
	"kith/daemon/api/apitest"
	"kith/daemon/daemontest"
	"kith/daemon/entrance"
	"kith/daemon/peer/peertest"
	"kith/daemon/replica"
	"kith/daemon/seal"
	"kith/daemon/store/storetest"
	"kith/daemon/waittest"
)

// Daemons of the tests are processes: this test binary, started again, which can be killed and
// may die without taking the tests along.
const (
	serveEnv = "KITH_TEST_SERVE"      // the home to serve
	passEnv  = "KITH_TEST_PASSPHRASE" // of that home
	trialEnv = "KITH_TEST_TRIAL"      // a trial of changes, as package replica starts one
	aheadEnv = "KITH_TEST_AHEAD"      // by how much its clock is
	dieEnv   = "KITH_TEST_DIE"        // the daemon dies once it has written so often what it keeps of a pact
)

// raced says that the race detector watches, under which everything takes many times as long.
var raced bool

// unwatched leaves a flood to the run without the race detector, which scripts/test picks by its name.
func unwatched(t *testing.T) {
	t.Helper()
	if !strings.Contains(t.Name(), "Flood") {
		t.Fatal("a flood has Flood in its name")
	}
	if raced {
		t.Skip("a flood: not under the race detector")
	}
}

func TestMain(m *testing.M) {
	seal.WorkFactor = 6 // what it costs to guess a passphrase is package seal's business
	switch {
	case os.Getenv(trialEnv) != "":
		if err := replica.TryChanges(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	case os.Getenv(serveEnv) != "":
		if err := serve(os.Getenv(serveEnv)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m, append(storetest.Lasting(),
		// And these it leaves behind where it fails to open a damaged store.
		goleak.IgnoreTopFunction("github.com/dgraph-io/badger/v4.(*DB).monitorCache"),
		goleak.IgnoreTopFunction("github.com/dgraph-io/ristretto/v2/z.(*AllocatorPool).freeupAllocators"),
	)...)
}

// serve is what `kith daemon` does. It ends with SIGTERM, or with the tests that started it.
func serve(home string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // until whoever started this is gone
		stop()
	}()
	ahead, err := time.ParseDuration(cmp.Or(os.Getenv(aheadEnv), "0s"))
	if err != nil {
		return err
	}
	return (Run(ctx, Options{
		Now:  func() time.Time { return time.Now().Add(ahead) },
		Home: home, NoMDNS: true, Version: "test", Passphrase: func() (string, error) { return os.Getenv(passEnv), nil }, Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
		Trial: func() *exec.Cmd {
			cmd := exec.Command(os.Args[0])
			cmd.Env = []string{trialEnv + "=1", "GORACE=" + os.Getenv("GORACE")}
			return cmd
		},
		Ready: func(addresses []string) { fmt.Println("ready", strings.Join(addresses, " ")) },
		kept:  dying(os.Getenv(dieEnv)),
	}))
}

// dying makes what ends this process, as a power cut would, when it is called the n-th time; nil if n is none.
func dying(n string) func() {
	left, err := strconv.Atoi(n)
	if err != nil {
		return nil
	}
	var mu sync.Mutex
	return func() {
		mu.Lock()
		defer mu.Unlock()
		if left--; left == 0 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
}

// computer is one member's home, served or not.
type computer struct {
	t      testing.TB
	name   string
	dir    string
	client *apitest.Client

	passphrase string        // for the daemon
	ahead      time.Duration // by how much its clock is
	die        int           // 0: never, see dieEnv
	deaths     int           // so often it did

	cmd    *exec.Cmd
	stdin  io.Closer
	log    *log
	addrs  []string
	ended  chan struct{}
	result error
}

// log keeps the end of what a daemon logs.
type log struct {
	mu  sync.Mutex
	buf []byte
}

func (l *log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf = append(l.buf, b...)
	if over := len(l.buf) - 16<<10; over > 0 {
		l.buf = l.buf[over:]
	}
	return len(b), nil
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.buf)
}

// here is where a home listens that is nobody else's place.
func here() []string { return peertest.TCP() }

// coop founds a co-op of these members; the homes aren't served when it returns.
func coop(t testing.TB, names ...string) []*computer {
	t.Helper()
	return coopCalled(t, "Riso Print Co-op", names...)
}

// coopCalled is coop with a name of the co-op.
func coopCalled(t testing.TB, called string, names ...string) []*computer {
	t.Helper()
	var all []*computer
	for _, name := range names {
		all = append(all, newHome(t, name, daemontest.Dir(t)))
	}
	res, err := entrance.Init(t.Context(), entrance.InitOptions{
		Home: all[0].dir, Coop: called, As: names[0], Founders: len(names), Listen: here(),
	})
	must(t, err)
	if len(names) == 1 {
		return all
	}
	all[0].start()
	for i, h := range all[1:] {
		_, err := entrance.Join(t.Context(), entrance.JoinOptions{Home: h.dir, Invite: res.Invites[i].Code, As: h.name, Listen: here()})
		must(t, err)
	}
	all[0].stop()
	return all
}

// acquaint lets everybody hear from the founder of all who have joined. Nobody is served after.
func acquaint(all []*computer) {
	for _, h := range all {
		h.t.Helper()
		h.start()
	}
	for _, h := range all[1:] {
		all[0].inStepWith(h)
	}
	for _, h := range all {
		h.stop()
	}
}

func newHome(t testing.TB, name, dir string) *computer {
	client, err := apitest.New(dir, "")
	must(t, err)
	h := &computer{t: t, name: name, dir: dir, client: client}
	t.Cleanup(func() {
		client.Close()
		if h.cmd != nil {
			h.stop()
		}
	})
	return h
}

// begin starts a daemon and waits until it answers or has ended.
func (h *computer) begin() error {
	h.t.Helper()
	h.cmd = exec.Command(os.Args[0])
	h.cmd.Env = append(os.Environ(), serveEnv+"="+h.dir, passEnv+"="+h.passphrase, aheadEnv+"="+h.ahead.String())
	if h.die > 0 {
		h.cmd.Env = append(h.cmd.Env, dieEnv+"="+strconv.Itoa(h.die))
	}
	h.log, h.ended = &log{}, make(chan struct{})
	h.cmd.Stderr = h.log
	in, err := h.cmd.StdinPipe()
	must(h.t, err)
	h.stdin = in
	out, err := h.cmd.StdoutPipe()
	must(h.t, err)
	must(h.t, h.cmd.Start())
	ready := make(chan string, 1)
	go func(cmd *exec.Cmd, ended chan struct{}) {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if rest, ok := strings.CutPrefix(lines.Text(), "ready "); ok {
				ready <- rest
			}
		}
		h.result = cmd.Wait()
		close(ended)
	}(h.cmd, h.ended)
	select {
	case line := <-ready:
		h.addrs = strings.Fields(line)
		return nil
	case <-h.ended:
		h.cmd = nil
		return errors.New(h.log.String())
	}
}

func (h *computer) start() {
	h.t.Helper()
	if err := h.begin(); err != nil {
		h.t.Fatalf("%s's daemon ended before it answered: %v", h.name, err)
	}
}

// kill ends the daemon as a power cut of the process: with SIGKILL.
func (h *computer) kill() {
	h.t.Helper()
	must(h.t, h.cmd.Process.Kill())
	<-h.ended
	h.stdin.Close()
	h.client.Close()
	h.cmd = nil
}

// stop ends the daemon as Ctrl-C does. It must end well.
func (h *computer) stop() {
	h.t.Helper()
	if err := h.tryStop(); err != nil {
		h.t.Errorf("%s's daemon ended with %v:\n%s", h.name, err, h.log)
	}
}

func (h *computer) tryStop() error {
	h.client.Close()
	_ = h.cmd.Process.Signal(syscall.SIGTERM) // it may have died
	<-h.ended
	h.stdin.Close()
	h.cmd = nil
	return h.result
}

// alive fails the test if the daemon has died.
func (h *computer) alive() {
	h.t.Helper()
	select {
	case <-h.ended:
		h.t.Fatalf("%s's daemon died: %v\n%s", h.name, h.result, h.log)
	default:
	}
}

// until looks again after each event of the daemon, and after every ping's time, until holds.
func (h *computer) until(what string, holds func() bool) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), waittest.Limit)
	defer cancel()
	stirred := make(chan struct{}, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, err := range h.client.Events(ctx, nil, nil) {
			if err != nil {
				return
			}
			select {
			case stirred <- struct{}{}:
			default:
			}
		}
	}()
	defer func() { cancel(); <-done }()
	for !holds() {
		h.alive()
		select {
		case <-stirred:
		case <-time.After(50 * time.Millisecond): // not all that is looked at is told of
		case <-ctx.Done():
			h.t.Fatalf("%s waited in vain until %s\n%s", h.name, what, h.log)
		}
	}
}

// inStepWith waits until both say that they have all that the other has.
func (h *computer) inStepWith(other *computer) {
	h.t.Helper()
	for _, pair := range [][2]*computer{{h, other}, {other, h}} {
		pair[0].until("in step with "+pair[1].name, func() bool {
			peers, err := pair[0].client.Peers(h.t.Context())
			must(h.t, err)
			for _, p := range peers {
				if p.Member.Name == pair[1].name {
					return p.InStep
				}
			}
			return false
		})
	}
}

// heads is the state of all documents: their IDs, titles and heads.
func (h *computer) heads() map[string]string {
	h.t.Helper()
	docs, err := h.client.Find(h.t.Context(), "", "", 100_000)
	must(h.t, err)
	out := map[string]string{}
	for _, d := range docs {
		out[d.ID] = d.Title + " " + strings.Join(d.Heads, " ")
	}
	return out
}

// sameHeads waits until two homes show the same documents.
func sameHeads(a, b *computer) {
	a.t.Helper()
	a.inStepWith(b)
	differ := ""
	a.until("it shows the same documents as "+b.name, func() bool {
		differ = ""
		x, y := a.heads(), b.heads()
		for id := range x {
			if x[id] != y[id] {
				differ = fmt.Sprintf("%s: %q and %q", id, x[id], y[id])
			}
		}
		return differ == "" && len(x) == len(y)
	})
}

// wellBeing lets the doctor look, who must find nothing but missing peers.
func (h *computer) wellBeing() {
	h.t.Helper()
	checks, err := h.client.Doctor(h.t.Context(), api.DoctorRequest{})
	must(h.t, err)
	h.healthy(checks)
}

func (h *computer) healthy(checks []api.Check) {
	h.t.Helper()
	for _, c := range checks {
		if !c.OK && c.Name != "peers" {
			h.t.Errorf("%s's doctor: %s: %s (%s)", h.name, c.Name, c.Says, c.Hint)
		}
	}
}

// openReplica opens the replica of a home that isn't served.
func (h *computer) openReplica() *replica.Replica {
	h.t.Helper()
	return daemontest.Replica(h.t, h.dir)
}

// rounds is how often a long test does its work: what the environment says, or less.
func rounds(t testing.TB, env string, less int) int {
	t.Helper()
	s := os.Getenv(env)
	if s == "" {
		return less
	}
	n, err := strconv.Atoi(s)
	must(t, err)
	return n
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
