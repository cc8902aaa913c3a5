package cli

import (
	"fmt"
	"time"
)

// slowly tells a person on a terminal what is being waited for, if it takes longer than a
// second. Call done when it is over.
func (c *call) slowly(doing string) (done func()) {
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
				fmt.Fprintf(c.env.Stderr, "\r\x1b[K%s … %d s", doing, int(c.env.Now().Sub(start).Seconds()))
			case <-over:
				if shown {
					fmt.Fprint(c.env.Stderr, "\r\x1b[K")
				}
				return
			}
		}
	}()
	return func() { close(over); <-told }
}
