package api

import (
	"context"
	"net/url"
	"strconv"
	"time"
)

// The methods below are one request each. IDs and members may be anything that the contract
// takes for one: a start of an ID, a name.

func (c *Client) Status(ctx context.Context) (Status, error) {
	return call[Status](ctx, c, "GET", "status", nil, nil)
}

// FullStatus is Status with what others have acknowledged, which takes longer the first time.
func (c *Client) FullStatus(ctx context.Context) (Status, error) {
	return call[Status](ctx, c, "GET", "status", url.Values{"acknowledged": {"true"}}, nil)
}

// FullSpaces is Spaces likewise.
func (c *Client) FullSpaces(ctx context.Context) (Overview, error) {
	return call[Overview](ctx, c, "GET", "spaces", url.Values{"acknowledged": {"true"}}, nil)
}

// Spaces gives how it stands with every space that the daemon serves.
func (c *Client) Spaces(ctx context.Context) (Overview, error) {
	return call[Overview](ctx, c, "GET", "spaces", nil, nil)
}

// Found makes another co-op in the daemon's home.
func (c *Client) Found(ctx context.Context, i InitRequest) (InitResult, error) {
	return call[InitResult](ctx, c, "POST", "spaces", nil, i)
}

func (c *Client) Peers(ctx context.Context) ([]Peer, error) {
	return call[[]Peer](ctx, c, "GET", "peers", nil, nil)
}

// Sync asks the daemon to come into step and waits for it, at most so long.
func (c *Client) Sync(ctx context.Context, wait time.Duration) (Status, error) {
	return call[Status](ctx, c, "POST", "sync", waiting(wait), nil)
}

// SyncAll is Sync of all spaces. It refuses only if none came into step that has others.
func (c *Client) SyncAll(ctx context.Context, wait time.Duration) (Overview, error) {
	return call[Overview](ctx, c, "POST", "spaces/sync", waiting(wait), nil)
}

// Join lets the daemon join, and waits at most so long for the charter.
func (c *Client) Join(ctx context.Context, j JoinRequest, wait time.Duration) (JoinResult, error) {
	return call[JoinResult](ctx, c, "POST", "join", waiting(wait), j)
}

func (c *Client) Members(ctx context.Context) ([]Member, error) {
	return call[[]Member](ctx, c, "GET", "members", nil, nil)
}

func (c *Client) Member(ctx context.Context, who string) (Member, error) {
	return call[Member](ctx, c, "GET", at("members", who), nil, nil)
}

func (c *Client) Invites(ctx context.Context) ([]Invite, error) {
	return call[[]Invite](ctx, c, "GET", "invites", nil, nil)
}

func (c *Client) RevokeInvite(ctx context.Context, id string) (Invite, error) {
	return call[Invite](ctx, c, "POST", at("invites", id, "revoke"), nil, nil)
}

// Invite makes a code for a prospective member.
func (c *Client) Invite(ctx context.Context, expires time.Duration) (Invite, error) {
	return call[Invite](ctx, c, "POST", "invites", nil, InviteRequest{int(expires / time.Second)})
}

func (c *Client) Resign(ctx context.Context, r ResignRequest) (Member, error) {
	return call[Member](ctx, c, "POST", "resign", nil, r)
}

func (c *Client) Charter(ctx context.Context) (Charter, error) {
	return call[Charter](ctx, c, "GET", "charter", nil, nil)
}

func (c *Client) CharterLog(ctx context.Context, limit int) ([]CharterLine, error) {
	q := url.Values{}
	setLimit(q, limit)
	return call[[]CharterLine](ctx, c, "GET", "charter/log", q, nil)
}

// Proposals gives all proposals, or those that ask for something.
func (c *Client) Proposals(ctx context.Context, pending bool) ([]Proposal, error) {
	q := url.Values{}
	setFlags(q, map[string]bool{"pending": pending})
	return call[[]Proposal](ctx, c, "GET", "proposals", q, nil)
}

