package api

// TimeEntry is some hours that a member worked.
type TimeEntry struct {
	ID           string    `json:"id"`
	By           Named     `json:"by"`
	On           string    `json:"on"`   // "2026-11-29"
	From         string    `json:"from"` // "09:00"; "": it isn't said
	Minutes      int64     `json:"minutes"`
	Task         string    `json:"task"`    // its ID; "": none
	Project      string    `json:"project"` // its title
	About        string    `json:"about"`   // the title of the task, or else of the project
	Coordination bool      `json:"coordination"`
	Text         string    `json:"text"`
	Running      bool      `json:"running"` // it goes on: minutes are those until now, and aren't logged yet
	Gone         bool      `json:"gone"`    // taken back
	Was          []TimeWas `json:"was"`     // what it said before, oldest first
	Space        *Named    `json:"space,omitempty"`
	Changed      *bool     `json:"changed,omitempty"` // false in the answer to a request that found all as it asks for; else it isn't there
	Told         []string  `json:"told,omitempty"`    // what who logged or changed it has to know about it, in sentences
}

// TimeWas is what an entry said before it was changed.
type TimeWas struct {
	On           string `json:"on"`
	From         string `json:"from"`
	Minutes      int64  `json:"minutes"`
	Coordination bool   `json:"coordination"`
	Text         string `json:"text"`
}

// TimeReport sums hours up: by project, by kind of work, or by week, and never by person.
type TimeReport struct {
	By    string    `json:"by"`
	From  string    `json:"from"`
	To    string    `json:"to"`
	Rows  []TimeRow `json:"rows"` // by key
	Total TimeRow   `json:"total"`
}

// TimeRow is a sum of hours.
type TimeRow struct {
	Key                 string  `json:"key"`
	Minutes             int64   `json:"minutes"`
	CoordinationMinutes int64   `json:"coordination_minutes"` // of these
	Share               float64 `json:"share"`                // coordination's part, from 0 to 1
}

// ProjectHours is how many hours of a project are used, and left.
type ProjectHours struct {
	Project             Named       `json:"project"`
	Alike               []Named     `json:"alike"`  // other projects of this title: what names it counts for each of them
	Budget              float64     `json:"budget"` // hours; 0: none is said
	Used                float64     `json:"used"`
	CoordinationMinutes int64       `json:"coordination_minutes"` // of what is used
	Left                float64     `json:"left"`                 // of the budget; negative if more is used than there is
	Planned             float64     `json:"planned"`              // hours of its tasks that aren't done
	Tasks               []NamedTask `json:"tasks"`
}

// NamedTask is a task of a project.
type NamedTask struct {
	ID     string  `json:"id"`
	Short  string  `json:"short"`
	Title  string  `json:"title"`
	Status string  `json:"status"`
	Hours  float64 `json:"hours"`
	Used   float64 `json:"used"`
}

// Load is what is promised, against what can be given.
type Load struct {
	Weeks     []LoadWeek    `json:"weeks"`      // the present one first; none if Withheld
	Over      bool          `json:"over"`       // more is promised than can be given, in one of them at least
	OverWeeks int           `json:"over_weeks"` // in how many
	People    int           `json:"people"`     // who said what they can give
	Unsaid    float64       `json:"unsaid"`     // hours that people have promised who haven't said what they can give
	Withheld  string        `json:"withheld"`   // why the sum isn't shown; ""
	Members   []LoadMember  `json:"members"`    // those who show theirs to all, by name
	Suggests  []LoadSuggest `json:"suggests"`   // what could be done if it is too much
	Mine      *LoadMine     `json:"mine"`       // of the member of this device, shown to nobody else; null: they haven't said what they can give
}

// LoadWeek is one week.
type LoadWeek struct {
	From     string  `json:"from"` // its Monday
	Promised float64 `json:"promised"`
	Offered  float64 `json:"offered"` // of the present week what is left of it
	Percent  *int64  `json:"percent"` // null: nothing can be given
}

// LoadMember is somebody who shows how much they can give. How much they have promised nobody is told.
type LoadMember struct {
	Member Named   `json:"member"`
	Hours  float64 `json:"hours"` // a week
	Until  string  `json:"until"`
}

// LoadMine is how full one's own weeks are.
type LoadMine struct {
	Weeks []LoadWeek `json:"weeks"`
	Limit float64    `json:"limit"` // hours a week, of the agreement in force; 0: none
	Over  []string   `json:"over"`  // the weeks, by their Mondays, with more promised than the limit
}

// LoadSuggest is something that could be done differently if it is too much.
type LoadSuggest struct {
	ID    string `json:"id"`
	Short string `json:"short"`
	Title string `json:"title"`
	What  string `json:"what"` // could wait, could be handed over, could be declined, could be passed to an ally
}
