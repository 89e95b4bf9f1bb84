package ctaphid

// ceremonyStack is how many bytes of stack a registration or a login takes with
// ECDSA, about: more than half of them the signature.
const ceremonyStack = 8 << 10

// reserveStack makes the stack of the goroutine large enough for a ceremony. That
// of a goroutine that is new, or has waited for long, is small: on the way to the
// signature it would be doubled three times, and each time all of it be moved.
// Here it is grown at once, while there is little in it. What does so is the size
// of this function's frame, before its first instruction; nothing ever uses it.
//
//go:noinline
func reserveStack(use bool) byte {
	if !use {
		return 0
	}
	var frame [ceremonyStack]byte
	for i := range frame {
		frame[i] = frame[i/2] + 1
	}
	return frame[len(frame)-1]
}
