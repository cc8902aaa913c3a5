package service

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// launchd runs the agents of a person who is logged in, from the folder agents.
type launchd struct{ agents string }

func (launchd) name(home string) string { return "coop.kith.daemon" + suffix(home) }

func (l launchd) file(name string) string { return filepath.Join(l.agents, name+".plist") }

// text is a property list, as launchd.plist(5) has it.
func (l launchd) text(d Daemon) string {
	var b strings.Builder
	b.WriteString(xml.Header)
	b.WriteString(`<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">` + "\n")
	b.WriteString("<!-- " + mark + " -->\n<plist version=\"1.0\">\n<dict>\n")
	b.WriteString("\t<key>Label</key>\n\t<string>" + plain(l.name(d.Home)) + "</string>\n\t<key>ProgramArguments</key>\n\t<array>\n")
	for _, word := range append([]string{d.Program}, d.Args...) {
		b.WriteString("\t\t<string>" + plain(word) + "</string>\n")
	}
	b.WriteString("\t</array>\n")
	if d.Home != "" {
		b.WriteString("\t<key>EnvironmentVariables</key>\n\t<dict>\n\t\t<key>KITH_HOME</key>\n\t\t<string>" + plain(d.Home) + "</string>\n\t</dict>\n")
	}
	b.WriteString("\t<key>RunAtLoad</key>\n\t<true/>\n\t<key>KeepAlive</key>\n\t<dict>\n\t\t<key>SuccessfulExit</key>\n\t\t<false/>\n\t</dict>\n</dict>\n</plist>\n")
	return b.String()
}

func plain(word string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(word)) // a buffer takes all
	return b.String()
}

func domain() string { return fmt.Sprintf("gui/%d", os.Getuid()) }

func (launchd) heed(ctx context.Context, of *Service, now bool) error {
	if !now {
		return nil // it reads the folder at the next login
	}
	_, _ = ask(ctx, "launchctl", "bootout", domain()+"/"+of.Name()) // an older one, if it is there
	_, err := ask(ctx, "launchctl", "bootstrap", domain(), of.File())
	return err
}

func (launchd) forget(ctx context.Context, of *Service) error {
	_, err := ask(ctx, "launchctl", "bootout", domain()+"/"+of.Name())
	if no := (*refused)(nil); errors.As(err, &no) { // it wasn't loaded
		return nil
	}
	return err
}

func (launchd) reread(context.Context) error { return nil }

func (launchd) state(ctx context.Context, of *Service, into *State) error {
	into.Starts = into.Installed
	said, err := ask(ctx, "launchctl", "print", domain()+"/"+of.Name())
	if no := (*refused)(nil); err != nil && !errors.As(err, &no) {
		return err
	}
	into.Runs = err == nil && strings.Contains(said, "state = running")
	return nil
}
