package page

import (
	"html/template"
	"math"

	"kith/crdt/kind"
	"kith/crdt/kinds"
)

// Marks stand before what they are of, 40 × 24, and say nothing that the words beside them don't.
const (
	markWidth, markHeight = 40, 24
	markRadius            = 9
)

var thing = point{14, 12}

func (d *drawing) mark() template.HTML { return d.picture("mark", 0, 0, markWidth, markHeight, "") }

// person is a disc that lies on a thing.
func (d *drawing) person(thing, at point) {
	d.circle("f1", at, 8)
	d.overprint(thing, markRadius, at, 8)
}

// taskMark says who has a task.
func taskMark(says kind.Answer) template.HTML {
	var d drawing
	if says.Str("status") == kinds.TaskDone {
		d.circle("f3", point{20, 12}, markRadius)
		d.path("tick", "M15.8 12.4 L18.9 15.4 L24.4 8.8")
		return d.mark()
	}
	taken, wanted := len(says.List("taken_by")), says.In("help").Is("wanted")
	var asked bool
	for _, a := range says.List("asked") {
		asked = asked || a.Str("answer") == kinds.AnswerNone
	}
	if taken > 1 || taken > 0 && wanted {
		middle := point{20, 12}
		if wanted {
			middle.x = 17
		}
		d.circle("f2", middle, markRadius)
		d.person(middle, point{middle.x - 9, 12})
		if wanted {
			d.circle("dots", point{33, 12}, 6)
		} else {
			d.person(middle, point{middle.x + 9, 12})
		}
		return d.mark()
	}
	d.circle("f2", thing, markRadius)
	switch {
	case taken == 1:
		d.person(thing, point{24, 12})
	case asked:
		d.circle("s1", point{30, 12}, 7)
	default:
		d.circle("dots", point{30, 12}, 7)
	}
	return d.mark()
}

// stanceMark says how a member stands to a proposal.
func stanceMark(stance string) template.HTML {
	var d drawing
	d.circle("f2", thing, markRadius)
	beside := point{30, 12}
	switch stance {
	case "consent", "agree", "choose":
		d.person(thing, point{24, 12})
	case "object", "disagree", "block":
		d.square("fp", point{21, 12}, 8, 0)
		d.square("held", point{32, 12}, 9, 0)
		if stance == "block" {
			d.square("ink", point{32, 12}, 4, 0)
		}
	case "stand_aside":
		d.halfDisc("f1", point{26, 12}, 8, 0)
	case "abstain":
		d.circle("s1", beside, 7)
	case "advise":
		d.wedge("f1", point{32, 12}, 8, 0)
	case toRenew:
		d.lined(beside, 7, 4)
	default:
		d.circle("dots", beside, 7)
	}
	return d.mark()
}

// textMark is that of a note or an agreement: a sheet with lines.
func textMark() template.HTML {
	var d drawing
	d.circle("f2", point{20, 12}, markRadius)
	d.path("st", "M15.5 9.5 H24.5 M15.5 12.5 H24.5 M15.5 15.5 H21")
	return d.mark()
}

// awayMark is somebody who isn't here: their ring, and nothing that it lies on.
func awayMark() template.HTML {
	var d drawing
	d.circle("s1", point{20, 12}, 8)
	return d.mark()
}

// coopMark is the co-op's own: the thing, and a disc for each full member, at most twelve, and nobody at the top.
func coopMark(full int) template.HTML {
	n := min(max(full, 2), 12)
	var d drawing
	middle := point{24, 24}
	r := min(8, 14.3*math.Sin(math.Pi/float64(n)))
	d.circle("f2", middle, 11)
	var at []point
	for i := range n {
		at = append(at, on(middle, angleOf(i, n), 14))
		d.circle("f1", at[i], r)
	}
	for _, p := range at {
		d.overprint(middle, 11, p, r)
	}
	return d.picture("coop", 0, 0, 48, 48, "")
}

// angleOf is where the i-th of n stands around a middle: at the top is always a gap, so that nobody is at the head.
func angleOf(i, n int) float64 { return -math.Pi/2 + (float64(i)+0.5)*2*math.Pi/float64(n) }
