package api

// What the server takes. The replicas' own limits hold behind these; here they are told in
// the words of the person who typed.
const (
	// MaxBody bounds the body of a request, in bytes: the longest text, each of its
	// characters written as two \u escapes.
	MaxBody = 12*MaxText + 1<<16
	// MaxText bounds the text of a document, in characters.
	MaxText = 100_000
	// MaxTitle bounds a title or the name of a project, in characters.
	MaxTitle = 200
	// MaxTag bounds a tag, in bytes; MaxTags how many one request names.
	MaxTag  = 100
	MaxTags = 50
	// MaxWhy bounds a reason, in bytes.
	MaxWhy = 8_000
	// MaxAsked bounds how many members one request asks.
	MaxAsked = 50

	// MaxCandidates bounds how many things an ambiguous word is explained by.
	MaxCandidates = 10
)
