package cli

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dustin/go-humanize"
)

// slowly tells a person on a terminal what is being waited for, if it takes longer than a
// second. Call done when it is over.
func (c *call) slowly(doing string) (done func()) {
	return c.slowlySaying(func() string { return doing })
}

// slowlyCounting is slowly for work that tells how far it is. tell may be called from anywhere.
func (c *call) slowlyCounting(doing string) (tell func(doing string, done, of int64), over func()) {
	var now atomic.Pointer[string]
	now.Store(&doing)
	tell = func(doing string, done, of int64) {
		if done%100 == 0 || done == of {
			says := fmt.Sprintf("%s: %s of %s", doing, humanize.Comma(done), entries(int(of)))
			now.Store(&says)
		}
	}
	return tell, c.slowlySaying(func() string { return *now.Load() })
}

// slowlyRewriting is slowlyCounting for a store that is written anew; what is asked before is over
// when it is told first.
func (c *call) slowlyRewriting() (tell func(done, of int64), over func()) {
	var now atomic.Pointer[string]
	end := func() {}
	begin := sync.OnceFunc(func() { end = c.slowlySaying(func() string { return *now.Load() }) })
	tell = func(done, of int64) {
		if done%100 != 1 {
			return
		}
		says := fmt.Sprintf("writing the store anew: %d %%", 100*done/max(1, of))
		now.Store(&says)
		begin()
	}
	return tell, func() { end() }
}

func (c *call) slowlySaying(doing func() string) (done func()) {
	if terminal(c.env.Stderr) == 0 || c.out.json {
		return func() {}
	}
	over, told := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(told)
		start := c.env.Now()
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		shown := false
		for {
			select {
			case <-tick.C:
				shown = true
				fmt.Fprintf(c.env.Stderr, lineAnew+"%s … %d s", oneLine(doing(), 200), int(c.env.Now().Sub(start).Seconds()))
			case <-over:
				if shown {
					fmt.Fprint(c.env.Stderr, lineAnew)
				}
				return
			}
		}
	}()
	return func() { close(over); <-told }
}
