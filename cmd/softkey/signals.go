package main

import (
	"context"
	"os/signal"
)

// stoppable returns a context that ends with parent, and by a signal to stop. A
// second signal ends the process.
//
// It is for when there is something to put away. Files of the user's are read before:
// one that blocks, such as a pipe that nobody writes to, does not heed a context, but
// what a signal does by default ends that as well.
func stoppable(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(parent, stopSignals()...)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}
