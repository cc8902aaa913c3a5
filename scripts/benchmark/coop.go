package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/automerge/automerge-go"

	"kith/crdt"
	"kith/crdt/accept"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kind"
	"kith/crdt/kinds"
)

// What one of them does on a day on which they are there, which nine of ten are: four times in ten they log hours, four times something
// happens to one of their tasks (begun, taken, started, done), and else they say something about what is open, or write in a note.
const (
	doneADay     = 8
	decideEvery  = 3   // days: something is proposed, and answered by whoever is there on the days after
	replaceEvery = 20  // days: somebody's computer is replaced
	leaveEvery   = 125 // days: somebody leaves, and somebody comes
	ofAMonth     = 21  // days
	openNotes    = 200 // that are still written in
)

// coop is a co-op at work, in this process: everybody hears of everything before they write, as on days on which nothing is off.
type coop struct {
	space   entry.SpaceID
	charter *charter.Charter
	runs    accept.RunMap
	rng     *rand.Rand
	at      time.Time // by everybody's clock
	day     int
	month   string // as in 2026-11
	people  []*worker
	out     []*entry.Entry      // made, and not handed out yet
	log     []charter.RunEnd    // all changes, in the order in which they were made, each as the last of its run
	numbers map[entry.ID]uint64 // of changes, in their runs
	morning int                 // of log, what was written before today
	wrote   int                 // bytes that people wrote: what their changes and statements say, but for acknowledgements
	changes int

	tasks, notes, decisions []*paper // those on which something happens yet
}

// worker is a member, at their computer.
type worker struct {
	id     charter.MemberID
	name   string
	member entry.Signer
	key    entry.Signer // of the computer
	runs   charter.Frontier
	former []charter.DeviceFrontier // of the computers before, what they wrote
	number uint64
	last   entry.ID
	below  map[entry.DocID]entry.ID
	heard  int    // of coop.log, what they have acknowledged
	today  int    // the last day on which they were there
	month  *paper // of their hours
	tasks  []*paper
}

// paper is a document on somebody's desk.
type paper struct {
	of     *kind.Kind
	id     entry.DocID
	create *entry.Creation
	am     *automerge.Doc
	judge  *accept.Document
	heads  []entry.ID // of the charter by which it was judged
	by     *worker
	stage  int    // of a task
	on     string // of hours: the month
	since  int    // the day on which it was begun
	asked  map[*worker]bool
}

// comesIn lets somebody in: by an invite, and then by agreement.
func (c *coop) comesIn(ctx context.Context, by *worker, name string) (*worker, error) {
	w := &worker{name: name, member: entry.NewSigner(), key: entry.NewSigner(), today: -1}
	code := entry.NewSigner()
	red, err := charter.NewRedemption(c.space, code, w.member, w.key, name, "laptop")
	if err != nil {
		return nil, err
	}
	for _, say := range []func(*charter.Charter) ([]byte, error){
		func(k *charter.Charter) ([]byte, error) { return k.Invite(by.key.Device(), code.Device(), 0) },
		func(k *charter.Charter) ([]byte, error) {
			return k.AdmitProspective(by.key.Device(), code.Device(), red)
		},
	} {
		if _, err := c.say(by, say); err != nil {
			return nil, err
		}
	}
	m, ok := c.charter.MemberOf(w.key.Device())
	if !ok {
		return nil, fmt.Errorf("%s didn't come in", name)
	}
	w.id = m.ID
	if err := c.agree(by, charter.Terms{Type: charter.ProposalAdmit, Member: w.id}); err != nil {
		return nil, err
	}
	c.people = append(c.people, w)
	return w, ctx.Err()
}

// agree has something proposed, consented to by as many as it takes, and enacted.
func (c *coop) agree(by *worker, terms charter.Terms) error {
	var step charter.StepID
	if _, err := c.say(by, func(k *charter.Charter) (payload []byte, err error) {
		payload, step, err = k.Propose(by.key.Device(), terms)
		return payload, err
	}); err != nil {
		return err
	}
	for _, i := range c.rng.Perm(len(c.people)) {
		w := c.people[i]
		if _, err := c.say(w, func(k *charter.Charter) ([]byte, error) { return k.Consent(w.key.Device(), step, false) }); err != nil {
			return err
		}
		if slices.Contains(c.charter.Enactable(), step) {
			_, err := c.say(by, func(k *charter.Charter) ([]byte, error) { return k.Enact(by.key.Device(), step) })
			return err
		}
	}
	return fmt.Errorf("%d consents weren't enough", len(c.people))
}