func (c *Client) Proposal(ctx context.Context, id string) (Proposal, error) {
	return call[Proposal](ctx, c, "GET", at("proposals", id), nil, nil)
}

// Propose makes a proposal, about a member for ActionAdmit, ActionRemove and ActionNewKey.
func (c *Client) Propose(ctx context.Context, r ProposalRequest) (Proposal, error) {
	path := at("charter", r.Action)
	if r.Action == ActionAdmit || r.Action == ActionRemove || r.Action == ActionNewKey {
		path = at("members", r.Member, r.Action)
	}
	return call[Proposal](ctx, c, "POST", path, nil, r)
}

// EndAlly proposes to end every share with an ally.
func (c *Client) EndAlly(ctx context.Context, ally, why string) ([]Proposal, error) {
	return call[[]Proposal](ctx, c, "POST", at("allies", ally, "end"), nil, ProposalRequest{Why: why})
}

func (c *Client) AnswerProposal(ctx context.Context, id string, a ProposalAnswer) (Proposal, error) {
	return call[Proposal](ctx, c, "POST", at("proposals", id, a.Verb), nil, a)
}

// Follow takes a side where the charter has forked.
func (c *Client) Follow(ctx context.Context, step string) (Charter, error) {
	return call[Charter](ctx, c, "POST", at("charter", "follow", step), nil, nil)
}

// Adopt takes over what a member wrote beyond what the co-op honours of them. entry is a start of its ID.
func (c *Client) Adopt(ctx context.Context, entry string) (Document, error) {
	return call[Document](ctx, c, "POST", at("adopt", entry), nil, nil)
}

// Find gives headers of documents whose ID starts so; kind "" is any.
func (c *Client) Find(ctx context.Context, kind, prefix string, limit int) ([]Document, error) {
	return call[[]Document](ctx, c, "GET", "find", url.Values{"kind": {kind}, "prefix": {prefix}, "limit": {strconv.Itoa(limit)}}, nil)
}

// TaskQuery is what `kith task list` asks for.
type TaskQuery struct {
	Mine, Open, HelpWanted, Brief bool
	Project, Tag, DueBefore, Sort string
	Limit                         int // 0: all
}

func (c *Client) Tasks(ctx context.Context, t TaskQuery) ([]Task, error) {
	q := url.Values{}
	setFlags(q, map[string]bool{"mine": t.Mine, "open": t.Open, "help_wanted": t.HelpWanted, "brief": t.Brief})
	setWords(q, map[string]string{"project": t.Project, "tag": t.Tag, "due_before": t.DueBefore, "sort": t.Sort})
	setLimit(q, t.Limit)
	return call[[]Task](ctx, c, "GET", "tasks", q, nil)
}

func (c *Client) Task(ctx context.Context, id string) (Task, error) {
	return call[Task](ctx, c, "GET", at("tasks", id), nil, nil)
}

func (c *Client) CreateTask(ctx context.Context, t NewTask) (Task, error) {
	return call[Task](ctx, c, "POST", "tasks", nil, t)
}

func (c *Client) EditTask(ctx context.Context, id string, e TaskEdit) (Task, error) {
	return call[Task](ctx, c, "PATCH", at("tasks", id), nil, e)
}

func (c *Client) ActOnTask(ctx context.Context, id string, a TaskAction) (Task, error) {
	return call[Task](ctx, c, "POST", at("tasks", id, a.Verb), nil, a)
}

// DecisionQuery is what `kith decision list` and `reviews` ask for.
type DecisionQuery struct {
	Open, WaitingForMe, Brief bool
	ReviewBefore, Tag         string
	Limit                     int // 0: all
}

func (c *Client) Decisions(ctx context.Context, d DecisionQuery) ([]Decision, error) {
	q := url.Values{}
	setFlags(q, map[string]bool{"open": d.Open, "waiting_for_me": d.WaitingForMe, "brief": d.Brief})
	setWords(q, map[string]string{"review_before": d.ReviewBefore, "tag": d.Tag})
	setLimit(q, d.Limit)
	return call[[]Decision](ctx, c, "GET", "decisions", q, nil)
}

