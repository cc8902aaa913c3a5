// Package doctor looks whether all is well in a home, served or not, and says what is to be done where it isn't. It
// mends nothing but views, which follow from the entries.
package doctor
