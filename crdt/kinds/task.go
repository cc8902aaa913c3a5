package kinds

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/kind"
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
	AnswerPutBack  = "put_back" // accepted first
)

// MaxAsked bounds how many members are asked to take one task.
const MaxAsked = 200

// offered stands for an offer without words, since an empty one is an offer taken back.
const offered = "yes"

var (
	taskStatus = &kind.Field{
		Key: "status", Is: kind.Word, Words: []string{TaskOpen, TaskDoing, TaskDone, TaskDropped}, Hint: "how it stands", Log: taskMoved,
	}
	taskStatusWhy = &kind.Field{Key: "status_why", Is: kind.Reason, Label: "why it was dropped", Hint: "why it was dropped", With: taskStatus}
	taskDue       = &kind.Field{Key: "due", Is: kind.Day, Hint: "when it is due"}
	taskProject   = &kind.Field{Key: "project", Is: kind.Line, Of: "project", Hint: "what it belongs to", Var: "P", Fact: "project"}
	taskHours     = &kind.Field{Key: "hours", Is: kind.Hours, Max: 10_000_000, Typed: 10_000, Hint: "how many hours it takes"}
	taskWeekly    = &kind.Field{Key: "weekly", Is: kind.Hours, Max: 168 * 60, Typed: 168, Label: "hours a week", Hint: "how many hours it takes each week, until it is done or its day is over: recurring work"}
	taskAsked     = &kind.Field{Key: "asked", Is: kind.Members, Hint: "who was asked to take it", Stays: true, Log: taskWasAsked}
	taskAsk       = &kind.Field{Key: "ask", Is: kind.Members, Hint: "ask them to take it"}

	taskAnswer = &kind.Field{
		Key: "answer", Is: kind.JSON, Hint: "to having been asked", Log: saidAnswer,
		Form: `JSON {"to":ms,"answer":"accepted"\|"declined"\|"put_back","why":""}; to is the value in asked`, // see answer
	}
	taskHanded = &kind.Field{
		Key: "handed", Is: kind.JSON, Hint: "who is to take it over from them", Log: taskHandsOver,
		Form: `JSON {"to":"m-…","asked":ms,"note":""}; asked is the value in asked of who is to take it over`, // see handing
	}
	taskTaken = &kind.Field{Key: "taken", Is: kind.Moment, Hint: "when they took it", Log: taskTook}
	taskHelp  = &kind.Field{Key: "help", Is: kind.Reason, Hint: "why they want help", Log: taskWantsHelp}
	taskNext  = &kind.Field{Key: "members", Is: kind.Members, Typed: 1, Hint: "who is to take it over"}
	taskNote  = &kind.Field{Key: "note", Is: kind.Reason, Hint: "what they have to know"}
	taskOffer = &kind.Field{Key: "offer", Is: kind.Reason, Hint: "what help they offer", Log: taskOffers} // or offered
)

// taskAlly is to whom a task is passed on.
var taskAlly = &kind.Field{Key: "ally", Is: kind.Line, Hint: "which ally", Var: "ALLY"}

// TaskAlly is to whom a task is passed on, as an argument.
func TaskAlly() *kind.Field { return taskAlly }

// passedOn writes nothing: a task is passed on by sharing it, which is more than its document can say.
func passedOn(*kind.Draft) error { return kind.ErrNothingChanged }

// taskAnsweredTo is what somebody accepts beside title and text.
var taskAnsweredTo = []*kind.Field{taskDue, taskHours, taskWeekly}

func taskRevision(v *kind.View) string { return (&kind.Kind{Answered: taskAnsweredTo}).Revision(v) }

var taskByDue = &kind.Order{Name: "due", Says: "what is due first comes first", Fact: "due"}

