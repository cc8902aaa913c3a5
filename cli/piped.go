package cli

import (
	"os"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"kith/daemon/api"
)

// soon is how long a text that is piped to a command may be on its way until it is said that it isn't read. Tests set it.
var soon = 500 * time.Millisecond

// unread refuses a text that is piped to a command which takes one and wasn't told to read it there: else it would be lost, and
// nobody would hear of it. Nothing is read here: what a loop or a script reads there line by line stays theirs. Where it may be theirs, it is only said.
func (c *call) unread() error {
	in, ok := c.env.Stdin.(*os.File)
	if !ok || terminal(in) > 0 || !c.leavesText() {
		return nil
	}
	switch text, unsure := piped(in, soon); {
	case text:
		return api.Problemf(api.Usage, "add --text - and it is read; where none is meant: </dev/null", "a text comes on stdin, and nothing here says that it is to be read")
	case unsure:
		c.understood = append(c.understood, "What comes on stdin isn't read: with --text - it is.")
	}
	return nil
}

// leavesText says whether a command takes a text, and nothing that was typed says where it is.
func (c *call) leavesText() bool {
	takes := false
	for _, f := range c.Command.Flags {
		if f, ok := f.(*cli.StringFlag); ok {
			if c.String(f.Name) == "-" { // that is read there
				return false
			}
			takes = takes || f.Name == "text"
		}
	}
	return takes && !c.IsSet("text") && !slices.Contains(c.args(), "-")
}
