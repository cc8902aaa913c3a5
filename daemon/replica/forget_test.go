package replica

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kinds"
	"kith/daemon/store/storetest"
)

const secret = "DE89 3704 0044 0532 0130 00"

func (p *peerReplica) addNote(t testing.TB, title, text string) entry.DocID {
	t.Helper()
	v, err := p.Create(context.Background(), kinds.Note.Name, func(e Edit) error {
		return crdttest.NewNote(crdttest.NoteFields{Title: title, Text: text})(e.Doc, nil)
	})
	must(t, err)
	return v.ID
}

func (p *peerReplica) forget(t testing.TB, doc entry.DocID) {
	t.Helper()
	_, err := p.Say(context.Background(), func(c *charter.Charter) ([]byte, error) { return c.Forget(p.device, doc, "a bank number") })
	must(t, err)
}

// finds says in which of a replica's files some words are, as they are on the disk.
func (p *peerReplica) finds(t testing.TB, words string) []string {
	t.Helper()
	files, err := storetest.Holding(p.cfg.Dir, words)
	must(t, err)
	return files
}

// gone fails unless nothing of a document is left at a replica but that it was forgotten.
func (p *peerReplica) gone(t testing.TB, doc entry.DocID) {
	t.Helper()
	if _, err := p.View(doc); !errors.Is(err, ErrForgotten) {
		t.Errorf("%s still has it: %v", p.name, err)
	}
	if _, err := p.tryEdit(doc, crdttest.AppendText("more")); p.Speaks() == nil && !errors.Is(err, ErrForgotten) {
		t.Errorf("%s can write in it: %v", p.name, err)
	}
	must(t, p.store.Sought(func(id entry.DocID, _ []byte) bool {
		if id == doc {
			t.Errorf("%s finds it", p.name)
		}
		return true
	}))
	p.erase.mu.Lock()
	p.erase.next = time.Time{} // its pause is over
	p.erase.mu.Unlock()
	p.erase.some(p.Replica)
	if files := p.finds(t, secret); files != nil {
		t.Errorf("%s has the words in %v", p.name, files)
	}
	for _, e := range p.entries(t) {
		if bytes.Contains(e.Encoded(), []byte(secret)) || e.Doc == doc && !e.Bare() {
			t.Errorf("%s would send entry %v", p.name, e.ID())
		}
	}
}

func TestWhatItsAuthorAloneForgetsIsGoneEverywhereAndFromTheFiles(t *testing.T) {
	c := found(t, "Ana", "Ben", "Cleo")
	ana, ben, cleo := c.all[0], c.all[1], c.all[2]
	doc := ana.addNote(t, "bank", secret)
	ana.edit(t, doc, crdttest.AppendText(" of Ana"))
	other := ana.addNote(t, "other", "stays")
	give(t, ben, ana.entries(t)...)
	ben.reopen(t) // into tables
	if ben.finds(t, secret) == nil {
		t.Fatal("the test doesn't find what is there")
	}
	before := ana.entries(t)
	ana.forget(t, doc)
	give(t, cleo, before...) // who was offline gets the words before the statement
	c.settle()
	for _, p := range c.all {
		p.gone(t, doc)
		if v, err := p.View(other); err != nil || v.Title != "other" {
			t.Errorf("%s: the other note: %v", p.name, err)
		}
		if got, want := len(p.entries(t)), len(ana.entries(t)); got != want {
			t.Errorf("%s has %d entries, Ana %d", p.name, got, want)
		}
		p.reopen(t)
		p.gone(t, doc)
	}
	c.same()
	late := c.anew(cleo) // who comes later gets heads alone
	late.gone(t, doc)
	give(t, late, before...) // and takes no words, who brings them ever
	late.gone(t, doc)
	c.same()
}

// anew adds a replica that begins with nothing, as somebody does who comes later: of a member's device, with what Ana has.
func (c *coop) anew(p *peerReplica) *peerReplica {
	c.t.Helper()
	cfg := Config{Dir: c.t.TempDir(), Key: p.cfg.Key}
	r, err := Join(cfg, c.space, c.all[0].Charter().Statements(), [8]byte{})
	must(c.t, err)
	late := &peerReplica{r, p.name + " anew", cfg, p.member}
	c.all = append(c.all, late)
	give(c.t, late, c.all[0].entries(c.t)...)
	return late
}

func TestWordsOfOthersAreForgottenOnlyOnceTheyHaveSaidSo(t *testing.T) {
	c := found(t, "Ana", "Ben", "Cleo")
	ana, ben, cleo := c.all[0], c.all[1], c.all[2]
	doc := ana.addNote(t, "bank", secret)
	c.settle()
	ben.edit(t, doc, crdttest.AppendText(" and Ben"))
	c.settle()
	ana.forget(t, doc)
	cleo.forget(t, doc) // who wrote nothing in it has no say
	c.settle()
	for _, p := range c.all {
		if v, err := p.View(doc); err != nil || !strings.HasPrefix(v.Text, secret) || !strings.Contains(v.Text, "and Ben") {
			t.Fatalf("%s: %v", p.name, err)
		}
	}
	heads, err := cleo.Heads(doc)
	if err != nil || len(heads.Wrote) != 2 || len(heads.Asked) != 1 || heads.Asked[0] != ben.me() {
		t.Errorf("Cleo is told %+v %v", heads, err)
	}
	ben.forget(t, doc)
	c.settle()
	for _, p := range c.all {
		p.gone(t, doc)
	}
	c.same()
}

