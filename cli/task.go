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
	asked := d.fields.List("asked")
	for _, a := range asked {
		c.out.println(taskAnswer(a, handedOnTo(a, asked)))
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

// handedOnTo is who has taken it over from somebody who was asked; "" for nobody.
func handedOnTo(a kind.Answer, asked []kind.Answer) string {
	for _, next := range asked {
		said := next.Str("answer")
		if next.In("from").Str("id") == a.In("member").Str("id") && (said == kinds.AnswerAccepted || said == kinds.AnswerPutBack) {
			return called(next, "member")
		}
	}
	return ""
}

// taskAnswer says what somebody who was asked said to it, and to whom they have handed it on; "" for nobody.
func taskAnswer(a kind.Answer, handedOn string) string {
	who := called(a, "member")
	if from := called(a, "from"); from != "" {
		who = because(from+" hands it over to "+who, a.Str("note")) + "\n" + who
	}
	switch a.Str("answer") {
	case kinds.AnswerPutBack:
		return because(who+" was asked, accepted, and put it back later", a.Str("why"))
	case kinds.AnswerAccepted:
		if handedOn != "" {
			return because(who+" was asked, accepted, and handed it on to "+handedOn, a.Str("why"))
		}
		return because(who+" was asked, and accepted", a.Str("why"))
	case kinds.AnswerDeclined:
		return because(who+" was asked, and declined", a.Str("why"))
	}
	return who + " was asked, and hasn't answered yet"
}
