package kinds

import (
	"fmt"
	"slices"
	"strings"

	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/kind"
	"kith/crdt/money"
	"kith/crdt/schema"
)

// How it stands with a project.
const (
	ProjectPlanned = "planned"
	ProjectRunning = "running"
	ProjectPaused  = "paused"
	ProjectDone    = "done"
	ProjectDropped = "dropped"
)

// CalledFact is the fact that a document has or had a title: others name it by that.
const CalledFact = "called"

var (
	projectStatus = &kind.Field{
		Key: "status", Is: kind.Word, Words: []string{ProjectPlanned, ProjectRunning, ProjectPaused, ProjectDone, ProjectDropped}, Hint: "how it stands", Log: projectMoved,
	}
	projectStatusWhy = &kind.Field{Key: "status_why", Is: kind.Reason, Label: "why it was paused or dropped", Hint: "why it was paused or dropped", With: projectStatus}
	projectClient    = &kind.Field{Key: "client", Is: kind.Line, Hint: "for whom it is"}
	projectBudget    = &kind.Field{Key: "budget", Is: kind.Hours, Max: 60_000_000, Typed: 100_000, Hint: "how many hours there are for it"}
	projectDue       = &kind.Field{Key: "due", Is: kind.Day, Hint: "when it is to be done"}
	projectRate      = &kind.Field{Key: "rate", Is: kind.Line, Hint: "what an hour of it costs, as 60 EUR", Var: "AMOUNT", Reads: money.CleanRate, Stays: true}
	projectPM        = &kind.Field{
		Key: "coordination", Is: kind.Line, Hint: "what coordination costs: 15% on top, hours, or an amount as 500 EUR", Var: "HOW", Reads: cleanCoordination, Stays: true,
	}
	projectIntake      = &kind.Field{Key: "intake", Is: kind.Ref, Of: "intake", Hint: "the request that it came from"}
	projectCoordinator = &kind.Field{Key: "coordinator", Is: kind.Members, Typed: MaxHolders, Hint: "who coordinates it"}
	projectWho         = &kind.Field{Key: "members", Is: kind.Members, Typed: MaxHolders, Hint: "who coordinates it"}
	projectNext        = &kind.Field{Key: "members", Is: kind.Members, Typed: 1, Hint: "who is to coordinate it next"}
)

var projectByDue = &kind.Order{Name: "due", Says: "what is due first comes first", Fact: "due"}

// projectTerms are what a form of a project asks for.
var projectTerms = []*kind.Field{projectClient, projectBudget, projectDue, projectRate, projectPM}

