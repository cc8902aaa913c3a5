package exchange

import (
	"encoding/binary"

	"kith/crdt/entry"
)

// features are what this release can do beyond its version of the protocol. None yet: the list
// is for later releases, which must get on with this one.
var features = []string{}

// hello is the first frame in each direction. What follows the features is left for later
// versions and ignored.
type hello struct {
	oldest, newest uint16
	space          entry.SpaceID
	features       []string
}

func (h hello) encode() []byte {
	b := binary.BigEndian.AppendUint16(nil, h.oldest)
	b = binary.BigEndian.AppendUint16(b, h.newest)
	b = append(b, h.space[:]...)
	b = append(b, byte(len(h.features)))
	for _, f := range h.features {
		b = append(b, byte(len(f)))
		b = append(b, f...)
	}
	return b
}

func decodeHello(b []byte) (hello, error) {
	if len(b) < 4+32+1 {
		return hello{}, broken("a greeting of %d bytes", len(b))
	}
	h := hello{oldest: binary.BigEndian.Uint16(b), newest: binary.BigEndian.Uint16(b[2:]), space: entry.SpaceID(b[4:36])}
	n, b := int(b[36]), b[37:]
	if n > MaxFeatures {
		return hello{}, broken("%d features, the limit is %d", n, MaxFeatures)
	}
	for range n {
		if len(b) == 0 || int(b[0]) > MaxFeature || int(b[0]) > len(b)-1 {
			return hello{}, broken("a greeting that ends inside its features")
		}
		h.features = append(h.features, string(b[1:1+b[0]]))
		b = b[1+b[0]:]
	}
	return h, nil
}

// meet decides whether we get on with a peer that greeted so.
func (h hello) meet(space entry.SpaceID) error {
	if h.oldest > Version || h.newest < oldestVersion || h.oldest > h.newest {
		return &VersionError{h.oldest, h.newest}
	}
	if h.space != space {
		return ErrOtherSpace
	}
	return nil
}