// leaves has somebody go.
func (c *coop) leaves(w *worker) error {
	honoured := []charter.DeviceFrontier{{Device: w.key.Device(), Frontier: w.runs}}
	left := charter.MaxRuns - len(w.runs)
	for _, f := range slices.Backward(w.former) { // what others built on needs no naming
		f.Frontier = f.Frontier[max(0, len(f.Frontier)-left):]
		honoured, left = append(honoured, f), left-len(f.Frontier)
	}
	_, err := c.say(w, func(k *charter.Charter) ([]byte, error) { return k.Resign(w.key.Device(), honoured, "I move away") })
	c.people = slices.DeleteFunc(c.people, func(o *worker) bool { return o == w })
	return err
}

// replaces gives somebody another computer, and takes the old one out of use.
func (c *coop) replaces(w *worker) error {
	old, now := w.key, entry.NewSigner()
	if _, err := c.say(w, func(k *charter.Charter) ([]byte, error) {
		return k.Certify(old.Device(), charter.NewDevice{
			Key: now.Device(), Name: fmt.Sprintf("laptop of day %d", c.day), Accepted: charter.AcceptDevice(c.space, w.member.Device(), now),
		})
	}); err != nil {
		return err
	}
	if _, err := c.say(w, func(k *charter.Charter) ([]byte, error) { return k.MoveConsents(old.Device(), now.Device()) }); err != nil {
		return err
	}
	wrote := w.runs
	w.former = append(w.former, charter.DeviceFrontier{Device: old.Device(), Frontier: wrote})
	w.key, w.runs, w.heard, w.today = now, nil, 0, -1
	w.begins()
	_, err := c.say(w, func(k *charter.Charter) ([]byte, error) { return k.Retire(now.Device(), old.Device(), wrote) })
	return err
}

// begins begins a run.
func (w *worker) begins() {
	w.runs = append(w.runs, charter.Last{Run: entry.Run(random16())})
	w.number, w.last, w.below = 0, entry.ID{}, map[entry.DocID]entry.ID{}
}

// sign makes the next entry of somebody's run.
func (c *coop) sign(w *worker, rules uint64, f entry.Fields) (*entry.Entry, error) {
	if len(w.runs) == 0 {
		w.begins()
	}
	run := &w.runs[len(w.runs)-1]
	f.Heads = append(f.Heads, c.charter.Heads()...)
	f.Space, f.Run, f.Number, f.Previous, f.Below = c.space, run.Run, w.number+1, w.last, w.below[f.Doc]
	e, err := entry.NewUnder(rules, f, w.key)
	if err != nil {
		return nil, err
	}
	w.number, w.last, run.Entry = e.Number, e.ID(), e.ID()
	c.runs.Add(e)
	c.out = append(c.out, e)
	return e, nil
}

// say makes a statement that has to stand. heads are those that it names beside the charter's.
func (c *coop) say(w *worker, what func(*charter.Charter) ([]byte, error), heads ...entry.ID) (*entry.Entry, error) {
	payload, err := what(c.charter)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", w.name, err)
	}
	e, err := c.sign(w, entry.FirstRules, entry.Fields{Heads: heads, Kind: entry.Statement, Payload: payload})
	if err != nil {
		return nil, err
	}
	c.charter = c.charter.With(e)
	if state, why := c.charter.State(e.ID()); state != charter.Accepted {
		return nil, fmt.Errorf("a statement of %s's is %v: %s", w.name, state, why)
	}
	c.wrote += len(payload)
	return e, nil
}

// acknowledges says what somebody's computer has seen of what was written before this morning, since it last did.
func (c *coop) acknowledges(w *worker) error {
	last := map[charter.RunOf]charter.RunEnd{}
	for _, end := range c.log[w.heard:max(w.heard, c.morning)] {
		if end.Device != w.key.Device() {
			last[end.RunOf] = end
		}
	}
	w.heard = max(w.heard, c.morning)
	wrote := c.wrote
	known := func(end charter.RunEnd) (number uint64, said bool) { return c.numbers[end.Last], true } // everybody hears of everything
	for _, one := range c.charter.WhatToSay(w.key.Device(), slices.Collect(maps.Values(last)), known) {
		if _, err := c.say(w, func(k *charter.Charter) ([]byte, error) { return k.Acknowledge(w.key.Device(), one.Lists) }, one.Over...); err != nil {
			return err
		}
	}
	c.wrote = wrote
	return nil
}

// begin has somebody begin a document.
func (c *coop) begin(w *worker, of *kind.Kind, edit crdt.Edit) (*paper, error) {
	if len(w.runs) == 0 {
		w.begins()
	}
	p := &paper{of: of, by: w, since: c.day, create: &entry.Creation{Kind: of.Name, Random: random16()}, am: automerge.New(), heads: c.charter.Heads(), asked: map[*worker]bool{}}
	p.id = p.create.DocID(c.space, w.key.Device(), w.runs[len(w.runs)-1].Run)
	p.judge = accept.New(c.space, p.id, c.charter, kinds.All.Table, c.runs)
	return p, c.edit(w, p, edit)
}

