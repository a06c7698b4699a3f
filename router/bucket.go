package router

import (
	"crypto/sha256"
	"encoding/binary"
)

// Key identifies a client to the router: 16 bytes of the HMAC of its normalised business key. The
// router never sees the business key itself.
type Key = [16]byte

// Bucket returns the client's place from 0 to 9,999 in a route's order of moving: Modern serves it
// if its bucket lies below the share. It depends on its arguments only, so a client keeps its place
// for ever, on every replica. Another salt or group gives an independent order.
//
// The hash is SHA-256 over a seed made of salt and group, and the Key. FNV and CRC will not do: with
// salts they make cohorts that exclude each other.
func Bucket(salt, group string, key Key) int {
	s := seedOf(salt, group)
	return s.bucket(key)
}

// seed is salt and group, hashed with their lengths so that no two pairs run together.
type seed [sha256.Size]byte

func seedOf(salt, group string) seed {
	b := []byte("portage bucket 1")
	b = binary.AppendUvarint(b, uint64(len(salt)))
	b = append(b, salt...)
	b = binary.AppendUvarint(b, uint64(len(group)))
	b = append(b, group...)
	return sha256.Sum256(b)
}

func (s *seed) bucket(key Key) int {
	var b [sha256.Size + 16]byte
	copy(b[:], s[:])
	copy(b[sha256.Size:], key[:])
	sum := sha256.Sum256(b[:])
	return int(binary.BigEndian.Uint64(sum[:8]) % FullShare)
}
