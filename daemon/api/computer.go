package api

// Computer says how a daemon's computer keeps what the co-op wrote, and starts the daemon.
type Computer struct {
	Home      string  `json:"home"`      // the folder of it all
	Protected bool    `json:"protected"` // by a passphrase: the key is sealed, and the store encrypted
	Menu      bool    `json:"menu"`      // there is an entry in the applications menu, which starts the daemon and opens the page
	Starts    *Starts `json:"starts"`    // null: it isn't known how this computer starts programs
}

// Starts is how it stands with the service that starts the daemon by itself.
type Starts struct {
	Installed bool     `json:"installed"`
	AtLogin   bool     `json:"at_login"` // the system starts it, at the latest when its person logs in
	Runs      bool     `json:"runs"`     // it does now, as that
	Says      []string `json:"says"`     // what is in the way
}
