// Package cli is the kith command: one noun a file, in the words of docs/CLI.md, which is
// generated from the commands here.
//
// The commands talk to the local API and to nothing else. They decide nothing: what a name
// or the start of an ID means, and what is allowed, the daemon says. Here are words typed,
// dates, editors, tables, colours and exit codes.
//
// It is large: it is wide and not deep. Each noun is a file, and hardly any knows another.
package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"kith/crdt/problem"
	"kith/daemon/api"
	"kith/daemon/api/client"
)

// Run runs one command line (args without the program's name) and returns its exit code.
func Run(ctx context.Context, args []string, env Env) int {
	env.Stdout, env.Stderr = &outlet{to: env.Stdout}, &outlet{to: env.Stderr}
	k := &kith{env: env, in: &untilStopped{ctx, env.Stdin}}
	root := k.root()
	l := arrange(root, args)
	k.json = l.json
	var err error
	switch {
	case l.err != nil:
		err = l.err
	case l.help:
		err = writeHelp(env.Stdout, l.path)
	case l.version:
		err = k.dispatch(ctx, root, []string{"version"})
	case l.last().Action == nil: // a noun alone says what can be done with it
		err = writeHelp(env.Stdout, l.path)
	default:
		err = k.dispatch(ctx, root, l.args)
	}
	if trouble := k.trouble(); trouble != nil && (err == nil || errors.Is(err, trouble)) {
		err = api.Problemf(api.Failed, "what the command does is done: send what it tells somewhere else", "what there is to tell can't be written out: %v", trouble)
	}
	return k.end(ctx, err)
}

// kith is one run of the command.
type kith struct {
	env    Env
	json   bool // tell errors as JSON
	client *client.Client
	in     io.Reader     // stdin, until somebody stops the command
	stdin  *bufio.Reader // see lines

	// What completion offers in the place of a flag's value, and where a command wants an ID; set as they are made.
	values map[cli.Flag]completer
	ids    map[*cli.Command]completer
}

// dispatch hands a line that arrange has put in order to urfave's parser.
func (k *kith) dispatch(ctx context.Context, root *cli.Command, args []string) error {
	app := &cli.App{
		Name: root.Name, Commands: root.Subcommands, HideHelp: true, HideVersion: true,
		Reader: k.env.Stdin, Writer: k.env.Stdout, ErrWriter: io.Discard,
		ExitErrHandler:            func(*cli.Context, error) {}, // end says it, once
		DisableSliceFlagSeparator: true,                         // a tag may hold a comma
	}
	return app.RunContext(ctx, append([]string{root.Name}, args...))
}

// end tells an error, if there is one, and gives the exit code.
func (k *kith) end(ctx context.Context, err error) int {
	if k.client != nil {
		k.client.Close()
	}
	if err == nil {
		return 0
	}
	p, ok := problem.Of(err)
	if !ok {
		switch {
		case errors.Is(err, context.Canceled) && ctx.Err() != nil:
			p = stopped()
		case errors.Is(err, context.DeadlineExceeded):
			p = api.Problemf(api.TimedOut, "kith status", "this took too long")
		default:
			p = api.Problemf(api.Failed, "", "%v", err)
		}
	}
	if k.json {
		if err := writeJSON(k.env.Stderr, map[string]*api.Problem{"error": p}); err == nil {
			return p.Code.Exit()
		}
	}
	k.tell(p, "")
	return p.Code.Exit()
}

func stopped() *api.Problem { return api.Problemf(api.Failed, "", "stopped before it was done") }

// tell tells a person of a problem. about is what it is about, where there are several things.
func (k *kith) tell(p *api.Problem, about string) {
	fmt.Fprintf(k.env.Stderr, "kith: %s%s\n", about, sentence(p.Message))
	for _, c := range p.Changed {
		if len(c.Diff) > 0 { // what they never were shown they read where the hint says
			fmt.Fprintf(k.env.Stderr, "  %s\n", sentence(c.Field+": "+passages(c.Diff)))
		}
	}
	for _, c := range p.Candidates {
		fmt.Fprintf(k.env.Stderr, "  %s  %s\n", sentence(c.Short), oneLine(c.Title, 80))
	}
	if p.Hint != "" {
		fmt.Fprintf(k.env.Stderr, "hint: %s\n", sentence(p.Hint))
	}
}

// meant is the space that a command names, or that is named for all commands; "" if none is.
func (k *kith) meant(space string) string {
	if space == "" {
		return k.env.Getenv("KITH_SPACE")
	}
	return space
}

// api connects to the daemon of this home on first use.
func (k *kith) api(space string) (*client.Client, error) {
	if k.client == nil {
		c, err := client.New(k.env.home(), k.meant(space))
		if err != nil {
			return nil, err
		}
		k.client = c
	}
	return k.client, nil
}
