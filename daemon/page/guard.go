package page

import (
	"net/http"
	"slices"
	"strings"
)

// policy is what a browser may do with what it gets here: nothing of anybody else's, nothing that stands in the page
// itself, and no string becomes markup or program.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// guard lets nobody through but the person whose daemon this is, from a page of this origin. That what asks runs as this user the door
// has seen to.
//
//   - Host is this address and no name, so that a name that somebody has pointed here opens nothing.
//   - What asks is no page of another origin, and no frame: other ports of this computer are other origins, though to cookies they are
//     the same site.
//   - What changes something says that it comes from here (Origin), which no other page can.
//   - The browser came by a link that kith open gave, once.
func (p *Page) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY") // for what doesn't know frame-ancestors
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Referrer-Policy", "same-origin") // "no-referrer" would take the Origin from forms, too
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		h.Set("Cache-Control", "no-store")
		in := &asking{p: p, r: r, t: p.language(r)}
		switch {
		case r.Host != p.host():
			in.refuse(w, http.StatusMisdirectedRequest, "This isn’t the address of the page.", "Open it with: kith open")
		case !fromHere(r, p.origin()):
			in.refuse(w, http.StatusForbidden, "Another page asked for this, and only you can.", "Go on in the page itself, or open it with: kith open")
		case r.Method == http.MethodGet && r.URL.Path == "/enter":
			p.enter(w, in)
		case strings.HasPrefix(r.URL.Path, "/static/"): // it is the same for everybody, and the refusals use it
			next.ServeHTTP(w, r)
		case !p.knows(r):
			in.refuse(w, http.StatusUnauthorized, "This browser hasn’t been let in yet.", "Open the page with: kith open")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// fromHere says whether no other page asks. Sec-Fetch-Site is set by the browser, and by no script: "none" is a person
// who typed, or another program that opened a link. A link that stands elsewhere may lead here, but shows nothing there.
func fromHere(r *http.Request, origin string) bool {
	safe := r.Method == http.MethodGet || r.Method == http.MethodHead
	if !safe {
		return r.Header.Get("Origin") == origin
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "cross-site", "same-site":
		return r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
	}
	return true
}

// knows says whether the browser has come by a link. What answers at another port of this computer can give the browser a cookie of the
// same name, which comes before ours if it is for a part of the page: so one that is good is enough.
func (p *Page) knows(r *http.Request) bool {
	return slices.ContainsFunc(r.CookiesNamed(p.cookieName()), func(c *http.Cookie) bool { return goodCookie(p.state.Key, c.Value, p.now()) })
}

// enter takes the key of a link, and gives a cookie for it. It answers with a page that goes on by itself, and not by
// redirecting: where the link stood on another site, the browser would keep the cookie back on the way.
func (p *Page) enter(w http.ResponseWriter, in *asking) {
	if !p.links.use(in.r.URL.Query().Get("key"), p.now()) {
		if p.knows(in.r) { // the back button
			http.Redirect(w, in.r, "/", http.StatusSeeOther)
			return
		}
		in.refuse(w, http.StatusForbidden, "This link has been used, or its time is up.", "Each opens the page once, within five minutes. For another one: kith open")
		return
	}
	http.SetCookie(w, p.cookie(p.now()))
	in.render(w, http.StatusOK, "enter", nil)
}
