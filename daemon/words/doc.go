// Package words puts members, devices, steps of the charter, changes of documents and shares into names and sentences,
// as the local API tells them. It knows no state of its own: what it says follows from the charter or replica that it
// is given.
package words
