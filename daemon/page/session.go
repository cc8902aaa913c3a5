package page

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"sync"
	"time"
)

const (
	// KeySize is the length of the key that signs cookies, in bytes.
	KeySize = 32

	linkLife   = 5 * time.Minute     // how long a link opens the page
	cookieLife = 30 * 24 * time.Hour // how long a browser that came by one is let in
	maxLinks   = 16                  // that are open at a time; a further one ends the oldest
)

// links are the keys of links that haven't been used.
type links struct {
	mu   sync.Mutex
	open []link
}

type link struct {
	key   string
	until time.Time
}

// add makes the key of a new link.
func (l *links) add(now time.Time) link {
	made := link{key: rand.Text(), until: now.Add(linkLife)}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open = append(l.open, made)
	l.open = l.open[max(0, len(l.open)-maxLinks):]
	return made
}

// use says whether a key is that of an open link, which it is no more then.
func (l *links) use(key string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, open := range l.open {
		if hmac.Equal([]byte(open.key), []byte(key)) {
			l.open = append(l.open[:i], l.open[i+1:]...)
			return now.Before(open.until)
		}
	}
	return false
}

// A cookie is the second in which it ends, 8 bytes, and 16 at random, with an HMAC-SHA256 of both behind, in base64. There is no
// list of those that were given out, so that a page which is open goes on when the daemon was started anew.
const cookieBody = 8 + 16

func signed(key, body []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("kith/page/1\x00"))
	mac.Write(body)
	return mac.Sum(body)
}

func newCookie(key []byte, now time.Time) string {
	body := binary.BigEndian.AppendUint64(nil, uint64(now.Add(cookieLife).Unix()))
	random := make([]byte, cookieBody-len(body))
	_, _ = rand.Read(random) // it never fails
	return base64.RawURLEncoding.EncodeToString(signed(key, append(body, random...)))
}

func goodCookie(key []byte, value string, now time.Time) bool {
	b, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil || len(b) != cookieBody+sha256.Size || !hmac.Equal(b, signed(key, b[:cookieBody:cookieBody])) {
		return false
	}
	return now.Before(time.Unix(int64(binary.BigEndian.Uint64(b)), 0))
}

// cookie gives a browser its way in. Cookies are told to every port of a computer, so two homes need two names.
func (p *Page) cookie(now time.Time) *http.Cookie {
	return &http.Cookie{
		Name: p.cookieName(), Value: newCookie(p.state.Key, now), Path: "/",
		MaxAge: int(cookieLife / time.Second), HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
}
