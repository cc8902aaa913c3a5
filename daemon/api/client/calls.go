package client

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"kith/crdt/about"
	"kith/crdt/invoice"
	"kith/daemon/api"
)

// The methods below are one request each. IDs and members may be anything that the contract
// takes for one: a start of an ID, a name.

// Status says how it stands with the space that is meant, without what takes long to find out: see FullStatus.
func (c *Client) Status(ctx context.Context) (api.Status, error) {
	return call[api.Status](ctx, c, "GET", "status", nil, nil)
}

// FullStatus is Status with what others have acknowledged, which takes longer the first time.
func (c *Client) FullStatus(ctx context.Context) (api.Status, error) {
	return call[api.Status](ctx, c, "GET", "status", url.Values{"acknowledged": {"true"}}, nil)
}

// FullSpaces is Spaces likewise.
func (c *Client) FullSpaces(ctx context.Context) (api.Overview, error) {
	return call[api.Overview](ctx, c, "GET", "spaces", url.Values{"acknowledged": {"true"}}, nil)
}

// Spaces gives how it stands with every space that the daemon serves.
func (c *Client) Spaces(ctx context.Context) (api.Overview, error) {
	return call[api.Overview](ctx, c, "GET", "spaces", nil, nil)
}

// Found makes another co-op in the daemon's home.
func (c *Client) Found(ctx context.Context, i api.InitRequest) (api.InitResult, error) {
	return call[api.InitResult](ctx, c, "POST", "spaces", nil, i)
}

// Peers gives the devices of the co-op and how each is connected, this one left out.
func (c *Client) Peers(ctx context.Context) ([]api.Peer, error) {
	return call[[]api.Peer](ctx, c, "GET", "peers", nil, nil)
}

// Sync asks the daemon to come into step and waits for it, at most so long.
func (c *Client) Sync(ctx context.Context, wait time.Duration) (api.Status, error) {
	return call[api.Status](ctx, c, "POST", "sync", waiting(wait), nil)
}

// Page gives a link that opens the page in a browser, once.
func (c *Client) Page(ctx context.Context) (api.PageLink, error) {
	return call[api.PageLink](ctx, c, "POST", "page", nil, nil)
}

// Computer says how the daemon's computer keeps what the co-op wrote, and starts the daemon.
func (c *Client) Computer(ctx context.Context) (api.Computer, error) {
	return call[api.Computer](ctx, c, "GET", "computer", nil, nil)
}

// StartAtLogin has that computer start the daemon at each login.
func (c *Client) StartAtLogin(ctx context.Context) (api.Computer, error) {
	return call[api.Computer](ctx, c, "POST", "computer/starts", nil, nil)
}

// SyncAll is Sync of all spaces. It refuses only if none came into step that has others.
func (c *Client) SyncAll(ctx context.Context, wait time.Duration) (api.Overview, error) {
	return call[api.Overview](ctx, c, "POST", "spaces/sync", waiting(wait), nil)
}

// Join lets the daemon join, and waits at most so long for the charter.
func (c *Client) Join(ctx context.Context, j api.JoinRequest, wait time.Duration) (api.JoinResult, error) {
	return call[api.JoinResult](ctx, c, "POST", "join", waiting(wait), j)
}

// Members gives everybody who ever was a member, in the charter's order.
func (c *Client) Members(ctx context.Context) ([]api.Member, error) {
	return call[[]api.Member](ctx, c, "GET", "members", nil, nil)
}

// Member gives one member.
func (c *Client) Member(ctx context.Context, who string) (api.Member, error) {
	return call[api.Member](ctx, c, "GET", at("members", who), nil, nil)
}

// Invites gives the codes that the daemon's device made, whatever became of them.
func (c *Client) Invites(ctx context.Context) ([]api.Invite, error) {
	return call[[]api.Invite](ctx, c, "GET", "invites", nil, nil)
}

// RevokeInvite makes a code useless. id may be the code itself.
func (c *Client) RevokeInvite(ctx context.Context, id string) (api.Invite, error) {
	return call[api.Invite](ctx, c, "POST", at("invites", id, "revoke"), nil, nil)
}

// Invite makes a code for a prospective member.
func (c *Client) Invite(ctx context.Context, expires time.Duration) (api.Invite, error) {
	return call[api.Invite](ctx, c, "POST", "invites", nil, api.InviteRequest{ExpiresIn: int(expires / time.Second)})
}

// Rename says what the member of the daemon is called from now on.
func (c *Client) Rename(ctx context.Context, name string) (api.Member, error) {
	return call[api.Member](ctx, c, "POST", "rename", nil, api.RenameRequest{Name: name})
}

// Resign leaves the co-op, for the member of the daemon's device, and gives who left. It can't be taken back.
func (c *Client) Resign(ctx context.Context, r api.ResignRequest) (api.Member, error) {
	return call[api.Member](ctx, c, "POST", "resign", nil, r)
}

