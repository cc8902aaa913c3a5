package page

import (
	"html/template"

	"rsc.io/qr"
)

// qrMargin is the white ground around a QR code, in modules, which readers need.
const qrMargin = 4

// qrCode draws a code for a camera; "" where it is too long for one. It stands on white, also where the page is dark.
func qrCode(text, says string) template.HTML {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return ""
	}
	var d drawing
	side := float64(code.Size + 2*qrMargin)
	d.path("qr-ground", "M0 0h%sv%sh-%sz", num(side), num(side), num(side))
	var dark drawing
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			run := 0
			for ; code.Black(x+run, y); run++ { // what is outside isn't black
			}
			if run > 0 {
				dark.add("M%d %dh%dv1h-%dz", x+qrMargin, y+qrMargin, run, run)
				x += run
			}
		}
	}
	d.path("qr-dark", "%s", dark.String())
	return d.picture("qr", 0, 0, side, side, says)
}
