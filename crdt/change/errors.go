package change

import "fmt"

// SyntaxError says that bytes are not a change chunk in its only form.
type SyntaxError struct {
	Offset int    // bytes from the start of the chunk to what is wrong, or to its column
	What   string // what is wrong there
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("change chunk, byte %d: %s", e.Offset, e.What)
}

// MissingError says that a change can't be judged yet: it stands on changes that aren't here.
type MissingError struct {
	Deps []Hash // those that are missing, ascending
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("%d of the change's dependencies missing, the first is %s", len(e.Deps), e.Deps[0])
}

// Rule names what a change breaks in the context of its document.
type Rule string

const (
	RuleTwin      Rule = "twin"      // its actor has already made another change with this number
	RuleSeq       Rule = "seq"       // its actor's last change is not in its past
	RuleStartOp   Rule = "start-op"  // its first operation isn't numbered one above its past
	RuleReference Rule = "reference" // an operation refers to what its past doesn't hold
	RuleObject    Rule = "object"    // an operation doesn't suit the type of its object
	RulePred      Rule = "pred"      // a predecessor is of another place, or of the wrong kind
	RuleDepth     Rule = "depth"     // an object lies too deep in others
)

// ContextError says that a change is well formed but doesn't fit its document, and never will:
// what it breaks is judged from its own past, which doesn't change. (Only RuleTwin depends on
// which of two changes came first; the caller decides between twins.)
type ContextError struct {
	Rule Rule
	Op   int    // place in the change of the operation at fault; -1 if it is the change as a whole
	What string // what is wrong
}

func (e *ContextError) Error() string {
	if e.Op < 0 {
		return "change doesn't fit its document: " + e.What
	}
	return fmt.Sprintf("change doesn't fit its document: operation %d: %s", e.Op, e.What)
}
