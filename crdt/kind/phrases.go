package kind

// Phrases returns all English words of a kind that people read, each once, in the order of the declaration: the keys
// of its translations.
func (k *Kind) Phrases() (out []string) {
	seen := map[string]bool{"": true}
	add := func(words ...string) {
		for _, w := range words {
			if !seen[w] {
				seen[w] = true
				out = append(out, w)
			}
		}
	}
	field := func(fields ...*Field) {
		for _, f := range fields {
			add(f.Called(), f.Hint)
			add(f.Words...)
		}
	}
	add(k.Name, k.Many, k.Gist)
	field(k.Fields...)
	for _, v := range append([]*Verb{k.Make, k.Edit}, k.Verbs...) {
		if v == nil {
			continue
		}
		add(v.Gist, v.More, v.Act)
		field(v.Args...)
		field(v.With...)
		for _, w := range v.Ways {
			add(w.Gist, w.Act)
		}
	}
	for _, f := range k.Filters() {
		add(f.Gist)
	}
	for _, o := range k.Sorts() {
		add(o.Name, o.Says)
	}
	for _, l := range k.Lists {
		add(l.Gist)
	}
	for _, c := range k.Columns {
		add(c.Title)
	}
	for _, w := range k.Today {
		add(w.Title, w.Gist)
	}
	return out
}