// Task is something to do.
var Task = &kind.Kind{
	Name: "task", Many: "tasks", Letters: "t", Gist: "things to do", View: 8,
	Fields: []*kind.Field{taskStatus, taskStatusWhy, taskProject, taskDue, taskHours, taskWeekly, taskAsked},
	Own:    []*kind.Field{taskAnswer, taskTaken, taskHanded, taskHelp, taskOffer},
	Derive: kind.Deriving(whoDoes), State: taskStatus.Str, Answered: taskAnsweredTo,
	Shows: []*kind.Shown{
		taskStatus.Shown(), kind.Value("revision", "hash of what is accepted: title, text, due, hours, weekly", func(l kind.Look) string { return taskRevision(l.View) }),
		taskStatusWhy.Shown(), taskProject.Shown(), taskDue.Shown(), taskHours.Shown(), taskWeekly.Shown(),
		kind.Value("asked", "who was asked, and what they say", showAsked),
		kind.Value("taken_by", "who took it, or accepted", func(l kind.Look) []kind.Named { return l.All(kind.Of[Doing](l.View).TakenBy) }),
		kind.Value("ended_by", "who said that it is done or dropped; null: nobody", func(l kind.Look) *kind.Named { return namedOr(l, kind.Of[Doing](l.View).EndedBy) }),
		kind.Value("help", "whether help is wanted, and who offers it", showHelp),
	},
	Facts: func(v *kind.View, f *kind.Facts) {
		d, live := kind.Of[Doing](v), isLive(v) == nil
		f.Is("open", live)
		f.Who("mine", d.TakenBy...)
		f.Has("project", taskProject.Str(v))
		f.Has("due", taskDue.Str(v))
		if live {
			f.Is("help", len(d.Wants) > 0)
			f.Who("asked", d.unanswered()...)
			f.Is("asker/"+v.CreatedBy.String(), len(d.Asked) > 0)
			for _, w := range d.Wants {
				f.Who("wants", w.Member)
			}
			f.Who("awaits", d.awaits()...)
			f.Is("free", d.isFree())
			if len(d.TakenBy) == 0 && d.saidNo() {
				f.Who("refused", v.CreatedBy)
			}
			f.Who("refused", d.keeps()...)
			for _, a := range d.Asked {
				if a.Answer == AnswerNone && slices.Contains(d.TakenBy, a.From) {
					f.Who("hands", a.From)
					f.Who("handed", a.Member)
				}
			}
			for _, m := range d.concerns(v) {
				f.Is("offered/"+m.String(), len(d.Offers) > 0)
			}
		} else {
			f.Who("ended", others(slices.Concat(d.TakenBy, d.unanswered()), d.EndedBy)...)
		}
	},
	Finds: []*kind.Filter{
		{Name: "mine", Gist: "that I took or accepted", Fact: "mine", Me: true},
		{Name: "open", Gist: "not done and not dropped", Fact: "open"},
		{Name: "who", Gist: "that they took or accepted", Fact: "mine", Takes: whose},
		{Name: "nobody", Gist: "that nobody has, and nobody is asked to take", Fact: "free"},
		{Name: "i-asked", Gist: "that I made, and asked others to take", Fact: "asker", Me: true},
		{Name: "help-wanted", Gist: "for which help is wanted", Fact: "help"},
		{Name: "project", Gist: "of this project", Fact: "project", Takes: taskProject},
		{Name: "due-before", Gist: "due before then", Fact: "due", Takes: taskDue, Before: true},
	},
	Orders: []*kind.Order{taskByDue},
	Columns: []*kind.Column{
		{Title: "STATUS", Says: func(a kind.Answer) kind.Cell {
			if a.In("help").Is("wanted") {
				return kind.Cell{Words: a.Str("status") + ", help wanted"}
			}
			return kind.Cell{Words: a.Str("status")}
		}},
		{Title: "DUE", Says: func(a kind.Answer) kind.Cell {
			return kind.Cell{Day: a.Str("due"), Due: a.Str("status") == TaskOpen || a.Str("status") == TaskDoing}
		}},
		{Title: "WHO", Says: taskWho},
		{Title: "HOURS", Spare: true, Says: func(a kind.Answer) kind.Cell {
			if hours, _ := a["hours"].(float64); hours > 0 {
				return kind.Cell{Words: strconv.FormatFloat(hours, 'g', -1, 64) + " h"}
			}
			return kind.Cell{}
		}},
		{Title: "PROJECT", Spare: true, Says: kind.OwnOf("project")},
		{Title: "TAGS", Spare: true, Says: func(a kind.Answer) kind.Cell { return kind.OwnWords(a.Words("tags")...) }},
	},
	Searched: func(v *kind.View) (said []string) {
		d := kind.Of[Doing](v)
		for _, s := range slices.Concat(d.Wants, d.Offers) {
			said = append(said, s.Why)
		}
		for _, a := range d.Asked {
			said = append(said, a.Why, a.Note)
		}
		return said
	},
	Today: []*kind.Wait{
		{
			Key: "asked", Title: "You are asked to take", Gist: "tasks that I am asked to take",
			Facts: []string{"asked/me"}, Order: taskByDue, SaysTo: taskAsks, Run: "accept",
		},
		{
			Key: "overdue", Title: "Overdue", Gist: "tasks of mine that are overdue",
			Facts: []string{"mine/me", "open"}, Before: "due", Ahead: -1, Order: taskByDue, Says: kind.DueOf("due"),
		},
		{
			Key: "due", Title: "Due", Gist: "tasks of mine that are due",
			Facts: []string{"mine/me", "open"}, Before: "due", Ahead: 1, Order: taskByDue, Besides: "overdue", Says: kind.DueOf("due"),
		},
		{
			Key: "declined", Title: "Said no to what you asked for", Gist: "what others declined to take, or put back",
			Facts: []string{"refused/me"}, Says: taskWhoSaidNo, Who: taskFirstNo, News: true, Run: "ask",
		},
		staysWith("tasks_stay", "tasks"),
		{
			Key: "tasks_answered", Title: "What became of what you passed on", Gist: "tasks that I put into a share, and that somebody else took or ended",
			Facts: []string{kind.SharedFact + "/me"}, Only: goesOnWithOthers, Says: taskGoesOn, News: true, Run: "show",
			Who: func(a kind.Answer) any { return cmp.Or[any](a["ended_by"], first(a.List("taken_by"))) },
		},
		{
			Key: "offered", Title: "Help is offered", Gist: "help that is offered with what I do",
			Facts: []string{"offered/me"}, Says: taskWhoOffers, News: true, Run: "show",
			Who: func(a kind.Answer) any { return memberOfFirst(a.In("help").List("offers")) },
		},
		{
			Key: "ended", Title: "Ended by others, of what you have or were asked to take", Gist: "tasks of mine, or that I was asked to take, which somebody else did or dropped",
			Facts: []string{"ended/me"}, Says: endedSays("status", "ended_by", "status_why"), Who: whoIn("ended_by"), News: true, Run: "show",
		},
		{
			Key: "mine", Title: "What else you have taken on", Gist: "what else I have taken on",
			Facts: []string{"mine/me", "open"}, Order: taskByDue, Besides: "due", Says: kind.DueOf("due"), Run: "show",
			Who: func(kind.Answer) any { return nil }, // it is one's own
		},
		{
			Key: "left", Title: "Who had these left", Gist: "what people have, or were asked to take, who left", Anybody: true,
			Facts: []string{"awaits/gone"}, But: "awaits/here", Says: taskWhoLeft, Run: "take",
			Who: func(a kind.Answer) any {
				if taken := a.List("taken_by"); len(taken) > 0 {
					return first(taken)
				}
				return memberOfFirst(unansweredIn(a))
			},
		},
		{
			Key: "nobody", Title: "Nobody has these", Gist: "tasks that nobody has", Anybody: true,
			Facts: []string{"free"}, Order: taskByDue, Says: kind.DueOf("due"), Run: "take",
		},
		{
			Key: "help_wanted", Title: "Help wanted", Gist: "where help is wanted", Anybody: true,
			Facts: []string{"help"}, But: "wants/me", Says: taskWhoWantsHelp, Who: func(a kind.Answer) any { return a.In("help")["by"] }, Run: "offer",
		},
	},
	Examples: kind.Examples{
		List: []string{
			`kith task list --open --sort due`,
			`kith task list --mine --due-before "next friday"`,
			`kith task list --project Workshop --jq '.[].title'`,
		},
		Show: []string{`kith task show t-4kq2`, `kith task show 4kq2 --json`},
	},
	Make: &kind.Verb{
		Name: "add", Gist: "add a task", Text: kind.May, With: []*kind.Field{taskDue, taskProject, taskHours, taskWeekly, taskAsk}, Do: beginTask,
		Examples: []string{
			`kith task add "Order paper" --due friday`,
			`kith task add "Fix the drum" --ask Ana --hours 2.5 --project Workshop --tag urgent`,
			`kith task add "Water the plants" --weekly 0.5`,
		},
	},
	Edit: &kind.Verb{
		Name: "edit", Gist: "change a task", Text: kind.May, Opens: true, With: []*kind.Field{taskDue, taskProject, taskHours, taskWeekly}, Do: oneOrWeekly,
		More: "Without flags, on a terminal, the text opens in $EDITOR. What others change meanwhile is kept.",
		Examples: []string{
			`kith task edit t-4kq2 --title "Order recycled paper" --due monday`,
			`kith task edit t-4kq2 --due none --untag urgent`,
		},
	},
	Verbs: []*kind.Verb{
		{
			Name: "ask", Gist: "ask somebody to take it", Args: []*kind.Field{kind.Whom}, Live: isLive, Do: askToTake,
			Examples: []string{`kith task ask t-4kq2 Ana`, `kith task ask t-4kq2 Ana Ben`},
		},
		{
			Name: "take", Gist: "take it on", Undo: true, Promises: true, Live: isLive, Do: take,
			Examples: []string{`kith task take t-4kq2`, `kith task take t-4kq2 --undo`},
		},
		{
			Name: "accept", Gist: "say yes to being asked", Contrary: "decline", With: []*kind.Field{kind.Seen}, Live: isLive, Do: reply(AnswerAccepted),
			Examples: []string{`kith task accept t-4kq2`, `kith task accept t-4kq2 --revision 0f3c…`},
		},
		{
			Name: "decline", Gist: "say no to being asked", Contrary: "accept", Why: kind.May, Live: isLive, Do: reply(AnswerDeclined),
			Examples: []string{`kith task decline t-4kq2 --why "away until Monday"`},
		},
		{
			Name: "hand-over", Gist: "ask somebody to take it over from me", Contrary: "take", Args: []*kind.Field{taskNext}, With: []*kind.Field{taskNote}, Live: isLive, Do: handOver,
			More:     "It stays with you until they accept. If they decline, or you think otherwise (kith task take), you keep it. To put it back without somebody next: kith task take ID --undo.",
			Examples: []string{`kith task hand-over t-4kq2 Ben --note "the key is with the neighbours"`},
		},
		{
			Name: "pass", Gist: "pass it on to an ally", Args: []*kind.Field{taskAlly}, Live: isLive, Do: passedOn,
			More:     "It goes into the share with them, where they can take it. What it shows them: kith share add --help.",
			Examples: []string{`kith task pass t-4kq2 Quilted`},
		},
		{
			Name: "start", Gist: "it is being done", Live: is(TaskOpen, TaskDoing), Do: start,
			Examples: []string{`kith task start t-4kq2`},
		},
		{
			Name: "done", Gist: "it is done", Contrary: "reopen", Live: is(TaskOpen, TaskDoing, TaskDone), Do: become(TaskDone),
			Examples: []string{`kith task done t-4kq2`},
		},
		{
			Name: "reopen", Gist: "it is to be done after all", Contrary: "done", Live: is(TaskDone, TaskDropped), Do: become(TaskOpen),
			Examples: []string{`kith task reopen t-4kq2`},
		},
		{
			Name: "drop", Gist: "it won't be done", Contrary: "reopen", Why: kind.Must, Act: "dropping a task",
			Live: is(TaskOpen, TaskDoing, TaskDropped), Do: become(TaskDropped),
			Examples: []string{`kith task drop t-4kq2 --why "the order came in"`},
		},
		{
			Name: "help", Gist: "ask for help", Why: kind.Must, Act: "asking for help", Undo: true, Live: isLive, Do: say(taskHelp, ""),
			Examples: []string{`kith task help t-4kq2 --why "too heavy for one"`, `kith task help t-4kq2 --undo`},
		},
		{
			Name: "offer", Gist: "offer help", Why: kind.May, Undo: true, Live: isLive, Do: say(taskOffer, offered),
			Examples: []string{`kith task offer t-4kq2`, `kith task offer t-4kq2 --why "free on Tuesday"`},
		},
	},
	Share: &kind.Share{Back: takenThere},
}

