package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"runtime"
	"slices"
	"time"

	"kith/crdt/charter"
	"kith/crdt/entry"
)

// Years of a co-op of fifty: each computer is switched on every working day, writes, and says once what it has seen of the others the day before. The
// first of a day lists all of it, the others take that over, as far as it says what they have seen.
const (
	lifeYears   = 5
	lifeDays    = 250 // of a year
	lifeDevices = 50
)

// life grows a charter for five years by what computers say by themselves, in this process, and measures at the end of each year what a start, one more
// statement and a question about a device cost by then. Changes are counted as their IDs alone: what they take is their documents' affair.
func (b *bench) life(ctx context.Context) error {
	s, err := foundStatements()
	if err != nil {
		return err
	}
	devices := []entry.Signer{s.device}
	for len(devices) < lifeDevices {
		d := entry.NewSigner()
		if err := s.say(func(c *charter.Charter) ([]byte, error) {
			return c.Certify(s.device.Device(), charter.NewDevice{
				Key: d.Device(), Name: fmt.Sprintf("computer %d", len(devices)), Accepted: charter.AcceptDevice(c.Space(), s.member.Device(), d),
			})
		}); err != nil {
			return err
		}
		devices = append(devices, d)
	}
	all, size := s.all, 0
	for year := 1; year <= lifeYears; year++ {
		var now []entry.Run
		for day := range lifeDays {
			if err := ctx.Err(); err != nil {
				return err
			}
			today := lifeRun(year, day)
			heads := s.now.Heads()
			var over []entry.ID // by the one before
			for i, d := range devices {
				var seen []charter.DeviceFrontier
				for j, o := range devices {
					if over == nil && j != i || over != nil && j == i-1 { // nobody lists their own
						last := entry.ID{}
						copy(last[:], today[:])
						last[31] = byte(j)
						seen = append(seen, charter.DeviceFrontier{Device: o.Device(), Frontier: charter.Frontier{{Run: today, Entry: last}}})
					}
				}
				payload, err := s.now.Acknowledge(d.Device(), seen)
				if err != nil {
					return err
				}
				e, err := entry.New(entry.Fields{
					Space: s.now.Space(), Heads: append(slices.Clip(heads), over...), Kind: entry.Statement, Run: today, Number: 1, Payload: payload,
				}, d)
				if err != nil {
					return err
				}
				all, over = append(all, e), []entry.ID{e.ID()}
				size += len(e.Encoded())
			}
			now = append(now, today)
		}
		name := fmt.Sprintf("a charter of %d computers after %d years of %d days", lifeDevices, year, lifeDays)
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		c := charter.Fold(s.now.Space(), all[:len(all)-1], charter.StepID{})
		b.add(name, "statements", float64(len(all)), "", "")
		b.add(name, "of them, bytes", float64(size)/1e6, "MB", "")
		b.add(name, "folded", ms(time.Since(began)), "ms", "")
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.add(name, "in memory", float64(after.HeapAlloc-before.HeapAlloc)/1e6, "MB", "")
		began = time.Now()
		c = c.With(all[len(all)-1])
		b.add(name, "one more", ms(time.Since(began)), "ms", "")
		began = time.Now()
		n := 0
		for _, run := range now {
			for _, d := range devices {
				n += len(c.SeenOf(d.Device(), run))
			}
		}
		b.add(name, "what was seen of all runs of the year", ms(time.Since(began)), "ms", "")
		if n < len(now)*lifeDevices*(lifeDevices-1) {
			return fmt.Errorf("of %d runs %d were seen", len(now)*lifeDevices, n)
		}
		began, n = time.Now(), 0
		for _, d := range devices {
			for range c.SeenBy(d.Device()) {
				n++
			}
		}
		b.add(name, "what each computer has seen of all", ms(time.Since(began)), "ms", "")
	}
	return nil
}

func lifeRun(year, day int) (r entry.Run) {
	binary.BigEndian.PutUint32(r[:], uint32(year*lifeDays+day+1))
	return r
}
