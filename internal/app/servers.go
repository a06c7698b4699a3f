package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"
)

// Limits of the listeners. They are guards, not tuning: a client that needs more is no client of this.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 30 * time.Second
	idleTimeout       = 90 * time.Second
	maxHeaderBytes    = 32 << 10
	closeTimeout      = 10 * time.Second
)

// listen opens a TCP listener, and says what to do when the port is taken.
func listen(address, flag string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is taken by another program\n  stop it, or choose another address with --%s", address, flag)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("this user may not listen on %s\n  choose a port above 1023 with --%s", address, flag)
	}
	return nil, fmt.Errorf("listen on %s: %w\n  choose another address with --%s", address, err, flag)
}

// listenUnix opens a Unix socket that only its owner can use. A socket file that nobody serves any more
// is replaced.
func listenUnix(path string) (net.Listener, error) {
	if c, err := net.Dial("unix", path); err == nil {
		c.Close()
		return nil, fmt.Errorf("another program serves the socket %s\n  stop it, or choose another directory with --data", path)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("remove the left socket: %w", err)
	}
	old := syscall.Umask(0o177)
	defer syscall.Umask(old)
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen on the socket %s: %w\n  a socket's path has at most 107 bytes: choose a shorter --data", path, err)
	}
	return l, nil
}

// serve answers on the listener until ctx ends, then lets open requests finish.
func serve(ctx context.Context, l net.Listener, h http.Handler, configure func(*http.Server)) error {
	s := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		// The router answers OPTIONS * itself, with its Decision.
		DisableGeneralOptionsHandler: true,
	}
	if configure != nil {
		configure(s)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	if err := s.Shutdown(closing); err != nil {
		s.Close()
	}
	<-done
	return nil
}
