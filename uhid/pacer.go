package uhid

import "time"

// The pace of long messages. Hidraw keeps 64 unread reports: a reader that can
// take one each interval loses none unless it is kept from running for 64 - burst
// of them, which is 96 ms. Messages of up to 943 bytes fit the burst, and one of
// 7609 takes 226 ms. With half the interval, or twice the burst, readers that
// rest for a millisecond after each report lost some of them, on a machine with
// one processor.
const (
	burst    = 16                   // reports that go at once
	interval = 2 * time.Millisecond // from one to the next then
)

// pacer spreads the reports of long messages: a burst at once, and then one each
// interval.
type pacer struct {
	due time.Time // when the reports so far would have gone at the steady rate
}

// next counts one more report and returns how long it has to wait.
func (p *pacer) next(now time.Time) time.Duration {
	if p.due.Before(now) {
		p.due = now
	}
	p.due = p.due.Add(interval)
	return max(0, p.due.Sub(now)-burst*interval)
}
