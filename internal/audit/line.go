package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// zeroHash is the Prev of a chain's first entry.
var zeroHash = strings.Repeat("0", 2*sha256.Size)

// Every line ends in hashMember, 64 hexadecimal digits, lineEnd and a line feed. The hash is taken over
// the bytes before hashMember, just as they stand: no second form of an entry exists that could differ.
const (
	hashMember = `,"hash":"`
	lineEnd    = `"}`
	tailSize   = len(hashMember) + 2*sha256.Size + len(lineEnd)
)

// appendLine sets e.Hash and appends its line with the line feed.
func appendLine(dst []byte, e *Entry) ([]byte, error) {
	e.Hash = zeroHash
	text, err := json.Marshal(e)
	if err != nil {
		return dst, fmt.Errorf("write the entry as JSON: %w", err)
	}
	covered := text[:len(text)-tailSize]
	e.Hash = hashOf(covered)
	dst = append(dst, covered...)
	dst = append(dst, hashMember...)
	dst = append(dst, e.Hash...)
	return append(dst, lineEnd+"\n"...), nil
}

func hashOf(covered []byte) string {
	sum := sha256.Sum256(covered)
	return hex.EncodeToString(sum[:])
}

var errChanged = errors.New("its bytes are not those that were written")

// parseLine reads a line without its line feed. It takes only bytes that appendLine could have made.
func parseLine(line []byte) (Entry, error) {
	if len(line) < tailSize {
		return Entry{}, errChanged
	}
	covered, tail := line[:len(line)-tailSize], string(line[len(line)-tailSize:])
	hash, ok := strings.CutPrefix(tail, hashMember)
	if ok {
		hash, ok = strings.CutSuffix(hash, lineEnd)
	}
	if !ok || hash != hashOf(covered) {
		return Entry{}, errChanged
	}
	var e Entry
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil || d.InputOffset() != int64(len(line)) || e.Hash != hash {
		return Entry{}, errChanged
	}
	return e, nil
}

// Head names an entry by its place and hash. Kept outside the audit's folder, it tells Verify that the
// chain once reached this far.
type Head struct {
	Chain string `json:"chain"`
	Seq   uint64 `json:"seq"`
	Hash  string `json:"hash"`
}

// String is SEQ:HASH, which ParseHead reads.
func (h Head) String() string { return strconv.FormatUint(h.Seq, 10) + ":" + h.Hash }

// ParseHead reads SEQ:HASH.
func ParseHead(text string) (Head, error) {
	seq, hash, ok := strings.Cut(text, ":")
	n, err := strconv.ParseUint(seq, 10, 64)
	if raw, hexErr := hex.DecodeString(hash); !ok || err != nil || hexErr != nil || len(raw) != sha256.Size {
		return Head{}, errors.New("a head is written SEQ:HASH, a number and 64 hexadecimal digits")
	}
	return Head{Seq: n, Hash: strings.ToLower(hash)}, nil
}
