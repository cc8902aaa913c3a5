package api

import (
	"strings"

	"kith/crdt/kinds"
)

// NewShareRequest opens a further share with an ally.
type NewShareRequest struct {
	Ally     string   `json:"ally"`
	Title    string   `json:"title"`
	As       string   `json:"as,omitempty"` // "": as in the share that there is
	Listen   []string `json:"listen,omitempty"`
	Announce []string `json:"announce,omitempty"`
}

// JoinShareRequest joins a further share that an ally has opened.
type JoinShareRequest struct {
	Ask      string   `json:"ask"` // the ID of the request that says so, or a start of it
	As       string   `json:"as,omitempty"`
	Listen   []string `json:"listen,omitempty"`
	Announce []string `json:"announce,omitempty"`
}

// IsStart says whether a word that somebody typed is an ID, or the start of one, with its letter or without.
func IsStart(word, id string) bool {
	kind, start, ok := SplitID(word)
	_, rest, of := kinds.All.SplitID(id)
	return ok && (kind == "" || of != nil && of.Name == kind) && strings.HasPrefix(rest, start)
}
