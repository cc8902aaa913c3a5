package crdt

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"github.com/automerge/automerge-go"

	"kith/crdt/charter"
	"kith/crdt/schema"
)

// The states of a task.
const (
	TaskOpen    = "open"
	TaskDoing   = "doing"
	TaskDone    = "done"
	TaskDropped = "dropped"
)

// What a member who was asked has said.
const (
	AnswerNone     = "none"
	AnswerAccepted = "accepted"
	AnswerDeclined = "declined"
)

// Task is what a task has beyond what every document has.
type Task struct {
	Status    string             `json:"status"`
	StatusWhy string             `json:"status_why,omitempty"` // why it was dropped
	Project   string             `json:"project"`
	Due       string             `json:"due"` // 2026-12-01, or a moment in RFC 3339; "" for none
	Minutes   Minutes            `json:"hours"`
	Asked     []Asked            `json:"asked"`    // by member ID
	TakenBy   []charter.MemberID `json:"taken_by"` // who took it, or accepted when asked; by member ID
	Help      Help               `json:"help"`
}

// Asked is one member who was asked to take the task, and what they said.
type Asked struct {
	Member charter.MemberID `json:"member"`
	At     Time             `json:"at"` // when they were asked, by the clock of who asked
	Answer string           `json:"answer"`
	Why    string           `json:"why"`
}

// Help is whether help is wanted with a task, and who offers it.
type Help struct {
	Wanted bool              `json:"wanted"`
	Why    string            `json:"why"`    // of the first in Wants
	By     *charter.MemberID `json:"by"`     // the first in Wants, or nil
	Wants  []Said            `json:"wants"`  // everybody who wants help; those who took the task first
	Offers []Said            `json:"offers"` // by member ID
}

// Said is one member's own line on a task.
type Said struct {
	Member charter.MemberID `json:"member"`
	Why    string           `json:"why"`
}

// answer is the value of by:<member>/answer. It answers the asking at To, and no later one.
type answer struct {
	To     int64  `json:"to"`
	Answer string `json:"answer"`
	Why    string `json:"why"`
}

func parseAnswer(s string) (a answer, ok bool) {
	err := json.Unmarshal([]byte(s), &a)
	return a, err == nil && (a.Answer == AnswerAccepted || a.Answer == AnswerDeclined)
}

// TaskFields is what a task begins with.
type TaskFields struct {
	Title, Text  string
	Tags         []string
	Project, Due string
	Minutes      Minutes
	Ask          []charter.MemberID
	Status       string // "" is open
	StatusWhy    string // of a dropped one
}

// NewTask creates a task, and asks members to take it.
func NewTask(now time.Time, f TaskFields) Edit {
	return func(am *automerge.Doc, _ *View) error {
		d := newDraft(am)
		if err := d.create(f.Title, f.Text, f.Tags); err != nil {
			return err
		}
		if len(f.Ask) > MaxAsked {
			return &LimitError{What: "the task", Got: len(f.Ask), Limit: MaxAsked, Unit: "members asked"}
		}
		d.do(func() error {
			asked := automerge.NewMap()
			if err := d.root.Set(schema.Asked, asked); err != nil {
				return err
			}
			seen := map[charter.MemberID]bool{}
			for _, m := range f.Ask {
				if seen[m] {
					continue
				}
				seen[m] = true
				if err := asked.Set(m.String(), now.UnixMilli()); err != nil {
					return err
				}
			}
			return nil
		})
		d.do(func() error { return d.root.Set(schema.Status, cmp.Or(f.Status, TaskOpen)) })
		d.set(schema.StatusWhy, f.StatusWhy)
		if err := d.taskFields(&f.Project, &f.Due, &f.Minutes); err != nil {
			return err
		}
		return d.write()
	}
}

// TaskEdit is a change of a task's fields. A nil pointer leaves a field alone; "" and 0 empty it.
type TaskEdit struct {
	Common
	Project, Due *string
	Minutes      *Minutes
}

