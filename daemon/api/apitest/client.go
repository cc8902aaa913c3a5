package apitest

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"

	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/api/client"
)

// Client is a client that knows the kinds.
type Client struct{ *client.Client }

// New is client.New.
func New(home, space string) (*Client, error) {
	c, err := client.New(home, space)
	return &Client{c}, err
}

// In is client.Client.In.
func (c *Client) In(space string) *Client { return &Client{c.Client.In(space)} }

// as reads what was answered.
func as[T any](raw json.RawMessage, err error) (v T, _ error) {
	if err != nil {
		return v, err
	}
	return v, json.Unmarshal(raw, &v)
}

// fields are those of a request.
func fields(v any) map[string]any {
	var m map[string]any
	b, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(b, &m)
	}
	if err != nil {
		panic(err) // a type of this package
	}
	return m
}

// query is what a list is asked for: flags, and words that aren't "".
func query(limit int, flags map[string]bool, words map[string]string) url.Values {
	q := url.Values{}
	for name, on := range flags {
		if on {
			q.Set(name, "true")
		}
	}
	for name, word := range words {
		if word != "" {
			q.Set(name, word)
		}
	}
	if limit > 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	return q
}

var tasks, decisions, notes = kinds.Task.Many, kinds.Decision.Many, kinds.Note.Many

// TaskQuery is what a list of tasks is asked for.
type TaskQuery struct {
	Mine, Open, HelpWanted, Brief bool
	Project, Tag, DueBefore, Sort string
	Limit                         int // 0: all
}

func (c *Client) Tasks(ctx context.Context, t TaskQuery) ([]Task, error) {
	return as[[]Task](c.Documents(ctx, tasks, query(t.Limit,
		map[string]bool{"mine": t.Mine, "open": t.Open, "help_wanted": t.HelpWanted, "brief": t.Brief},
		map[string]string{"project": t.Project, "tag": t.Tag, "due_before": t.DueBefore, "sort": t.Sort})))
}

func (c *Client) Task(ctx context.Context, id string) (Task, error) {
	return as[Task](c.Document(ctx, tasks, id))
}

func (c *Client) CreateTask(ctx context.Context, t NewTask) (Task, error) {
	return as[Task](c.MakeDocument(ctx, tasks, fields(t)))
}

func (c *Client) EditTask(ctx context.Context, id string, e TaskEdit) (Task, error) {
	return as[Task](c.EditDocument(ctx, tasks, id, fields(e)))
}

// ActOnTask does a verb; who accepts has just read the task.
func (c *Client) ActOnTask(ctx context.Context, id string, a TaskAction) (Task, error) {
	with := fields(a)
	if a.Verb == TaskAccept {
		t, err := c.Task(ctx, id)
		if err != nil {
			return t, err
		}
		with["revision"] = t.Revision
	}
	return as[Task](c.Do(ctx, tasks, id, a.Verb, with))
}

// AnswerProposal answers to a proposal as it stands.
func (c *Client) AnswerProposal(ctx context.Context, id string, a api.ProposalAnswer) (api.Proposal, error) {
	p, err := c.Proposal(ctx, id)
	if err != nil {
		return p, err
	}
	a.Revision = p.Revision
	return c.Client.AnswerProposal(ctx, id, a)
}

// DecisionQuery is what a list of decisions is asked for.
type DecisionQuery struct {
	Open, WaitingForMe, Brief bool
	ReviewBefore, Tag         string
	Limit                     int // 0: all
}

func (c *Client) Decisions(ctx context.Context, d DecisionQuery) ([]Decision, error) {
	return as[[]Decision](c.Documents(ctx, decisions, query(d.Limit,
		map[string]bool{"open": d.Open, "waiting_for_me": d.WaitingForMe, "brief": d.Brief},
		map[string]string{"review_before": d.ReviewBefore, "tag": d.Tag})))
}

func (c *Client) Decision(ctx context.Context, id string) (Decision, error) {
	return as[Decision](c.Document(ctx, decisions, id))
}

func (c *Client) CreateDecision(ctx context.Context, d NewDecision) (Decision, error) {
	return as[Decision](c.MakeDocument(ctx, decisions, fields(d)))
}

func (c *Client) EditDecision(ctx context.Context, id string, e DecisionEdit) (Decision, error) {
	return as[Decision](c.EditDocument(ctx, decisions, id, fields(e)))
}

// TakePosition answers to p.Revision, or else to what stands there now.
func (c *Client) TakePosition(ctx context.Context, id string, p PositionRequest) (Decision, error) {
	if p.Revision == "" {
		d, err := c.Decision(ctx, id)
		if err != nil {
			return d, err
		}
		p.Revision = d.Revision
	}
	return as[Decision](c.Do(ctx, decisions, id, "position", fields(p)))
}

func (c *Client) CloseDecision(ctx context.Context, id string, r CloseRequest) (Decision, error) {
	return as[Decision](c.Do(ctx, decisions, id, "close", fields(r)))
}

func (c *Client) WithdrawDecision(ctx context.Context, id, why string) (Decision, error) {
	return as[Decision](c.Do(ctx, decisions, id, "withdraw", fields(api.WhyRequest{Why: why})))
}

// NoteQuery is what a list of notes is asked for.
type NoteQuery struct {
	Tag   string
	Brief bool
	Limit int // 0: all
}

func (c *Client) Notes(ctx context.Context, n NoteQuery) ([]Note, error) {
	return as[[]Note](c.Documents(ctx, notes, query(n.Limit, map[string]bool{"brief": n.Brief}, map[string]string{"tag": n.Tag})))
}

func (c *Client) Note(ctx context.Context, id string) (Note, error) {
	return as[Note](c.Document(ctx, notes, id))
}

func (c *Client) CreateNote(ctx context.Context, n NewNote) (Note, error) {
	return as[Note](c.MakeDocument(ctx, notes, fields(n)))
}

func (c *Client) EditNote(ctx context.Context, id string, e NoteEdit) (Note, error) {
	return as[Note](c.EditDocument(ctx, notes, id, fields(e)))
}

func (c *Client) AppendNote(ctx context.Context, id, text string) (Note, error) {
	return as[Note](c.Do(ctx, notes, id, "append", fields(api.TextRequest{Text: text})))
}

func (c *Client) NoteHistory(ctx context.Context, id string) ([]api.Version, error) {
	return c.History(ctx, notes, id)
}

func (c *Client) RestoreNote(ctx context.Context, id, head string) (Note, error) {
	return as[Note](c.Restore(ctx, notes, id, head))
}

// Today is api.Today with what waits in documents.
type Today struct {
	api.Today
	Asked, Due, HelpWanted []Task
	Decisions              []Decision
}

// Today is client.Client.Today.
func (c *Client) Today(ctx context.Context) (t Today, err error) {
	if t.Today, err = c.Client.Today(ctx); err != nil {
		return t, err
	}
	for key, into := range map[string]any{"asked": &t.Asked, "due": &t.Due, "help_wanted": &t.HelpWanted, "decisions": &t.Decisions} {
		waiting, err := json.Marshal(t.Documents[key])
		if err == nil {
			err = json.Unmarshal(waiting, into)
		}
		if err != nil {
			return t, err
		}
	}
	return t, nil
}