// takenThere says who had a task when a share ended: nobody else can take it for them at home.
func takenThere(v *kind.View, name func(charter.MemberID) string) string {
	return hadThere("Taken", kind.Of[Doing](v).TakenBy, name)
}

func hadThere(how string, members []charter.MemberID, name func(charter.MemberID) string) string {
	if len(members) == 0 {
		return ""
	}
	return how + " by " + Names(name).list(members) + " when it was shared."
}

// Doing is who does a task, who was asked to, and who helps.
type Doing struct {
	Asked   []Asked            // by member
	TakenBy []charter.MemberID // who took it, or accepted when asked; by member
	Wants   []Said             // everybody who wants help; those who took the task first
	Offers  []Said             // of help, by member; without words if Why is ""
	EndedBy charter.MemberID   // who said that it is done or dropped; zero: nobody
}

// Asked is one member who was asked to take a task, and what they said.
type Asked struct {
	Member charter.MemberID
	At     kind.Time // when they were asked, by the clock of who asked, which also tells this asking from another
	Answer string
	Why    string
	From   charter.MemberID // who hands it over to them; zero: nobody
	Note   string           // from them
}

// Said is one member's own line on a task.
type Said struct {
	Member charter.MemberID
	Why    string
}

// answer is the value of by:<member>/answer. It answers the asking at To, and no later one.
type answer struct {
	To     int64  `json:"to"`
	Answer string `json:"answer"`
	Why    string `json:"why"`
}

