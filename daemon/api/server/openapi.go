package server

import (
	"net/http"
	"reflect"
	"slices"
	"strings"

	"kith/daemon/api"
)

func (s *Server) openapi(*http.Request) (object, error) { return describe(routes()), nil }

// describe makes the OpenAPI 3.1 description of routes.
func describe(routes []route) object {
	types := schemas{}
	paths := map[string]object{}
	for _, r := range routes {
		path := "/v1/" + r.below()
		if paths[path] == nil {
			paths[path] = object{}
		}
		paths[path][strings.ToLower(r.method())] = r.operation(types)
	}
	refusal := types.of(reflect.TypeFor[refusal](), false)
	return object{
		"openapi": "3.1.0",
		"info": object{
			"title": "Kith's local API", "version": "1",
			"description": "What one daemon answers on its unix socket, to programs of the user whose daemon it is.",
		},
		"servers": []object{{"url": "http://kith", "description": "the unix socket kith.sock in the home; the host's name doesn't count"}},
		"paths":   paths,
		"components": object{
			"schemas": types,
			"responses": object{"refused": object{
				"description": "Why it wasn't done. " + statusesSay(),
				"content":     object{"application/json": object{"schema": refusal}},
			}},
		},
	}
}

func (r *route) operation(types schemas) object {
	op := object{
		"operationId": strings.NewReplacer(" ", "_", "/", "_", "{", "", "}", "", ".", "_").Replace(r.path),
		"summary":     r.gist,
		"tags":        []string{strings.Split(r.below(), "/")[0]},
		"parameters":  r.parameters(),
		"responses":   object{"200": r.answer(types), "default": object{"$ref": "#/components/responses/refused"}},
	}
	switch {
	case r.work.sends != "":
		op["requestBody"] = object{"required": true, "content": object{r.work.sends: object{}}}
	case r.work.in != nil:
		op["requestBody"] = object{"content": object{"application/json": object{"schema": r.work.in(types)}}}
	}
	return op
}

func (r *route) answer(types schemas) object {
	switch {
	case r.work.gives == linesType:
		return object{"description": "JSON objects, one a line, for as long as there are more", "content": object{linesType: object{"x-line": r.work.out(types)}}}
	case r.work.gives != "":
		return object{"description": "bytes", "content": object{r.work.gives: object{}}}
	}
	return object{"description": r.gist, "content": object{"application/json": object{"schema": r.work.out(types)}}}
}

func (r *route) parameters() []object {
	all := []object{}
	for _, part := range strings.Split(r.below(), "/") {
		name, ok := strings.CutPrefix(part, "{")
		if !ok {
			continue
		}
		name = strings.TrimSuffix(name, "}")
		schema := object{"type": "string"}
		if words := r.words[name]; words != nil {
			schema["enum"] = words
		}
		all = append(all, object{"name": name, "in": "path", "required": true, "schema": schema})
	}
	for _, p := range slices.Concat(r.query, []param{{name: "space", gist: "the space that is meant, by its name or ID"}}) {
		all = append(all, object{"name": p.name, "in": "query", "description": p.gist, "schema": p.schema()})
	}
	return all
}

func (p *param) schema() object {
	switch p.is {
	case aFlag:
		return object{"type": "boolean"}
	case aNumber:
		return object{"type": "integer", "minimum": 1}
	case aWord:
		return object{"type": "string", "enum": p.words}
	case words:
		return object{"type": "array", "items": object{"type": "string", "enum": p.words}}
	}
	return object{"type": "string"}
}

// refusal is how a problem is told.
type refusal struct {
	Error *api.Problem `json:"error"`
}
