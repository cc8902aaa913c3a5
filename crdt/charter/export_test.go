package charter

import "kith/crdt/entry"

// EncodeRaw makes a code with a right checksum of any content.
func EncodeRaw(b []byte) string {
	return invitePrefix + entry.Text.EncodeToString(append(b[:len(b):len(b)], checksumOf(b)...))
}

// EncodeStatement makes the payload of any statement but a genesis, without asking a charter.
func EncodeStatement(s Statement) ([]byte, error) {
	if s.Step != nil {
		return newStep(s.Type, s.Step.Parent, s.Step.Terms)
	}
	return s.encode()
}
