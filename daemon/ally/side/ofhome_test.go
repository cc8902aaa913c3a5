package side

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kinds"
	"kith/crdt/share"
	"kith/daemon/daemontest"
	"kith/daemon/home"
	"kith/daemon/knock"
	"kith/daemon/replica"
	"kith/daemon/replica/replicatest"
	"kith/daemon/seal"
	"kith/daemon/space"
)

// agreed has the only member of a co-op agree on a pact.
func agreed(t *testing.T, r *replica.Replica, ally string) charter.StepID {
	t.Helper()
	word, err := share.Word{What: share.Make, Ally: ally, Terms: daemontest.Fair}.Encode()
	must(t, err)
	var id charter.StepID
	_, err = r.Say(t.Context(), func(c *charter.Charter) (payload []byte, err error) {
		payload, id, err = c.Propose(r.Device(), charter.Terms{Type: charter.ProposalPact, Pact: word})
		return payload, err
	})
	must(t, err)
	_, err = r.Say(t.Context(), func(c *charter.Charter) ([]byte, error) { return c.Consent(r.Device(), id, false) })
	must(t, err)
	return id
}

func TestNothingFollowsFromADocumentOfAShareThatTheCoopHasntAgreedOn(t *testing.T) {
	r := daemontest.Alone(t, "Riso Print Co-op", "Ana")
	note := func(space entry.SpaceID, step charter.StepID) entry.DocID {
		v, err := r.Create(t.Context(), kinds.Ally.Name, func(e replica.Edit) error {
			return crdttest.NewAlly(crdttest.AllyFields{Title: "Quilted", Share: space.String(), Side: entry.SpaceID{9}.String(), Step: step.String()})(e.Doc, nil)
		})
		must(t, err)
		return v.ID
	}
	found := func() []shareOfHome {
		all, err := sharesOf(r, new(checkedSeats))
		must(t, err)
		return all
	}
	note(entry.SpaceID{1}, charter.StepID{1})
	note(entry.SpaceID{2}, r.Charter().Tip())
	if all := found(); len(all) != 0 {
		t.Errorf("before the co-op agreed on anything it has the shares %+v", all)
	}
	step := agreed(t, r, "Quilted")
	if all := found(); len(all) != 0 {
		t.Errorf("of documents that name other steps it has the shares %+v", all)
	}
	want := min(note(entry.SpaceID{3}, step).String(), note(entry.SpaceID{3}, step).String()) // a crash can make two
	all := found()
	if len(all) != 1 || all[0].space != (entry.SpaceID{3}) || all[0].doc.String() != want || !all[0].first || all[0].word.Ally != "Quilted" {
		t.Errorf("it has the shares %+v", all)
	}
}

func TestNobodyHidesAShareBehindDocumentsOfTheirOwn(t *testing.T) {
	ana, mallory := charter.MemberID{1}, charter.MemberID{2}
	right := shareOfHome{doc: entry.DocID{200}, by: ana, space: entry.SpaceID{1}, side: entry.SpaceID{2}, first: true}
	all := []shareOfHome{right}
	for i := range 100 {
		all = append(all, shareOfHome{doc: entry.DocID{byte(i)}, by: mallory, space: entry.SpaceID{1}, side: entry.SpaceID{byte(i)}})
	}
	out := chosen(all)
	if len(out) != 1+maxSharesByOne || out[0].doc != right.doc {
		t.Errorf("of a hundred made up ones %d count, and the right one is %+v", len(out), out[0])
	}
	for _, o := range out[1:] {
		if o.side == right.side {
			t.Error("a made up one stands beside the right one for the same side")
		}
	}
	for i := range 20 {
		for by := range 10 {
			all = append(all, shareOfHome{doc: entry.DocID{byte(by), byte(i)}, by: charter.MemberID{3, byte(by)}, space: entry.SpaceID{3, byte(by), byte(i)}})
		}
	}
	if out := chosen(all); len(out) != maxSharesOfHome || out[0].doc != right.doc {
		t.Errorf("%d count, the bound is %d", len(out), maxSharesOfHome)
	}
}

