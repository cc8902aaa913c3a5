package server

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"kith/crdt/kind"
	"kith/daemon/api"
)

var textEdit = reflect.TypeFor[api.TextEdit]()

// object is a JSON object in the making.
type object = map[string]any

// schemas makes JSON Schemas (2020-12, as OpenAPI 3.1 has them) of plain Go types with json tags. Structs with a
// name are kept, and referred to.
type schemas map[string]object

// of is the schema of a type as it is written, or, with in, as it may be sent: without the fields that have
// "omitempty", and with none that the type hasn't.
func (s schemas) of(t reflect.Type, in bool) object {
	if t == reflect.TypeFor[api.Time]() || t == reflect.TypeFor[kind.Time]() {
		return object{"type": []string{"string", "null"}, "format": "date-time"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return object{"anyOf": []object{s.of(t.Elem(), in), {"type": "null"}}}
	case reflect.Slice:
		return object{"type": "array", "items": s.of(t.Elem(), in)}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.of(t.Elem(), in)}
	case reflect.Struct:
		return s.named(t, in)
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Interface:
		return object{}
	}
	return object{"type": "integer"} // no other type is in the API; a test holds that
}

func (s schemas) named(t reflect.Type, in bool) object {
	name := strings.TrimSuffix(t.Name(), "JSON")
	if name == "" || t == reflect.TypeFor[nothing]() {
		return s.fields(t, in)
	}
	if s[name] == nil {
		s[name] = object{} // a type that has itself in it ends here
		maps.Copy(s[name], s.fields(t, in))
	}
	return ref(name)
}

func (s schemas) fields(t reflect.Type, in bool) object {
	properties, required := object{}, []string{}
	for _, f := range reflect.VisibleFields(t) {
		name, option, tagged := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" || f.Anonymous && name == "" {
			continue // what an embedded struct has comes by itself
		}
		properties[name] = s.of(f.Type, in)
		if !tagged || option != "omitempty" {
			required = append(required, name)
		}
	}
	slices.Sort(required)
	schema := object{"type": "object", "properties": properties, "required": required}
	if in {
		schema["additionalProperties"] = false
	}
	return schema
}
