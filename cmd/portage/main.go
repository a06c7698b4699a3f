// Command portage carries benefit delivery from a mainframe to new services, one operation at a time.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() { os.Exit(portage()) }

// portage runs the command line and returns the exit code.
func portage() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	root, out := newRoot(), &standardOutput{w: os.Stdout}
	root.SetOut(out)
	cmd, err := root.ExecuteContextC(ctx)
	return report(cmd, out.result(cmd, err))
}