// Project is work that belongs together: tasks and hours name it by its title. Who coordinates it looks after it, and
// decides no more than everybody else.
var Project = &kind.Kind{
	Name: "project", Many: "projects", Letters: "pr", Gist: "work that belongs together", View: 5,
	Fields: []*kind.Field{
		projectStatus, projectStatusWhy, projectClient, projectBudget, projectDue, projectRate, projectPM, projectIntake, heldBy, heldLast,
	},
	Own:    []*kind.Field{holdAnswer, holdHanded},
	Derive: kind.Deriving(whoCoordinates), State: projectStatus.Str,
	Shows: []*kind.Shown{
		projectStatus.Shown(), projectStatusWhy.Shown(), projectClient.Shown(), projectBudget.Shown(), projectDue.Shown(),
		projectRate.Shown(), projectPM.Shown(), projectIntake.Shown(),
		kind.Value("coordinated_by", "who coordinates it", func(l kind.Look) []HolderJSON { return showHolders(l, kind.Of[Coordinating](l.View).Holders) }),
		kind.Value("asked", "to whom the coordination is handed over, and who haven't answered", func(l kind.Look) []HolderJSON { return showHolders(l, kind.Of[Coordinating](l.View).Asked) }),
		kind.Value("refused", "who were named, and said no or put it back", func(l kind.Look) []HolderJSON { return showHolders(l, kind.Of[Coordinating](l.View).Refused) }),
		kind.Value("named_by", "who said last who coordinates it; null: nobody yet", func(l kind.Look) *kind.Named { return namedOr(l, kind.Of[Coordinating](l.View).NamedBy) }),
		kind.Value("ended_by", "who closed or dropped it; null: it goes on", func(l kind.Look) *kind.Named { return namedOr(l, kind.Of[Coordinating](l.View).EndedBy) }),
		kind.Value("named_apart", "two people who didn't know of each other said who coordinates it", func(l kind.Look) bool { return kind.Of[Coordinating](l.View).Apart }),
		kind.OwnValue("names", "titles that it had before, by which tasks and hours name it, too", func(l kind.Look) []string { return append([]string{}, FormerTitles(l.View)...) }),
	},
	Facts: func(v *kind.View, f *kind.Facts) {
		c := kind.Of[Coordinating](v)
		for _, name := range append([]string{v.Title}, FormerTitles(v)...) {
			f.Has(CalledFact, name)
		}
		f.Has("due", projectDue.Str(v))
		f.Has("intake", projectIntake.Str(v))
		f.Has("status", projectStatus.Str(v))
		if isGoingOn(v) == nil {
			f.Is("open", true)
			f.Who("coordinates", c.named()...)
			f.Who("asked", c.unanswered()...)
			f.Who("refused", c.keeps()...)
			f.Is("apart", c.Apart)
			f.Is("nobody", len(c.Holders) == 0)
			c.handing(f)
		} else {
			f.Who("ended", others(slices.Concat(c.named(), c.unanswered()), c.EndedBy)...)
		}
		f.Who("ended", c.Ended...)
	},
	Finds: []*kind.Filter{
		{Name: "mine", Gist: "that I coordinate", Fact: "coordinates", Me: true},
		{Name: "open", Gist: "neither done nor dropped", Fact: "open"},
		{Name: "who", Gist: "that they coordinate", Fact: "coordinates", Takes: whose},
		{Name: "nobody", Gist: "that nobody coordinates", Fact: "nobody"},
		{Name: "status", Gist: "that stand like that", Fact: "status", Takes: projectStatus},
		{Name: "called", Gist: "of this title, now or before", Fact: CalledFact, Takes: kind.Title},
		{Name: "intake", Gist: "that came from this request", Fact: "intake", Takes: projectIntake},
		{Name: "due-before", Gist: "to be done before then", Fact: "due", Takes: projectDue, Before: true},
	},
	Orders: []*kind.Order{projectByDue},
	Columns: []*kind.Column{
		{Title: "STATUS", Says: kind.WordsOf("status")},
		{Title: "DUE", Says: kind.DayOf("", "due")},
		{Title: "COORDINATED BY", Says: projectCoordinators},
	},
	Today: []*kind.Wait{{
		Key: "projects_named", Title: "You are to coordinate", Gist: "projects that I am to coordinate and haven't said yes to",
		Facts: []string{"asked/me"}, Says: kind.OwnOf("client"), Run: "take",
	}, {
		Key: "projects_declined", Title: "Said no to taking it over from you", Gist: "projects that I wanted to hand over, and that somebody declined",
		Facts: []string{"refused/me"}, Says: saidNo, Who: firstNo, News: true, Run: "hand-over",
	}, staysWith("projects_stay", "projects"), {
		Key: "projects_ended", Title: "You coordinated these, and others ended that", Gist: "projects that I coordinated until somebody else closed or dropped them, or said that others coordinate",
		Facts: []string{"ended/me"}, Says: endedOr(endedSays("status", "ended_by", "status_why"), heldNow("coordinated_by")), Who: whoEnded, News: true, Run: "show",
	}, {
		Key: "projects_apart", Title: "Two said at once who coordinates: talk, and say it once more", Gist: "projects for which that was said twice at once", Anybody: true,
		Facts: []string{"apart"}, Says: projectCoordinators, Run: "coordinate",
	}, {
		Key: "projects", Title: "Nobody coordinates these", Gist: "projects that nobody coordinates", Anybody: true,
		Facts: []string{"nobody"}, Order: projectByDue, Says: kind.DueOf("due"), Run: "take",
	}, {
		Key: "projects_left", Title: "Who coordinated these left", Gist: "projects that people coordinate who left", Anybody: true,
		Facts: []string{"coordinates/gone"}, Order: projectByDue, Says: projectCoordinators, Run: "coordinate",
	}},
	Examples: kind.Examples{
		List: []string{`kith project list --open`, `kith project list --mine`},
		Show: []string{`kith project show pr-6hx3`, `kith project show 6hx3 --jq .budget`},
	},
	Make: &kind.Verb{
		Name: "add", Gist: "begin a project", Text: kind.May, Opens: true, With: append(slices.Clone(projectTerms), projectIntake, projectCoordinator), Do: beginProject,
		More:     "Tasks and hours name it by its title (kith task add --project TITLE): also those that were there before it.",
		Examples: []string{`kith project add Website --client "Tandem Bikes" --budget 40h --coordinator Ana --rate "60 EUR" --coordination 15%`},
	},
	Edit: &kind.Verb{
		Name: "edit", Gist: "change a project", Text: kind.May, Opens: true, With: projectTerms, Do: oneCurrency,
		Examples: []string{`kith project edit pr-6hx3 --budget 60h`, `kith project edit pr-6hx3 --title "Website and shop"`},
	},
	Verbs: []*kind.Verb{
		{
			Name: "coordinate", Gist: "say who coordinates it from now on", Contrary: "coordinate", Args: []*kind.Field{projectWho}, Live: isGoingOn, Do: nameCoordinator,
			More:     "They can say no (kith project decline). Coordinating allows nothing that everybody else couldn't do.",
			Examples: []string{`kith project coordinate pr-6hx3 Ana`, `kith project coordinate pr-6hx3 Ana Ben`},
		},
		{
			Name: "take", Gist: "say yes to coordinating it, or take that on if nobody does", Contrary: "decline", Promises: true, Live: isGoingOn,
			Do:       func(d *kind.Draft) error { c := coordinating(d); return c.accept(d, c.Turns) },
			Examples: []string{`kith project take pr-6hx3`},
		},
		{
			Name: "decline", Gist: "say no to coordinating it, or put that back", Contrary: "take", Why: kind.May,
			Do:       func(d *kind.Draft) error { return coordinating(d).refuse(d) },
			Examples: []string{`kith project decline pr-6hx3 --why "I do intake already"`},
		},
		{
			Name: "hand-over", Gist: "ask somebody to coordinate it in my place", Contrary: "coordinate", Args: []*kind.Field{projectNext}, With: []*kind.Field{roleNote}, Live: isGoingOn, Do: handProjectOver,
			More:     "It stays with you until they take it. If they decline, you keep it.",
			Examples: []string{`kith project hand-over pr-6hx3 Ben --note "the client calls on Mondays"`},
		},
		{
			Name: "start", Gist: "it is being worked on", Contrary: "pause", Live: projectIs(ProjectPlanned, ProjectPaused, ProjectRunning), Do: projectTo(ProjectRunning),
			Examples: []string{`kith project start pr-6hx3`},
		},
		{
			Name: "pause", Gist: "it rests for a while", Contrary: "start", Why: kind.May, Live: isGoingOn, Do: projectTo(ProjectPaused),
			Examples: []string{`kith project pause pr-6hx3 --why "we wait for their texts"`},
		},
		{
			Name: "close", Gist: "it is done", Contrary: "reopen", Live: projectIs(ProjectPlanned, ProjectRunning, ProjectPaused, ProjectDone), Do: projectTo(ProjectDone),
			Examples: []string{`kith project close pr-6hx3`},
		},
		{
			Name: "drop", Gist: "it won't be done", Contrary: "reopen", Why: kind.Must, Act: "dropping a project", Live: projectIs(ProjectPlanned, ProjectRunning, ProjectPaused, ProjectDropped), Do: projectTo(ProjectDropped),
			Examples: []string{`kith project drop pr-6hx3 --why "they found somebody nearer"`},
		},
		{
			Name: "reopen", Gist: "it goes on after all", Contrary: "close", Live: isOver, Do: projectTo(ProjectRunning),
			Examples: []string{`kith project reopen pr-6hx3`},
		},
	},
	Share: &kind.Share{Back: coordinatedThere},
}

