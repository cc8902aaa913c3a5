package crdt

import (
	"github.com/automerge/automerge-go"

	"kith/crdt/change"
	"kith/crdt/kind"
	"kith/crdt/schema"
)

// At gives by the core what Past gives by the changes alone: what a document of a kind said as of some heads of am.
func At(am *automerge.Doc, k *kind.Kind, heads []change.Hash) (*View, error) {
	then, err := asOf(am, heads)
	if err != nil {
		return nil, err
	}
	d := newDraft(then)
	text, err := d.object(schema.Text, automerge.KindText)
	if err != nil {
		return nil, err
	}
	tags, err := d.object(schema.Tags, automerge.KindMap)
	if err != nil {
		return nil, err
	}
	v := &View{Meta: Meta{Kind: k.Name, Heads: heads}, Title: d.str(schema.Title), Fields: kind.Values{}}
	if v.Text, err = text.Text().Get(); err != nil {
		return nil, err
	}
	if v.Tags, err = trueKeys(tags.Map()); err != nil {
		return nil, err
	}
	for _, f := range k.Fields {
		is, err := d.root.Get(f.Key)
		if err != nil {
			return nil, err
		}
		switch is.Kind() {
		case automerge.KindStr:
			v.Fields[f.Key] = change.StrValue(is.Str())
		case automerge.KindInt64:
			v.Fields[f.Key] = change.IntValue(is.Int64())
		case automerge.KindBool:
			v.Fields[f.Key] = change.BoolValue(is.Bool())
		}
	}
	return v, nil
}
