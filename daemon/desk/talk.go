package desk

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/kind"
	"kith/daemon/api"
	"kith/daemon/api/server"
	"kith/daemon/replica"
	"kith/daemon/words"
)

// What members say about a document is said where it goes on. What was said at home before it went into a share stays
// there, and is read by who reads it at home. Who was shown where they are named is known on this device alone.

var (
	_ server.Talk       = (*Desk)(nil)
	_ server.Agreements = (*Desk)(nil)
)

// minRemark is the least number of letters by which a remark is called.
const minRemark = 4

// Thread implements server.Talk.
func (b *Desk) Thread(_ context.Context, id string) (api.Thread, error) {
	at, err := b.lookAt(id)
	if err != nil {
		return api.Thread{}, err
	}
	out := api.Thread{Document: at.Header(), Remarks: []api.Remark{}}
	talk := at.View.Talk
	if at.home != nil {
		out.Remarks = remarks(at.was.Talk, words.People{Rules: at.home.Rules()}, slices.Concat(at.was.Talk, talk))
		for i := range out.Remarks {
			out.Remarks[i].AtHome = true
		}
		talk = slices.Concat(at.was.Talk, talk)
	}
	out.Remarks = append(out.Remarks, remarks(at.View.Talk, at.People, talk)...)
	return out, nil
}

// remarks names those of a thread; among are all by whose names theirs must be told apart.
func remarks(talk []kind.Remark, p words.People, among []kind.Remark) []api.Remark {
	short, called := shortNames(among), make(map[string]string, len(among))
	for i := range among {
		called[among[i].ID()] = short[among[i].Name]
	}
	out := make([]api.Remark, len(talk))
	for i := range talk {
		r := &talk[i]
		out[i] = api.Remark{
			ID: r.ID(), Name: short[r.Name], By: p.Named(r.By), At: api.At(r.At.Time()), Text: r.Text,
			ChangedAt: api.At(r.Changed.Time()), For: []api.Named{}, Answer: called[r.To],
		}
		for _, m := range r.For {
			out[i].For = append(out[i].For, p.Named(m))
		}
	}
	return out
}

// shortNames gives of each name as many letters as tell it from all others.
func shortNames(all []kind.Remark) map[string]string {
	names := make([]string, len(all))
	for i := range all {
		names[i] = all[i].Name
	}
	slices.Sort(names)
	names = slices.Compact(names)
	short := make(map[string]string, len(names))
	for i, name := range names {
		n := minRemark
		for _, other := range names[max(i-1, 0):min(i+2, len(names))] { // beside which it stands; those that begin alike do
			if other != name {
				n = max(n, alike(name, other)+1)
			}
		}
		short[name] = name[:min(n, len(name))]
	}
	return short
}

