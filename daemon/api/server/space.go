package server

// Space is one space that the daemon serves, in the parts that the handlers use. All their methods are safe for
// concurrent use and end when their context does.
//
// IDs that the server passes are whole ones, of documents that Find has shown and members that Members has
// shown. Dates are "2026-12-01" or RFC 3339 in UTC; "" is none. Results are fresh values that the server may
// change. Nil slices are fine: the server writes them as [].
//
// An error that is or wraps a *api.Problem reaches the person as it stands; see Server.problem for the others
// that it knows. The error of a method that writes says that nothing was stored; nil says that it is on disk.
type Space struct {
	Peers   Peers
	Keeping Keeping

	// These are nil in a home that has no co-op yet: pick lets no request through to them.
	Entrance   Entrance
	Names      Names
	Drops      Drops
	Porches    Porches
	Charter    Charter
	Allies     Allies
	Shares     Shares
	Documents  Documents
	Versions   Versions
	News       News
	Talk       Talk
	Forgetting Forgetting
	Agreements Agreements
}
