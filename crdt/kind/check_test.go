package kind

import (
	"errors"
	"testing"
)

func TestLineEndsOfEverySystemAreOne(t *testing.T) {
	for _, typed := range []string{"a\nb", "a\r\nb", "a\rb", "a\vb", "a\fb", "a\u0085b", "a\u2028b", "a\u2029b"} {
		if got, err := CleanText("the text", typed); got != "a\nb" || err != nil {
			t.Errorf("%q: %q, %v", typed, got, err)
		}
	}
	var refused *InvalidError
	if _, err := CleanText("the text", "a\r\nb\x1b[31m"); !errors.As(err, &refused) || refused.Hint != "take it out of line 2" {
		t.Errorf("an escape: %v", err)
	}
}