// Charter gives what is agreed on about the space itself.
func (c *Client) Charter(ctx context.Context) (api.Charter, error) {
	return call[api.Charter](ctx, c, "GET", "charter", nil, nil)
}

// CharterLog gives what was said about the charter, newest first, at most limit lines; 0: as many as the daemon gives
// when nobody says.
func (c *Client) CharterLog(ctx context.Context, limit int) ([]api.CharterLine, error) {
	q := url.Values{}
	setLimit(q, limit)
	return call[[]api.CharterLine](ctx, c, "GET", "charter/log", q, nil)
}

// Proposals gives all proposals, or those that ask for something.
func (c *Client) Proposals(ctx context.Context, pending bool) ([]api.Proposal, error) {
	q := url.Values{}
	setFlags(q, map[string]bool{"pending": pending})
	return call[[]api.Proposal](ctx, c, "GET", "proposals", q, nil)
}

// Proposal gives one proposal.
func (c *Client) Proposal(ctx context.Context, id string) (api.Proposal, error) {
	return call[api.Proposal](ctx, c, "GET", at("proposals", id), nil, nil)
}

// Propose makes a proposal, about a member for ActionAdmit, ActionRemove and ActionNewKey.
func (c *Client) Propose(ctx context.Context, r api.ProposalRequest) (api.Proposal, error) {
	path := at("charter", r.Action)
	if r.Action == api.ActionAdmit || r.Action == api.ActionRemove || r.Action == api.ActionNewKey {
		path = at("members", r.Member, r.Action)
	}
	return call[api.Proposal](ctx, c, "POST", path, nil, r)
}

// EndAlly proposes to end every share with an ally.
func (c *Client) EndAlly(ctx context.Context, ally, why string) ([]api.Proposal, error) {
	return call[[]api.Proposal](ctx, c, "POST", at("allies", ally, "end"), nil, api.ProposalRequest{Why: why})
}

// NoteProposal says that the member of this device was shown a proposal.
func (c *Client) NoteProposal(ctx context.Context, id string) error {
	_, err := call[struct{}](ctx, c, "POST", at("proposals", id, "shown"), nil, nil)
	return err
}

// AnswerProposal consents to a proposal, refuses it, or what a.Verb says, and gives it as it stands then.
func (c *Client) AnswerProposal(ctx context.Context, id string, a api.ProposalAnswer) (api.Proposal, error) {
	return call[api.Proposal](ctx, c, "POST", at("proposals", id, a.Verb), nil, a)
}

// Follow takes a side where the charter has forked.
func (c *Client) Follow(ctx context.Context, step string) (api.Charter, error) {
	return call[api.Charter](ctx, c, "POST", at("charter", "follow", step), nil, nil)
}

// Carry carries the documents of another co-op of the daemon's home, by the ID of its space, into one that was founded from it. It may
// be called again.
func (c *Client) Carry(ctx context.Context, from string) (api.Carried, error) {
	return call[api.Carried](ctx, c, "POST", "carry", nil, api.CarryRequest{From: from})
}

// Adopt takes over what a member wrote beyond what the co-op honours of them. entry is a start of its ID.
func (c *Client) Adopt(ctx context.Context, entry string) (api.Document, error) {
	return call[api.Document](ctx, c, "POST", at("adopt", entry), nil, nil)
}

// Find gives headers of documents whose ID starts so; kind "" is any.
func (c *Client) Find(ctx context.Context, kind, prefix string, limit int) ([]api.Document, error) {
	return call[[]api.Document](ctx, c, "GET", "find", url.Values{"kind": {kind}, "prefix": {prefix}, "limit": {strconv.Itoa(limit)}}, nil)
}

// LogOf is Log with what its request takes besides: since, from, of, note.
func (c *Client) LogOf(ctx context.Context, id string, void bool, limit int, words map[string]string) ([]api.LogLine, error) {
	q := url.Values{}
	setWords(q, words)
	setFlags(q, map[string]bool{"void": void})
	setWords(q, map[string]string{"id": id})
	setLimit(q, limit)
	return call[[]api.LogLine](ctx, c, "GET", "log", q, nil)
}

// Log gives the newest lines, of one document unless id is "".
func (c *Client) Log(ctx context.Context, id string, void bool, limit int) ([]api.LogLine, error) {
	return c.LogOf(ctx, id, void, limit, nil)
}

// Search gives the documents that hold all the words, best first, at most limit; 0: as many as the daemon gives when
// nobody says.
func (c *Client) Search(ctx context.Context, words string, limit int) ([]api.Hit, error) {
	q := url.Values{"q": {words}}
	setLimit(q, limit)
	return call[[]api.Hit](ctx, c, "GET", "search", q, nil)
}

