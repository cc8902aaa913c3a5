// Package knock asks at the door of a device that doesn't know us yet, and says what may be asked there: the requests,
// the welcome that answers them, and the addresses in a code. Who is let in is decided by who answers (packages entrance,
// side and ally), by rules of the charter.
package knock