// coordinatedThere says who coordinated a project when a share ended.
func coordinatedThere(v *kind.View, name func(charter.MemberID) string) string {
	return hadThere("Coordinated", kind.Of[Coordinating](v).named(), name)
}

// Coordinating is who coordinates a project, and what it was called.
type Coordinating struct {
	Holding
	Turns   []Turn           // of all who were named, by member
	Names   []string         // titles that it had before, each once, oldest first
	EndedBy charter.MemberID // who closed or dropped it; zero: it goes on
}

func whoCoordinates(s *kind.Story) (*Coordinating, error) {
	c := &Coordinating{Holding: holding(s)}
	for _, m := range membersIn(s.In[heldLast.Key]) {
		c.Turns = append(c.Turns, Turn{Member: m, Last: kind.Time(s.In[heldLast.Key][m.String()].Int())})
	}
	if isGoingOn(s.View) != nil {
		c.EndedBy = setBy(s, projectStatus)
	}
	var titles []*change.Op
	for _, it := range s.Items {
		for i := range it.Change.Ops {
			if op := &it.Change.Ops[i]; op.Obj.IsZero() && op.Key == schema.Title {
				titles = append(titles, op)
			}
		}
	}
	slices.SortFunc(titles, func(a, b *change.Op) int { return a.ID.Compare(b.ID) }) // not as they came here, which differs
	seen := map[string]bool{strings.ToLower(s.Title): true, "": true}
	for _, op := range titles {
		if name := op.Value.Str(); !seen[strings.ToLower(name)] {
			seen[strings.ToLower(name)] = true
			c.Names = append(c.Names, name)
		}
	}
	return c, nil
}

