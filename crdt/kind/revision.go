package kind

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// Revision names what a document says at one time: 16 hexadecimal digits of a hash of its title
// and text. A position is given on one revision.
func Revision(title, text string) string { return revision("kith/revision/1", title, text) }

// RevisionWith is Revision with one part more; "" is none.
func RevisionWith(title, text, part, says string) string {
	if says == "" {
		return Revision(title, text)
	}
	return revision("kith/revision/2", title, text, part, says)
}

// Revision names what answers to a document are to: its title and text, and the fields that are Answered, or what the kind
// says beside them.
func (k *Kind) Revision(v *View) string {
	if k.Asked != nil {
		return RevisionWith(v.Title, v.Text, k.Asked.Part, k.Asked.Says(v))
	}
	if len(k.Answered) == 0 {
		return Revision(v.Title, v.Text)
	}
	parts := []string{v.Title, v.Text}
	for _, f := range k.Answered {
		parts = append(parts, f.Key, f.Said(v.Fields[f.Key]))
	}
	return revision("kith/revision/2", parts...)
}

func revision(domain string, parts ...string) string {
	h := sha256.New()
	h.Write([]byte(domain + "\x00"))
	h.Write([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Part is one thing of a document that answers are to, in words.
type Part struct{ Field, Says string }

// Parts gives those of a view, in one order for all views of the kind.
func (k *Kind) Parts(v *View) []Part {
	parts := []Part{{Title.Key, v.Title}, {Body.Key, v.Text}}
	for _, f := range k.Answered {
		parts = append(parts, Part{f.Called(), f.Said(v.Fields[f.Key])})
	}
	if k.Asked != nil {
		parts = append(parts, Part{k.Asked.Part, k.Asked.Says(v)})
	}
	return parts
}

// StillReads refuses an answer to another revision than that of a view; "" is to none. The start of one is no answer:
// another text that starts alike is made in no time. Errors are *InvalidError and *ChangedError.
func (k *Kind) StillReads(v *View, seen string) error {
	now := k.Revision(v)
	switch {
	case seen == now:
		return nil
	case seen != "" && (len(seen) != len(now) || strings.Trim(seen, "0123456789abcdef") != ""):
		return &InvalidError{
			Why:  fmt.Sprintf("“%s” is no revision: one has %d digits", brief(seen), len(now)),
			Hint: "all of them: kith " + k.Name + " show ID --jq .revision",
		}
	}
	return &ChangedError{Kind: k.Name, ID: k.Letters + "-" + v.ID.String()}
}