func (c *Client) Decision(ctx context.Context, id string) (Decision, error) {
	return call[Decision](ctx, c, "GET", at("decisions", id), nil, nil)
}

func (c *Client) CreateDecision(ctx context.Context, d NewDecision) (Decision, error) {
	return call[Decision](ctx, c, "POST", "decisions", nil, d)
}

func (c *Client) EditDecision(ctx context.Context, id string, e DecisionEdit) (Decision, error) {
	return call[Decision](ctx, c, "PATCH", at("decisions", id), nil, e)
}

func (c *Client) TakePosition(ctx context.Context, id string, p PositionRequest) (Decision, error) {
	return call[Decision](ctx, c, "POST", at("decisions", id, "position"), nil, p)
}

func (c *Client) CloseDecision(ctx context.Context, id string, r CloseRequest) (Decision, error) {
	return call[Decision](ctx, c, "POST", at("decisions", id, "close"), nil, r)
}

func (c *Client) WithdrawDecision(ctx context.Context, id, why string) (Decision, error) {
	return call[Decision](ctx, c, "POST", at("decisions", id, "withdraw"), nil, whyRequest{why})
}

// NoteQuery is what `kith note list` asks for.
type NoteQuery struct {
	Tag   string
	Brief bool
	Limit int // 0: all
}

func (c *Client) Notes(ctx context.Context, n NoteQuery) ([]Note, error) {
	q := url.Values{}
	setFlags(q, map[string]bool{"brief": n.Brief})
	setWords(q, map[string]string{"tag": n.Tag})
	setLimit(q, n.Limit)
	return call[[]Note](ctx, c, "GET", "notes", q, nil)
}

func (c *Client) Note(ctx context.Context, id string) (Note, error) {
	return call[Note](ctx, c, "GET", at("notes", id), nil, nil)
}

func (c *Client) CreateNote(ctx context.Context, n NewNote) (Note, error) {
	return call[Note](ctx, c, "POST", "notes", nil, n)
}

func (c *Client) EditNote(ctx context.Context, id string, e NoteEdit) (Note, error) {
	return call[Note](ctx, c, "PATCH", at("notes", id), nil, e)
}

func (c *Client) AppendNote(ctx context.Context, id, text string) (Note, error) {
	return call[Note](ctx, c, "POST", at("notes", id, "append"), nil, textRequest{text})
}

func (c *Client) NoteHistory(ctx context.Context, id string) ([]Version, error) {
	return call[[]Version](ctx, c, "GET", at("notes", id, "history"), nil, nil)
}

func (c *Client) RestoreNote(ctx context.Context, id, head string) (Note, error) {
	return call[Note](ctx, c, "POST", at("notes", id, "restore"), nil, headRequest{head})
}

// Log gives the newest lines, of one document unless id is "".
func (c *Client) Log(ctx context.Context, id string, void bool, limit int) ([]LogLine, error) {
	q := url.Values{}
	setFlags(q, map[string]bool{"void": void})
	setWords(q, map[string]string{"id": id})
	setLimit(q, limit)
	return call[[]LogLine](ctx, c, "GET", "log", q, nil)
}

func (c *Client) Search(ctx context.Context, words string, limit int) ([]Hit, error) {
	q := url.Values{"q": {words}}
	setLimit(q, limit)
	return call[[]Hit](ctx, c, "GET", "search", q, nil)
}

func (c *Client) Today(ctx context.Context) (Today, error) {
	return call[Today](ctx, c, "GET", "today", nil, nil)
}

func (c *Client) Doctor(ctx context.Context, rebuild bool) ([]Check, error) {
	return call[[]Check](ctx, c, "POST", "doctor", nil, doctorRequest{rebuild})
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