// alike counts the letters with which two names begin alike.
func alike(a, b string) (n int) {
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// standing counts the remarks that weren't taken back.
func standing(talk []kind.Remark) (n int) {
	for i := range talk {
		if talk[i].Text != "" {
			n++
		}
	}
	return n
}

// mentions is of what a document is quiet in which nothing names somebody that they weren't shown: see replica.NoteQuiet.
const mentions = "mentions"

// Mentions implements server.Talk. Who names somebody chooses how many documents there are in which they are named: those are read that have changed
// since nothing in them was news, the last that did first, until there is enough to tell.
func (b *Desk) Mentions(ctx context.Context, limit int) ([]api.Mention, error) {
	r := b.at.Replica
	me, ok := r.Me()
	if !ok {
		return nil, nil
	}
	here, there := map[entry.DocID]*replica.Ref{}, b.namedInShares()
	var docs []entry.DocID
	for _, ref := range unquiet(r, me.ID) {
		here[ref.ID], docs = &ref, append(docs, ref.ID)
	}
	if len(there) > 0 { // an ally can name somebody in as many as they like: only what goes on in one of them is looked at
		for _, doc := range r.LinkedTo(func(id string) bool {
			doc, err := DocID(id)
			return err == nil && there[doc] != nil
		}) {
			if here[doc] == nil {
				docs = append(docs, doc)
			}
		}
	}
	var out []api.Mention
	for _, doc := range docs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		v, err := r.View(doc)
		if errors.Is(err, replica.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		s := b.Look(r, v)
		m, err := b.mention(s, me.ID)
		if err != nil {
			return nil, err
		}
		if m == nil {
			if ref := here[doc]; ref != nil {
				r.NoteQuiet(mentions, ref, me.ID)
			}
			if ref := there[s.View.ID]; ref != nil && s.home != nil {
				meThere, _ := s.Replica.Me()
				s.Replica.NoteQuiet(mentions, ref, meThere.ID)
			}
			continue
		}
		if out = append(out, *m); len(out) == limit {
			break
		}
	}
	slices.SortFunc(out, func(a, b api.Mention) int { return cmp.Or(b.At.Compare(a.At.Time), strings.Compare(a.ID, b.ID)) })
	return out, nil
}

// unquiet are the documents in whose threads somebody is named, and of which it isn't known that they were shown that; the last that changed first.
func unquiet(r *replica.Replica, m charter.MemberID) []replica.Ref {
	all := r.Select(replica.Query{
		Wants: []kind.Want{{Fact: kind.NamedFact, Of: []string{m.String()}}},
		Compare: func(a, b *replica.Ref) int {
			return cmp.Or(cmp.Compare(b.Updated, a.Updated), bytes.Compare(a.ID[:], b.ID[:]))
		},
	})
	return slices.DeleteFunc(all, func(ref replica.Ref) bool { return r.IsQuiet(mentions, &ref, m) })
}

// namedInShares is the same of the shares of a co-op, by document.
func (b *Desk) namedInShares() map[entry.DocID]*replica.Ref {
	if shared, _ := b.at.Replica.Share(); shared != nil {
		return nil
	}
	all := map[entry.DocID]*replica.Ref{}
	for _, share := range b.Shares() {
		if me, ok := share.Replica.Me(); ok {
			for _, ref := range unquiet(share.Replica, me.ID) {
				all[ref.ID] = &ref
			}
		}
	}
	return all
}

// mention says where somebody is named in the thread of a document and wasn't shown that; nil if that is nowhere.
func (b *Desk) mention(s Shown, me charter.MemberID) (*api.Mention, error) {
	last, p := (*kind.Remark)(nil), s.People
	for _, part := range s.threads(me) {
		mark, all := kind.MentionsOf(part.talk, part.me)
		if mark == "" {
			continue
		}
		was, err := part.at.Shown(threadShown + part.key)
		if err != nil {
			return nil, err
		}
		if was.Revision != mark {
			last, p = all[len(all)-1], part.people
		}
	}
	if last == nil {
		return nil, nil
	}
	h := s.Header()
	return &api.Mention{
		ID: h.ID, Short: h.Short, Kind: h.Kind, Title: h.Title, Shared: h.Shared, By: p.Named(last.By), At: api.At(last.At.Time()), Text: last.Text,
	}, nil
}

// threadShown begins under what it is kept which remarks somebody was shown that name them.
const threadShown = "thread/"

// part is the thread of a document in one space, and who somebody is there.
type part struct {
	at     *replica.Replica
	key    string
	talk   []kind.Remark
	me     charter.MemberID
	people words.People
}

func (s *Shown) threads(me charter.MemberID) []part {
	if s.home == nil {
		return []part{{s.Replica, s.key(), s.View.Talk, me, s.People}}
	}
	there, _ := s.Replica.Me()
	return []part{
		{s.home, api.FullID(s.was.Kind, s.was.ID.String()), s.was.Talk, me, words.People{Rules: s.home.Rules()}},
		{s.Replica, s.key(), s.View.Talk, there.ID, s.People},
	}
}

// NoteThread implements server.Talk. Of a thread that has grown since nothing is kept: it is shown again.
func (b *Desk) NoteThread(_ context.Context, id string, heads []string) error {
	at, err := b.lookAt(id)
	if err != nil {
		return err
	}
	now := at.Header().Heads
	if slices.Sort(heads); !slices.Equal(now, heads) {
		return nil
	}
	me, ok := b.at.Replica.Me()
	if !ok {
		return nil
	}
	for _, part := range at.threads(me.ID) {
		mark, _ := kind.MentionsOf(part.talk, part.me)
		if mark == "" {
			continue
		}
		if err := part.at.NoteShown(threadShown+part.key, replica.Shown{Revision: mark}); err != nil {
			return err
		}
	}
	return nil
}