// seats are what one person's computers say one after another; each holds.
func TestASeatSaysWhatItsPersonsComputersNeed(t *testing.T) {
	own, side := entry.SpaceID{1}, entry.SpaceID{2}
	laptop, box, third := entry.NewSigner(), entry.NewSigner(), entry.NewSigner()
	me := charter.Member{ID: charter.MemberID{7}, Name: "Ben", Chosen: "Ben", Devices: []charter.Device{{Key: entry.Device{1}}, {Key: entry.Device{2}}, {Key: entry.Device{3}}}}
	from := func(k entry.Signer, atHome byte) *sitting {
		return &sitting{home: own, me: me, device: entry.Device{atHome}, side: side, key: k, at: [][]byte{{1, 2}}}
	}
	sits := func(s *sitting, old *share.Seat) *share.Seat {
		t.Helper()
		seat, err := s.seat(old)
		must(t, err)
		if seat == nil {
			return nil
		}
		must(t, seat.Check(own, me.ID, side))
		if again, err := s.seat(seat); err != nil || again != nil {
			t.Errorf("it is never content with its seat: %+v, %v", again, err)
		}
		return seat
	}
	first := sits(from(laptop, 1), nil)
	if first.Redemption == nil || first.Rekey != nil || len(first.Devices) != 1 || first.Redemption.Name != "Ben" || first.Redemption.DeviceName != home.SharedDevice {
		t.Fatalf("the first seat: %+v", first)
	}
	both := sits(from(box, 2), first)
	if both.Redemption == nil || len(both.Devices) != 2 || !charter.DeviceAccepts(side, first.Key, both.Devices[1].New) {
		t.Errorf("with another computer: %+v", both)
	}
	moved := from(laptop, 1)
	moved.at = [][]byte{{3}}
	if s := sits(moved, both); s == nil || len(s.Devices) != 2 || string(s.Devices[0].Addresses[0]) != "\x03" {
		t.Errorf("at another address: %+v", s)
	}
	in := from(laptop, 1)
	in.arrived, in.onSide = true, charter.Member{Key: first.Key, Devices: []charter.Device{{Key: laptop.Device()}}}
	if s := sits(in, both); s != nil {
		t.Errorf("once it is in, it writes %+v", s)
	}
	other := sits(from(box, 2), nil) // both have taken the first seat, and the box's has won
	if s := sits(in, other); s.Key != first.Key || len(s.Devices) != 1 || s.Device(laptop.Device()) == nil {
		t.Errorf("where another computer said something else at the same time: %+v", s)
	}
	for i := range me.Devices {
		me.Devices[i].Retired = i < 2
	}
	afresh := sits(from(third, 3), both)
	if afresh.Key == first.Key || afresh.Rekey == nil || afresh.Rekey.Member != charter.MemberIDOf(side, first.Key) || len(afresh.Devices) != 1 || len(afresh.Before) != 2 {
		t.Errorf("when all others are lost: %+v", afresh)
	}
	in.onSide.ID = afresh.Rekey.Member
	if s := sits(in, afresh); s != nil {
		t.Errorf("a twin of the home goes on with it, and this one writes %+v", s)
	}
	again := from(third, 3)
	again.key = entry.NewSigner() // a backup of the home was restored: the same device there, and another here
	if s := sits(again, afresh); s.Rekey == nil || s.Rekey.Member != afresh.Rekey.Member || len(s.Before) != 3 {
		t.Errorf("after a restore: %+v", s)
	}
}

