package vault

import (
	"encoding/binary"
	"errors"
)

// Overhead is how many bytes Seal adds: Tink's prefix with the key's id (5), salt (12), nonce (12) and
// tag (16).
const Overhead = 45

// Sealer seals the content of one store. It always uses the vault's newest key, also after a Rotate.
// Safe for use by several goroutines.
type Sealer struct {
	vault *Vault
	store string
}

// Sealer returns the Sealer of a store, such as "queues" or "journal". What one store's Sealer has sealed
// no other store's opens.
func (v *Vault) Sealer(store string) *Sealer { return &Sealer{vault: v, store: store} }

// Seal hides plain and binds it to the store and to context, which says where it is kept (such as a
// queue's name and a row). The result is Overhead bytes longer, and differs each time.
func (s *Sealer) Seal(plain []byte, context string) ([]byte, error) {
	sealed, err := s.vault.current.Load().seals.Encrypt(plain, s.binding(context))
	if err != nil {
		return nil, errors.New("seal for " + s.store + ": the keys refuse")
	}
	return sealed, nil
}

// Open returns what was sealed under the same context. Every failure is ErrNotOurs.
func (s *Sealer) Open(sealed []byte, context string) ([]byte, error) {
	plain, err := s.vault.current.Load().seals.Decrypt(sealed, s.binding(context))
	if err != nil {
		return nil, ErrNotOurs
	}
	return plain, nil
}

// binding joins store and context so that no two pairs give the same bytes.
func (s *Sealer) binding(context string) []byte {
	b := make([]byte, 0, len("portage/seal/1")+4+len(s.store)+len(context))
	b = append(b, "portage/seal/1"...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(s.store)))
	b = append(b, s.store...)
	return append(b, context...)
}
