package home

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"

	"kith/daemon/whole"
)

// MaxPlaces bounds how many spaces one home has. Each costs memory, a port and a key.
const MaxPlaces = 64

// spacesDir holds the further spaces of a home.
const spacesDir = "spaces"

// Places gives the homes of all spaces that are served from this one, the oldest first: itself if it
// is in use, and those below it.
func (h *Home) Places() ([]*Home, error) {
	var all []*Home
	if h.InUse() {
		all = append(all, h)
	}
	numbers, err := h.below()
	for _, n := range numbers {
		p := h.Place(n)
		if err := p.finishRewrite(); err != nil {
			return nil, err
		}
		if of, err := p.ofPact(); p.InUse() && (err != nil || of == nil || of.Share != "") {
			all = append(all, p)
		}
	}
	return all, err
}

// HalfMade gives the places in which a pact is half made: there is no share yet, or it isn't known to be
// there. The error says which can't be read, beside those that can.
func (h *Home) HalfMade() (places []*Home, err error) {
	numbers, err := h.below()
	for _, n := range numbers {
		place := h.Place(n)
		p, bad := place.ofPact()
		err = errors.Join(err, bad)
		if p != nil && p.Share == "" {
			places = append(places, place)
		}
	}
	return places, err
}

// Once asks for the passphrase of a home one time: it is that of all places in it.
func Once(ask func() (string, error)) func() (string, error) {
	if ask == nil {
		return nil
	}
	return sync.OnceValues(ask)
}

// below gives the numbers of the folders for further spaces, in order.
func (h *Home) below() ([]int, error) {
	found, err := os.ReadDir(h.path(spacesDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var numbers []int
	for _, f := range found {
		if n, err := strconv.Atoi(f.Name()); err == nil && n > 0 && f.Name() == strconv.Itoa(n) {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, err
}

// Place is the n-th further place of a home, which need not be there.
func (h *Home) Place(n int) *Home {
	return &Home{dir: filepath.Join(h.dir, spacesDir, strconv.Itoa(n)), Passphrase: h.Passphrase, further: true}
}

// NewPlace gives an empty home for another space: itself if it has none yet, one below that came to
// nothing, or a new one.
func (h *Home) NewPlace() (*Home, error) {
	if h.asks() {
		return nil, &askingError{h.path(askFile)}
	}
	if !h.InUse() {
		return h, nil
	}
	return h.emptyPlace(false)
}

// NewPlaceOfShare gives an empty place for a share. The key in one that came to nothing isn't for it: the co-op that
// was to be joined with it has seen it, and may have taken it in.
func (h *Home) NewPlaceOfShare() (*Home, error) { return h.emptyPlace(true) }

// NewPlaceForKey gives an empty place for a key that comes from elsewhere: itself, or one below, in which no other key lies that a co-op
// may have seen.
func (h *Home) NewPlaceForKey() (*Home, error) {
	if h.Keyless() && !h.asked() {
		return h, nil
	}
	return h.emptyPlace(true)
}

func (h *Home) emptyPlace(keyless bool) (*Home, error) {
	numbers, err := h.below()
	if err != nil {
		return nil, err
	}
	next := 1
	for _, n := range numbers {
		if p := h.Place(n); !p.InUse() && !p.HasPact() && !p.asks() && !p.Reserved() && (!keyless || p.Keyless()) {
			return p, nil
		}
		next = n + 1
	}
	if len(numbers)+1 >= MaxPlaces {
		return nil, fmt.Errorf("%s has %d spaces, and the limit is %d", h.dir, len(numbers)+1, MaxPlaces)
	}
	p := h.Place(next)
	return p, whole.Folder(p.dir)
}
