package crash

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/softkey-project/softkey/keystore"
)

// damage is something that happens to a file, which it may change in place.
type damage struct {
	name string
	make func(file []byte, page int, random *rand.Rand) []byte
}

// damages are what may happen to each page.
var damages = []damage{
	{"cut before", func(f []byte, page int, _ *rand.Rand) []byte { return f[:page*pageSize] }},
	{"cut inside", func(f []byte, page int, r *rand.Rand) []byte { return f[:page*pageSize+1+r.IntN(pageSize-1)] }},
	{"zeroed", func(f []byte, page int, _ *rand.Rand) []byte { return fill(f, page, func() byte { return 0 }) }},
	{"erased", func(f []byte, page int, _ *rand.Rand) []byte { return fill(f, page, func() byte { return 0xFF }) }},
	{"random", func(f []byte, page int, r *rand.Rand) []byte {
		return fill(f, page, func() byte { return byte(r.Uint32()) })
	}},
	{"a page of another place", func(f []byte, page int, r *rand.Rand) []byte {
		other := r.IntN(len(f) / pageSize)
		copy(f[page*pageSize:(page+1)*pageSize], f[other*pageSize:])
		return f
	}},
	{"a sector zeroed", func(f []byte, page int, r *rand.Rand) []byte {
		at := page*pageSize + r.IntN(pageSize/sectorSize)*sectorSize
		copy(f[at:], make([]byte, sectorSize))
		return f
	}},
}

// flips are the bits that are flipped, in each page: some in its head, which
// says what it is, and the others anywhere.
func flips(n int) (all []damage) {
	for i := range n {
		within := pageSize
		if i%2 == 0 {
			within = 16
		}
		all = append(all, damage{"a bit flipped", func(f []byte, page int, r *rand.Rand) []byte {
			f[page*pageSize+r.IntN(within)] ^= 1 << r.IntN(8)
			return f
		}})
	}
	return all
}

func fill(f []byte, page int, next func() byte) []byte {
	for i := range pageSize {
		f[page*pageSize+i] = next()
	}
	return f
}

// testDamage damages each page of a store in each way. The key must refuse the
// store, and leave it as it is, or have all that it ever acknowledged.
func testDamage(t *testing.T, s *suite, tab *table) {
	r := tab.row(t, "damaged files")
	p := s.base.clone(t)
	enlarge(t, p.state, 100)
	want := contentsOf(t, p.state)
	good := readStore(t, p.state)
	random := s.random(t.Name())
	all := slices.Concat(damages, flips(s.share(4, 60)))
	b := newBatch(t, want)
	for page := range len(good) / pageSize {
		for _, d := range all {
			b.add(t, fmt.Sprintf("page %d: %s", page, d.name), d.make(slices.Clone(good), page, random))
		}
	}
	r.note = b.judge(t, r)
}

// enlarge stores so many credentials more. With a hundred there are pages of each
// kind.
func enlarge(t *testing.T, dir string, credentials int) {
	t.Helper()
	s, err := keystore.Open(dir, keystore.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.Update(func(tx keystore.Tx) error {
		for n := range credentials {
			rpID := siteName(n % 40)
			c := &keystore.Credential{
				ID: newHash(), RPIDHash: sha256.Sum256([]byte(rpID)), RPID: rpID, UserID: newHash(), UserName: "user", KeyHandle: newHash(),
			}
			if err := keystore.PutCredential(tx, c, capacity); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func contentsOf(t *testing.T, dir string) string {
	t.Helper()
	s, err := keystore.Open(dir, keystore.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	text, err := dump(s)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// batch is a number of damaged stores, in folders of one: 0, 1 and so on. They
// are judged in processes of their own, for one of them might not survive.
type batch struct {
	dir   string
	names []string
}

const wantName = "want"

// childBatch and childFirst tell a judge where the batch is, and which store is
// its first.
const (
	childBatch = "SOFTKEY_CRASH_BATCH"
	childFirst = "SOFTKEY_CRASH_FIRST"
)

func newBatch(t *testing.T, want string) *batch {
	t.Helper()
	b := &batch{dir: t.TempDir()}
	if err := os.WriteFile(filepath.Join(b.dir, wantName), []byte(want), 0o600); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *batch) add(t *testing.T, name string, file []byte) {
	t.Helper()
	dir := filepath.Join(b.dir, fmt.Sprint(len(b.names)))
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, storeName), file, 0o600); err != nil {
		t.Fatal(err)
	}
	b.names = append(b.names, name)
}

// judge judges all, and returns how many ended how.
func (b *batch) judge(t *testing.T, r *row) string {
	t.Helper()
	counts := make(map[verdict]int)
	for next := 0; next < len(b.names); {
		for _, line := range b.judgeFrom(t, next) {
			v, reason, _ := strings.Cut(line, " ")
			counts[verdict(v)]++
			r.add(figures{rounds: 1, faults: 1})
			if !verdict(v).good() {
				t.Errorf("%s: %s %s", b.names[next], v, reason)
				r.add(figures{failures: 1})
			}
			next++
		}
	}
	var parts []string
	for _, v := range []verdict{vRefused, vFound, vIntact, vLost, vUnclear, vRewritten, vDied} {
		if counts[v] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[v], v))
		}
	}
	return strings.Join(parts, ", ")
}

// good tells whether a key may end so.
func (v verdict) good() bool { return v == vRefused || v == vFound || v == vIntact }

// judgePatience is how long one store may take: it is about a millisecond's
// work.
const judgePatience = time.Minute

// judgeFrom starts a judge. It returns the verdicts from the store numbered
// first on, the last of which may be that the judge has died.
func (b *batch) judgeFrom(t *testing.T, first int) (lines []string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestCrash$", "-test.count=1")
	cmd.Env = append(os.Environ(), childRole+"=judge", childBatch+"="+b.dir, fmt.Sprintf("%s=%d", childFirst, first))
	child := spawn(t, cmd)
	patience := time.AfterFunc(judgePatience, func() { cmd.Process.Kill() })
	defer patience.Stop()
	in := bufio.NewScanner(child.stdout)
	for in.Scan() {
		text, ok := strings.CutPrefix(in.Text(), "verdict ")
		if !ok {
			continue
		}
		lines = append(lines, text)
		patience.Reset(judgePatience)
	}
	child.wait()
	if first+len(lines) < len(b.names) {
		lines = append(lines, fmt.Sprintf("%s %.500s", vDied, &child.stderr))
	}
	return lines
}

// beJudge is the child.
func beJudge(t *testing.T) {
	dir := os.Getenv(childBatch)
	want, err := os.ReadFile(filepath.Join(dir, wantName))
	if err != nil {
		t.Fatal(err)
	}
	for n := int(number(t, childFirst, os.Getenv(childFirst))); ; n++ {
		store := filepath.Join(dir, fmt.Sprint(n))
		if _, err := os.Stat(store); err != nil {
			return
		}
		v, err := judge(t, store, string(want))
		fmt.Printf("verdict %s %.300q\n", v, fmt.Sprint(err))
	}
}
