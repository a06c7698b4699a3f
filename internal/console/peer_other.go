//go:build !linux

package console

import "net"

// peerName: other systems are asked in other ways. The socket's mode lets only its owner in.
func peerName(net.Conn) (string, error) { return "socket owner", nil }
