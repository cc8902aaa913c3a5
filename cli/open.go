package cli

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"kith/crdt/problem"
	"kith/daemon/api"
	"kith/daemon/api/client"
)

func (k *kith) open() *cli.Command {
	return k.command(spec{
		name: "open", usage: "open the page in a browser",
		more:     "The page shows what the commands do, to this user of this computer alone. The link opens it once, within five minutes; the browser is let in for 30 days from then on. The daemon goes on serving the page at the same address.",
		examples: []string{`kith open`, `kith open --start`, `kith open --print`},
		flags: []cli.Flag{
			&cli.BoolFlag{Name: "print", Usage: "print the link, and open nothing"},
			&cli.BoolFlag{Name: "start", Usage: "start the daemon if it doesn't run: what the entry in the applications menu does"},
		},
		run: func(ctx context.Context, c *call) error {
			if c.Bool("start") {
				if err := c.begin(ctx); err != nil {
					c.showInBrowser(ctx, err)
					return err
				}
			}
			return request(c, func(d *client.Client) (api.PageLink, error) { return d.Page(ctx) }, func(l api.PageLink) {
				if !c.Bool("print") && c.env.Hooks.Browse != nil && c.env.Hooks.Browse(ctx, l.URL) == nil {
					c.out.println("The page opens in your browser.")
					return
				}
				c.out.println(l.URL)
			})
		},
	})
}

// begin starts the daemon of this home if none answers, and waits until it does.
func (c *call) begin(ctx context.Context) error {
	if err := c.daemonAnswers(ctx); !notRunning(err) {
		return err
	}
	home := c.env.home()
	log := filepath.Join(home, "daemon.log")
	ended, err := c.env.Hooks.Begin(home, log)
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(ctx, startsWithin)
	defer stop()
	for c.daemonAnswers(ctx) != nil {
		select {
		case <-ended:
			if c.daemonAnswers(ctx) == nil { // somebody else had started one
				return nil
			}
			return api.Problemf(api.NotRunning, "start it in a terminal, which asks for the passphrase if there is one: kith daemon", "the daemon ended again: %s", lastSaid(log))
		case <-ctx.Done():
			return api.Problemf(api.NotRunning, "look into that file", "the daemon was started, and doesn't answer after %s: %s", startsWithin, log)
		case <-time.After(100 * time.Millisecond):
		}
	}
	return nil
}

// maxLogEnd is how much of the end of a daemon's log is looked at, in bytes.
const maxLogEnd = 8 << 10

// lastSaid is what a daemon said last, to a person, before it ended; without that, where its log is.
func lastSaid(log string) string {
	f, err := os.Open(log)
	if err != nil {
		return log
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > maxLogEnd {
		_, _ = f.Seek(-maxLogEnd, io.SeekEnd) // else it is read from the start
	}
	end, _ := io.ReadAll(io.LimitReader(f, maxLogEnd))
	said := log
	for line := range strings.Lines(string(end)) {
		if words, ok := strings.CutPrefix(strings.TrimSpace(line), "kith: "); ok {
			said = words
		}
	}
	return said
}

// seenWithin is how long a browser is given to fetch what went wrong.
const seenWithin = 20 * time.Second

// showInBrowser says there what went wrong, if it can be read nowhere else: the applications menu has no terminal. It is served once, to this
// computer alone, and holds nothing but the words of the error.
func (c *call) showInBrowser(ctx context.Context, wrong error) {
	if c.env.Hooks.Browse == nil || c.Bool("print") || c.out.json || terminal(c.env.Stderr) > 0 {
		return
	}
	says := "Kith: " + wrong.Error() + "\n"
	if p, ok := problem.Of(wrong); ok && p.Hint != "" {
		says += "\n" + sentence(p.Hint) + "\n"
	}
	at, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return // it stands on stderr
	}
	seen := make(chan struct{})
	read := sync.OnceFunc(func() { close(seen) })
	page := http.Server{ReadTimeout: seenWithin, WriteTimeout: seenWithin, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, says)
		read()
	})}
	go func() { _ = page.Serve(at) }() // until it is shut down
	ctx, stop := context.WithTimeout(ctx, seenWithin)
	defer stop()
	if c.env.Hooks.Browse(ctx, "http://"+at.Addr().String()) == nil {
		select {
		case <-seen:
		case <-ctx.Done():
		}
	}
	_ = page.Shutdown(ctx) // which lets an answer that is being written come to its end
}
