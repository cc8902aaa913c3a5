package server

import (
	"encoding/json"
	"net/http"
	"reflect"
)

// work is what is done about a request: which JSON comes in and goes out, and the method of Server that does it.
// The schemas are those of the types of the method, or of a kind's declaration, so that the description can't say
// anything else.
type work struct {
	in, out    shape        // of the JSON; nil: there is none, or it isn't JSON
	took, gave reflect.Type // where that is a type's
	do         func(s *Server, r *http.Request) (any, error)

	// Of what is more than one JSON value: the answer is written by stream, and says in error what it can't.
	stream       func(s *Server, w http.ResponseWriter, r *http.Request)
	sends, gives string // the media types, where they aren't JSON
}

// shape gives the schema of some JSON.
type shape func(schemas) object

// shapeOf is that of a Go type; in: as it may be sent.
func shapeOf[T any](in bool) shape {
	return func(s schemas) object { return s.of(reflect.TypeFor[T](), in) }
}

// answers is a request without a body.
func answers[Out any](do func(*Server, *http.Request) (Out, error)) work {
	return work{
		out: shapeOf[Out](false), gave: reflect.TypeFor[Out](),
		do: func(s *Server, r *http.Request) (any, error) { return do(s, r) },
	}
}

// takes is a request whose body is an In, which is bounded and read before anything is done.
func takes[In, Out any](do func(*Server, *http.Request, In) (Out, error)) work {
	return work{
		in: shapeOf[In](true), took: reflect.TypeFor[In](), out: shapeOf[Out](false), gave: reflect.TypeFor[Out](),
		do: func(s *Server, r *http.Request) (any, error) {
			var in In
			if err := decode(r, &in); err != nil {
				return nil, err
			}
			return do(s, r, in)
		},
	}
}

// lineByLine answers with JSON objects, one a line, each told at once. begun says whether any was.
func (s *Server) lineByLine(w http.ResponseWriter) (tell func(any), begun func() bool) {
	stream := http.NewResponseController(w)
	out := &steady{w: w, stream: stream}
	return func(line any) {
		b, err := json.Marshal(withLists(line))
		if err != nil {
			s.log.Error("unexpected", "err", err)
			return
		}
		if !out.begun {
			w.Header().Set("Content-Type", linesType)
		}
		if _, err := out.Write(append(b, '\n')); err == nil {
			_ = stream.Flush() // the next line tells it as well
		}
	}, func() bool { return out.begun }
}

// nothing is the body of a request that says all in its path: none, or an empty object.
type nothing struct{}

// bytesType and linesType are what streams: a file, and JSON objects, one a line.
const (
	bytesType = "application/octet-stream"
	linesType = "application/x-ndjson"
)

// lines answers with any number of Outs, for as long as somebody reads.
func lines[Out any](do func(*Server, http.ResponseWriter, *http.Request)) work {
	return work{out: shapeOf[Out](false), gave: reflect.TypeFor[Out](), gives: linesType, stream: do}
}

// tells takes an In, and answers with Outs meanwhile.
func tells[In, Out any](do func(*Server, http.ResponseWriter, *http.Request)) work {
	w := lines[Out](do)
	w.in, w.took = shapeOf[In](true), reflect.TypeFor[In]()
	return w
}

// file answers with bytes.
func file(do func(*Server, http.ResponseWriter, *http.Request)) work {
	return work{gives: bytesType, stream: do}
}

// fileFor takes an In, which do decodes itself, and answers with bytes.
func fileFor[In any](do func(*Server, http.ResponseWriter, *http.Request)) work {
	w := file(do)
	w.in, w.took = shapeOf[In](true), reflect.TypeFor[In]()
	return w
}

// reads takes bytes, and answers with Outs meanwhile.
func reads[Out any](do func(*Server, http.ResponseWriter, *http.Request)) work {
	w := lines[Out](do)
	w.sends = bytesType
	return w
}
