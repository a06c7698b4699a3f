package kafka

import (
	"encoding/binary"
	"net"
	"sync"
	"sync/atomic"
)

// wire opens connections that break at a chosen request: before it is sent, or when its answer comes.
type wire struct {
	hit   atomic.Bool
	mu    sync.Mutex
	key   int16
	after bool
	left  int
}

// cut breaks the connection at the n-th request of this API key from now.
func (w *wire) cut(key int16, after bool, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.key, w.after, w.left = key, after, n
	w.hit.Store(false)
}

// due reports whether this request is the one.
func (w *wire) due(key int16) (now, later bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.left == 0 || key != w.key {
		return false, false
	}
	if w.left--; w.left > 0 {
		return false, false
	}
	w.hit.Store(true)
	return !w.after, w.after
}

func (w *wire) dial(network, address string) (net.Conn, error) {
	c, err := net.Dial(network, address)
	if err != nil {
		return nil, err
	}
	return &cutConn{Conn: c, wire: w}, nil
}

// cutConn sees requests as sarama writes them, each in one Write: size, API key, version, ...
type cutConn struct {
	net.Conn
	wire *wire
	deaf atomic.Bool
}

func (c *cutConn) Write(b []byte) (int, error) {
	if len(b) >= 6 {
		now, later := c.wire.due(int16(binary.BigEndian.Uint16(b[4:])))
		if now {
			c.Close()
			return 0, net.ErrClosed
		}
		if later {
			c.deaf.Store(true)
		}
	}
	return c.Conn.Write(b)
}

func (c *cutConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err == nil && c.deaf.Load() {
		c.Close()
		return 0, net.ErrClosed
	}
	return n, err
}
