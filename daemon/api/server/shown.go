package server

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"

	"kith/crdt/kind"
	"kith/daemon/api"
)

// Shown is a document as it is told, whatever its kind: what every document has, its text, and what its kind shows.
type Shown struct {
	api.Document
	Text   string
	Of     *kind.Kind
	View   *kind.View // what it is told from; nobody writes to it
	Fields []any      // the values of Of.Shows, in that order
}

// Tell makes what is told of a document of a kind.
func Tell(k *kind.Kind, d api.Document, l kind.Look) Shown {
	s := Shown{Document: d, Text: l.Text, Of: k, View: l.View}
	for _, show := range k.Shows {
		s.Fields = append(s.Fields, show.Of(l))
	}
	return s
}

// MarshalJSON writes all of it as one flat object.
func (s Shown) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	put := func(before string, v any) error {
		b.WriteString(before)
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		err := e.Encode(withLists(v))
		b.Truncate(b.Len() - 1) // the line's end
		return err
	}
	if err := put("", s.Document); err != nil {
		return nil, err
	}
	b.Truncate(b.Len() - 1) // the object goes on
	if err := put(`,"text":`, s.Text); err != nil {
		return nil, err
	}
	for i, v := range s.Fields {
		if err := put(`,"`+s.Of.Shows[i].Name+`":`, v); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// shown is the schema of the documents of a kind as they are told.
func (s schemas) shown(k *kind.Kind) object {
	name := capital(k.Name)
	if s[name] == nil {
		schema := s.fields(reflect.TypeFor[api.Document](), false)
		properties, required := schema["properties"].(object), schema["required"].([]string)
		properties["text"] = object{"type": "string"}
		required = append(required, "text")
		for _, show := range k.Shows {
			is := s.of(show.Type, false)
			if _, refers := is["$ref"]; show.Gist != "" && !refers { // what refers says it there
				is = maps.Clone(is)
				is["description"] = show.Gist
			}
			properties[show.Name] = is
			required = append(required, show.Name)
		}
		schema["required"], schema["description"] = required, k.Gist
		s[name] = schema
	}
	return ref(name)
}

func ref(name string) object { return object{"$ref": "#/components/schemas/" + name} }
