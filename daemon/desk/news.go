package desk

import (
	"context"

	"kith/daemon/replica"
)

// newsShown begins under what it is kept how things that are no documents stood when somebody was told of them.
const newsShown = "news/"

// ToldOf implements server.News.
func (b *Desk) ToldOf(_ context.Context, thing string) (string, error) {
	was, err := b.at.Replica.Shown(newsShown + thing)
	return was.Revision, err
}

// NoteTold implements server.News.
func (b *Desk) NoteTold(_ context.Context, thing, stood string) error {
	return b.at.Replica.NoteShown(newsShown+thing, replica.Shown{Revision: stood})
}
