// Package forget takes documents back: it says who would have to agree, and what forgetting can't do, before it is done.
//
// What is forgotten is decided by package accept of what the charter says, and dropped by package replica; here it is asked for.
package forget
