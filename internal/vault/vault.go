// Package vault keeps the keys of one Portage and does all that needs them: References, the HMAC of
// business keys, and sealing at rest. It knows nothing of records, routes or queues.
//
// All keys stand in one file, keys.json, mode 0600, made once. Whoever has the file and the data can
// read the data; whoever loses the file has lost every sealed byte and every Reference given out. A
// backup of the data without keys.json is worthless, and beside it is no protection: keep them apart.
//
// Each of the three keysets holds keys with ids. Rotate adds a key and makes it the primary one: what
// is made from then on is made with it, and what was made with older keys still opens. Nothing is ever
// deleted from the file here.
//
// No error of this package holds personal information, key material or ciphertext.
package vault

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// Set names one of the keysets.
type Set string

// The keysets.
const (
	// References make and open References: AES-SIV with 64-byte keys (RFC 5297), so that equal subjects
	// give equal References.
	References Set = "references"
	// MACs hide business keys for good: HMAC-SHA-256 with 32-byte keys (RFC 2104, FIPS 180-4).
	MACs Set = "macs"
	// Seals hide content at rest: AES-256-GCM with a nonce of 192 bits and a key derived for each value
	// (XAES-256-GCM, C2SP), so that random nonces never run out.
	Seals Set = "seals"
)

// sets is every keyset, in the order in which they are made.
var sets = [...]Set{References, MACs, Seals}

// ErrNotOurs says that a Reference or a sealed value was not made by this Portage for this place, or
// was changed since. Which of these it was stays unsaid.
var ErrNotOurs = errors.New("not made with the keys of this Portage, or changed since")

// Vault holds the keys. Safe for use by several goroutines. One process at a time may Rotate: the
// lock on the data folder sees to it.
type Vault struct {
	path string
	dice io.Reader
	made bool

	rotating sync.Mutex
	current  atomic.Pointer[keyring]
}

// Open reads DIR/keys.json, and makes it first if it is not there: the folder with mode 0700, the file
// with mode 0600, whole or not at all, on disk before Open returns. Several processes that open the
// same empty folder at once end up with the same keys. dice is where key material comes from; nil is
// crypto/rand.
//
// Open refuses a file that others than its owner can read or write, one of a newer version, and one that
// is damaged; the error says what to do.
func Open(dir string, dice io.Reader) (*Vault, error) {
	if dice == nil {
		dice = rand.Reader
	}
	v := &Vault{path: filepath.Join(dir, fileName), dice: dice}
	made, err := makeOnce(v.path, dice)
	if err != nil {
		return nil, err
	}
	v.made = made
	ring, err := readRing(v.path)
	if err != nil {
		return nil, err
	}
	v.current.Store(ring)
	return v, nil
}

// Made reports whether Open has just made the keys: the moment to say that they want a backup.
func (v *Vault) Made() bool { return v.made }

// Path is where the keys are kept.
func (v *Vault) Path() string { return v.path }

// Rotate adds a key to the set, makes it the primary one and returns its id, once it is on disk. After
// an error nothing has changed.
//
// Rotating References gives a known subject a new Reference from now on; old ones still open. Rotating
// Seals is harmless. Rotating MACs changes the HMAC of every key: look stored ones up by MACs, and
// expect clients without a pin to change their bucket, so rotate MACs only while a route's share is 0 or
// full.
func (v *Vault) Rotate(set Set) (id uint32, err error) {
	v.rotating.Lock()
	defer v.rotating.Unlock()
	old := v.current.Load()
	handles, id, err := old.withNewKey(set, v.dice)
	if err != nil {
		return 0, fmt.Errorf("rotate %s: %w", set, err)
	}
	ring, err := newRing(handles)
	if err != nil {
		return 0, fmt.Errorf("rotate %s: %w", set, err)
	}
	if err := replaceFile(v.path, handles); err != nil {
		return 0, fmt.Errorf("rotate %s: %w", set, err)
	}
	v.current.Store(ring)
	return id, nil
}

// KeyInfo tells of one key without showing it.
type KeyInfo struct {
	Set     Set
	ID      uint32
	Primary bool
}

// Keys lists every key, by set, oldest first.
func (v *Vault) Keys() []KeyInfo {
	var list []KeyInfo
	ring := v.current.Load()
	for _, set := range sets {
		for _, k := range ring.handles[set].KeysetInfo().GetKeyInfo() {
			list = append(list, KeyInfo{Set: set, ID: k.GetKeyId(), Primary: k.GetKeyId() == ring.handles[set].KeysetInfo().GetPrimaryKeyId()})
		}
	}
	return list
}