func parseAnswer(s string) (a answer, ok bool) {
	err := json.Unmarshal([]byte(s), &a)
	return a, err == nil && (a.Answer == AnswerAccepted || a.Answer == AnswerDeclined || a.Answer == AnswerPutBack)
}

// handing is the value of by:<member>/handed: the task is To's once they have accepted the asking at Asked.
type handing struct {
	To    string `json:"to"`
	Asked int64  `json:"asked"`
	Note  string `json:"note"`
}

func parseHanding(s string) (h handing, to charter.MemberID, ok bool) {
	if json.Unmarshal([]byte(s), &h) != nil {
		return h, to, false
	}
	to, err := charter.ParseMemberID(h.To)
	return h, to, err == nil
}

func whoDoes(s *kind.Story) (*Doing, error) {
	d := &Doing{}
	accepted := map[charter.MemberID]bool{}
	var asked *namings // read where two may have asked apart
	// about says whether what by says of an asking is about the one that stands, or stands beside it: whoever asked once more didn't know.
	about := func(a Asked, asking int64, by charter.MemberID, f *kind.Field) bool {
		if asking == int64(a.At) {
			return true
		}
		if asked == nil {
			asked = namingsIn(s, taskAsked)
		}
		return asked.unheard(a.Member, asking, by, f)
	}
	for key, at := range s.In[taskAsked.Key] {
		m, err := charter.ParseMemberID(key)
		if err != nil {
			continue
		}
		a := Asked{Member: m, At: kind.Time(at.Int()), Answer: AnswerNone}
		if said, ok := parseAnswer(s.Said[m][taskAnswer.Key].Str()); ok && about(a, said.To, m, taskAnswer) {
			a.Answer, a.Why = said.Answer, said.Why
		}
		accepted[m] = a.Answer == AnswerAccepted
		d.Asked = append(d.Asked, a)
	}
	slices.SortFunc(d.Asked, func(a, b Asked) int { return compareMembers(a.Member, b.Member) })
	for _, m := range slices.SortedFunc(maps.Keys(s.Said), compareMembers) {
		said := s.Said[m]
		over := false // somebody else has accepted it from them
		if h, to, ok := parseHanding(said[taskHanded.Key].Str()); ok && to != m {
			for i := range d.Asked {
				if a := &d.Asked[i]; a.Member == to && about(*a, h.Asked, m, taskHanded) {
					over = a.Answer == AnswerAccepted || a.Answer == AnswerPutBack // it was theirs then
					if a.From == (charter.MemberID{}) {                            // of two who have it together the first is named
						a.From, a.Note = m, h.Note
					}
				}
			}
		}
		if !over && (said[taskTaken.Key].Int() != 0 || accepted[m]) {
			d.TakenBy = append(d.TakenBy, m)
		}
		if why := said[taskHelp.Key].Str(); why != "" {
			d.Wants = append(d.Wants, Said{m, why})
		}
		if why := said[taskOffer.Key].Str(); why != "" {
			if why == offered {
				why = ""
			}
			d.Offers = append(d.Offers, Said{m, why})
		}
	}
	if isLive(s.View) != nil {
		d.EndedBy = setBy(s, taskStatus)
	}
	slices.SortStableFunc(d.Wants, func(a, b Said) int { return d.doers(b.Member) - d.doers(a.Member) })
	return d, nil
}

