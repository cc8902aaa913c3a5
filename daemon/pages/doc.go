// Package pages gives back memory into which files are mapped: what was read of one once counts as this process's until the system
// runs short. What is needed again is read again.
package pages