// What comes to be in a protected home is protected from its beginning, and with the home no more.
func TestThePlaceOfAShareIsProtectedAsItsHomeIs(t *testing.T) {
	t.Parallel()
	dir := daemontest.Founded(t, "Riso Print Co-op", "Ana")
	protect := func(old, passphrase string) {
		o := home.ProtectOptions{Home: dir, Old: daemontest.Typed(old)}
		if passphrase != "" {
			o.New = daemontest.Typed(passphrase)
		}
		_, err := home.Protect(t.Context(), o)
		must(t, err)
	}
	protect("", daemontest.Passphrase)
	opened, err := home.Open(dir)
	must(t, err)
	opened.Passphrase = daemontest.Typed(daemontest.Passphrase)
	s := New(space.NewList(opened, space.Config{Log: slog.New(slog.DiscardHandler)}))
	w, err := s.comeIn(home.SharePlace{Home: entry.SpaceID{1}, Member: charter.MemberID{2}, Share: entry.SpaceID{3}, Side: entry.SpaceID{4}, Step: charter.StepID{5}})
	must(t, err)
	sealed := func() bool {
		b, err := os.ReadFile(filepath.Join(w.place.Where(), "device.key"))
		must(t, err)
		return seal.IsText(b)
	}
	if !sealed() || w.storeKey == nil {
		t.Error("the key of the share lies there as it is, or its store won't be encrypted")
	}
	if of, err := w.place.SharePlace(); err != nil || *of != w.of {
		t.Errorf("the place remembers %+v, %v", of, err)
	}
	if next, err := opened.NewPlace(); err != nil || next.Where() == w.place.Where() {
		t.Error("the place is given to another space", err)
	}
	must(t, opened.Close())
	protect(daemontest.Passphrase, "another "+daemontest.Passphrase)
	closed := home.At(dir)
	closed.Passphrase = daemontest.Typed("another " + daemontest.Passphrase)
	waiting, err := closed.Waiting()
	must(t, err)
	if len(waiting) != 1 {
		t.Fatalf("%d shares wait", len(waiting))
	}
	key, err := waiting[0].DeviceKey()
	must(t, err)
	if key.Device() != w.key.Device() || !sealed() {
		t.Error("under another passphrase the key is another one, or open")
	}
	protect("another "+daemontest.Passphrase, "")
	if sealed() {
		t.Error("the home isn't protected any more, and the key of the share is")
	}
}

// Somebody who was proven to be in the share stays so when they take their seat back.
func TestASeatThatWasProvenIsRemembered(t *testing.T) {
	first, _ := replicatest.TwoAllies(t)
	book, err := openSeatbook(first)
	must(t, err)
	anas := &sitting{home: entry.SpaceID{1}, me: charter.Member{ID: charter.MemberID{5}, Name: "Ana"}, side: first.Charter().Space(), key: first.Key(), device: entry.Device{6}}
	seat := anas.again(nil, anas.own())
	must(t, book.note(anas.me.ID, seat))
	stranger := &sitting{home: entry.SpaceID{1}, me: charter.Member{ID: charter.MemberID{8}}, side: anas.side, key: entry.NewSigner()}
	must(t, book.note(stranger.me.ID, stranger.again(nil, stranger.own())))
	stolen := *seat // nobody takes it over
	must(t, book.note(charter.MemberID{9}, &stolen))
	again, err := openSeatbook(first)
	must(t, err)
	for _, b := range []*seatbook{book, again} {
		owners := b.owners()
		if len(owners) != 1 || owners[first.Device()] != (share.Owner{Member: anas.me.ID, Home: entry.Device{6}}) {
			t.Errorf("it remembers %+v", owners)
		}
		if !b.Issued(knockKey(first.Key()).Device()) || b.Issued(knockKey(stranger.key).Device()) || b.Issued(first.Device()) {
			t.Error("it answers whoever knocks, or not who may")
		}
		if _, err := b.Redeem(t.Context(), knockKey(first.Key()).Device(), []byte{knock.RequestHello}); err != nil {
			t.Error(err)
		}
		if _, err := b.Redeem(t.Context(), knockKey(first.Key()).Device(), []byte{knock.RequestRedeem}); err == nil {
			t.Error("it takes anything but the first question")
		}
	}
}

// What can't be opened now is opened later, where it lies.
func TestAPlaceOfAShareThatCantBeOpenedIsTriedAgainAndNotMadeAnew(t *testing.T) {
	dir := daemontest.Founded(t, "Riso Print Co-op", "Ana")
	_, err := home.Protect(t.Context(), home.ProtectOptions{Home: dir, New: daemontest.Typed(daemontest.Passphrase)})
	must(t, err)
	opened, err := home.Open(dir)
	must(t, err)
	defer func() { must(t, opened.Close()) }()
	s := New(space.NewList(opened, space.Config{Log: slog.New(slog.DiscardHandler)}))
	of := home.SharePlace{Home: entry.SpaceID{1}, Member: charter.MemberID{2}, Share: entry.SpaceID{3}, Side: entry.SpaceID{4}, Step: charter.StepID{5}}
	for range 3 {
		if _, err := s.comeIn(of); err == nil {
			t.Fatal("it opened without the passphrase")
		}
	}
	opened.Passphrase = daemontest.Typed(daemontest.Passphrase)
	w, err := s.comeIn(of)
	must(t, err)
	all, err := opened.Waiting()
	if must(t, err); len(all) != 1 || all[0].Where() != w.place.Where() {
		t.Errorf("%d places for one share", len(all))
	}
}

