package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"kith/daemon/api"
)

// decode reads the body of a request into v. No body at all is an empty object. What is too
// large, too deep, not UTF-8, or has fields that v doesn't know is refused.
func decode(r *http.Request, v any) error {
	b, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, api.MaxBody))
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(b)) == 0 {
		return nil
	}
	if !utf8.Valid(b) {
		return api.Problemf(api.Invalid, "send it as UTF-8", "the request is not UTF-8 text")
	}
	if depth(b) > maxDepth {
		return api.Problemf(api.Limit, "", "the JSON of the request nests more than %d deep", maxDepth)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return explainJSON(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return api.Problemf(api.Invalid, "", "the request has something after its JSON")
	}
	return nil
}

// strictly reads a part of a request, as decode does the whole.
func strictly(raw json.RawMessage, v any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return explainJSON(err)
	}
	return nil
}

func explainJSON(err error) *api.Problem {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return api.Problemf(api.Invalid, "docs/CLI.md lists the fields", "%q can't be a %s", wrong.Field, wrong.Value)
	}
	// encoding/json has no type for this one
	if field, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return api.Problemf(api.Invalid, "docs/CLI.md lists the fields", "there is no field %s here", field)
	}
	return api.Problemf(api.Invalid, "", "the request is not JSON: %v", err)
}

// depth is how deep the arrays and objects of b nest; b need not be valid.
func depth(b []byte) int {
	deepest, now := 0, 0
	inString, escaped := false, false
	for _, c := range b {
		switch {
		case escaped:
			escaped = false
		case inString && c == '\\':
			escaped = true
		case c == '"':
			inString = !inString
		case inString:
		case c == '{', c == '[':
			now++
			deepest = max(deepest, now)
		case c == '}', c == ']':
			now--
		}
	}
	return deepest
}
