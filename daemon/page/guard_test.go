package page_test

import (
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestALinkOpensThePageOnce(t *testing.T) {
	ana := coop(t, "Ana")[0]
	link := ana.link()
	first, second := *ana, *ana
	for _, m := range []*member{&first, &second} {
		jar, err := cookiejar.New(nil)
		must(t, err)
		m.web = &http.Client{Jar: jar, Timeout: time.Minute}
		defer m.web.CloseIdleConnections()
	}
	opened := first.fetch("GET", link, nil)
	if opened.status != http.StatusOK {
		t.Fatalf("the link is answered with %d", opened.status)
	}
	if first.sees("").status != http.StatusOK {
		t.Error("who came by a link isn't let in")
	}
	refused := second.fetch("GET", link, nil)
	if refused.status != http.StatusForbidden {
		t.Errorf("the link works twice: %d", refused.status)
	}
	refused.says(t, "kith open")
	cookie := opened.header.Get("Set-Cookie")
	for _, is := range []string{"HttpOnly", "SameSite=Strict", "Path=/"} {
		if !strings.Contains(cookie, is) {
			t.Errorf("the cookie isn't %s: %s", is, cookie)
		}
	}
}

func TestWhoDidntComeByALinkIsShownNothing(t *testing.T) {
	ana := coop(t, "Ana")[0]
	good := ana.web.Jar.Cookies(mustParse(t, ana.base))[0]
	ana.web = &http.Client{Timeout: time.Minute}
	defer ana.web.CloseIdleConnections()
	wrong := []byte(good.Value)
	wrong[3] ^= 1 // of the time when it ends
	for _, cookie := range []string{"", good.Name + "=", good.Name + "=AAAA", good.Name + "=" + string(wrong), good.Name + "=" + good.Value[:len(good.Value)-2]} {
		for _, path := range []string{"", "tasks", "tasks/new", "members", "step", "search?q=a", "../live", "../"} {
			if a := ana.fetch("GET", ana.base+path, nil, "Cookie", cookie); a.status != http.StatusUnauthorized || strings.Contains(a.body, "Riso") {
				t.Errorf("%q is answered with %d to %q", path, a.status, cookie)
			}
		}
		if a := ana.fetch("POST", ana.base+"tasks", url.Values{"title": {"Mine"}}, "Cookie", cookie); a.status != http.StatusUnauthorized {
			t.Errorf("a task is made, with %q: %d", cookie, a.status)
		}
	}
	if a := ana.fetch("GET", ana.base, nil, "Cookie", good.Name+"="+good.Value); a.status != http.StatusOK {
		t.Errorf("the test tests nothing: the good cookie is answered with %d", a.status)
	}
}

// Cookies know no ports: what answers at another one of this computer, a game or a neighbour's program, gives the browser what it likes.
func TestCookiesFromAnotherPortKeepNobodyOut(t *testing.T) {
	ana := coop(t, "Ana")[0]
	good := ana.web.Jar.Cookies(mustParse(t, ana.base))[0]
	ana.web = &http.Client{Timeout: time.Minute}
	defer ana.web.CloseIdleConnections()
	for what, before := range map[string]string{
		"of the same name": good.Name + "=AAAA; ", "of the same name, and broken": good.Name + "=\"; ", "as many as a browser keeps": strings.Repeat("other="+strings.Repeat("x", 4000)+"; ", 180),
	} {
		if a := ana.fetch("GET", ana.base, nil, "Cookie", before+good.Name+"="+good.Value); a.status != http.StatusOK {
			t.Errorf("beside cookies %s it is answered with %d", what, a.status)
		}
	}
}

func TestWhoTookThePortWhileTheDaemonWasOffHasNoGoodCookie(t *testing.T) {
	ana := coop(t, "Ana")[0]
	at := mustParse(t, ana.base)
	shown := ana.web.Jar.Cookies(at)[0].Value
	ana.stop()
	taken, err := net.Listen("tcp4", at.Host)
	must(t, err)
	defer taken.Close()
	ana.start()
	ana.openPage()
	elsewhere := mustParse(t, ana.base)
	if elsewhere.Host == at.Host {
		t.Fatal("the port wasn't taken")
	}
	good := ana.web.Jar.Cookies(elsewhere)[0]
	ana.web = &http.Client{Timeout: time.Minute}
	defer ana.web.CloseIdleConnections()
	for cookie, want := range map[string]int{shown: http.StatusUnauthorized, good.Value: http.StatusOK} {
		if a := ana.fetch("GET", ana.base, nil, "Cookie", "kith-"+elsewhere.Port()+"="+cookie); a.status != want {
			t.Errorf("it is answered with %d, not %d", a.status, want)
		}
	}
}

func TestANameThatLeadsHereOpensNothing(t *testing.T) {
	ana := coop(t, "Ana")[0]
	port := mustParse(t, ana.base).Port()
	for _, host := range []string{"evil.example", "evil.example:" + port, "localhost:" + port, "127.0.0.1", "127.0.0.1:1", "[::1]:" + port} {
		if a := ana.fetch("GET", ana.base, nil, "Host", host); a.status != http.StatusMisdirectedRequest || strings.Contains(a.body, "Riso") {
			t.Errorf("as %s it is answered with %d", host, a.status)
		}
	}
}

func TestAnotherPageCanHaveNothingDone(t *testing.T) {
	ana := coop(t, "Ana")[0]
	for _, origin := range []string{"", "null", "http://evil.example", "http://127.0.0.1:1", "https://" + mustParse(t, ana.base).Host, "http://localhost:" + mustParse(t, ana.base).Port()} {
		for _, path := range []string{"tasks", "../language"} {
			a := ana.fetch("POST", ana.base+path, url.Values{"title": {"Not mine"}, "language": {"es"}}, "Origin", origin)
			if a.status != http.StatusForbidden {
				t.Errorf("%s is answered with %d to the origin %q", path, a.status, origin)
			}
		}
	}
	if strings.Contains(ana.sees("tasks").body, "Not mine") {
		t.Error("there is a task that another page has made")
	}
	for _, method := range []string{"PUT", "DELETE", "PATCH"} {
		if a := ana.fetch(method, ana.base+"tasks", nil, "Origin", "http://evil.example"); a.status != http.StatusForbidden {
			t.Errorf("%s is answered with %d", method, a.status)
		}
	}
}

func TestAnotherPageIsShownNothing(t *testing.T) {
	ana := coop(t, "Ana")[0]
	for _, site := range []string{"cross-site", "same-site"} { // another port of this computer is of the same site
		for _, dest := range []string{"empty", "iframe", "frame", "embed", "object", "script", "image"} {
			if a := ana.fetch("GET", ana.base, nil, "Sec-Fetch-Site", site, "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", dest); a.status != http.StatusForbidden {
				t.Errorf("a page %s that loads it as %s gets %d", site, dest, a.status)
			}
		}
		if a := ana.fetch("GET", ana.base, nil, "Sec-Fetch-Site", site, "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "document"); a.status != http.StatusForbidden {
			t.Errorf("a page %s that fetches it gets %d", site, a.status)
		}
	}
	a := ana.sees("", "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document")
	for name, want := range map[string]string{
		"X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
		"Referrer-Policy": "same-origin", "Cache-Control": "no-store",
	} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	if a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("other origins may read it")
	}
	policy := a.header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'", "trusted-types 'none'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("the policy hasn't %s: %s", part, policy)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") || strings.Contains(policy, "*") {
		t.Errorf("the policy is loose: %s", policy)
	}
}

