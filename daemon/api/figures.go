package api

// Figure is what the agreements that hold now say in one number.
type Figure struct {
	Name       string         `json:"name"`
	Gist       string         `json:"gist"`
	Value      string         `json:"value"` // "": they say different things, so that none is in force
	Agreements []FigureSource `json:"agreements"`
}

// FigureSource is an agreement that says it.
type FigureSource struct {
	ID    string `json:"id"`
	Short string `json:"short"`
	Title string `json:"title"`
	Value string `json:"value"`
}
