package page

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// What the daemon tells who did something, beside what it did, stands at the head of the page to which that leads. In the address is a key
// to it alone, which nobody else can know: a link that somebody made says nothing here.

// toldKey names that key in an address.
const toldKey = "told"

// telling is what is told, and in which co-op.
type telling struct {
	space string
	says  []sentence
}

// leads sends the browser to an address of this page, where it is told what there is to know of what it did.
func (in *asking) leads(w http.ResponseWriter, address string, told []string) {
	in.goTo(w, in.telling(address, in.saidAll(told)))
}

// telling is an address at which that is told.
func (in *asking) telling(address string, says []sentence) string {
	return in.p.telling(in.space, address, says)
}

func (p *Page) telling(space, address string, says []sentence) string {
	at, err := url.Parse(address)
	if err != nil || len(says) == 0 {
		return address
	}
	q := at.Query()
	q.Set(toldKey, p.told.keep(telling{space, says}))
	at.RawQuery = q.Encode()
	return at.String()
}

// toldHere is what is told at the address that was asked for.
func (in *asking) toldHere() []sentence {
	t, ok := in.p.told.get(in.r.URL.Query().Get(toldKey))
	if !ok || t.space != in.space {
		return nil
	}
	return t.says
}

// toldOf is what there is to know of a document that somebody wrote in. That it is nearly full its page says itself, with the button.
func toldOf(d document) []string {
	return slices.DeleteFunc(slices.Clone(d.Told), func(says string) bool { return strings.HasSuffix(says, " continue "+d.Short) })
}
