package page

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"kith/daemon/api"
	"kith/daemon/api/client"
)

// State is what is kept of the page from one start of the daemon to the next, so that a page which is open goes on, and
// a bookmark leads to it.
type State struct {
	Port int    `json:"port"` // 0: the page was never opened
	Key  []byte `json:"key"`  // KeySize bytes that sign cookies
	// Language is the one that the person chose, in whichever browser: "" until they do.
	Language string `json:"language,omitempty"`
}

// Keeper keeps the State.
type Keeper interface {
	Page(into any) error // which stays as it is if nothing is kept
	SetPage(any) error
}

// Page is the page of one daemon. It listens once somebody has asked for a link, and from then on at every start.
type Page struct {
	daemon    *client.Client
	keeper    Keeper
	log       *slog.Logger
	now       func() time.Time
	words     *languages
	links     links
	made      recent[string]         // where what a form has begun is, by the form's own key
	merged    recent[changed]        // what others wrote while somebody edited
	told      recent[telling]        // what somebody was told of what they did
	phrases   recent[unwritten]      // recovery phrases that wait to be confirmed
	attempts  recent[*attempt]       // to join
	codes     recent[api.DeviceCode] // the newest for a new device, by space
	answered  recent[answered]       // the newest request to join that was answered, by space
	rekeys    recent[rekey]          // new phrases on which others have to agree
	returners recent[returner]       // who come back, and have to choose about their computers
	begun     sync.WaitGroup         // what goes on behind an answer
	live      chan struct{}          // holds one for each open stream
	hub       hub

	mu     sync.Mutex
	state  State
	opens  chan net.Listener
	open   bool
	giveUp func() // ends the attempt to join that is under way; nil: there was none
}

// New makes the page of the daemon that c asks. now is the clock, in the zone of the person.
func New(c *client.Client, keeper Keeper, log *slog.Logger, now func() time.Time) *Page {
	return &Page{daemon: c, keeper: keeper, log: log, now: now, words: allWords(), live: make(chan struct{}, maxStreams), opens: make(chan net.Listener, 1)}
}

// What the page takes from a connection, beyond which it is closed.
const (
	maxConnections = 64
	maxHeader      = 1 << 20 // bytes: with them come the cookies of all programs that answer at a port of this computer
	headerTimeout  = 10 * time.Second
	bodyTimeout    = 30 * time.Second
	writeTimeout   = 30 * time.Second
	idleTimeout    = 2 * time.Minute
)

// Link makes a link that opens the page once, and opens its port if it isn't yet.
func (p *Page) Link() (api.PageLink, error) {
	if err := p.listen(); err != nil {
		return api.PageLink{}, err
	}
	made := p.links.add(p.now())
	return api.PageLink{URL: p.origin() + "/enter?key=" + made.key, ExpiresAt: api.At(made.until)}, nil
}

// listen opens the port: the one that is kept, or, if another program has that, one of the system's choice, which is kept then.
func (p *Page) listen() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open {
		return nil
	}
	var state State
	if err := p.keeper.Page(&state); err != nil {
		return err
	}
	was := state.Port
	l, err := net.Listen("tcp4", net.JoinHostPort(loopback, strconv.Itoa(state.Port)))
	if err != nil && state.Port != 0 {
		p.log.Warn("the port of the page is taken: links and bookmarks to it lead elsewhere, kith open leads here", "port", state.Port, "err", err)
		l, err = net.Listen("tcp4", net.JoinHostPort(loopback, "0"))
		state.Key = nil // whoever has the port may have been shown cookies
	}
	if len(state.Key) != KeySize {
		state.Key = make([]byte, KeySize)
		_, _ = rand.Read(state.Key) // it never fails
		was = -1
	}
	if err != nil {
		return fmt.Errorf("open a port for the page: %w", err)
	}
	if state.Port = l.Addr().(*net.TCPAddr).Port; state.Port != was {
		if err := p.keeper.SetPage(state); err != nil {
			return errors.Join(fmt.Errorf("keep the port of the page: %w", err), l.Close())
		}
	}
	p.state, p.open = state, true
	p.opens <- l
	return nil
}

// Open opens the page's port if it was ever opened in this home. What goes wrong with the page ends nothing else: it is logged,
// and told to who asks for a link.
func (p *Page) Open() {
	var state State
	err := p.keeper.Page(&state)
	if err == nil && state.Port != 0 {
		err = p.listen()
	}
	if err != nil {
		p.log.Error("the page can't be opened", "err", err)
	}
}

// Run serves the page until ctx ends, once its port is open.
func (p *Page) Run(ctx context.Context) {
	select {
	case l := <-p.opens:
		if err := p.serve(ctx, l); err != nil {
			p.log.Error("the page ended", "err", err)
		}
	case <-ctx.Done():
		p.mu.Lock()
		defer p.mu.Unlock()
		p.open = true // nothing is opened from now on
		select {
		case l := <-p.opens:
			_ = l.Close() // nobody was served
		default:
		}
	}
}

func (p *Page) serve(ctx context.Context, l net.Listener) error {
	base, end := context.WithCancel(context.WithoutCancel(ctx))
	s := &http.Server{
		Handler:           p.Handler(),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       bodyTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		BaseContext:       func(net.Listener) context.Context { return base },
		ErrorLog:          slog.NewLogLogger(p.log.Handler(), slog.LevelDebug),
	}
	var hearing sync.WaitGroup
	hearing.Go(func() { p.hear(base) })
	defer func() { end(); hearing.Wait(); p.begun.Wait() }()
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		end() // streams end; a request under way gets its answer
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		err := s.Shutdown(grace)
		if err != nil {
			err = s.Close()
		}
		stopped <- err
	})
	err := s.Serve(&door{Listener: l, room: make(chan struct{}, maxConnections), log: p.log})
	if stop() { // the listener failed by itself
		return errors.Join(err, s.Close())
	}
	return <-stopped
}

const loopback = "127.0.0.1"

func (p *Page) host() string       { return net.JoinHostPort(loopback, strconv.Itoa(p.state.Port)) }
func (p *Page) origin() string     { return "http://" + p.host() }
func (p *Page) cookieName() string { return "kith-" + strconv.Itoa(p.state.Port) }
