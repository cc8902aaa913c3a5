package change_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math/rand"
	"os"
	"slices"
	"strconv"
	"testing"

	"kith/crdt/change"
	"kith/crdt/change/changetest"
)

// A killer is a document whose last change kills the core, or is lost with the next save.
type killer struct {
	Does    string   `json:"does"` // what the core does
	Changes []string `json:"changes"`
}

func (k *killer) chunks(t testing.TB) [][]byte {
	var out [][]byte
	for _, s := range k.Changes {
		b, err := hex.DecodeString(s)
		must(t, err)
		out = append(out, b)
	}
	return out
}

const killersFile = "testdata/killers.json"

func newKiller(does string, doc [][]byte) killer {
	k := killer{Does: does}
	for _, b := range doc {
		k.Changes = append(k.Changes, hex.EncodeToString(b))
	}
	return k
}

func killers(t testing.TB) []killer {
	b, err := os.ReadFile(killersFile)
	must(t, err)
	var all []killer
	must(t, json.Unmarshal(b, &all))
	if len(all) == 0 {
		t.Fatal("no killers")
	}
	return all
}

// Attack 1. Each of testdata/killers.json has killed the core, or was taken and then lost.
func TestWhatAbortsTheCoreIsRefused(t *testing.T) {
	for i, k := range killers(t) {
		doc := k.chunks(t)
		last := len(doc) - 1
		h := accept(t, doc[:last])
		c, err := change.Parse(doc[last])
		if err == nil {
			err = h.Check(c)
		}
		if err == nil {
			t.Errorf("killer %d (%s) is accepted: %x", i, k.Does, doc[last])
		}
	}
}

// TestCountAborts shows that the test above tests something: it hands single mutated bytes to the
// core unchecked, counts what dies and what is lost at the next save, and sees that all of it
// is refused. It takes minutes, so it runs when asked to: KITH_ABORTS_N=20000; with
// KITH_ABORTS_KEEP=1 it writes testdata/killers.json anew.
func TestCountAborts(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("KITH_ABORTS_N"))
	if n == 0 {
		t.Skip("set KITH_ABORTS_N to how many")
	}
	rng := rand.New(rand.NewSource(1))
	docs := documents(t)
	child := startCore(t, "raw")
	var aborts, lost, refused int
	var kept []killer
	for range n {
		doc := docs[rng.Intn(len(docs))]
		last := rng.Intn(min(len(doc), 40))
		b := changetest.MutateByte(rng, doc[last])
		if bytes.Equal(b, doc[last]) {
			continue
		}
		hostile := append(slices.Clone(doc[:last]), b)
		c, err := change.Parse(b)
		if err == nil {
			err = accept(t, doc[:last]).Check(c)
		}
		if err != nil {
			refused++
		}
		wrong, died := child.use(hostile)
		if died {
			child = startCore(t, "raw")
			aborts++
		} else if wrong != "" {
			lost++
		} else {
			continue
		}
		if err == nil {
			t.Errorf("accepted, but died: %v: %s\n%x", died, wrong, b)
		}
		if size := len(slices.Concat(hostile...)); size < 1200 && (died && aborts%8 == 0 || lost%40 == 0) {
			does := "loses it: " + wrong
			if died {
				does = "aborts"
			}
			kept = append(kept, newKiller(does, hostile))
		}
	}
	t.Logf("%d mutated bytes: %d abort the core, %d are taken and lost later, %d are refused here", n, aborts, lost, refused)
	if os.Getenv("KITH_ABORTS_KEEP") != "" {
		b, err := json.MarshalIndent(kept, "", "\t")
		must(t, err)
		must(t, os.WriteFile(killersFile, append(b, '\n'), 0o644))
	}
}
