// Package bundle packs what others lack into a file for a way on which there is no network, sealed for the devices of
// the co-op, and takes what is in one.
//
// Every entry in a bundle speaks for itself, as one that a peer brings does. Its form, which judges nothing, is package
// form.
package bundle
