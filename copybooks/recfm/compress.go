package recfm

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxZstdMemory bounds the window that a zstd frame may ask for: 128 MiB, what `zstd --long=27` needs.
const maxZstdMemory = 128 << 20

// unpack recognises packed input by its first bytes: gzip (RFC 1952, with method 8), bzip2 ("BZh" and a
// block size, then the block's magic number) and zstd (RFC 8878). closer frees the unpacker, never src.
func unpack(src io.Reader) (r io.Reader, packed string, closer func() error, err error) {
	br := bufio.NewReaderSize(src, 4096)
	head, _ := br.Peek(4) // an error shows up again on reading; no more, lest a live source be waited for
	if bytes.HasPrefix(head, []byte("BZh")) {
		head, _ = br.Peek(10)
	}
	nothing := func() error { return nil }
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b, 8}):
		z, err := gzip.NewReader(br)
		if err != nil {
			return nil, "", nil, fmt.Errorf("unpack gzip: %w", err)
		}
		return z, "gzip", z.Close, nil
	case len(head) == 10 && bytes.HasPrefix(head, []byte("BZh")) && bytes.Equal(head[4:], []byte{0x31, 0x41, 0x59, 0x26, 0x53, 0x59}):
		return bzip2.NewReader(br), "bzip2", nothing, nil
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(br, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxZstdMemory), zstd.WithDecoderMaxWindow(maxZstdMemory))
		if err != nil {
			return nil, "", nil, fmt.Errorf("unpack zstd: %w", err)
		}
		return z, "zstd", func() error { z.Close(); return nil }, nil
	}
	return br, "", nothing, nil
}
