package kinds

import (
	"kith/crdt/change"
	"kith/crdt/kind"
)

// porchCode is the code of a porch: where it is, which identity answers there, and a token with which it keeps a place.
var porchCode = &kind.Field{Key: "code", Is: kind.JSON, Max: kind.MaxReason, First: true, Stays: true, Hint: "the code of the porch", Form: "a code of a porch, `kithp1…`; anything else names none", Log: untold}

// Porch is a porch that a co-op uses: its title is what it is called, and who has put it away has given it up for all. In a share
// it is one that an ally lends.
var Porch = &kind.Kind{
	Name: "porch", Letters: "po", Gist: "a small relay that our computers use", View: 1,
	Fields: []*kind.Field{porchCode},
	Make:   &kind.Verb{Name: "add", Gist: "use a porch together", With: []*kind.Field{porchCode}},
}

// PorchCodeIn reads the code in the document of a porch; "" if v is something else.
func PorchCodeIn(v *kind.View) string {
	if v == nil || v.Kind != Porch.Name {
		return ""
	}
	return porchCode.Str(v)
}

// UsePorch begins the document of a porch that is called so.
func UsePorch(title, code string) kind.Request {
	r := kind.Begin(title, "")
	r.Put(porchCode, change.StrValue(code))
	return r
}
