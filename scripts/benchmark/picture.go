package main

import (
	"bytes"
	"fmt"
	"html"
	"slices"
)

// The picture of a store's life, in its own units: the plot, with room for words at the right.
const (
	plotLeft, plotTop         = 40.0, 44.0
	plotWidth, plotHeight     = 400.0, 320.0
	pictureWidth, pictureHigh = 840, 400
	lineOfWords               = 18.0
)

// hues are those of the lines but for the first, which is what people wrote: each is read on white as on black.
var hues = []string{"#d9730d", "#2f81f7", "#2da44e", "#8957e5", "#d1242f", "#bf8700", "#1b9e9e"}

// picture draws how often as much as after the first year the figures are at the end of each, as SVG.
func (l *life) picture(days int) []byte {
	var all []*grown
	top := float64(lifetime)
	for _, g := range l.figures {
		if g.drawn {
			all = append(all, g)
			for year := range g.at {
				top = max(top, g.times(year))
			}
		}
	}
	x := func(year int) float64 { return plotLeft + plotWidth*float64(year)/(lifetime-1) }
	y := func(times float64) float64 { return plotTop + plotHeight*(1-times/top) }

	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" font-family="system-ui, sans-serif" font-size="13">
<title>A store's life: how often as much as after the first year</title>
<style>text{fill:#1f2328}.line{stroke:#d0d7de}.wrote{stroke:#1f2328;fill:none}@media(prefers-color-scheme:dark){text{fill:#e6edf3}.line{stroke:#444c56}.wrote{stroke:#e6edf3}}</style>
<text x="%g" y="22">How often as much as after the first year of %d days; what people wrote is the thick line</text>
`, pictureWidth, pictureHigh, pictureWidth, pictureHigh, plotLeft, days)
	step := max(1, int(top+7)/8)
	for n := 0; n <= int(top); n += step {
		fmt.Fprintf(&out, `<path class="line" d="M%g %.1fH%g"/><text x="%g" y="%.1f" text-anchor="end">%d</text>`+"\n",
			plotLeft, y(float64(n)), plotLeft+plotWidth, plotLeft-8, y(float64(n))+4, n)
	}
	for year := range lifetime {
		fmt.Fprintf(&out, `<text x="%g" y="%g" text-anchor="middle">year %d</text>`+"\n", x(year), plotTop+plotHeight+22, year+1)
	}
	style := map[*grown]string{}
	for i, g := range all {
		style[g] = `class="wrote" stroke-width="4"`
		if i > 0 {
			style[g] = fmt.Sprintf(`fill="none" stroke-width="2" stroke="%s"`, hues[(i-1)%len(hues)])
		}
		fmt.Fprintf(&out, `<path %s d="`, style[g])
		for year := range g.at {
			fmt.Fprintf(&out, "%c%.1f %.1f", "ML"[min(year, 1)], x(year), y(g.times(year)))
		}
		out.WriteString(`"/>` + "\n")
	}
	// The words beside the ends of the lines, in their order, none over another.
	slices.SortStableFunc(all, func(a, b *grown) int { return int(1000 * (b.times(lifetime-1) - a.times(lifetime-1))) })
	at := 0.0
	places := make([]float64, len(all))
	for i, g := range all {
		at = max(at+lineOfWords, y(g.times(lifetime-1)))
		places[i] = at
	}
	for i := len(all) - 1; i >= 0; i-- { // what went too far down comes up again
		places[i] = min(places[i], plotTop+plotHeight-lineOfWords*float64(len(all)-1-i))
	}
	for i, g := range all {
		end := plotLeft + plotWidth
		fmt.Fprintf(&out, `<path %s d="M%g %.1fL%g %.1fH%g"/><text x="%g" y="%.1f">%s: %.1f times, %s %s</text>`+"\n", style[g],
			end, y(g.times(lifetime-1)), end+16, places[i], end+26, end+32, places[i]+4, html.EscapeString(g.what), g.times(lifetime-1), figure(g.at[lifetime-1]), g.unit)
	}
	out.WriteString("</svg>\n")
	return out.Bytes()
}
