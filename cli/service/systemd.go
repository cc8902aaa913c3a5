package service

import (
	"context"
	"errors"
	"os/user"
	"path/filepath"
	"strings"
)

// systemd runs units of its user, from the folder units.
type systemd struct{ units string }

func (systemd) name(home string) string { return "kith" + suffix(home) + ".service" }

func (s systemd) file(name string) string { return filepath.Join(s.units, name) }

func (systemd) text(d Daemon) string {
	var b strings.Builder
	b.WriteString("# " + mark + "\n[Unit]\nDescription=Kith\n")
	// A program that was removed with its package isn't tried again every ten seconds.
	b.WriteString("ConditionFileIsExecutable=" + strings.ReplaceAll(d.Program, "%", "%%") + "\n\n[Service]\n")
	if d.Home != "" {
		b.WriteString("Environment=" + quoted("KITH_HOME="+d.Home, false) + "\n")
	}
	b.WriteString("ExecStart=" + quoted(d.Program, false)) // a program's path has no variables
	for _, arg := range d.Args {
		b.WriteString(" " + quoted(arg, true))
	}
	b.WriteString("\nRestart=on-failure\nRestartSec=10\n\n[Install]\nWantedBy=default.target\n")
	return b.String()
}

// quoted writes one word as systemd.syntax(7) and systemd.service(5) have it: "%" begins a specifier everywhere, "$" a
// variable in the arguments of a command.
func quoted(word string, argument bool) string {
	word = strings.NewReplacer(`\`, `\\`, `"`, `\"`, `%`, `%%`).Replace(word)
	if argument {
		word = strings.ReplaceAll(word, "$", "$$")
	}
	return `"` + word + `"`
}

func (s systemd) heed(ctx context.Context, of *Service, now bool) error {
	if err := s.reread(ctx); err != nil {
		return err
	}
	args := []string{"--user", "enable", of.Name()}
	if now {
		args = []string{"--user", "enable", "--now", of.Name()}
	}
	_, err := ask(ctx, "systemctl", args...)
	return err
}

func (systemd) forget(ctx context.Context, of *Service) error {
	_, err := ask(ctx, "systemctl", "--user", "disable", "--now", of.Name())
	return err
}

func (systemd) reread(ctx context.Context) error {
	_, err := ask(ctx, "systemctl", "--user", "daemon-reload")
	return err
}

func (systemd) state(ctx context.Context, of *Service, into *State) error {
	answers := map[string]*bool{"is-enabled": &into.Starts, "is-active": &into.Runs}
	for _, question := range []string{"is-enabled", "is-active"} {
		said, err := ask(ctx, "systemctl", "--user", question, of.Name())
		if no := (*refused)(nil); err != nil && !errors.As(err, &no) { // an exit code says no
			return err
		}
		if strings.HasPrefix(said, "Failed to connect") { // to the bus: nobody answers
			return err
		}
		*answers[question] = said == "enabled" || said == "active"
	}
	if !into.Starts {
		return nil
	}
	me, err := user.Current()
	if err != nil {
		return nil // who it is isn't known: a hint less
	}
	if said, err := ask(ctx, "loginctl", "show-user", me.Uid, "--property=Linger", "--value"); err == nil && said == "no" {
		into.Says = append(into.Says, "It runs while you are logged in. Also when nobody is: loginctl enable-linger")
	}
	return nil
}
