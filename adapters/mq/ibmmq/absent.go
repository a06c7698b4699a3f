//go:build !ibmmq

package ibmmq

import (
	"errors"

	"github.com/portage-gateway/portage/adapters/mq"
)

// ErrAbsent says that this program was built without IBM's client.
var ErrAbsent = errors.New("ibmmq: this program was built without IBM MQ's client: build it with -tags ibmmq (docs/ibm-mq.md)")

// Dial checks c and returns ErrAbsent: this build has no client. With the tag ibmmq it returns how to connect.
func Dial(c Config) (mq.Dial, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	return nil, ErrAbsent
}
