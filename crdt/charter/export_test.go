package charter

// EncodeRaw makes a code with a right checksum of any content.
func EncodeRaw(b []byte) string {
	return inviteCode.write(b[:len(b):len(b)])
}

// EncodeRawSorts makes codes of the other sorts with a right checksum of any content.
func EncodeRawSorts(b []byte) []string {
	var all []string
	for _, s := range []*codeSort{&deviceCode, &wayBack, &keyCode, &allyCode, &porchCode} {
		all = append(all, s.write(b[:len(b):len(b)]))
	}
	return all
}

// EncodeStatement makes the payload of any statement but a genesis, without asking a charter.
func EncodeStatement(s Statement) ([]byte, error) {
	if s.Step != nil {
		return newStep(s.Type, s.Step.Parent, s.Step.Terms)
	}
	return s.encode()
}

// LookAlike says whether two names look alike.
func LookAlike(a, b string) bool { return looksOf(a).like(looksOf(b)) }