// EditTask changes the fields of a task.
func EditTask(e TaskEdit) Edit {
	return func(am *automerge.Doc, _ *View) error {
		d := newDraft(am)
		if err := e.Common.gather(d); err != nil {
			return err
		}
		if err := d.taskFields(e.Project, e.Due, e.Minutes); err != nil {
			return err
		}
		return d.write()
	}
}

func (d *draft) taskFields(project, due *string, minutes *Minutes) error {
	if project != nil {
		p, err := line("the project", *project, MaxProject, MaxTitleBytes)
		if err != nil {
			return err
		}
		d.set(schema.Project, p)
	}
	if due != nil {
		when, err := checkDate("the due date", *due)
		if err != nil {
			return err
		}
		d.set(schema.Due, when)
	}
	if minutes != nil {
		if err := checkMinutes(*minutes); err != nil {
			return err
		}
		d.setInt(schema.Hours, int64(*minutes))
	}
	return nil
}

// Ask asks members to take the task. Who declined before is asked again; who hasn't answered yet
// or has accepted isn't.
func Ask(now time.Time, members ...charter.MemberID) Edit {
	return func(am *automerge.Doc, v *View) error {
		d := newDraft(am)
		if err := taskIsLive(v); err != nil {
			return err
		}
		obj, err := d.object(schema.Asked, automerge.KindMap)
		if err != nil {
			return err
		}
		asked := obj.Map()
		if n := len(v.Task.Asked) + len(members); n > MaxAsked {
			return &LimitError{What: "the task", Got: n, Limit: MaxAsked, Unit: "members asked"}
		}
		seen := map[charter.MemberID]bool{}
		for _, m := range members {
			at := now.UnixMilli()
			if a, ok := v.Task.asked(m); ok {
				if a.Answer != AnswerDeclined {
					continue
				}
				at = max(at, int64(a.At)+1) // never the asking that was declined, whatever the clock says
			}
			if !seen[m] {
				seen[m] = true
				d.do(func() error { return asked.Set(m.String(), at) })
			}
		}
		return d.write()
	}
}

func (t *Task) asked(m charter.MemberID) (Asked, bool) {
	for _, a := range t.Asked {
		if a.Member == m {
			return a, true
		}
	}
	return Asked{}, false
}

// Accept says that the author, who was asked, takes the task.
func Accept(by charter.MemberID) Edit { return reply(by, AnswerAccepted, "") }

// Decline says that the author, who was asked, doesn't take the task, and why; it also puts back
// a task that they had accepted or taken.
func Decline(by charter.MemberID, why string) Edit { return reply(by, AnswerDeclined, why) }

func reply(by charter.MemberID, say, why string) Edit {
	return func(am *automerge.Doc, v *View) error {
		why, err := checkWhy(why, false)
		if err != nil {
			return err
		}
		if err := taskIsLive(v); err != nil {
			return err
		}
		a, ok := v.Task.asked(by)
		if !ok {
			return notAllowed("take it instead: kith task take", "you were not asked to take this task")
		}
		d := newDraft(am)
		if a.Answer != say || a.Why != why {
			b, err := json.Marshal(answer{To: int64(a.At), Answer: say, Why: why})
			if err != nil {
				return err
			}
			if err := short("the answer", string(b)); err != nil {
				return err
			}
			d.do(func() error { return d.root.Set(schema.OwnKey(by, schema.OwnAnswer), string(b)) })
		}
		if say == AnswerDeclined {
			d.setInt(schema.OwnKey(by, schema.OwnTaken), 0)
		}
		return d.write()
	}
}

// Take says that the author takes the task. Several may take one together.
func Take(by charter.MemberID, now time.Time) Edit {
	return func(am *automerge.Doc, v *View) error {
		if err := taskIsLive(v); err != nil {
			return err
		}
		if slices.Contains(v.Task.TakenBy, by) {
			return ErrNothingChanged
		}
		d := newDraft(am)
		d.setInt(schema.OwnKey(by, schema.OwnTaken), now.UnixMilli())
		return d.write()
	}
}

