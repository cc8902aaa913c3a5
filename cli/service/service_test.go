package service

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"kith/crdt/problem"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// at gives the service of a person's home folder, in which nothing is, and puts a systemctl before the system's that
// says yes, and notes in the file asked what it was asked.
func at(t *testing.T, home, systemctl string) (s *Service, asked string) {
	t.Helper()
	dir := t.TempDir()
	asked = filepath.Join(dir, "asked")
	must(t, os.Mkdir(filepath.Join(dir, "bin"), 0o755))
	script := "#!/bin/sh\necho \"$@\" >>'" + asked + "'\n" + systemctl
	must(t, os.WriteFile(filepath.Join(dir, "bin", "systemctl"), []byte(script), 0o755))
	t.Setenv("PATH", filepath.Join(dir, "bin")+":/usr/bin:/bin")
	s, err := Of("linux", home, func(name string) string { return map[string]string{"HOME": dir}[name] })
	must(t, err)
	return s, asked
}

const enabled = "case $2 in is-enabled) echo enabled;; is-active) echo active;; esac\n"

func TestTheServiceIsInstalledAsItsPersonAndGoesWithoutATrace(t *testing.T) {
	s, asked := at(t, "", enabled)
	must(t, s.Install(t.Context(), Daemon{Program: "/opt/kith", Args: []string{"daemon"}}, true))
	b, err := os.ReadFile(s.File())
	must(t, err)
	if !strings.Contains(string(b), "\nConditionFileIsExecutable=/opt/kith\n") || !strings.Contains(string(b), "\nExecStart=\"/opt/kith\" \"daemon\"\n") || strings.Contains(string(b), "KITH_HOME") {
		t.Errorf("%s", b)
	}
	if state := s.State(t.Context()); !state.Installed || !state.Starts || !state.Runs {
		t.Errorf("%+v", state)
	}
	was, err := s.Remove(t.Context())
	must(t, err)
	if left, err := os.ReadDir(filepath.Dir(s.File())); err != nil || len(left) != 0 || !was {
		t.Errorf("%v %v %v", was, left, err)
	}
	b, err = os.ReadFile(asked)
	must(t, err)
	if want := "--user daemon-reload\n--user enable --now kith.service\n--user is-enabled kith.service\n--user is-active kith.service\n--user disable --now kith.service\n--user daemon-reload\n"; string(b) != want {
		t.Errorf("asked\n%swant\n%s", b, want)
	}
}

func TestAnothersUnitOfThatNameStaysAsItIs(t *testing.T) {
	s, _ := at(t, "", enabled)
	must(t, os.MkdirAll(filepath.Dir(s.File()), 0o755))
	must(t, os.WriteFile(s.File(), nil, 0o644))
	if err := s.Install(t.Context(), Daemon{Program: "/opt/kith"}, true); err == nil || !strings.Contains(err.Error(), "isn't from kith service") {
		t.Errorf("over an empty file: %v", err)
	}
	must(t, os.WriteFile(s.File(), []byte("[Service]\nExecStart=/mine\n"), 0o644))
	err := s.Install(t.Context(), Daemon{Program: "/opt/kith"}, true)
	_, gone := s.Remove(t.Context())
	if p, ok := problem.Of(err); !ok || p.Code != problem.NotAllowed || gone == nil {
		t.Errorf("%v, %v", err, gone)
	}
	b, err := os.ReadFile(s.File())
	if err != nil || !strings.Contains(string(b), "/mine") {
		t.Errorf("%s %v", b, err)
	}
}

func TestWhereNobodyStartsServicesThatIsSaid(t *testing.T) {
	s, _ := at(t, "", "echo 'Failed to connect to bus: No medium found' >&2; exit 1\n")
	err := s.Install(t.Context(), Daemon{Program: "/opt/kith"}, true)
	if p, ok := problem.Of(err); !ok || !strings.Contains(p.Message, "No medium found") || p.Hint == "" {
		t.Error(err)
	}
	if state := s.State(t.Context()); state.Installed || state.Runs || state.Starts || !strings.Contains(strings.Join(state.Says, ""), "No medium found") {
		t.Errorf("%+v", state)
	}
	t.Setenv("PATH", t.TempDir())
	err = s.Install(t.Context(), Daemon{Program: "/opt/kith"}, true)
	if p, ok := problem.Of(err); !ok || !strings.Contains(p.Message, "there is no systemctl") {
		t.Error(err)
	}
}

// Names as people give their folders; each is one word of the command, or the value of the variable.
var strange = []string{"/home/ana maría/kith", "/50%/kith", "/cash$HOME/kith", "/tab;rm -rf", "/ünï"}

func TestAPathMeansItselfInAUnit(t *testing.T) {
	if got := quoted(`/a "b" \c 5% $d`, true); got != `"/a \"b\" \\c 5%% $$d"` {
		t.Error(got)
	}
	verify, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("no systemd-analyze here: whether systemd reads it so isn't shown")
	}
	for _, path := range strange {
		dir := filepath.Join(t.TempDir(), path)
		must(t, os.MkdirAll(dir, 0o755))
		program := filepath.Join(dir, "kith")
		must(t, os.WriteFile(program, []byte("#!/bin/sh\n"), 0o755))
		unit := filepath.Join(t.TempDir(), "kith.service")
		must(t, os.WriteFile(unit, []byte(systemd{}.text(Daemon{Program: program, Args: []string{"daemon", path}, Home: `/a"b\c` + path})), 0o644))
		// It complains where the program that it reads isn't there.
		cmd := exec.Command(verify, "verify", "--man=no", unit)
		cmd.Env = append(os.Environ(), "SYSTEMD_LOG_LEVEL=warning")
		if out, err := cmd.CombinedOutput(); err != nil && strings.Contains(string(out), "kith.service") {
			t.Errorf("%s: %s", path, out)
		}
	}
}

func TestAPathMeansItselfInAPropertyList(t *testing.T) {
	for _, path := range append(strange, "/<&>'") {
		text := launchd{}.text(Daemon{Program: path, Args: []string{"daemon"}, Home: path})
		var words []string
		for d := xml.NewDecoder(strings.NewReader(text)); ; {
			tok, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			must(t, err)
			if el, ok := tok.(xml.StartElement); ok && el.Name.Local == "string" {
				var s string
				must(t, d.DecodeElement(&s, &el))
				words = append(words, s)
			}
		}
		if len(words) != 4 || words[1] != path || words[2] != "daemon" || words[3] != path {
			t.Errorf("%q", words)
		}
	}
}

func TestEachHomeHasItsOwnServiceAndABadPathNone(t *testing.T) {
	one, _ := at(t, "/home/ana/a", enabled)
	other, _ := at(t, "/home/ana/b", enabled)
	if one.Name() == other.Name() || one.Name() == "kith.service" {
		t.Error(one.Name(), other.Name())
	}
	for _, path := range []string{"/opt/ki\nth", `/a"b/kith`, `/a\b/kith`, "/a'b/kith"} {
		err := one.Install(t.Context(), Daemon{Program: path}, true)
		if p, ok := problem.Of(err); !ok || p.Code != problem.Invalid {
			t.Errorf("%q: %v", path, err)
		}
	}
	if _, err := os.Stat(one.File()); err == nil {
		t.Error("a unit was written all the same")
	}
	if _, err := Of("plan9", "", func(string) string { return "/home/ana" }); err == nil {
		t.Error("Plan 9 has services, it seems")
	}
	if _, err := Of("linux", "", func(string) string { return "" }); err == nil {
		t.Error("without HOME there is a place for services")
	}
}
