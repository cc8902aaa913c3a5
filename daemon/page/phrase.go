package page

import (
	"crypto/rand"
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"kith/daemon/api"
)

// unwritten is a recovery phrase that its owner hasn't confirmed yet. It is in this daemon's memory alone, and goes with it, or as soon
// as they have shown that they wrote it down.
type unwritten struct {
	words string
	coop  string
	next  string // where it leads then
}

// mostAsked is how many of its words somebody types to show that they have them.
const mostAsked = 3

// writing is the page with the words, and the one that asks for some of them.
type writing struct {
	starting
	Coop  string
	Words []string
	Next  string
}

func (in *asking) keptPhrase() (key string, p unwritten, ok bool) {
	key = in.r.FormValue("key")
	p, ok = in.p.phrases.get(key)
	return key, p, ok
}

// noPhrase is told where there is nothing to show any more.
func (in *asking) noPhrase(w http.ResponseWriter) error {
	in.refuse(w, http.StatusGone, "These words aren’t shown any more.", "They were confirmed, or the daemon was started anew since. A new phrase takes the consent of the others: “Come back”, “My phrase is lost, or somebody has it”.")
	return nil
}

// phrase shows the words.
func (in *asking) phrase(w http.ResponseWriter) error {
	key, p, ok := in.keptPhrase()
	if !ok {
		return in.noPhrase(w)
	}
	v := writing{Coop: p.coop, Words: strings.Fields(p.words), Next: "/start/written?key=" + key}
	v.Step, v.Sentence = 2, in.t.T("Twelve words, on paper")
	in.show(w, http.StatusOK, "phrase", v.Sentence, v)
	return nil
}

// drawn are places of words, from 0, in their order.
func drawnPlaces(of int) (places []int) {
	for len(places) < min(mostAsked, of) {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(of)))
		if err != nil {
			panic(err) // it never fails
		}
		if i := int(n.Int64()); !slices.Contains(places, i) {
			places = append(places, i)
		}
	}
	slices.Sort(places)
	return places
}

func (in *asking) writtenForm(key string, places []int, err error) starting {
	f := &form{At: "/start/written", Plain: true, Words: in.t.T("I have them on paper"), Cancel: "/start/words?key=" + key}
	f.Hidden = append(f.Hidden, hidden{"key", key})
	for _, i := range places {
		n := strconv.Itoa(i + 1)
		f.Hidden = append(f.Hidden, hidden{"place", n})
		f.Inputs = append(f.Inputs, input{Name: "word-" + n, Is: "line", Own: true, Label: in.t.T("Word {#}", "#", n), Needs: true, Max: 40})
	}
	if err != nil {
		in.again(f, err)
		f.retype(in.r.PostForm)
	}
	return starting{Step: 2, Sentence: in.t.T("Written down? Then type three of them."), Form: f}
}

func (in *asking) written(w http.ResponseWriter) error {
	key, p, ok := in.keptPhrase()
	if !ok {
		return in.noPhrase(w)
	}
	return in.starts(w, in.writtenForm(key, drawnPlaces(len(strings.Fields(p.words))), nil))
}

// confirmWords looks whether the words that were typed are those of the phrase, and forgets it then.
func (in *asking) confirmWords(w http.ResponseWriter) error {
	key, p, ok := in.keptPhrase()
	if !ok {
		return in.noPhrase(w)
	}
	words := strings.Fields(p.words)
	var places []int
	right := true
	for _, place := range in.r.PostForm["place"] {
		n, err := strconv.Atoi(place)
		if err != nil || n < 1 || n > len(words) || slices.Contains(places, n-1) {
			continue
		}
		places = append(places, n-1)
		right = right && api.FoldName(in.r.PostFormValue("word-"+place)) == words[n-1]
	}
	if len(places) != min(mostAsked, len(words)) {
		return in.written(w)
	}
	if !right {
		return in.starts(w, in.writtenForm(key, places, api.Problemf(api.Invalid, "", "not all of these are the words that were shown")))
	}
	in.p.phrases.drop(key)
	in.goTo(w, p.next)
	return nil
}
