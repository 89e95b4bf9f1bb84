package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync"
	"time"
)

func main() {
	length := flag.Duration("for", 10*time.Minute, "how long to go on; memory and threads are judged from 10m on")
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano()), "what the order of operations comes from")
	clients := flag.Int("clients", 8, "how many clients there are, on three transports")
	program := flag.String("program", "", "the softkey to test; empty: cmd/softkey is built")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fmt.Printf("soak: %v, %d clients, seed %d\n", *length, *clients, *seed)
	if err := run(ctx, *length, *seed, *clients, *program); err != nil {
		fmt.Fprintf(os.Stderr, "soak: %v\nsoak: hint: -seed %d gives each client the same order of operations\n", err, *seed)
		os.Exit(1)
	}
	fmt.Println("soak: passed")
}

// run does everything, in a folder that is gone afterwards.
func run(ctx context.Context, length time.Duration, seed uint64, clients int, program string) (err error) {
	dir, err := os.MkdirTemp("", "soak")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if program == "" {
		program = filepath.Join(dir, "softkey")
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, "./cmd/softkey").CombinedOutput(); err != nil {
			return fmt.Errorf("go build: %w\n%s", err, out)
		}
	}
	k, err := startKey(program, dir)
	if err != nil {
		return err
	}
	defer k.kill()
	s := newSoak(k)
	s.use(ctx, length, seed, clients)
	fmt.Print(s.figures.table())
	problems := append(s.figures.failures(), s.judge(length)...)
	if err := s.stopAndGoOn(ctx, program, dir); err != nil {
		problems = append(problems, err.Error())
	}
	return verdict(problems)
}

// soak is a key in use.
type soak struct {
	key     *key
	user    *user
	ledger  *ledger
	figures *figures
	samples []sample
	spare   *caller // for what is done between two samples

	// alone is held by whoever must have the key for itself, and shared by all
	// others while they have a connection.
	alone sync.RWMutex
}

func newSoak(k *key) *soak {
	s := &soak{key: k, user: newUser(k.control), ledger: newLedger(), figures: newFigures()}
	s.spare = s.caller(0, 0)
	return s
}

// caller returns the nth client.
func (s *soak) caller(seed uint64, n int) *caller {
	return &caller{soak: s, rand: rand.New(rand.NewPCG(seed, uint64(n))), transport: s.key.transports[n%len(s.key.transports)]}
}

// use lets clients use the key for so long, and takes samples meanwhile.
func (s *soak) use(ctx context.Context, length time.Duration, seed uint64, clients int) {
	ctx, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	began := time.Now()
	fmt.Println(sampleHeader)
	s.take(began)
	var using sync.WaitGroup
	for n := range clients {
		c := s.caller(seed, n)
		using.Go(func() {
			for ctx.Err() == nil {
				c.session()
			}
		})
	}
	for _, wait := range schedule(length) {
		select {
		case <-time.After(time.Until(began.Add(wait))):
			s.take(began)
		case <-ctx.Done():
		}
	}
	using.Wait()
	s.complete()
	s.take(began)
}

// complete does what chance has left out.
func (s *soak) complete() {
	s.alone.Lock()
	defer s.alone.Unlock()
	defer s.spare.hangUp()
	for _, op := range operations {
		if !s.figures.has(op.name) {
			s.spare.do(op)
		}
	}
}

// schedule returns when samples are taken: once when all is warm, and then each
// minute, or six times in a short run.
func schedule(length time.Duration) (at []time.Duration) {
	step := min(time.Minute, length/6)
	for t := step; t < length; t += step {
		at = append(at, t)
	}
	return at
}

// stopAndGoOn ends the program in good order, and starts it again: it must open
// its store, and its counter must not fall.
func (s *soak) stopAndGoOn(ctx context.Context, program, dir string) error {
	if err := s.key.stop(); err != nil {
		return fmt.Errorf("after SIGTERM: %w", err)
	}
	again, err := startKey(program, dir)
	if err != nil {
		return fmt.Errorf("started again: %w", err)
	}
	defer again.kill()
	s.key, s.user = again, newUser(again.control)
	c := s.caller(0, 0)
	defer c.hangUp()
	c.last = s.ledger.highest()
	if err := c.once(ctx, operationNamed("getAssertion")); err != nil {
		return fmt.Errorf("signing after a restart: %w", err)
	}
	return again.stop()
}
