package home

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"kith/daemon/whole"
)

// pageFile is what is kept of the page. It is of this computer, and in no backup.
const pageFile = "page.json"

// Page reads what is kept of the page, which stays as it is if nothing is.
func (h *Home) Page(into any) error {
	b, err := os.ReadFile(h.path(pageFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("%s: %w", h.path(pageFile), err)
	}
	return nil
}

// SetPage keeps it, readable by its owner alone.
func (h *Home) SetPage(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return whole.Write(h.path(pageFile), append(b, '\n'))
}
