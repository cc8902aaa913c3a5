package api

// Backup is one file that a device can come back from.
type Backup struct {
	File    string `json:"file"`
	Space   Named  `json:"space"`
	Member  Named  `json:"member"`
	Device  Named  `json:"device"`
	MadeAt  Time   `json:"made_at"`
	Version string `json:"version"` // of the kith that made it
	Entries int    `json:"entries"`
	Bytes   int64  `json:"bytes"`
	Sealed  bool   `json:"sealed"` // closed with a passphrase
}

// Restored is a home that came back.
type Restored struct {
	Backup
	Home string `json:"home"`
	// Left is how many entries of the backup were left out: no member's device would take them.
	Left      int  `json:"left"`
	Protected bool `json:"protected"` // the device's key has a passphrase
	// Announce and Relays are what a backup that isn't sealed said of the ways to this device, and what
	// wasn't taken from it: anybody could have written it there.
	Announce []string `json:"announce,omitempty"`
	Relays   []string `json:"relays,omitempty"`
}

// RestoreProgress is how far a backup is taken in.
type RestoreProgress struct {
	Doing string `json:"doing"`
	Done  int64  `json:"done"` // entries
	Of    int64  `json:"of"`
}

// PassphraseHeader is the field of a request with a file that holds the passphrase which the file is sealed with, in base64url.
const PassphraseHeader = "Kith-Passphrase"

// RestoreLine is a line of the answer to a backup that is taken in: any number with how far it is, and the last one with how it ended.
type RestoreLine struct {
	Progress *RestoreProgress `json:"progress,omitempty"`
	Result   *Restored        `json:"result,omitempty"`
	Error    *Problem         `json:"error,omitempty"`
}

// Protection is how the device's key and what the co-op wrote lie on the disk.
type Protection struct {
	File      string `json:"file"`      // of the key
	Protected bool   `json:"protected"` // by a passphrase: the key is sealed, and the store encrypted
}