func (d *Doing) doers(m charter.MemberID) int {
	if slices.Contains(d.TakenBy, m) {
		return 1
	}
	return 0
}

func (d *Doing) asked(m charter.MemberID) (Asked, bool) {
	for _, a := range d.Asked {
		if a.Member == m {
			return a, true
		}
	}
	return Asked{}, false
}

// unanswered are those who were asked and haven't said anything.
func (d *Doing) unanswered() (out []charter.MemberID) {
	for _, a := range d.Asked {
		if a.Answer == AnswerNone {
			out = append(out, a.Member)
		}
	}
	return out
}

// isFree says whether nobody has the task, and nobody is still to answer.
func (d *Doing) isFree() bool { return len(d.TakenBy)+len(d.unanswered()) == 0 }

// awaits are those with whom it lies: who has it, or else who is still to answer.
func (d *Doing) awaits() []charter.MemberID {
	if len(d.TakenBy) > 0 {
		return d.TakenBy
	}
	return d.unanswered()
}

// saidNo says whether somebody was asked, and declined or put it back.
func (d *Doing) saidNo() bool {
	return slices.ContainsFunc(d.Asked, func(a Asked) bool { return a.Answer == AnswerDeclined || a.Answer == AnswerPutBack })
}

// keeps are those who wanted to hand it over to somebody who said no, and who have it still.
func (d *Doing) keeps() (all []charter.MemberID) {
	for _, a := range d.Asked {
		if a.Answer == AnswerDeclined && slices.Contains(d.TakenBy, a.From) {
			all = append(all, a.From)
		}
	}
	return all
}

// concerns are those to whom help is offered: who has the task, or else who made it.
func (d *Doing) concerns(v *kind.View) []charter.MemberID {
	if len(d.TakenBy) > 0 {
		return d.TakenBy
	}
	return []charter.MemberID{v.CreatedBy}
}

// isLive refuses what makes no sense on a task that is over.
func isLive(v *kind.View) error {
	if s := taskStatus.Str(v); s == TaskDone || s == TaskDropped {
		return kind.NotAllowed("reopen it first: kith task reopen ID", "the task is %s", s)
	}
	return nil
}

// is refuses what makes no sense in other states than these.
func is(these ...string) func(*kind.View) error {
	return func(v *kind.View) error {
		s := taskStatus.Str(v)
		if slices.Contains(these, s) {
			return nil
		}
		if s == TaskOpen || s == TaskDoing {
			return kind.Already("the task is still %s", s)
		}
		return isLive(v)
	}
}

