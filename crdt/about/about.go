// Package about makes the one page that a co-op shows to those who deal with it and know other organisations: who we are, how
// we decide, whom to ask for what, and that a coordinator isn't a boss.
//
// It says what is true of every co-op that decides with Kith, and beside that only words which members meant for others: who
// fills in a Page has found them public. All of those are words here, whatever they look like: no markup, no link, no code.
package about

import (
	"slices"
	"strings"
)

// Page is what is said, in the order in which it is said.
type Page struct {
	Coop       string   `json:"coop"`
	Language   string   `json:"language"`  // of the words of Kith: one of Languages
	Threshold  string   `json:"threshold"` // what a step about the co-op itself takes: majority, two-thirds, three-quarters, all-but-one
	Roles      []Matter `json:"roles"`     // by title
	Agreements []Part   `json:"agreements"`
	People     []string `json:"people"` // what members say of themselves, each in their own words
}

// Matter is something that others can ask for.
type Matter struct {
	Title string   `json:"title"`
	Says  string   `json:"says"`
	Who   []string `json:"who"` // what its holders say of themselves; none: they say nothing
}

// Part is an agreement that others may read.
type Part struct {
	Title string `json:"title"`
	Text  string `json:"text"`
}

// IsBare says whether no member meant anything for others.
func (p *Page) IsBare() bool { return len(p.Roles)+len(p.Agreements)+len(p.People) == 0 }

// Languages are those in which Kith says its own words.
var Languages = []string{"en", "es"}

// HasLanguage says whether Kith says its own words in a language.
func HasLanguage(s string) bool { return slices.Contains(Languages, s) }

// words are what Kith says in one language.
type words struct {
	intro, decideHead             string
	decide                        []string
	steps                         map[string]string // by threshold
	askHead, boss, ask, keepsHead string
	weHead                        string
}

var says = map[string]words{
	"en": {
		intro:      "{coop} is a worker co-operative: the people who work in it own it together, and run it together.",
		decideHead: "How we decide",
		decide: []string{
			"Every full member has the same say. Nobody has more for having founded it, for their age, their hours or their role.",
			"What concerns us all is proposed to all of us in writing. Each proposal says how it is decided: by consent, by consensus, by a majority, or by who asked for advice first.",
			"Silence counts for nothing, neither as a yes nor as a no.",
			"So an answer that binds all of us can take some days. It comes sooner if you tell us until when you need it.",
			"Who represents us before the law stands in our statutes; they say what we have decided together.",
		},
		steps: map[string]string{
			"majority": "Who is in, and how we decide, takes the consent of more than half of us.", "two-thirds": "Who is in, and how we decide, takes the consent of two thirds of us.",
			"three-quarters": "Who is in, and how we decide, takes the consent of three quarters of us.", "all-but-one": "Who is in, and how we decide, takes the consent of all of us but one.",
		},
		askHead:   "Whom to ask for what",
		boss:      "A coordinator isn't a boss. Who coordinates or has a role looks after it for a time, keeps in touch with you, and decides no more than everybody else.",
		ask:       "Who has it:",
		keepsHead: "What we keep to",
		weHead:    "Who we are",
	},
	"es": {
		intro:      "{coop} es una cooperativa de trabajo: quienes trabajan en ella son sus dueñas y dueños, y la llevan en común.",
		decideHead: "Cómo decidimos",
		decide: []string{
			"Cada integrante de pleno derecho decide lo mismo. Nadie decide más por haberla fundado, por antigüedad, por sus horas o por su rol.",
			"Lo que nos toca a todo el grupo se propone por escrito al grupo entero. Cada propuesta dice cómo se decide: por consentimiento, por consenso, por mayoría, o por quien antes pidió consejo.",
			"El silencio no cuenta, ni como sí ni como no.",
			"Por eso una respuesta que compromete al grupo puede tardar unos días. Llega antes si nos dices para cuándo la necesitas.",
			"Quién nos representa ante la ley está en nuestros estatutos; dice lo que hemos decidido en común.",
		},
		steps: map[string]string{
			"majority": "Quién integra la cooperativa y cómo decidimos requiere el consentimiento de más de la mitad.", "two-thirds": "Quién integra la cooperativa y cómo decidimos requiere el consentimiento de dos tercios.",
			"three-quarters": "Quién integra la cooperativa y cómo decidimos requiere el consentimiento de tres cuartos.", "all-but-one": "Quién integra la cooperativa y cómo decidimos requiere el consentimiento de todo el grupo menos una persona.",
		},
		askHead:   "A quién preguntar qué",
		boss:      "Quien coordina no manda. Quien coordina o lleva un rol se ocupa de ello por un tiempo, mantiene el contacto contigo y no decide más que las demás personas.",
		ask:       "Quien lo lleva:",
		keepsHead: "Lo que cumplimos",
		weHead:    "Quiénes somos",
	},
}

// ours are the words of Kith for a page: in English where it has no others.
func (p *Page) ours() words {
	if w, ok := says[p.Language]; ok {
		return w
	}
	return says[Languages[0]]
}

// intro is the first sentence.
func (p *Page) intro() string {
	return strings.ReplaceAll(p.ours().intro, "{coop}", plain(p.Coop))
}

// decide are the sentences on how the co-op decides.
func (p *Page) decide() []string {
	w := p.ours()
	out := slices.Clone(w.decide)
	if s := w.steps[p.Threshold]; s != "" {
		out = slices.Insert(out, 2, s)
	}
	return out
}
