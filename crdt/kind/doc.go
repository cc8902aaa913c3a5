// Package kind says what a kind of document is: a value that names its fields, what each member says of
// themselves, its verbs, and what lists, logs and forms need to know, and that calls functions for the rest. From
// it follow the rules that replicas share (Kind.Table), the requests and answers of the local API, the commands with
// their help and completion, and the pages. The kinds that there are stand in package kinds, one a file.
//
// Words are English here, and are the keys of their translations (Kind.Phrases). Nothing in it changes
// while Kith runs, and all of it is pure.
package kind
