package crdt_test

import (
	"strings"
	"testing"

	"kith/crdt"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/kind"
	"kith/crdt/kinds"
)

func (d *desk) pulse(v *kind.Verb, words ...string) crdt.Edit {
	asks := kind.Request{}
	if v == kinds.Pulse.Make {
		asks = kind.Begin("How are we", "")
	}
	for i := 0; i < len(words); i += 2 {
		asks.Put(&kind.Field{Key: words[i]}, change.StrValue(words[i+1]))
	}
	return crdt.Perform(kinds.Pulse, v, &kind.Draft{Asks: asks, Author: d.id, Now: now, Name: d.names})
}

var (
	pulseSay   = kinds.Pulse.Verb("say")
	pulseClose = kinds.Pulse.Verb("close")
)

// told is all that a pulse tells anybody: its fields, what search reads, and the log.
func told(c *coop, v *crdt.View) string {
	var b strings.Builder
	for _, s := range kinds.Pulse.Shows {
		if s.Name == "words" {
			for _, one := range s.Of(kind.Look{View: v, Named: func(m charter.MemberID) kind.Named { return kind.Named{Name: c.names(m)} }}).([]kinds.HowWeAreJSON) {
				b.WriteString(one.Member.Name + " " + one.Well + " " + one.NotWell + "; ")
			}
		}
	}
	b.WriteString(strings.Join(kinds.Pulse.Words(v), " "))
	for _, item := range c.maker.judge.Order() {
		for _, f := range crdt.Describe("pulse", item.Change, c.maker.judge.History()) {
			b.WriteString(" " + f.To)
		}
	}
	return b.String()
}

func TestWhatIsSaidInAPulseIsShownTogetherWhenItIsClosed(t *testing.T) {
	c := found(t, "pulse", "ana", "ben")
	ana, ben := c.desk("ana"), c.desk("ben")
	ana.tell(ana.pulse(kinds.Pulse.Make, "until", "2099-12-01"))
	v := ana.tell(ana.pulse(pulseSay, "well", "the drum", "stage", "norming"))
	if says := told(c, v); strings.Contains(says, "the drum") {
		t.Errorf("it is told before the round is closed: %s", says)
	}
	if err := ana.try(ana.pulse(pulseClose)); err == nil || !strings.Contains(err.Error(), "Ben can still say something") {
		t.Errorf("closed while somebody can still say something: %v", err)
	}
	ben.tell(ben.pulse(pulseSay, "not_well", "the noise"))
	v = ben.tell(ben.pulse(pulseClose))
	if says := told(c, v); !strings.Contains(says, "Ana the drum") || !strings.Contains(says, "Ben  the noise") {
		t.Errorf("closed it tells %s", says)
	}
	if err := ana.try(ana.pulse(pulseSay, "well", "all")); err == nil {
		t.Error("something was said after it was shown")
	}
}

func TestWhoSpeaksWhileSomebodyClosesAPulseIsShownAsLate(t *testing.T) {
	c := found(t, "pulse", "ana", "ben")
	ana, ben := c.desk("ana"), c.desk("ben")
	ana.tell(ana.pulse(kinds.Pulse.Make))
	ana.tell(ana.pulse(pulseSay, "well", "the drum"))
	ana.do(ana.pulse(pulseClose))
	ben.do(ben.pulse(pulseSay, "well", "the light", "stage", "forming"))
	r := kind.Of[kinds.Round](c.settle())
	if len(r.Said) != 2 {
		t.Fatalf("said: %+v", r.Said)
	}
	for _, s := range r.Said {
		if s.Late != (s.Member == ben.id) {
			t.Errorf("late: %+v", s)
		}
	}
}

// Ben says something on his laptop and on his phone while the two are apart, and Ana, who knows of the one on the laptop, closes: every
// replica says the same of whether his words came late.
func TestWordsThatSomebodySaysOnTwoDevicesAreLateOnAllComputersOrOnNone(t *testing.T) {
	c := found(t, "pulse", "ana", "ben")
	ana, laptop := c.desk("ana"), c.desk("ben")
	ana.tell(ana.pulse(kinds.Pulse.Make))
	phone := c.sit("ben")
	phone.from(ana)
	laptop.do(laptop.pulse(pulseSay, "well", "the light"))
	phone.do(phone.pulse(pulseSay, "well", "the drum"))
	ana.from(laptop)
	ana.do(ana.pulse(pulseClose))
	c.settle()
}

func TestAPulseNeedsWordsAndAStageThatThereIs(t *testing.T) {
	c := found(t, "pulse", "ana")
	ana := c.desk("ana")
	ana.do(ana.pulse(kinds.Pulse.Make))
	for words, why := range map[string]string{"stage=done": "no stage “done”", "": "isn't said how we are"} {
		key, value, ok := strings.Cut(words, "=")
		edit := ana.pulse(pulseSay)
		if ok {
			edit = ana.pulse(pulseSay, key, value)
		}
		if err := ana.try(edit); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v", words, err)
		}
	}
	if err := ana.try(ana.pulse(pulseClose)); err == nil {
		t.Error("a round in which nobody said anything was closed")
	}
}
