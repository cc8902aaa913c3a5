// Package backup makes a backup of a space, through the daemon that serves it or from a home that none does, and brings
// a device back from one. A bundle is for others; a backup is this device itself, with its key.
//
// Of what a backup holds everything is judged anew, as if a peer brought it. Its form, which judges nothing, is
// package form.
package backup
