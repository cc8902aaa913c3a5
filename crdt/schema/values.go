package schema

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"kith/crdt/change"
	"kith/crdt/charter"
)

// check says why a value can't stand in a place; "" if it can.
type check func(change.Value) string

func plain(c check) Field { return Field{make: change.Set, value: c} }

func text(limit int) check {
	return func(v change.Value) string {
		if v.Kind != change.StrKind {
			return "must be words"
		}
		if n := len(v.Str()); n > limit {
			return fmt.Sprintf("has %d bytes, the limit is %d", n, limit)
		}
		return ""
	}
}

func number(limit int64) check {
	return func(v change.Value) string {
		if v.Kind != change.IntKind {
			return "must be a whole number"
		}
		if n := v.Int(); n < 0 || n > limit {
			return fmt.Sprintf("must be between 0 and %d", limit)
		}
		return ""
	}
}

func oneOf(words ...string) check {
	return func(v change.Value) string {
		if v.Kind == change.StrKind {
			for _, w := range words {
				if v.Str() == w {
					return ""
				}
			}
		}
		return "must be one of " + strings.Join(words, ", ")
	}
}

func isTrue(v change.Value) string {
	if v != change.BoolValue(true) {
		return "must be true"
	}
	return ""
}

func isID(v change.Value) string {
	b, err := hex.DecodeString(v.Str())
	if v.Kind != change.StrKind || err != nil || len(b) != sha256.Size || hex.EncodeToString(b) != v.Str() {
		return "must be 64 hexadecimal digits in lower case"
	}
	return ""
}

func isTag(key string) bool { return key != "" && len(key) <= MaxTag }

// isName takes names of a family.
func isName(s string) bool {
	return s != "" && len(s) <= 32 && strings.Trim(s, "0123456789abcdefghijklmnopqrstuvwxyz") == ""
}

func isMember(key string) bool {
	_, err := charter.ParseMemberID(key)
	return err == nil
}

func isDate(v change.Value) string {
	if v.Kind != change.StrKind || v.Str() != "" && !IsDate(v.Str()) {
		return "must be a date such as 2026-12-01, or 2026-12-01T15:00:00Z"
	}
	return ""
}

// IsDate says whether s is a date that a document can hold: a day, or a moment in UTC to the
// second (RFC 3339 with "Z").
func IsDate(s string) bool {
	const shape = "0000-00-00T00:00:00Z"
	if len(s) != len("0000-00-00") && len(s) != len(shape) {
		return false
	}
	for i := range len(s) {
		if digit := s[i] >= '0' && s[i] <= '9'; digit != (shape[i] == '0') || !digit && s[i] != shape[i] {
			return false
		}
	}
	two := func(i int) int { return int(s[i]-'0')*10 + int(s[i+1]-'0') }
	year, month, day := two(0)*100+two(2), two(5), two(8)
	if month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return false
	}
	return len(s) == len("0000-00-00") || two(11) < 24 && two(14) < 60 && two(17) < 60
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}
