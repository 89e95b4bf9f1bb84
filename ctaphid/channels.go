package ctaphid

// channels allocates channel IDs and knows which may be used (§11.2.3).
type channels struct {
	allocated uint64
	strict    bool // refuse those that were never allocated
}

// The nth channel allocated has the ID n·channelStep mod 2³². As the step is
// odd, 2³² channels go by before one comes again; as it is large, a host that
// counts its ID up or down does not meet its neighbour. No table is kept: the
// inverse of the step finds n again.
const (
	channelStep        uint32 = 0x9E3779B9
	channelStepInverse uint32 = 0x144CBC89
)

// allocate returns the ID of a new channel.
func (c *channels) allocate() uint32 {
	for {
		c.allocated++
		if id := uint32(c.allocated) * channelStep; id != 0 && id != Broadcast {
			return id
		}
	}
}

// usable tells whether messages may come on the channel. Unless strict, all but
// channel 0 may: platforms and the U2F test suite use IDs that they were not
// given.
func (c *channels) usable(id uint32) bool {
	if id == 0 || id == Broadcast || !c.strict {
		return id != 0
	}
	return uint64(id*channelStepInverse) <= c.allocated
}
