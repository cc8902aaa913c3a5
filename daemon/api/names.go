package api

import "kith/crdt/charter"

// FoldName gives the form in which names are compared: case, accents and outer spaces don't
// count.
func FoldName(name string) string { return charter.FoldName(name) }

// FoldText is charter.FoldText.
func FoldText(text string) string { return charter.FoldText(text) }