// edit has somebody change a document, by all rules that hold.
func (c *coop) edit(w *worker, p *paper, edit crdt.Edit) error {
	if heads := c.charter.Heads(); !slices.Equal(heads, p.heads) {
		p.judge.Rejudge(c.charter)
		p.heads = heads
	}
	var v *crdt.View
	create := p.create
	if len(p.judge.Order()) > 0 {
		create = nil
		var err error
		if v, err = crdt.Look(p.am, p.judge, c.charter); err != nil {
			return err
		}
	}
	actor := entry.ActorOf(c.space, w.key.Device(), w.runs[len(w.runs)-1].Run, p.id)
	if err := p.am.SetActorID(hex.EncodeToString(actor[:])); err != nil {
		return err
	}
	if err := edit(p.am, v); err != nil {
		return fmt.Errorf("%s, a %s: %w", w.name, p.of.Name, err)
	}
	at := c.at
	hash, err := p.am.Commit("", automerge.CommitOptions{Time: &at})
	if err != nil {
		return err
	}
	made, err := p.am.Change(hash)
	if err != nil {
		return err
	}
	payload, err := change.Inflate(made.Save())
	if err != nil {
		return err
	}
	parsed, err := change.Parse(payload)
	if err != nil {
		return err
	}
	e, err := c.sign(w, p.judge.Rules(create, parsed), entry.Fields{Kind: entry.Change, Doc: p.id, Create: create, Payload: payload})
	if err != nil {
		return err
	}
	p.judge.Take(e, parsed)
	if state, why := p.judge.State(e.ID()); state != charter.Accepted {
		return fmt.Errorf("a change of %s's is %v: %s", w.name, state, why)
	}
	w.below[p.id] = e.ID()
	c.log = append(c.log, charter.RunEnd{RunOf: charter.RunOf{Device: e.Device, Run: e.Run}, Last: e.ID()})
	c.numbers[e.ID()] = e.Number
	c.wrote += len(payload)
	c.changes++
	return nil
}

// perform is a verb of a kind, as somebody asks for it. It is told today's time, since the months go by as in five years, and so fast only the clocks.
func (c *coop) perform(w *worker, of *kind.Kind, verb *kind.Verb, asks kind.Request) crdt.Edit {
	return crdt.Perform(of, verb, &kind.Draft{Asks: asks, Author: w.id, Now: time.Now(), Rules: c.charter.Rules(), Name: func(m charter.MemberID) string { return m.String() }})
}

// works is a day of all of them.
func (c *coop) works(ctx context.Context) error {
	c.morning = len(c.log)
	if c.day%replaceEvery == replaceEvery-1 {
		if err := c.replaces(c.people[c.rng.IntN(len(c.people))]); err != nil {
			return err
		}
	}
	if c.day%leaveEvery == leaveEvery-1 {
		if err := c.leaves(c.people[c.rng.IntN(len(c.people))]); err != nil {
			return err
		}
		if _, err := c.comesIn(ctx, c.people[c.rng.IntN(len(c.people))], fmt.Sprintf("Newcomer of day %d", c.day)); err != nil {
			return err
		}
	}
	var turns []*worker
	for _, w := range c.people {
		if c.rng.IntN(10) > 0 {
			turns = append(turns, slices.Repeat([]*worker{w}, doneADay)...)
		}
	}
	c.rng.Shuffle(len(turns), func(i, j int) { turns[i], turns[j] = turns[j], turns[i] })
	for i, w := range turns {
		c.at = c.at.Add(30 * time.Second)
		if w.today != c.day { // they switch their computer on
			w.today = c.day
			w.begins()
			if err := c.acknowledges(w); err != nil {
				return err
			}
			if err := c.answers(w); err != nil {
				return err
			}
		}
		if i == 0 && c.day%decideEvery == 0 {
			if err := c.proposes(w); err != nil {
				return err
			}
		}
		if err := c.does(w); err != nil {
			return err
		}
	}
	c.day++
	return ctx.Err()
}

// does is one thing that somebody does.
func (c *coop) does(w *worker) error {
	switch n := c.rng.IntN(10); {
	case n < 4:
		return c.logsHours(w)
	case n < 8:
		return c.getsOn(w)
	case n < 9 && len(c.tasks) > 0:
		p := c.tasks[c.rng.IntN(len(c.tasks))]
		return c.remarks(w, p)
	}
	return c.notesDown(w)
}

