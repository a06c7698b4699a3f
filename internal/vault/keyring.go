package vault

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/xaesgcm"
	"github.com/tink-crypto/tink-go/v2/daead"
	"github.com/tink-crypto/tink-go/v2/daead/aessiv"
	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/key"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/mac/hmac"
	"github.com/tink-crypto/tink-go/v2/secretdata"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Key sizes in bytes. AES-SIV takes two AES-256 keys (RFC 5297 §2.2).
const (
	sivKeySize  = 64
	hmacKeySize = 32
	gcmKeySize  = 32
	// gcmSaltSize of 12 is what XAES-256-GCM specifies (C2SP XAES-256-GCM).
	gcmSaltSize = 12
	macSize     = 16
)

// keyring is the keys of one moment, ready to use. Immutable.
type keyring struct {
	handles    map[Set]*keyset.Handle
	references tink.DeterministicAEAD
	seals      tink.AEAD
	// macs holds the HMAC keys, the primary one first, then the others from new to old.
	macs [][]byte
}

func newRing(handles map[Set]*keyset.Handle) (*keyring, error) {
	r := &keyring{handles: handles}
	var err error
	if r.references, err = daead.New(handles[References]); err != nil {
		return nil, errors.New("the references keyset does not hold AES-SIV keys")
	}
	if r.seals, err = aead.New(handles[Seals]); err != nil {
		return nil, errors.New("the seals keyset does not hold AEAD keys")
	}
	h := handles[MACs]
	for i := h.Len() - 1; i >= 0; i-- {
		entry, err := h.Entry(i)
		if err != nil {
			return nil, errors.New("the macs keyset cannot be read")
		}
		k, ok := entry.Key().(*hmac.Key)
		if !ok {
			return nil, errors.New("the macs keyset does not hold HMAC keys")
		}
		secret := k.KeyBytes().Data(insecuresecretdataaccess.Token{})
		if entry.IsPrimary() {
			r.macs = append([][]byte{secret}, r.macs...)
		} else {
			r.macs = append(r.macs, secret)
		}
	}
	return r, nil
}

// freshHandles makes every keyset, with one key each.
func freshHandles(dice io.Reader) (map[Set]*keyset.Handle, error) {
	handles := map[Set]*keyset.Handle{}
	for _, set := range sets {
		h, _, err := addKey(keyset.NewManager(), set, dice)
		if err != nil {
			return nil, fmt.Errorf("make the %s keyset: %w", set, err)
		}
		handles[set] = h
	}
	return handles, nil
}

// withNewKey returns the handles with one more, primary key in set.
func (r *keyring) withNewKey(set Set, dice io.Reader) (map[Set]*keyset.Handle, uint32, error) {
	old, ok := r.handles[set]
	if !ok {
		return nil, 0, fmt.Errorf("no such keyset; there are %q", sets)
	}
	h, id, err := addKey(keyset.NewManagerFromHandle(old), set, dice)
	if err != nil {
		return nil, 0, err
	}
	handles := map[Set]*keyset.Handle{set: h}
	for other, kept := range r.handles {
		if other != set {
			handles[other] = kept
		}
	}
	return handles, id, nil
}

// addKey adds a primary key of the set's kind, its id and its bytes from dice.
func addKey(m *keyset.Manager, set Set, dice io.Reader) (*keyset.Handle, uint32, error) {
	// An id that is taken is as likely as 2^-32 for each key: a few throws are plenty.
	for range 8 {
		var idBytes [4]byte
		if _, err := io.ReadFull(dice, idBytes[:]); err != nil {
			return nil, 0, fmt.Errorf("read random bytes: %w", err)
		}
		id := binary.BigEndian.Uint32(idBytes[:])
		if id == 0 {
			continue
		}
		k, err := newKey(set, id, dice)
		if err != nil {
			return nil, 0, err
		}
		if _, err := m.AddKey(k); err != nil {
			continue
		}
		if err := m.SetPrimary(id); err != nil {
			return nil, 0, err
		}
		h, err := m.Handle()
		return h, id, err
	}
	return nil, 0, errors.New("the random source repeats itself")
}

func newKey(set Set, id uint32, dice io.Reader) (key.Key, error) {
	switch set {
	case References:
		secret, err := randomSecret(dice, sivKeySize)
		if err != nil {
			return nil, err
		}
		p, err := aessiv.NewParameters(sivKeySize, aessiv.VariantTink)
		if err != nil {
			return nil, err
		}
		return aessiv.NewKey(secret, id, p)
	case MACs:
		secret, err := randomSecret(dice, hmacKeySize)
		if err != nil {
			return nil, err
		}
		p, err := hmac.NewParameters(hmac.ParametersOpts{
			KeySizeInBytes: hmacKeySize, TagSizeInBytes: macSize, HashType: hmac.SHA256, Variant: hmac.VariantTink,
		})
		if err != nil {
			return nil, err
		}
		return hmac.NewKey(secret, p, id)
	default:
		secret, err := randomSecret(dice, gcmKeySize)
		if err != nil {
			return nil, err
		}
		p, err := xaesgcm.NewParameters(xaesgcm.VariantTink, gcmSaltSize)
		if err != nil {
			return nil, err
		}
		return xaesgcm.NewKey(secret, id, p)
	}
}

func randomSecret(dice io.Reader, size int) (secretdata.Bytes, error) {
	b := make([]byte, size)
	if _, err := io.ReadFull(dice, b); err != nil {
		return secretdata.Bytes{}, fmt.Errorf("read random bytes: %w", err)
	}
	return secretdata.NewBytesFromData(b, insecuresecretdataaccess.Token{}), nil
}