func beginTask(d *kind.Draft) error {
	if err := oneOrWeekly(d); err != nil {
		return err
	}
	return ask(d, taskAsk)
}

// oneOrWeekly refuses hours in all beside hours a week: a task is done once, or it recurs.
func oneOrWeekly(d *kind.Draft) error {
	has := func(f *kind.Field) bool {
		if d.Asks.Has(f) {
			return d.Asks.Value(f).Int() > 0
		}
		return d.View != nil && f.Has(d.View)
	}
	if (d.Asks.Has(taskHours) || d.Asks.Has(taskWeekly)) && has(taskHours) && has(taskWeekly) {
		return &kind.InvalidError{Why: "a task takes so many hours in all, or so many each week", Hint: "one of the two is 0: --hours 0 --weekly 2"}
	}
	return nil
}

// askToTake asks members to take the task. Who declined before is asked again; who hasn't answered yet
// or has accepted isn't.
func askToTake(d *kind.Draft) error { return ask(d, kind.Whom) }

func ask(d *kind.Draft, whom *kind.Field) error {
	now := &Doing{}
	if d.View != nil {
		now = kind.Of[Doing](d.View)
	}
	members := d.Asks.All(whom)
	if n := len(now.Asked) + len(members); n > MaxAsked {
		return &kind.LimitError{What: "the task", Got: n, Limit: MaxAsked, Unit: "members asked"}
	}
	for _, word := range members {
		m, err := charter.ParseMemberID(word)
		if err != nil {
			return err
		}
		now.ask(d, m)
	}
	return nil
}

// ask asks a member, unless they were and haven't said no, and returns which asking that is.
func (d *Doing) ask(by *kind.Draft, m charter.MemberID) (at int64) {
	at = by.Now.UnixMilli()
	if a, ok := d.asked(m); ok {
		if a.Answer == AnswerNone || a.Answer == AnswerAccepted {
			return int64(a.At)
		}
		at = max(at, int64(a.At)+1) // never the asking that was answered, whatever the clock says
	}
	by.Mark(taskAsked, m.String(), change.IntValue(at))
	return at
}

// handOver asks somebody to take a task over from the author, who has it until they accept.
func handOver(d *kind.Draft) error {
	now := kind.Of[Doing](d.View)
	members := d.Asks.All(taskNext)
	if len(members) != 1 {
		return &kind.InvalidError{Why: "a task is handed over to one member", Hint: "ask several: kith task ask ID MEMBER"}
	}
	next, err := charter.ParseMemberID(members[0])
	switch {
	case err != nil:
		return err
	case !slices.Contains(now.TakenBy, d.Author):
		return kind.NotAllowed("ask them to take it: kith task ask ID MEMBER", "you don't have this task, so you can't hand it over")
	case next == d.Author:
		return kind.Invalid("you have it already")
	case len(now.Asked) >= MaxAsked:
		return &kind.LimitError{What: "the task", Got: len(now.Asked) + 1, Limit: MaxAsked, Unit: "members asked"}
	}
	return d.SayJSON(taskHanded, "the note", handing{To: next.String(), Asked: now.ask(d, next), Note: d.Asks.Str(taskNote)})
}

// reply says that the author, who was asked, takes the task, or doesn't and why. Who has accepted and says no puts it back:
// it was theirs for a while.
func reply(with string) func(*kind.Draft) error {
	return func(d *kind.Draft) error { return replyTo(d, with, d.Asks.Why) }
}

func replyTo(d *kind.Draft, with, why string) error {
	a, ok := kind.Of[Doing](d.View).asked(d.Author)
	if !ok {
		instead := "take it instead: kith task take ID"
		if with == AnswerDeclined {
			instead = "it waits for no answer of yours; if it isn't to be done: kith task drop ID --why WHY"
		}
		return kind.NotAllowed(instead, "you were not asked to take this task")
	}
	if with == AnswerDeclined && (a.Answer == AnswerAccepted || a.Answer == AnswerPutBack) {
		with = AnswerPutBack
	}
	if a.Answer == with && why == "" { // said once more: the reason stays
		why = a.Why
	}
	if a.Answer != with || a.Why != why {
		if err := d.SayJSON(taskAnswer, "the answer", answer{To: int64(a.At), Answer: with, Why: why}); err != nil {
			return err
		}
	}
	if with != AnswerAccepted {
		d.Say(taskTaken, change.IntValue(0))
	}
	d.Say(taskHanded, change.StrValue(""))
	return nil
}

