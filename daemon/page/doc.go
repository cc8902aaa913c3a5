// Package page shows a co-op in the browser of the member whose daemon this is, and takes what they do there.
//
// It is one more client of the local API: all that it shows and does goes over the socket that the commands use, so it can
// do nothing that they can't, and rules, bounds and names of things are told in one place. It keeps nothing but who may
// look: links that open it once, and the key that signs the cookies of browsers which came by one.
//
// A request comes in by guard (who asks, and from where), is answered by a handler that makes a value of what the API
// says, and becomes HTML by a template, in the language of the browser (words). Pictures are drawn here, as SVG. What happens
// is told to open pages as it happens (live), and they ask again for what they show.
//
// It is large: it is wide and not deep. Each view is a file, and hardly any knows another.
package page
