package page

import (
	"net/http"

	"kith/crdt/kinds"
)

// figuresPage names in an address what our agreements say in numbers.
const figuresPage = "figures"

// inNumbers is what our agreements say in numbers that Kith reads.
type inNumbers struct {
	Sentence string
	Figures  []aFigure
}

// aFigure is one number, and which agreements say it.
type aFigure struct {
	Name, Value string // "" Value: they say different ones, so that none holds
	By          []fact
}

// figures shows what holds now, and where agreements differ.
func (in *asking) figures(w http.ResponseWriter) error {
	all, err := in.c.Figures(in.ctx())
	if err != nil {
		return err
	}
	v := inNumbers{Sentence: in.t.T("What our agreements say in numbers")}
	for _, f := range all {
		if len(f.Agreements) == 0 {
			continue
		}
		one := aFigure{Name: capital(in.t.T(f.Gist)), Value: f.Value}
		for _, a := range f.Agreements {
			one.By = append(one.By, fact{Name: a.Value, Says: a.Title, At: in.At(kinds.Agreement.Many, a.Short)})
		}
		v.Figures = append(v.Figures, one)
	}
	in.show(w, http.StatusOK, "figures", v.Sentence, v)
	return nil
}
