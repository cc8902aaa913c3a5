package server

import "time"

// What the server takes and how long it waits, beside what package api bounds.
const (
	// maxDepth bounds how deep the JSON of a request nests.
	maxDepth = 16
	// maxQuery bounds the words of a search, in bytes.
	maxQuery = 1_000
	// maxLines bounds the log and search results of one answer.
	maxLines = 10_000
	// maxHeads bounds the heads of what was shown.
	maxHeads = 4096

	readTimeout  = 30 * time.Second // for a request to come in whole
	workTimeout  = time.Minute      // for the backend to answer
	writeTimeout = 30 * time.Second // for one answer, or one event, to be taken
	idleTimeout  = 2 * time.Minute  // for the next request on a connection
	maxWait      = time.Hour        // for what a caller may ask to wait for
)