// Partly gives headers of documents that are so long that a search looks through their beginning alone.
func (c *Client) Partly(ctx context.Context, limit int) ([]api.Document, error) {
	q := url.Values{}
	setLimit(q, limit)
	return call[[]api.Document](ctx, c, "GET", "search/partly", q, nil)
}

// Today gives what waits for the member of the daemon's device.
func (c *Client) Today(ctx context.Context) (api.Today, error) {
	return call[api.Today](ctx, c, "GET", "today", nil, nil)
}

// Undo takes back what this device did last.
func (c *Client) Undo(ctx context.Context) (api.Undone, error) {
	return call[api.Undone](ctx, c, "POST", "undo", nil, struct{}{})
}

// NoteTold says that the member of this device was told how these things stand: they are no news any more.
func (c *Client) NoteTold(ctx context.Context, things []api.Told) error {
	_, err := call[struct{}](ctx, c, "POST", "told", nil, api.ToldRequest{Things: things[:min(len(things), api.MaxTold)]})
	return err
}

// Doctor checks that all is well, as `kith doctor` does.
func (c *Client) Doctor(ctx context.Context, q api.DoctorRequest) ([]api.Check, error) {
	return call[[]api.Check](ctx, c, "POST", "doctor", nil, q)
}

// at makes a path of parts that may hold anything.
func at(parts ...string) string {
	path := ""
	for _, part := range parts {
		if part == "" || part == "." || part == ".." {
			part = "-" // a path would lose these; this names nothing either
		}
		path += "/" + url.PathEscape(part)
	}
	return path[1:]
}

func setFlags(q url.Values, flags map[string]bool) {
	for name, on := range flags {
		if on {
			q.Set(name, "true")
		}
	}
}

func setWords(q url.Values, words map[string]string) {
	for name, word := range words {
		if word != "" {
			q.Set(name, word)
		}
	}
}

func setLimit(q url.Values, limit int) {
	if limit > 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
}

// Times gives hours: q holds from, to, project, all, or running alone.
func (c *Client) Times(ctx context.Context, q url.Values) ([]api.TimeEntry, error) {
	return call[[]api.TimeEntry](ctx, c, "GET", "time", q, nil)
}

// Time gives some hours of one's own, by their ID or the start of it.
func (c *Client) Time(ctx context.Context, entry string) (api.TimeEntry, error) {
	return call[api.TimeEntry](ctx, c, "GET", at("time", entry), nil, nil)
}

// LogTime logs hours of one's own.
func (c *Client) LogTime(ctx context.Context, fields map[string]any) (api.TimeEntry, error) {
	return call[api.TimeEntry](ctx, c, "POST", "time", nil, fields)
}

// About gives what members meant for others outside, in a language.
func (c *Client) About(ctx context.Context, language string) (about.Page, error) {
	return call[about.Page](ctx, c, "GET", "about", url.Values{"language": {language}}, nil)
}

// StartTime begins an entry that goes on.
func (c *Client) StartTime(ctx context.Context, fields map[string]any) (api.TimeEntry, error) {
	return call[api.TimeEntry](ctx, c, "POST", "time/start", nil, fields)
}

// StopTime logs what goes on.
func (c *Client) StopTime(ctx context.Context, fields map[string]any) (api.TimeEntry, error) {
	return call[api.TimeEntry](ctx, c, "POST", "time/stop", nil, fields)
}

// ChangeTime says them otherwise. What isn't among the fields stays as it is.
func (c *Client) ChangeTime(ctx context.Context, entry string, fields map[string]any) (api.TimeEntry, error) {
	return call[api.TimeEntry](ctx, c, "PATCH", at("time", entry), nil, fields)
}

// DropTime takes them back.
func (c *Client) DropTime(ctx context.Context, entry string) (api.TimeEntry, error) {
	return call[api.TimeEntry](ctx, c, "POST", at("time", entry, "drop"), nil, nil)
}

// TimeReport gives sums of hours: q holds by, from, to, project.
func (c *Client) TimeReport(ctx context.Context, q url.Values) (api.TimeReport, error) {
	return call[api.TimeReport](ctx, c, "GET", "time/report", q, nil)
}

// Invoice gives the draft of one: q holds project, from, to, rate, coordination, tax, language.
func (c *Client) Invoice(ctx context.Context, q url.Values) (invoice.Invoice, error) {
	return call[invoice.Invoice](ctx, c, "GET", "time/invoice", q, nil)
}

// ProjectHours gives how many hours of a project are used and left.
func (c *Client) ProjectHours(ctx context.Context, id string) (api.ProjectHours, error) {
	return call[api.ProjectHours](ctx, c, "GET", at("time", "project", id), nil, nil)
}

// Load gives what is promised against what can be given.
func (c *Client) Load(ctx context.Context) (api.Load, error) {
	return call[api.Load](ctx, c, "GET", "load", nil, nil)
}
