package leak

import (
	"testing"
	"testing/synctest"
)

func TestSettled(t *testing.T) {
	tests := []struct {
		name   string
		counts []Count // the last one stays
		want   Count
	}{
		{"at once", []Count{{3, 9, 500}, {3, 9, 400}, {2, 9, 300}}, Count{3, 9, 400}},
		{"goroutines that end", []Count{{5, 9, 500}, {4, 9, 500}, {3, 9, 400}, {3, 9, 450}}, Count{3, 9, 400}},
		{"a file that is closed", []Count{{3, 10, 500}, {3, 9, 500}}, Count{3, 9, 500}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				taken := 0
				got := settled(func() Count {
					taken++
					return tt.counts[min(taken, len(tt.counts))-1]
				})
				if got != tt.want {
					t.Errorf("got %+v, want %+v", got, tt.want)
				}
			})
		})
	}
}

// What never comes to rest is counted all the same.
func TestSettledOfUnrest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		taken := 0
		got := settled(func() Count {
			taken++
			return Count{Goroutines: 10 + taken%2}
		})
		if got.Goroutines != 10 {
			t.Errorf("%d goroutines, want the smaller number, 10", got.Goroutines)
		}
	})
}
