package cli

import (
	"strconv"
	"strings"

	"kith/crdt/kind"
	"kith/crdt/kinds"
)

// showTask shows a task: how it stands, who does it, and who was asked and helps.
func (c *call) showTask(d document) {
	head := c.title(d.Document)
	if due := d.fields.Str("due"); due != "" {
		if says := c.dueWords(due); d.fields.Str("status") == kinds.TaskOpen || d.fields.Str("status") == kinds.TaskDoing {
			head += "  " + says
		} else {
			head += "  due " + c.when(due)
		}
	}
	c.out.println(head)
	facts := []string{because(oneLine(d.fields.Str("status"), 40), d.fields.Str("status_why"))}
	if project := d.fields.Str("project"); project != "" {
		facts = append(facts, oneLine(project, maxCell))
	}
	if hours, _ := d.fields["hours"].(float64); hours > 0 {
		facts = append(facts, strconv.FormatFloat(hours, 'g', -1, 64)+" h")
	}
	if weekly, _ := d.fields["weekly"].(float64); weekly > 0 {
		facts = append(facts, strconv.FormatFloat(weekly, 'g', -1, 64)+" h a week")
	}
	c.out.println(strings.Join(append(facts, tagWords(d.Tags)...), " · "))
	c.shared(d.Document)
	for _, a := range d.fields.List("asked") {
		c.out.println(taskAnswer(a))
	}
	if taken := allCalled(d.fields, "taken_by"); len(taken) > 0 {
		c.out.println("taken by " + list(taken))
	}
	help := d.fields.In("help")
	if help.Is("wanted") {
		c.out.println(because("help wanted by "+called(help, "by"), help.Str("why")))
	}
	for _, one := range help.List("also") {
		c.out.println(because("help wanted by "+called(one, "member"), one.Str("why")))
	}
	for _, o := range help.List("offers") {
		c.out.println(because(called(o, "member")+" offers help", o.Str("why")))
	}
	c.out.text(d.fields.Str("text"))
	c.footer(d.Document)
}

func taskAnswer(a kind.Answer) string {
	who := called(a, "member")
	if from := called(a, "from"); from != "" {
		who = because(from+" hands it over to "+who, a.Str("note")) + "\n" + who
	}
	switch a.Str("answer") {
	case kinds.AnswerPutBack:
		return because(who+" was asked, accepted, and put it back later", a.Str("why"))
	case kinds.AnswerAccepted:
		return because(who+" was asked, and accepted", a.Str("why"))
	case kinds.AnswerDeclined:
		return because(who+" was asked, and declined", a.Str("why"))
	}
	return who + " was asked, and hasn't answered yet"
}