// A document of one home that names a share of another, of which somebody in both knows, must not have the person
// say there who they are.
func TestNobodySitsDownForAHomeInAShareOfAnother(t *testing.T) {
	t.Parallel()
	first, _ := replicatest.TwoAllies(t)
	served := daemontest.Serving(t, first)
	r := daemontest.Alone(t, "Riso Print Co-op", "Ana")
	step := agreed(t, r, "Quilted")
	_, err := r.Create(t.Context(), kinds.Ally.Name, func(e replica.Edit) error {
		return crdttest.NewAlly(crdttest.AllyFields{Title: "Quilted", Share: first.Space().String(), Side: first.Charter().Space().String(), Step: step.String()})(e.Doc, nil)
	})
	must(t, err)
	b := served.All()[0]
	of := home.SharePlace{Home: entry.SpaceID{1}, Member: charter.MemberID{1}, Share: first.Space(), Side: first.Charter().Space()}
	must(t, os.MkdirAll(b.Place.Where(), 0o700))
	must(t, b.Place.SetSharePlace(of))
	f := New(served)
	h := &followedHome{seats: map[entry.DocID]*seated{}}
	all, err := sharesOf(r, &f.checked)
	must(t, err)
	me, _ := r.Me()
	must(t, f.sit(t.Context(), r, h, &all[0], &me, true))
	if all, err = sharesOf(r, &f.checked); err != nil || len(all) != 1 || len(all[0].seats) != 0 || len(f.waiting) != 0 {
		t.Errorf("they sat down: %+v, %v", all, err)
	}
	of.Home = r.Space()
	must(t, b.Place.SetSharePlace(of))
	f = New(served)
	must(t, f.sit(t.Context(), r, h, &all[0], &me, true))
	if all, err = sharesOf(r, &f.checked); err != nil || len(all) != 1 || len(all[0].seats) != 1 {
		t.Errorf("they didn't in their own: %+v, %v", all, err)
	}
}

// A seat that names another's key, and is given up, shuts no door.
func TestNobodyShutsTheDoorOnWhoKnocks(t *testing.T) {
	t.Parallel()
	first, _ := replicatest.TwoAllies(t)
	book, err := openSeatbook(first)
	must(t, err)
	knock := knockKey(first.Key()).Device()
	book.put(first.Device(), keptSeat{Member: charter.MemberID{5}, Knock: knock})
	book.put(entry.Device{9}, keptSeat{Member: charter.MemberID{6}, Knock: knock}) // it doesn't speak on the side
	if !book.Issued(knock) {
		t.Error("who is on the side isn't answered")
	}
}

func TestNobodyIsLedIntoAShareThatTheCoopDidntAgreeOn(t *testing.T) {
	t.Parallel()
	made, _ := replicatest.TwoAllies(t)
	shared, side := made.Share()
	terms, _ := shared.Terms()
	agreed := shareOfHome{
		space: made.Space(), side: shared.Side(side).Space(), first: true,
		word: share.Word{What: share.Make, Ally: "Quilted", Terms: terms},
	}
	w := knock.Welcome{Space: made.Space(), Statements: made.Introduction(16 << 20)}
	s := New(space.NewList(nil, space.Config{}))
	if err := s.agreed(w, &agreed); err != nil {
		t.Errorf("the share that was agreed on: %v", err)
	}
	for what, alter := range map[string]func(*shareOfHome){
		"with another co-op":                     func(of *shareOfHome) { of.word.Ally = "Bakery" },
		"for something else":                     func(of *shareOfHome) { of.word.Terms.Purpose = "a loan" },
		"in a document of who didn't propose it": func(of *shareOfHome) { of.first = false },
		"another one":                            func(of *shareOfHome) { of.space[0]++ },
		"on another side":                        func(of *shareOfHome) { of.side[0]++ },
	} {
		of := agreed
		alter(&of)
		if err := s.agreed(w, &of); !errors.Is(err, errOtherShare) {
			t.Errorf("a share %s: %v", what, err)
		}
	}
}
