package server

import (
	"context"
	"io"

	"kith/daemon/api"
)

// Backend is what the server needs from the daemon of one space. All methods are safe for concurrent use
// and end when ctx does.
//
// IDs that the server passes are whole ones, of documents that Find has shown and members
// that Members has shown. Dates are "2026-12-01" or RFC 3339 in UTC; "" is none. Results are
// fresh values that the server may change. Nil slices are fine: the server writes them as [].
//
// An error that is or wraps a *Problem reaches the person as it stands; see Server.problem
// for the others that it knows. The error of a method that writes says that nothing was
// stored; nil says that it is on disk.
type Backend interface {
	// Space is the space that it answers for, which never changes; empty if there is none yet.
	Space() api.Named
	// Share says what a share with an ally is called; ok is false for a co-op.
	Share() (s ShareName, ok bool)
	Status(ctx context.Context) (api.Status, error)
	// Confirmed fills in what each of these devices has acknowledged. The first time after a start it
	// reads all that is here.
	Confirmed(ctx context.Context, peers []api.Peer) ([]api.Peer, error)
	// Peers gives every other device of the charter, connected or not.
	Peers(ctx context.Context) ([]api.Peer, error)
	// Sync dials who can be dialed and returns as soon as this daemon is in step with at
	// least one peer and with all that are connected. If ctx ends first it returns how far
	// it came, with ctx's error.
	Sync(ctx context.Context) (api.Status, error)
	// Members gives everybody who ever was a member, in the charter's order.
	Members(ctx context.Context) ([]api.Member, error)
	// Invites gives the codes that this device made.
	Invites(ctx context.Context) ([]api.Invite, error)
	RevokeInvite(ctx context.Context, id string) (api.Invite, error)
	// Invite makes a code for a prospective member.
	Invite(ctx context.Context, r api.InviteRequest) (api.Invite, error)
	// Resign leaves the co-op, and gives who left.
	Resign(ctx context.Context, r api.ResignRequest) (api.Member, error)

	// Devices gives all that the member of this device ever had.
	Devices(ctx context.Context) ([]api.Device, error)
	// AddDevice makes a code for a new device; one made before isn't good any more.
	AddDevice(ctx context.Context, r api.DeviceCodeRequest) (api.DeviceCode, error)
	// Pairing says how it stands with the newest code.
	Pairing(ctx context.Context) (api.Pairing, error)
	// ConfirmDevice adds the device that asks, if these are the words that it shows. Other words
	// make the code useless, as DeclineDevice does.
	ConfirmDevice(ctx context.Context, words string) (api.Device, error)
	DeclineDevice(ctx context.Context) (api.Pairing, error)
	// RetireDevice takes a device of one's own out of use.
	RetireDevice(ctx context.Context, id string, r api.RetireRequest) (api.Device, error)
	// MoveConsents lets a device of one's own consent to agreed steps from now on.
	MoveConsents(ctx context.Context, id string) (api.Device, error)
	// WayBack makes the code with which a member comes back who has lost all devices.
	WayBack(ctx context.Context, member string) (api.WayBack, error)

	Charter(ctx context.Context) (api.Charter, error)
	// CharterLog gives what was said about the charter, newest first, at most limit lines.
	CharterLog(ctx context.Context, limit int) ([]api.CharterLine, error)
	// Proposals gives all proposals, oldest first.
	Proposals(ctx context.Context) ([]api.Proposal, error)
	// Propose makes a proposal and consents to it, where its maker may.
	Propose(ctx context.Context, r api.ProposalRequest) (api.Proposal, error)
	// AnswerProposal gives the proposal as it stands then; a renewal gives the new one.
	AnswerProposal(ctx context.Context, id string, a api.ProposalAnswer) (api.Proposal, error)
	// Adopt takes over what was written beyond what the co-op honours of a device. entry is a start of
	// its ID; what comes back is its document.
	Adopt(ctx context.Context, entry string) (api.Document, error)
	// Follow takes a side where the charter has forked. step is a start of its ID.
	Follow(ctx context.Context, step string) (api.Charter, error)

	// NewShare opens a further share with an ally, and JoinShare joins one that an ally has opened.
	NewShare(ctx context.Context, q api.NewShareRequest) (api.Ally, error)
	JoinShare(ctx context.Context, q api.JoinShareRequest) (api.Ally, error)
	// EndAlly proposes to end every share that the co-op has with an ally.
	EndAlly(ctx context.Context, ally, why string) ([]api.Proposal, error)
	// Allies gives the pacts with other co-ops, made or half made, the oldest first.
	Allies(ctx context.Context) ([]api.Ally, error)
	// AllyInvite makes a code with which another co-op gets in touch to make a pact.
	AllyInvite(ctx context.Context, r api.AllyInviteRequest) (api.Ally, error)
	// AllyJoin gets in touch with who made a code. The daemon goes on by itself.
	AllyJoin(ctx context.Context, r api.AllyJoinRequest) (api.Ally, error)
	// AllyConfirm proposes the pact to the co-op, if these are the words that the other side reads. Other words
	// end it, as AllyCancel does.
	AllyConfirm(ctx context.Context, r api.AllyConfirmRequest) (api.Ally, error)
	// AllyCancel gives up a pact that is half made, and isn't shown one any more that came to nothing.
	AllyCancel(ctx context.Context, id string) (api.Ally, error)
	// Shares gives the shares of the co-op, the oldest first, without what is in them.
	Shares(ctx context.Context) ([]api.Share, error)
	// ShowShare gives one that is named by the ally, its title, name or ID, with all that is in it.
	ShowShare(ctx context.Context, share string) (api.Share, error)
	// PreviewSharing says what sharing a document will show, and to whom; nothing is done.
	PreviewSharing(ctx context.Context, share string, q api.ShareAdd) (api.SharePreview, error)
	// ShareDocument puts a document's present state into a share, and lets it go on there. Where the co-op
	// has agreed that this takes an agreed step, and there is none yet, it proposes that instead.
	ShareDocument(ctx context.Context, share string, q api.ShareAdd) (api.ShareResult, error)
	// Asks gives what was asked in all shares of the co-op, the newest first.
	Asks(ctx context.Context) ([]api.Ask, error)
	AskAlly(ctx context.Context, q api.AskRequest) (api.Ask, error)
	// AnswerAsk shares what the answer names, unless it is shared, and answers.
	AnswerAsk(ctx context.Context, id string, q api.AnswerRequest) (api.Ask, error)
	WithdrawAsk(ctx context.Context, id, why string) (api.Ask, error)

	// Find gives the headers of at most limit documents whose ID without the letter starts
	// with prefix (lower case, Crockford letters), in the order of their IDs. kind "" is any.
	Find(ctx context.Context, kind, prefix string, limit int) ([]api.Document, error)

	// Tasks gives at least the tasks that f selects. It may give more, and in any order: the
	// server applies f again, sorts and cuts. The same goes for Decisions and Notes.
	Tasks(ctx context.Context, f TaskFilter) ([]api.Task, error)
	Task(ctx context.Context, id string) (api.Task, error)
	CreateTask(ctx context.Context, t api.NewTask) (api.Task, error)
	EditTask(ctx context.Context, id string, e api.TaskEdit) (api.Task, error)
	ActOnTask(ctx context.Context, id string, a api.TaskAction) (api.Task, error)

	Decisions(ctx context.Context, f DecisionFilter) ([]api.Decision, error)
	Decision(ctx context.Context, id string) (api.Decision, error)
	CreateDecision(ctx context.Context, d api.NewDecision) (api.Decision, error)
	EditDecision(ctx context.Context, id string, e api.DecisionEdit) (api.Decision, error)
	// TakePosition records my position; not allowed when the decision isn't open.
	TakePosition(ctx context.Context, id string, p api.PositionRequest) (api.Decision, error)
	// CloseDecision records the outcome that the positions give. While they give none yet
	// (an objection, somebody to wait for) it refuses, saying whom or what it waits for.
	CloseDecision(ctx context.Context, id string, c api.CloseRequest) (api.Decision, error)
	WithdrawDecision(ctx context.Context, id, why string) (api.Decision, error)

	Notes(ctx context.Context, f NoteFilter) ([]api.Note, error)
	Note(ctx context.Context, id string) (api.Note, error)
	CreateNote(ctx context.Context, n api.NewNote) (api.Note, error)
	EditNote(ctx context.Context, id string, e api.NoteEdit) (api.Note, error)
	AppendNote(ctx context.Context, id, text string) (api.Note, error)
	// NoteHistory gives the versions of a note, newest first.
	NoteHistory(ctx context.Context, id string) ([]api.Version, error)
	// RestoreNote writes the text that the note had at head once more, as a change of today.
	// head is a start of a Version's head, which the backend resolves.
	RestoreNote(ctx context.Context, id, head string) (api.Note, error)

	// Log gives what happened, newest first.
	Log(ctx context.Context, f LogFilter) ([]api.LogLine, error)
	// Search gives the documents that hold all the words, best first.
	Search(ctx context.Context, words string, limit int) ([]api.Hit, error)
	// Events gives what happens from the moment it returns, until ctx ends or the reader
	// falls too far behind; the channel is closed then.
	Events(ctx context.Context) (<-chan api.Event, error)
	// Doctor checks store, views, keys, clock and reachability; with rebuild it makes the
	// views anew first.
	Doctor(ctx context.Context, rebuild bool) ([]api.Check, error)
	// Backup writes to w what a backup holds, as of one moment, while others write on.
	Backup(ctx context.Context, w io.Writer) error
	// WriteBundle writes a bundle, sealed, to what begin gives when it is known what it will be.
	WriteBundle(ctx context.Context, q api.BundleRequest, begin func(api.Bundle) (io.Writer, error)) error
	// ReadBundle takes what is in a bundle, and tells how far it is. What was taken before an error
	// stays.
	ReadBundle(ctx context.Context, in io.Reader, progress func(api.BundleProgress)) (api.BundleRead, error)
}