// Who wrote while others forgot has lost nothing, nor have they: it comes back, until they say so as well.
func TestWhatSomebodyWroteWhileOthersForgotComesBackUntilTheyForgetItToo(t *testing.T) {
	c := found(t, "Ana", "Ben", "Cleo")
	ana, ben, cleo := c.all[0], c.all[1], c.all[2]
	doc := ana.addNote(t, "bank", secret)
	c.settle()
	ben.edit(t, doc, crdttest.AppendText(" and Ben")) // offline
	ana.forget(t, doc)
	give(t, cleo, ana.entries(t)...)
	ana.gone(t, doc)
	cleo.gone(t, doc)
	old := ana.entries(t)
	late := ben.entries(t)
	give(t, cleo, late[len(late)-1])
	if _, err := cleo.View(doc); !errors.Is(err, ErrWithoutWords) {
		t.Errorf("with Ben's words alone, Cleo is told %v", err)
	}
	for _, e := range old {
		if e.Doc == doc && cleo.Has(e.ID()) {
			t.Errorf("nobody would bring Cleo entry %v again", e.ID())
		}
	}
	cleo.reopen(t)
	c.settle()
	for _, p := range c.all {
		if v, err := p.View(doc); err != nil || !strings.HasPrefix(v.Text, secret) || !strings.Contains(v.Text, "and Ben") {
			t.Errorf("%s: %v", p.name, err)
		}
	}
	c.same()
	ben.forget(t, doc)
	c.settle()
	for _, p := range c.all {
		p.gone(t, doc)
	}
	c.same()
}

func TestARunHoldsTogetherThroughWhatWasForgottenForWhoComesLater(t *testing.T) {
	c := found(t, "Ana", "Ben", "Cleo", "Eli")
	ana, ben, cleo, eli := c.all[0], c.all[1], c.all[2], c.all[3]
	before := eli.addNote(t, "before", "it stands")
	doc := eli.addNote(t, "bank", secret)
	after := eli.addNote(t, "after", "it stands, too")
	eli.forget(t, doc)
	c.settle()
	c.agree(ana.removes(t, eli), ana, ben, cleo) // what is honoured of Eli is said by the last entry of each run
	c.settle()
	for _, p := range append(c.all, c.anew(cleo)) {
		for _, id := range []entry.DocID{before, after} {
			if _, err := p.View(id); err != nil {
				t.Errorf("%s: %v", p.name, err)
			}
		}
		p.gone(t, doc)
	}
	c.same()
}

func TestWhoWasRemovedForgetsNothingAfterwards(t *testing.T) {
	c := found(t, "Ana", "Ben", "Cleo", "Eli")
	ana, ben, cleo, eli := c.all[0], c.all[1], c.all[2], c.all[3]
	doc := eli.addNote(t, "accounts", "ours")
	c.settle()
	c.agree(ana.removes(t, eli), ana, ben, cleo)
	eli.forget(t, doc) // as of before
	c.settle()
	for _, p := range c.all {
		if v, err := p.View(doc); err != nil || v.Text != "ours" {
			t.Errorf("%s: %v", p.name, err)
		}
	}
	c.same()
}

// What Eli wrote beyond what is honoured of him counts if somebody has built on it, however little room is left for him.
func TestWhatSomebodyBuiltOnIsKeptOfADocumentThatOthersWantForgotten(t *testing.T) {
	for _, late := range []bool{false, true} {
		c := found(t, "Ana", "Ben", "Cleo", "Dora", "Eli")
		ana, ben, cleo, dora, eli := c.all[0], c.all[1], c.all[2], c.all[3], c.all[4]
		doc := ana.addNote(t, "accounts", "ours")
		c.settle()
		cleo.edit(t, doc, crdttest.AppendText(" and Cleo's")) // who doesn't want it forgotten
		c.settle()
		eli.edit(t, doc, crdttest.AppendText(" and Eli's")) // offline
		give(t, ben, eli.newest(t))
		ben.edit(t, doc, crdttest.AppendText(" and Ben's")) // he doesn't know
		two := []*entry.Entry{eli.newest(t), ben.newest(t)}
		c.agree(ana.removes(t, eli), ana, cleo, dora)
		ana.forget(t, doc)
		smallRoom(dora)
		give(t, dora, append(cleo.entries(t), ana.entries(t)...)...)
		give(t, dora, flood(t, dora, eli.cfg.Key, 1)...) // his room is used up
		if late {
			slices.Reverse(two)
		}
		for range 2 { // what was let go comes again
			for _, e := range two {
				if !dora.Has(e.ID()) {
					give(t, dora, e)
				}
			}
		}
		give(t, ana, two...)
		for _, p := range []*peerReplica{ana, dora} {
			v, err := p.View(doc)
			must(t, err)
			if v.Text != "ours\n and Cleo's\n and Eli's\n and Ben's" {
				t.Errorf("late first %v: %s reads %q", late, p.name, v.Text)
			}
		}
	}
}

func TestAnAgreedStepForgetsWhatAnybodyWroteAndWhatIsWrittenLater(t *testing.T) {
	c := found(t, "Ana", "Ben", "Cleo")
	ana, ben, cleo := c.all[0], c.all[1], c.all[2]
	doc := ana.addNote(t, "bank", secret)
	c.settle()
	cleo.edit(t, doc, crdttest.AppendText(" and Cleo"))
	word, err := charter.NewForgetWord(doc)
	must(t, err)
	c.agree(charter.Terms{Type: charter.ProposalPact, Pact: word, Why: "a bank number"}, ana, ben)
	c.settle()
	for _, p := range c.all {
		p.gone(t, doc)
	}
	c.same()
}
