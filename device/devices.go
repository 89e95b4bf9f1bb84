package device

import (
	"errors"
	"sync"
	"sync/atomic"
)

// Devices opens or makes the devices of this model with these names, on all
// processors. What each is made of besides its model is what config returns for
// its name; that is called from several goroutines. If one cannot be opened, none
// is left open.
func (m *Model) Devices(names []string, config func(name string) Config) ([]*Device, error) {
	devices := make([]*Device, len(names))
	err := together(len(names), func(i int) (err error) {
		devices[i], err = m.Device(names[i], config(names[i]))
		return err
	})
	if err != nil {
		return nil, errors.Join(err, closeAll(devices))
	}
	return devices, nil
}

// atOnce is how many calls [together] has running: devices that are new wait for
// the disk, and those that wait together share a commit.
const atOnce = 256

// together calls do for each number below n, until one call fails. It returns the
// first error.
func together(n int, do func(i int) error) (first error) {
	var next atomic.Int64
	var once sync.Once
	var running sync.WaitGroup
	for range min(atOnce, n) {
		running.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				if err := do(int(i)); err != nil {
					once.Do(func() { first = err })
					next.Store(int64(n))
				}
			}
		})
	}
	running.Wait()
	return first
}

// closeAll closes the devices of a list that are open.
func closeAll(devices []*Device) (err error) {
	for _, d := range devices {
		if d != nil {
			err = errors.Join(err, d.Close())
		}
	}
	return err
}
