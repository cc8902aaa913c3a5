package api

import "time"

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
	// MaxHours bounds what a task may take, in hours.
	MaxHours = 10_000
	// MaxAsked bounds how many members one request asks.
	MaxAsked = 50

	// maxDepth bounds how deep the JSON of a request nests.
	maxDepth = 16
	// maxQuery bounds the words of a search, in bytes.
	maxQuery = 1_000
	// maxCandidates bounds how many things an ambiguous word is explained by.
	maxCandidates = 10
	// maxLines bounds the log and search results of one answer.
	maxLines = 10_000

	readTimeout  = 30 * time.Second // for a request to come in whole
	workTimeout  = time.Minute      // for the backend to answer
	writeTimeout = 30 * time.Second // for one answer, or one event, to be taken
	idleTimeout  = 2 * time.Minute  // for the next request on a connection
	maxWait      = time.Hour        // for what a caller may ask to wait for
)