// FormerTitles are the titles that a project had before the present one.
func FormerTitles(v *kind.View) []string { return kind.Of[Coordinating](v).Names }

func coordinating(d *kind.Draft) *Coordinating {
	if d.View == nil {
		return &Coordinating{} // it is being made
	}
	return kind.Of[Coordinating](d.View)
}

// oneCurrency refuses a rate and a price of coordination in two currencies: no invoice could sum them up.
func oneCurrency(d *kind.Draft) error {
	says := func(f *kind.Field) string {
		if !d.Asks.Has(f) && d.View != nil {
			return f.Str(d.View)
		}
		return d.Asks.Str(f)
	}
	rate, errRate := money.Parse(says(projectRate))
	fixed, errFixed := money.Parse(says(projectPM))
	if errRate == nil && errFixed == nil && rate.Currency() != fixed.Currency() { // else one of them is no amount
		return kind.Invalid("an hour costs %s, and coordination %s: an invoice is in one currency", rate.Currency(), fixed.Currency())
	}
	return nil
}

func beginProject(d *kind.Draft) error {
	if err := oneCurrency(d); err != nil {
		return err
	}
	if len(d.Asks.All(projectCoordinator)) == 0 {
		return nil
	}
	return coordinate(d, projectCoordinator)
}

func nameCoordinator(d *kind.Draft) error { return coordinate(d, projectWho) }

func coordinate(d *kind.Draft, whom *kind.Field) error {
	members, err := asMembers(d.Asks.All(whom))
	if err != nil {
		return err
	}
	c := coordinating(d)
	return c.fill(d, members, c.Turns)
}

func handProjectOver(d *kind.Draft) error {
	members, err := asMembers(d.Asks.All(projectNext))
	if err != nil {
		return err
	}
	c := coordinating(d)
	return c.handOverTo(d, members, "several coordinate it together: kith project coordinate ID MEMBER", c.Turns)
}

// isGoingOn refuses what makes no sense on a project that is over.
func isGoingOn(v *kind.View) error {
	if s := projectStatus.Str(v); s == ProjectDone || s == ProjectDropped {
		return kind.NotAllowed("it can go on: kith project reopen ID", "the project is %s", s)
	}
	return nil
}

// ProjectGoesOn says whether a project is neither done nor dropped.
func ProjectGoesOn(v *kind.View) bool { return isGoingOn(v) == nil }

// isOver refuses to open again what is open.
func isOver(v *kind.View) error {
	if isGoingOn(v) == nil {
		return kind.Already("the project is %s", projectStatus.Str(v))
	}
	return nil
}

func projectIs(these ...string) func(*kind.View) error {
	return func(v *kind.View) error {
		if slices.Contains(these, projectStatus.Str(v)) {
			return nil
		}
		return isGoingOn(v)
	}
}

func projectTo(status string) func(*kind.Draft) error {
	return func(d *kind.Draft) error {
		d.Set(projectStatus, change.StrValue(status))
		d.Set(projectStatusWhy, change.StrValue(d.Asks.Why))
		return nil
	}
}

// ByTheHour is what a project or agreement says of coordination that is charged like other work, in a line of its own.
const ByTheHour = "hours"

// cleanCoordination reads what coordination costs: "15%", "hours", or an amount.
func cleanCoordination(s string) (string, error) {
	if strings.EqualFold(s, ByTheHour) {
		return ByTheHour, nil
	}
	if percent, ok := strings.CutSuffix(s, "%"); ok {
		n, err := money.Number(strings.TrimSpace(percent), 100)
		if err != nil {
			return "", fmt.Errorf("what coordination costs: %w", err)
		}
		return n + "%", nil
	}
	amount, err := money.Clean(s)
	if err != nil {
		return "", fmt.Errorf("coordination is 15%% on top, hours, or an amount as 500 EUR, and not “%s”", s)
	}
	return amount, nil
}

func projectMoved(v change.Value, first bool) (verb, to string) {
	if first {
		return "", ""
	}
	return map[string]string{
		ProjectPlanned: "planned", ProjectRunning: "started", ProjectPaused: "paused", ProjectDone: "closed", ProjectDropped: "dropped",
	}[v.Str()], ""
}

func projectCoordinators(a kind.Answer) kind.Cell { return holderNames(a, "coordinated_by", "") }
