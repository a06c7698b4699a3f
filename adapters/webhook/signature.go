package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// The headers of Standard Webhooks 1.0.0, in the form that http.Header keeps.
const (
	HeaderID        = "Webhook-Id"
	HeaderTimestamp = "Webhook-Timestamp"
	HeaderSignature = "Webhook-Signature"
	// HeaderIdempotency holds the id in quotes (IETF draft-ietf-httpapi-idempotency-key-header).
	HeaderIdempotency = "Idempotency-Key"
)

// Bounds of a key in bytes (Standard Webhooks 1.0.0, "Signature scheme").
const (
	minKey = 24
	maxKey = 64
)

const keyPrefix = "whsec_"

// ParseKey reads a signing key: "whsec_" and base64, of 24 to 64 bytes. The error does not show it.
func ParseKey(s string) ([]byte, error) {
	text, ok := strings.CutPrefix(strings.TrimSpace(s), keyPrefix)
	key, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || len(key) < minKey || len(key) > maxKey {
		return nil, fmt.Errorf("a signing key is %s and %d to %d bytes in base64", keyPrefix, minKey, maxKey)
	}
	return key, nil
}

// readKeys reads the key files.
func readKeys(files []string) ([][]byte, error) {
	keys := make([][]byte, len(files))
	for i, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("signing key: %w", err)
		}
		if keys[i], err = ParseKey(string(b)); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return keys, nil
}

// sign returns the signature header of one attempt: one signature for each key.
func sign(keys [][]byte, id, timestamp string, body []byte) string {
	list := make([]string, len(keys))
	for i, key := range keys {
		list[i] = "v1," + base64.StdEncoding.EncodeToString(mac(key, id, timestamp, body))
	}
	return strings.Join(list, " ")
}

func mac(key []byte, id, timestamp string, body []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(id + "." + timestamp + "."))
	h.Write(body)
	return h.Sum(nil)
}

// ErrSignature says that a delivery is not from who holds the key, or too old. Test it with errors.Is.
var ErrSignature = errors.New("webhook signature")

// Verify is the subscriber's side: it holds a delivery to the keys, any of which will do, and its timestamp to
// now, give or take tolerance (5 minutes is usual). Nil: the body is the sender's, and whole.
func Verify(h http.Header, body []byte, keys [][]byte, now time.Time, tolerance time.Duration) error {
	id, timestamp := h.Get(HeaderID), h.Get(HeaderTimestamp)
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if id == "" || err != nil {
		return fmt.Errorf("%w: the id or the timestamp is missing", ErrSignature)
	}
	if apart := now.Sub(time.Unix(seconds, 0)).Abs(); apart > tolerance {
		return fmt.Errorf("%w: the timestamp is %s from now", ErrSignature, apart)
	}
	for one := range strings.FieldsSeq(h.Get(HeaderSignature)) {
		text, ok := strings.CutPrefix(one, "v1,")
		given, err := base64.StdEncoding.DecodeString(text)
		if !ok || err != nil {
			continue
		}
		for _, key := range keys {
			if hmac.Equal(given, mac(key, id, timestamp, body)) {
				return nil
			}
		}
	}
	return fmt.Errorf("%w: none of the signatures is by a known key", ErrSignature)
}
