package server

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"kith/daemon/api"
)

// Entrance is who is in a space, with which devices, and how others come in or back.
type Entrance interface {
	// Members gives everybody who ever was a member, in the charter's order.
	Members(ctx context.Context) ([]api.Member, error)
	// Invites gives the codes that this device made.
	Invites(ctx context.Context) ([]api.Invite, error)
	RevokeInvite(ctx context.Context, id string) (api.Invite, error)
	// Invite makes a code for a prospective member.
	Invite(ctx context.Context, r api.InviteRequest) (api.Invite, error)
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
}

// Names are what the member of this device says that they, and devices of theirs, are called.
type Names interface {
	Rename(ctx context.Context, name string) (api.Member, error)
	RenameDevice(ctx context.Context, id, name string) (api.Device, error)
}

func (s *Server) join(r *http.Request, j api.JoinRequest) (res api.JoinResult, err error) {
	if j.As, err = joinsAs(j); err != nil {
		return res, err
	}
	ctx, cancel := asLongAsAsked(r)
	defer cancel()
	return s.spaces.Join(ctx, j)
}

// joinsAs reads under which name somebody joins.
func joinsAs(j api.JoinRequest) (string, error) {
	as, err := line("name", j.As, api.MaxName)
	if err == nil && as == "" {
		err = api.Problemf(api.Invalid, "say it with --as NAME", "a name is needed to join under")
	}
	return as, err
}

func (s *Server) joinAsk(r *http.Request, j api.JoinRequest) (res api.JoinAsked, err error) {
	if j.As, err = joinsAs(j); err != nil {
		return res, err
	}
	return s.spaces.Ways().JoinAsk(r.Context(), j)
}

func (s *Server) joinAsking(r *http.Request) ([]api.JoinAsked, error) {
	return s.spaces.Ways().JoinAsking(r.Context())
}

// joinRead joins by a file, as it comes.
func (s *Server) joinRead(w http.ResponseWriter, r *http.Request) {
	res, err := s.spaces.Ways().JoinRead(r.Context(), r.Body)
	tell, _ := s.lineByLine(w)
	if err != nil {
		tell(api.JoinLine{Error: s.problem(r, err)})
		return
	}
	tell(api.JoinLine{Result: &res})
}

func (s *Server) members(r *http.Request) ([]api.Member, error) {
	return s.at.Entrance.Members(r.Context())
}

func (s *Server) member(r *http.Request) (api.Member, error) {
	return s.resolveMember(r.Context(), r.PathValue("id"))
}

func (s *Server) invites(r *http.Request) ([]api.Invite, error) {
	return s.at.Entrance.Invites(r.Context())
}

// revokeInvite takes the ID, a start of it that no other has, or the code itself.
func (s *Server) revokeInvite(r *http.Request, _ nothing) (api.Invite, error) {
	word := r.PathValue("id")
	all, err := s.at.Entrance.Invites(r.Context())
	if err != nil {
		return api.Invite{}, err
	}
	found := slices.DeleteFunc(all, func(i api.Invite) bool {
		return !i.HasCode(word) && !strings.HasPrefix(strings.ToLower(i.ID), strings.ToLower(word))
	})
	switch len(found) {
	case 0:
		return api.Invite{}, api.Problemf(api.NotFound, "kith invite list", "there is no invite “%s”", api.Brief(word))
	case 1:
		return s.at.Entrance.RevokeInvite(r.Context(), found[0].ID)
	}
	p := api.Problemf(api.Ambiguous, "type more of the ID", "“%s” is the start of more than one invite's ID", api.Brief(word))
	return api.Invite{}, api.WithCandidates(p, found, func(i api.Invite) api.Candidate { return api.Candidate{ID: i.ID, Short: i.ID, Title: i.State} })
}

// defaultInvite and maxInvite bound how long an invite may be redeemed, in seconds.
const (
	defaultInvite = 72 * 3600
	maxInvite     = 90 * 24 * 3600
)

func (s *Server) invite(r *http.Request, i api.InviteRequest) (api.Invite, error) {
	if i.ExpiresIn == 0 {
		i.ExpiresIn = defaultInvite
	}
	if i.ExpiresIn < 0 || i.ExpiresIn > maxInvite {
		return api.Invite{}, api.Problemf(api.Invalid, "kith invite --expires 72h", "an invite holds for 1 second to 90 days")
	}
	return s.at.Entrance.Invite(r.Context(), i)
}

func (s *Server) rename(r *http.Request, q api.RenameRequest) (api.Member, error) {
	name, err := newName(q)
	if err != nil {
		return api.Member{}, err
	}
	return s.at.Names.Rename(r.Context(), name)
}

// newName reads what somebody or something is to be called.
func newName(q api.RenameRequest) (string, error) {
	name, err := line("name", q.Name, api.MaxName)
	if err == nil && name == "" {
		err = api.Problemf(api.Invalid, "", "the name is empty")
	}
	return name, err
}
