package crdt_test

import (
	"strings"
	"testing"

	"kith/crdt/crdttest"
	"kith/crdt/kinds"
)

func BenchmarkViewOfASmallTask(b *testing.B) {
	c := bakery(b, crdttest.TaskFields{Title: "Order paper", Text: "100 g, recycled", Tags: []string{"shop"}, Due: "2026-12-01"})
	c.desk("ben").tell(crdttest.Ask(now, c.ask("ana")...))
	c.desk("ana").tell(crdttest.Accept(c.ids["ana"]))
	d := c.maker
	b.ReportAllocs()
	for b.Loop() {
		d.view()
	}
}

func BenchmarkViewOfADecisionThatWasClosed(b *testing.B) {
	c := meeting(b, kinds.ProcessConsent, "ana", "ben", "cleo")
	c.desk("ben").says(kinds.Consent, "")
	c.desk("cleo").says(kinds.Consent, "")
	c.settle()
	must(b, c.maker.close())
	b.ReportAllocs()
	for b.Loop() {
		c.maker.view()
	}
}

func BenchmarkViewOfANoteOf100000Characters(b *testing.B) {
	c := note(b, strings.Repeat("0123456789", 10_000))
	b.ReportAllocs()
	for b.Loop() {
		c.maker.view()
	}
}

func BenchmarkCreateATask(b *testing.B) {
	b.ReportAllocs()
	c := found(b, kinds.Task.Name, "ana")
	edit := crdttest.NewTask(now, crdttest.TaskFields{Title: "Order paper", Text: "100 g, recycled", Due: "2026-12-01"})
	for b.Loop() {
		c.maker.open()
		must(b, edit(c.maker.am, nil))
	}
}

func BenchmarkEditAtTheHeadsOfANoteOf50000Characters(b *testing.B) {
	c := note(b, strings.Repeat("nine characters and a space. ", 1_750))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		v := c.maker.view()
		at := (i * 7919) % len(v.Text)
		c.maker.do(crdttest.EditTextFrom(v.Heads, v.Text[:at]+"x"+v.Text[at:]))
	}
}