// take says that the author takes the task, or doesn't do it any more. Several may take one together.
func take(d *kind.Draft) error {
	now := kind.Of[Doing](d.View)
	if d.Asks.Undo {
		if err := isLive(d.View); err != nil {
			return err
		}
		if a, ok := now.asked(d.Author); ok && a.Answer == AnswerAccepted {
			return replyTo(d, AnswerDeclined, "")
		}
		d.Say(taskTaken, change.IntValue(0))
		d.Say(taskHanded, change.StrValue(""))
		return nil
	}
	d.Say(taskHanded, change.StrValue("")) // who handed it over takes it themselves after all
	if !slices.Contains(now.TakenBy, d.Author) {
		d.Say(taskTaken, change.IntValue(d.Now.UnixMilli()))
	}
	return nil
}

// start says that the author works on the task now, and takes it if they hadn't.
func start(d *kind.Draft) error {
	if err := become(TaskDoing)(d); err != nil {
		return err
	}
	return take(d)
}

func become(status string) func(*kind.Draft) error {
	return func(d *kind.Draft) error {
		d.Set(taskStatus, change.StrValue(status))
		d.Set(taskStatusWhy, change.StrValue(d.Asks.Why))
		return nil
	}
}

// say writes the author's own line, wordless for one without words, or takes it back.
func say(f *kind.Field, wordless string) func(*kind.Draft) error {
	return func(d *kind.Draft) error {
		why := d.Asks.Why
		switch {
		case d.Asks.Undo:
			why = ""
		case why == "":
			why = wordless
		}
		d.Say(f, change.StrValue(why))
		return nil
	}
}

// AskedJSON says that a member was asked to take a task, and what they say.
type AskedJSON struct {
	Member kind.Named  `json:"member"`
	Answer string      `json:"answer"` // none, accepted, declined, put_back
	Why    string      `json:"why"`
	From   *kind.Named `json:"from"` // who hands it over to them; null: nobody
	Note   string      `json:"note"` // from them
}

// HelpJSON says whether help is wanted with a task, and who offers it.
type HelpJSON struct {
	Wanted bool        `json:"wanted"`
	Why    string      `json:"why"`
	By     *kind.Named `json:"by"`   // who wants it; null while nobody does
	Also   []OfferJSON `json:"also"` // who else wants it, and why
	Offers []OfferJSON `json:"offers"`
}

// OfferJSON is one member's offer to help, or wish for it.
type OfferJSON struct {
	Member kind.Named `json:"member"`
	Why    string     `json:"why"`
}

func showAsked(l kind.Look) []AskedJSON {
	out := []AskedJSON{}
	for _, a := range kind.Of[Doing](l.View).Asked {
		one := AskedJSON{Member: l.Named(a.Member), Answer: a.Answer, Why: a.Why, Note: a.Note}
		if a.From != (charter.MemberID{}) {
			one.From = new(l.Named(a.From))
		}
		out = append(out, one)
	}
	return out
}

func showHelp(l kind.Look) HelpJSON {
	d := kind.Of[Doing](l.View)
	out := HelpJSON{Also: []OfferJSON{}, Offers: []OfferJSON{}}
	if len(d.Wants) > 0 {
		by := l.Named(d.Wants[0].Member)
		out.Wanted, out.Why, out.By = true, d.Wants[0].Why, &by
		for _, w := range d.Wants[1:] {
			out.Also = append(out.Also, OfferJSON{l.Named(w.Member), w.Why})
		}
	}
	for _, o := range d.Offers {
		out.Offers = append(out.Offers, OfferJSON{l.Named(o.Member), o.Why})
	}
	return out
}

// taskWho says in a few words who does a task, or was asked to.
func taskWho(a kind.Answer) kind.Cell {
	if taken := a.Names("taken_by"); len(taken) > 0 {
		return kind.OwnWords(taken...)
	}
	var asked []string
	for _, one := range unansweredIn(a) {
		asked = append(asked, one.In("member").Str("name")+"?")
	}
	return kind.OwnWords(asked...)
}

// unansweredIn are those who were asked to take a task and haven't answered.
func unansweredIn(a kind.Answer) []kind.Answer {
	return slices.DeleteFunc(a.List("asked"), func(one kind.Answer) bool { return one.Str("answer") != AnswerNone })
}

// taskWhoLeft says who had a task, or was asked to take it and didn't answer.
func taskWhoLeft(a kind.Answer) kind.Cell {
	if len(a.Names("taken_by")) > 0 {
		return taskWho(a)
	}
	var asked, own []string
	for _, one := range unansweredIn(a) {
		name := one.In("member").Str("name")
		asked, own = append(asked, name+" was asked"), append(own, name)
	}
	return kind.Cell{Words: strings.Join(asked, "; "), Own: own}
}

// goesOnWithOthers says whether somebody else than whoever put a task into a share took it there, or ended it.
func goesOnWithOthers(a kind.Answer) bool {
	passer := a.In("shared").In("by").Str("id")
	if ended := a.In("ended_by"); ended != nil {
		return ended.Str("id") != passer
	}
	return slices.ContainsFunc(a.List("taken_by"), func(m kind.Answer) bool { return m.Str("id") != passer })
}

