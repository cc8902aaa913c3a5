package charter

import "kith/crdt/entry"

// EncodeRaw makes a code with a right checksum of any content.
func EncodeRaw(b []byte) string {
	return invitePrefix + entry.Text.EncodeToString(append(b[:len(b):len(b)], checksumOf(b)...))
}