func TestThePageIsServedOnThisComputerAloneAndOnlyOnceItWasOpened(t *testing.T) {
	ana := coop(t, "Ana")[0]
	if host := mustParse(t, ana.base).Hostname(); host != "127.0.0.1" {
		t.Errorf("it is at %s", host)
	}
	info, err := os.Stat(filepath.Join(ana.dir, "page.json"))
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the key of its cookies is %v", info.Mode())
	}
}

func TestAPageGoesOnWhenTheDaemonIsStartedAnew(t *testing.T) {
	ana := coop(t, "Ana")[0]
	was := ana.base
	ana.stop()
	if _, err := ana.try("GET", was, nil); err == nil {
		t.Error("it answers without a daemon")
	}
	ana.start()
	if a := ana.sees(""); a.at != was {
		t.Errorf("it is at %s now, and was at %s", a.at, was)
	}
}

func TestAFormLeadsNowhereElse(t *testing.T) {
	ana := coop(t, "Ana")[0]
	host := mustParse(t, ana.base).Host
	for _, back := range []string{"https://evil.example/", "//evil.example/", `/\evil.example`, "javascript:alert(1)", "evil", "", "/\t/evil.example"} {
		a := ana.fetch("POST", ana.base+"../language", url.Values{"language": {"es"}, "back": {back}})
		if got := mustParse(t, a.at); got.Host != host || a.status != http.StatusOK {
			t.Errorf("%q leads to %s (%d)", back, a.at, a.status)
		}
	}
}

func mustParse(t testing.TB, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	must(t, err)
	return u
}