// taskGoesOn says who ended a task, or else who has it.
func taskGoesOn(a kind.Answer) kind.Cell {
	if a["ended_by"] != nil {
		return endedSays("status", "ended_by", "status_why")(a)
	}
	taken := a.Names("taken_by")
	return kind.Cell{Words: "taken by " + strings.Join(taken, ", "), Own: taken}
}

// taskAsks says until when somebody is asked to do a task, and who hands it over to them.
func taskAsks(a kind.Answer, me map[string]bool) kind.Cell {
	cell := kind.DayOf("due", "due")(a)
	for _, one := range a.List("asked") {
		if !me[one.In("member").Str("id")] {
			continue
		}
		if giver := one.In("from").Str("name"); giver != "" && one.Str("answer") == AnswerNone {
			cell.Words, cell.Own = strings.TrimSpace(giver+" hands it over; "+cell.Words), []string{giver}
		}
	}
	return cell
}

// taskFirstNo is the first of those of whom taskWhoSaidNo tells.
func taskFirstNo(a kind.Answer) any {
	return memberOfFirst(slices.DeleteFunc(a.List("asked"), func(one kind.Answer) bool {
		return one.Str("answer") != AnswerDeclined && one.Str("answer") != AnswerPutBack
	}))
}

// first is the first of several; nil if there is none.
func first(all []kind.Answer) any {
	if len(all) == 0 {
		return nil
	}
	return map[string]any(all[0])
}

// memberOfFirst is the member of the first of several; nil if there is none.
func memberOfFirst(all []kind.Answer) any {
	if len(all) == 0 {
		return nil
	}
	return all[0]["member"]
}

// taskWhoSaidNo says who declined a task, or put it back, and why, and then who may still take it.
func taskWhoSaidNo(a kind.Answer) kind.Cell {
	var said, own []string
	for _, one := range a.List("asked") {
		word := map[string]string{AnswerDeclined: " declined", AnswerPutBack: " put it back"}[one.Str("answer")]
		if word == "" {
			continue
		}
		own = append(own, one.In("member").Str("name"), one.Str("why"))
		word = one.In("member").Str("name") + word
		if why := one.Str("why"); why != "" {
			word += ": " + why
		}
		said = append(said, word)
	}
	for _, one := range unansweredIn(a) {
		name := one.In("member").Str("name")
		said, own = append(said, name+" hasn't answered yet"), append(own, name)
	}
	return kind.Cell{Words: strings.Join(said, "; "), Own: own}
}

func taskWhoOffers(a kind.Answer) kind.Cell {
	var said []string
	for _, o := range a.In("help").List("offers") {
		word := o.In("member").Str("name")
		if why := o.Str("why"); why != "" {
			word += ": " + why
		}
		said = append(said, word)
	}
	return kind.Cell{Words: strings.Join(said, "; "), Own: said}
}

func taskWhoWantsHelp(a kind.Answer) kind.Cell {
	help := a.In("help")
	said := []string{help.In("by").Str("name") + ": " + help.Str("why")}
	for _, one := range help.List("also") {
		said = append(said, one.In("member").Str("name")+": "+one.Str("why"))
	}
	return kind.Cell{Words: strings.Join(said, "; "), Own: said}
}

func taskMoved(v change.Value, first bool) (verb, to string) {
	if first {
		return "", ""
	}
	return map[string]string{TaskOpen: "reopened", TaskDoing: "started", TaskDone: "finished", TaskDropped: "dropped"}[v.Str()], ""
}

func taskWasAsked(v change.Value, _ bool) (verb, to string) {
	if v.Kind == change.NullKind {
		return "unasked", ""
	}
	return "asked", ""
}

// saidAnswer tells of an answer to having been asked or named.
func saidAnswer(v change.Value, _ bool) (verb, to string) {
	a, ok := parseAnswer(v.Str())
	if !ok {
		return "", ""
	}
	if a.Answer == AnswerPutBack {
		return "put back", a.Why
	}
	return a.Answer, a.Why
}

func taskHandsOver(v change.Value, _ bool) (verb, to string) {
	h, _, ok := parseHanding(v.Str())
	if !ok {
		return "", "" // taken back with what else was said
	}
	return "hands it over", h.Note
}

func taskTook(v change.Value, _ bool) (verb, to string) {
	if v.Int() == 0 {
		return "put back", ""
	}
	return "took", ""
}

func taskWantsHelp(v change.Value, _ bool) (verb, to string) {
	if v.Str() == "" {
		return "ended help", ""
	}
	return "wants help", v.Str()
}

func taskOffers(v change.Value, _ bool) (verb, to string) {
	switch v.Str() {
	case "":
		return "took back", ""
	case offered:
		return "offered help", ""
	}
	return "offered help", v.Str()
}
