package server

import (
	"encoding/base64"
	"net/http"

	"kith/daemon/api"
)

func (s *Server) recover(r *http.Request, q api.RecoverRequest) (api.RecoverAnswer, error) {
	ctx, cancel := asLongAsAsked(r)
	defer cancel()
	return s.spaces.Ways().Recover(ctx, q)
}

func (s *Server) newPhrase(r *http.Request, q api.NewPhraseRequest) (api.NewPhrase, error) {
	return s.spaces.Ways().NewPhrase(r.Context(), q)
}

// restore takes a backup in, as it comes, and tells how far it is.
func (s *Server) restore(w http.ResponseWriter, r *http.Request) {
	tell, _ := s.lineByLine(w)
	passphrase, err := base64.URLEncoding.DecodeString(r.Header.Get(api.PassphraseHeader))
	var res api.Restored
	if err != nil {
		err = api.Problemf(api.Invalid, "it is in base64url", "the passphrase can't be read")
	} else {
		res, err = s.spaces.Ways().Restore(r.Context(), r.Body, string(passphrase), func(p api.RestoreProgress) { tell(api.RestoreLine{Progress: &p}) })
	}
	if err != nil {
		tell(api.RestoreLine{Error: s.problem(r, err)})
		return
	}
	tell(api.RestoreLine{Result: &res})
}
