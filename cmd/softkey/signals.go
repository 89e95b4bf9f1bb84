package main

import (
	"context"
	"os/signal"
)

// stoppable returns a context that ends by a signal to stop. A second signal
// ends the process.
func stoppable() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), stopSignals()...)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}