func (c *coop) logsHours(w *worker) error {
	if w.month == nil || w.month.on != c.month {
		asks := kind.Begin(c.month, "")
		asks.Put(kinds.MonthField(), change.StrValue(c.month))
		p, err := c.begin(w, kinds.Time, c.perform(w, kinds.Time, kinds.Time.Make, asks))
		if err != nil {
			return err
		}
		w.month, p.on = p, c.month
	}
	var asks kind.Request
	asks.Put(kinds.TimeName, change.StrValue(fmt.Sprintf("e%d", c.changes)))
	asks.Put(kinds.TimeOn, change.StrValue(fmt.Sprintf("%s-%02d", c.month, 1+c.day%ofAMonth)))
	asks.Put(kinds.TimeHours, change.IntValue(int64(15*(1+c.rng.IntN(16)))))
	asks.Put(kinds.TimeFor, change.StrValue(fmt.Sprintf("Project %d", c.rng.IntN(9))))
	return c.edit(w, w.month, c.perform(w, kinds.Time, kinds.Time.Verb("log"), asks))
}

// getsOn is something that happens to a task: it is begun, taken, started, or done.
func (c *coop) getsOn(w *worker) error {
	if len(w.tasks) == 0 || len(w.tasks) < 3 && c.rng.IntN(3) == 0 {
		p, err := c.begin(w, kinds.Task, crdttest.NewTask(c.at, crdttest.TaskFields{
			Title: c.words(5), Text: c.words(20), Project: fmt.Sprintf("Project %d", c.rng.IntN(9)),
		}))
		if err != nil {
			return err
		}
		w.tasks, c.tasks = append(w.tasks, p), append(c.tasks, p)
		return nil
	}
	i := c.rng.IntN(len(w.tasks))
	p := w.tasks[i]
	p.stage++
	switch p.stage {
	case 1:
		return c.edit(w, p, crdttest.Take(w.id, c.at))
	case 2:
		return c.edit(w, p, crdttest.Start(w.id, c.at))
	}
	w.tasks = slices.Delete(w.tasks, i, i+1)
	c.tasks = slices.DeleteFunc(c.tasks, func(o *paper) bool { return o == p })
	return c.edit(w, p, crdttest.Finish())
}

func (c *coop) remarks(w *worker, p *paper) error {
	return c.edit(w, p, c.perform(w, p.of, kind.Talk, kind.Request{Text: &kind.Writing{Text: c.words(12)}}))
}

// notesDown writes in one of the notes, or begins one; the oldest are left as they are.
func (c *coop) notesDown(w *worker) error {
	if len(c.notes) > 0 && c.rng.IntN(5) > 0 {
		return c.edit(w, c.notes[c.rng.IntN(len(c.notes))], crdttest.AppendText(c.words(25)))
	}
	p, err := c.begin(w, kinds.Note, crdttest.NewNote(crdttest.NoteFields{Title: c.words(4), Text: c.words(80)}))
	if c.notes = append(c.notes, p); len(c.notes) > openNotes {
		c.notes = c.notes[1:]
	}
	return err
}

func (c *coop) proposes(w *worker) error {
	p, err := c.begin(w, kinds.Decision, crdttest.NewDecision(w.id, crdttest.DecisionFields{Title: c.words(5), Text: c.words(60), Process: kinds.ProcessMajority}))
	p.asked[w] = true // who proposes stands behind it
	c.decisions = append(c.decisions, p)
	return err
}

// answers says what somebody thinks of all that is to be decided, and every third says why. Who proposed it closes it on the third day.
func (c *coop) answers(w *worker) error {
	for _, p := range slices.Clone(c.decisions) {
		switch {
		case p.by == w && c.day > p.since+2:
			c.decisions = slices.DeleteFunc(c.decisions, func(o *paper) bool { return o == p })
			if err := c.edit(w, p, crdttest.Close(w.id, c.at, c.words(15), nil)); err != nil {
				return err
			}
		case p.asked[w]:
		default:
			p.asked[w] = true
			if err := c.edit(w, p, crdttest.TakePosition(w.id, "agree", "", "")); err != nil {
				return err
			}
			if c.rng.IntN(3) == 0 {
				if err := c.remarks(w, p); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

var vocabulary = strings.Fields("we print the second run on grey paper with two colours and ask who brings the plates to the fair next week " +
	"because Mel has no car until Friday so somebody else could drive or the baker lends us theirs invoices wait for a signature ink is low order more drum paper jams again")

// words are so many words, as somebody writes them.
func (c *coop) words(n int) string {
	said := make([]string, n)
	for i := range said {
		said[i] = vocabulary[c.rng.IntN(len(vocabulary))]
	}
	return strings.Join(said, " ")
}
