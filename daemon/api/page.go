package api

// PageLink opens the page in a browser, once.
type PageLink struct {
	URL       string `json:"url"` // on this computer
	ExpiresAt Time   `json:"expires_at"`
}
