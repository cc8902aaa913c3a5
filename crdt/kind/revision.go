package kind

import (
	"crypto/sha256"
	"encoding/hex"
)

// Revision names what a document says at one time: 16 hexadecimal digits of a hash of its title
// and text. A position is given on one revision.
func Revision(title, text string) string {
	h := sha256.New()
	h.Write([]byte("kith/revision/1\x00"))
	h.Write([]byte(title))
	h.Write([]byte{0})
	h.Write([]byte(text))
	return hex.EncodeToString(h.Sum(nil)[:8])
}
