package api

import "kith/crdt/charter"

// FoldName gives the form in which names are compared: case, accents and outer spaces don't
// count.
func FoldName(name string) string { return charter.FoldName(name) }

// FoldText is charter.FoldText.
func FoldText(text string) string { return charter.FoldText(text) }

// IsWholeCode says whether a text is a code with nothing missing, whatever it is for.
func IsWholeCode(text string) bool {
	_, invite := charter.DecodeInvite(text)
	_, device := charter.DecodeDeviceCode(text)
	_, way := charter.DecodeWay(text)
	_, ally := charter.DecodeAllyCode(text)
	_, porch := charter.DecodePorchCode(text)
	return invite == nil || device == nil || way == nil || ally == nil || porch == nil
}
