package api

// DropRequest names a drop folder: one that something else carries, in which daemons leave bundles for each other.
type DropRequest struct {
	Dir string `json:"dir"` // a whole path
}

// Drop is how it stands with a drop folder, some seconds ago.
type Drop struct {
	Dir     string   `json:"dir"`
	Files   int      `json:"files"` // of this computer's, which lie there until all others have said that they have what is in them
	Bytes   int64    `json:"bytes"`
	Entries int      `json:"entries"`  // that came in by it since the daemon started
	ReadAt  Time     `json:"read_at"`  // when something of others' was last read; null: not since the start
	WroteAt Time     `json:"wrote_at"` // when something was last put there; null: not since the start
	Says    []string `json:"says"`     // what is wrong with it, and what to do, in sentences
}

// DropChanged is a drop folder that came or went.
type DropChanged struct {
	Drop
	Changed bool `json:"changed"` // false: it was one already
}
