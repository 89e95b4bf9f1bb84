package seal

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/softkey-project/softkey/keystore"
)

// childDir is the environment variable that makes the test binary the child of
// a test, on that folder.
const childDir = "SOFTKEY_TEST_SEAL_CHILD"

// A child makes sealed stores for ever, each in a folder of its own, and says so. It
// is killed in the middle of it, again and again. There is then no store that is
// not sealed, and each that the child spoke of.
func TestCrashOfMake(t *testing.T) {
	if dir := os.Getenv(childDir); dir != "" {
		makeForEver(t, dir)
		return
	}
	unsaid := 0
	for round := range 30 {
		dir := t.TempDir()
		said := runAndKill(t, dir)
		made := countSealed(t, dir)
		if made < said || made > said+1 {
			t.Fatalf("in round %d: got %d sealed stores, want %d or one more", round, made, said)
		}
		unsaid += made - said
	}
	t.Logf("%d stores were made as the child was killed", unsaid)
}

func makeForEver(t *testing.T, dir string) {
	nothing := func(func(keystore.Entry) bool) {}
	for n := 0; ; n++ {
		slot := sealWith(t, NewKey(), passphrase("one"))
		err := keystore.Make(filepath.Join(dir, fmt.Sprint(n)), keystore.Options{}, Change(nothing, nil, nil, nil, []Slot{slot}))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("changed")
	}
}

// countSealed returns how many stores there are in the folders of dir, all of which
// must be sealed.
func countSealed(t *testing.T, dir string) (n int) {
	t.Helper()
	stores, err := filepath.Glob(filepath.Join(dir, "*", "softkey.db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, store := range stores {
		s := openBolt(t, filepath.Dir(store))
		slots, err := Slots(s)
		if err := errors.Join(err, s.Close()); err != nil || len(slots) != 1 {
			t.Errorf("%s has %d seals, %v; want 1", store, len(slots), err)
		}
	}
	return len(stores)
}

// A child changes the seals of a store for ever, and says so each time. It is
// killed in the middle of it, again and again. The store is then as the child
// said, or one change further, and holds what it held.
func TestCrash(t *testing.T) {
	if dir := os.Getenv(childDir); dir != "" {
		changeForEver(t, dir)
		return
	}
	dir, stage, said := filled(t), 0, 0
	for round := range 30 {
		n := runAndKill(t, dir)
		said += n
		stage = checkStage(t, dir, stage+n)
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
	t.Logf("%d changes", said)
}

// The store goes from stage to stage: plain, sealed by one passphrase, sealed by
// another and a third.
const stages = 3

// seals returns the passphrases of a stage.
func sealsOf(stage int) []string {
	return [stages][]string{nil, {"one"}, {"two", "three"}}[stage%stages]
}

func changeForEver(t *testing.T, dir string) {
	from, before := stageOf(t, dir)
	for {
		to, after := (*Key)(nil), []Slot(nil)
		stage := (len(before) + 1) % stages
		if phrases := sealsOf(stage); phrases != nil {
			to = NewKey()
			for n, phrase := range phrases {
				after = append(after, sealWith(t, to, passphrase(phrase)))
				after[n].Number = n
			}
		}
		if err := rewrite(dir, before, from, to, after); err != nil {
			t.Fatal(err)
		}
		fmt.Println("changed")
		from, before = to, after
	}
}

// stageOf returns the slots of a store, as many as its stage, and its key.
func stageOf(t *testing.T, dir string) (key *Key, slots []Slot) {
	t.Helper()
	s := openBolt(t, dir)
	defer s.Close()
	slots, err := Slots(s)
	if err != nil {
		t.Fatal(err)
	}
	for n, phrase := range sealsOf(len(slots)) {
		if key, err = slots[n].Open(passphrase(phrase)); err != nil {
			t.Fatalf("stage %d: %q does not open its slot: %v", len(slots), phrase, err)
		}
	}
	return key, slots
}

// runAndKill returns how often the child of a test said that it had changed a store.
func runAndKill(t *testing.T, dir string) (n int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines, begun := bufio.NewScanner(out), time.Now()
	for range rand.IntN(6) + 1 {
		if !lines.Scan() || lines.Text() != "changed" {
			t.Fatalf("child: got %q, want changed", lines.Text())
		}
		n++
	}
	time.Sleep(rand.N(time.Since(begun) / time.Duration(n))) // anywhere in a change
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() { // what was on its way
		n++
	}
	if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("child: got %v, want it killed", err)
	}
	return n
}

// checkStage opens the store that a child has left, which is at the stage, or one
// further, and returns which.
func checkStage(t *testing.T, dir string, stage int) int {
	t.Helper()
	key, slots := stageOf(t, dir)
	if len(slots) != stage%stages {
		stage++
	}
	if len(slots) != stage%stages {
		t.Errorf("the store has %d seals at stage %d", len(slots), stage)
	}
	s := keystore.Store(openBolt(t, dir))
	if key != nil {
		s = key.open(s)
	}
	checkFilled(t, s)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	return stage
}
