package page

import (
	"crypto/rand"
	"sync"
)

// mostRecent bounds what is kept of what was just done.
const mostRecent = 256

// recent keeps values by keys, the latest mostRecent of them.
type recent[T any] struct {
	mu    sync.Mutex
	order []string
	of    map[string]T
}

func (r *recent[T]) put(key string, v T) {
	if r.of == nil {
		r.of = map[string]T{}
	}
	r.order = append(r.order, key)
	r.of[key] = v
	if len(r.order) > mostRecent {
		delete(r.of, r.order[0])
		r.order = r.order[1:]
	}
}

// once does something for a key unless it was done for it, and gives what came of it. One is done at a time.
func (r *recent[T]) once(key string, do func() (T, error)) (T, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if v, ok := r.of[key]; ok && key != "" {
		return v, nil
	}
	v, err := do()
	if err == nil {
		r.put(key, v)
	}
	return v, err
}

// keep keeps a value under a key of its own.
func (r *recent[T]) keep(v T) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := rand.Text()
	r.put(key, v)
	return key
}

// set keeps a value under a key that is known.
func (r *recent[T]) set(key string, v T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.of[key]; ok {
		r.of[key] = v
		return
	}
	r.put(key, v)
}

func (r *recent[T]) get(key string) (v T, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, ok = r.of[key]
	return v, ok
}

// drop forgets what is kept under a key.
func (r *recent[T]) drop(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.of, key)
}

// onceKey is a key for a form, so that what is sent twice is done once.
func onceKey() string { return rand.Text() }
