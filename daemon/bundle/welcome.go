package bundle

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/bundle/form"
	"kith/daemon/replica"
	"kith/daemon/seal"
	"kith/daemon/space"
)

// Welcoming is what a welcome says beside the entries of the space.
type Welcoming struct {
	To     entry.Device // in the charter now, and the only one that opens it
	Record []byte       // where this device is reached, as it signed that; nil: nothing is known
	Relays []string     // that it names
}

// Welcome writes a bundle of all that is in a space, sealed for a device that has been let in just now, to what begin gives when
// it is known what it will be: it begins the replica of that device (Begin).
func Welcome(ctx context.Context, at *space.Space, version string, q Welcoming, begin func(api.Bundle) (io.Writer, error)) error {
	to, err := seal.ForDevices([][32]byte{q.To})
	if err != nil {
		return api.Problemf(api.NotAllowed, "have them ask anew, in another home", "nothing can be sealed for the computer that asks: %v", err)
	}
	return pack(ctx, at, form.Header{Version: version, Record: q.Record, Relays: q.Relays}, nil, to, begin)
}

// ErrNotTo says that a welcome is sealed for another device.
var ErrNotTo = seal.ErrOthers

// Begin makes the replica of a device from a welcome of a space, by which the charter has that device in it. step is what the code
// says of the chain. All of the file is read before anything is made, and once more to take what is in it: what it says of who made it
// isn't believed before the charter says so, too. Where the replica was begun by another welcome, it goes on. The error is ErrNotTo, or
// says what is wrong with the file and what to do.
func Begin(ctx context.Context, c replica.Config, of entry.SpaceID, step [8]byte, file io.ReadSeeker) (r *replica.Replica, h form.Header, err error) {
	statements, h, err := welcomed(ctx, c.Key, of, file)
	if err != nil {
		return nil, h, explainWelcome(ctx, err)
	}
	switch r, err = replica.Join(c, of, statements, step); {
	case errors.Is(err, replica.ErrNotMember):
		err = errNotIn
	case errors.Is(err, replica.ErrHasSpace): // of a welcome that was read in part
		r, err = replica.Open(c)
	}
	if err != nil {
		return nil, h, err
	}
	if _, err = file.Seek(0, io.SeekStart); err == nil {
		_, err = Take(ctx, r, file, nil)
	}
	if err != nil {
		return nil, h, errors.Join(err, r.Close())
	}
	return r, h, nil
}

// mostPacked is how many times as long as an answer what is in it may be. Entries have signatures, which can't be compressed; what has
// none of its own, the same again and again, would be read for hours, in which nothing else begins in the home.
const mostPacked = 200

// welcomed gives the charter statements of a welcome, once all of it was read.
func welcomed(ctx context.Context, key entry.Signer, of entry.SpaceID, file io.ReadSeeker) (statements []*entry.Entry, h form.Header, err error) {
	length, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, h, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, h, err
	}
	buffered := bufio.NewReader(file)
	if begin, _ := buffered.Peek(seal.Intro); !seal.IsSealed(begin) {
		return nil, h, form.ErrForeign
	}
	content, err := seal.OpenFor(buffered, key.Seed())
	if err != nil {
		return nil, h, err
	}
	in, err := form.NewReader(content)
	if err != nil {
		return nil, h, err
	}
	defer in.Close()
	h = in.Header()
	if in.Space() != of {
		return nil, h, errOtherSpace
	}
	size, left := 0, maxCharter+mostPacked*length
	for {
		b, err := in.Next()
		if err == io.EOF {
			break
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return nil, h, err
		}
		if left -= int64(len(b)); left < 0 {
			return nil, h, &badEntryError{errors.New("more than a file of this size can hold")}
		}
		if in.Read() > h.Statements { // of what comes after the charter it is only looked whether it is there
			continue
		}
		if size += len(b); size > maxCharter {
			return nil, h, &badEntryError{errors.New("it has more of a charter than there can be")}
		}
		e, err := entry.Decode(bytes.Clone(b))
		if err != nil || e.Kind != entry.Statement {
			return nil, h, &badEntryError{errors.Join(err, errors.New("no statement of a charter"))}
		}
		statements = append(statements, e)
	}
	if i := entry.VerifyAll(statements); i >= 0 {
		return nil, h, &badEntryError{entry.ErrSignature}
	}
	if _, ok := charter.Fold(of, statements, charter.StepID{}).MemberOf(in.Device()); !ok {
		return nil, h, errStranger
	}
	return statements, h, nil
}

var errNotIn = api.Problemf(api.NotAllowed, "ask who sent it for the answer to your request, made after they let you in: kith invite answer FILE", "this answer lets nobody in on this computer")

// explainWelcome says what is wrong with a welcome.
func explainWelcome(ctx context.Context, err error) error {
	var (
		broken  *form.DamagedError
		sealing *seal.DamagedError
		bad     *badEntryError
	)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, form.ErrForeign), errors.Is(err, seal.ErrPassphrase):
		return api.Problemf(api.Invalid, "the answer is what they made with kith invite answer FILE", "this file is no answer to a request to join")
	case errors.Is(err, form.ErrNewer):
		return api.Problemf(api.Invalid, "bring this Kith up to date, and read it again", "a newer Kith made this answer")
	case errors.Is(err, errOtherSpace):
		return api.Problemf(api.Invalid, "ask who sent you the code for the answer to it", "this answer is of another co-op than the code")
	case errors.Is(err, errStranger):
		return api.Problemf(api.NotAllowed, "ask who sent you the code for the answer to it", "whoever made this answer isn't in the co-op that the code is for")
	case errors.As(err, &bad):
		return api.Problemf(api.Invalid, "no honest Kith writes this: ask another member for the answer", "the answer has something in it that is no entry: %v", bad)
	case errors.As(err, &broken), errors.As(err, &sealing):
		return api.Problemf(api.Invalid, "have it sent once more, as a file: your request stays good", "the answer is cut off, or was changed on its way; nothing was taken")
	}
	return err
}
