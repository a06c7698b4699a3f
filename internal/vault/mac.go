package vault

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
)

// MAC returns the first 16 bytes of HMAC-SHA-256 over purpose and data, with the primary key of MACs.
// The purpose is bound with its length, so that a value made for one purpose says nothing about any
// other ("route-key", "event-key", "mask"). Nobody without the keys can tell which data a MAC stands
// for, not even by trying every SIN.
func (v *Vault) MAC(purpose string, data []byte) [16]byte {
	return computeMAC(v.current.Load().macs[0], purpose, data)
}

// MACs returns what MAC gives now, then what it gave under each earlier key, newest first. Look up by all
// of them whatever was stored under a MAC before a Rotate.
func (v *Vault) MACs(purpose string, data []byte) [][16]byte {
	keys := v.current.Load().macs
	all := make([][16]byte, len(keys))
	for i, k := range keys {
		all[i] = computeMAC(k, purpose, data)
	}
	return all
}

func computeMAC(key []byte, purpose string, data []byte) (sum [macSize]byte) {
	h := hmac.New(sha256.New, key)
	var length [4]byte
	binary.BigEndian.PutUint32(length[:], uint32(len(purpose)))
	h.Write(length[:])
	h.Write([]byte(purpose))
	h.Write(data)
	var full [sha256.Size]byte
	copy(sum[:], h.Sum(full[:0]))
	return sum
}