// PutBack says that the author doesn't do the task any more.
func PutBack(by charter.MemberID) Edit {
	return func(am *automerge.Doc, v *View) error {
		if err := taskIsLive(v); err != nil {
			return err
		}
		if a, ok := v.Task.asked(by); ok && a.Answer == AnswerAccepted {
			return Decline(by, "")(am, v)
		}
		d := newDraft(am)
		d.setInt(schema.OwnKey(by, schema.OwnTaken), 0)
		return d.write()
	}
}

// Start says that the author works on the task now, and takes it if they hadn't.
func Start(by charter.MemberID, now time.Time) Edit {
	return func(am *automerge.Doc, v *View) error {
		d := newDraft(am)
		if err := d.status(v, TaskDoing, "", TaskOpen, TaskDoing); err != nil {
			return err
		}
		if !slices.Contains(v.Task.TakenBy, by) {
			d.setInt(schema.OwnKey(by, schema.OwnTaken), now.UnixMilli())
		}
		return d.write()
	}
}

// Finish says that the task is done.
func Finish() Edit { return toStatus(TaskDone, "", TaskOpen, TaskDoing, TaskDone) }

// Reopen opens a task that was done or dropped.
func Reopen() Edit { return toStatus(TaskOpen, "", TaskDone, TaskDropped) }

// Drop says that nobody is going to do the task, and why.
func Drop(why string) Edit {
	return func(am *automerge.Doc, v *View) error {
		why, err := checkWhy(why, true)
		if err != nil {
			return err
		}
		return toStatus(TaskDropped, why, TaskOpen, TaskDoing, TaskDropped)(am, v)
	}
}

func toStatus(to, why string, from ...string) Edit {
	return func(am *automerge.Doc, v *View) error {
		d := newDraft(am)
		if err := d.status(v, to, why, from...); err != nil {
			return err
		}
		return d.write()
	}
}

func (d *draft) status(v *View, to, why string, from ...string) error {
	if v == nil || v.Task == nil {
		return invalid("this is not a task")
	}
	is := v.Task.Status
	if !slices.Contains(from, is) {
		switch is {
		case TaskDone, TaskDropped:
			return notAllowed("reopen it first: kith task reopen", "the task is %s", is)
		case TaskOpen, TaskDoing:
			return notAllowed("", "the task is still %s", is)
		}
	}
	d.set(schema.Status, to)
	d.set(schema.StatusWhy, why)
	return nil
}

// taskIsLive refuses what makes no sense on a task that is over.
func taskIsLive(v *View) error {
	if v == nil || v.Task == nil {
		return invalid("this is not a task")
	}
	if s := v.Task.Status; s == TaskDone || s == TaskDropped {
		return notAllowed("reopen it first: kith task reopen", "the task is %s", s)
	}
	return nil
}

// AskHelp says that the author wants help with the task, and with what.
func AskHelp(by charter.MemberID, why string) Edit { return say(by, schema.OwnHelp, why, true) }

// EndHelp says that the author wants no help any more.
func EndHelp(by charter.MemberID) Edit { return say(by, schema.OwnHelp, "", false) }

// offered stands for an offer without words, since an empty one is an offer taken back.
const offered = "yes"

// Offer says that the author can help; why says how, or is "".
func Offer(by charter.MemberID, why string) Edit {
	return func(am *automerge.Doc, v *View) error {
		why, err := checkWhy(why, false)
		if err != nil {
			return err
		}
		if why == "" {
			why = offered
		}
		return say(by, schema.OwnOffer, why, true)(am, v)
	}
}

// EndOffer takes the author's offer back.
func EndOffer(by charter.MemberID) Edit { return say(by, schema.OwnOffer, "", false) }

func say(by charter.MemberID, field, why string, required bool) Edit {
	return func(am *automerge.Doc, v *View) error {
		why, err := checkWhy(why, required)
		if err != nil {
			return err
		}
		if required {
			if err := taskIsLive(v); err != nil {
				return err
			}
		}
		d := newDraft(am)
		d.set(schema.OwnKey(by, field), why)
		return d.write()
	}
}
