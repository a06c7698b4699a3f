package recfm_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/portage-gateway/portage/copybooks/recfm"
)

// packBzip2 is the bzip2 form of the V stream of records C1 and C2C3 (Go has no bzip2 writer).
const packBzip2 = "QlpoOTFBWSZTWcvNVNwAAAFABEMAOAAgACGADAE9aDuLuSKcKEhl5qpuAA=="

func TestPackedInput(t *testing.T) {
	stream := unhex(t, "00050000c1 00060000c2c3")
	var gz, zs bytes.Buffer
	g := gzip.NewWriter(&gz)
	z, err := zstd.NewWriter(&zs)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []io.WriteCloser{g, z} {
		if _, err := w.Write(stream); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	bz, err := base64.StdEncoding.DecodeString(packBzip2)
	if err != nil {
		t.Fatal(err)
	}
	for name, packed := range map[string][]byte{"": stream, "gzip": gz.Bytes(), "zstd": zs.Bytes(), "bzip2": bz} {
		r, err := recfm.NewReader(bytes.NewReader(packed), recfm.Format{Recfm: recfm.Auto})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if r.Packed() != name {
			t.Errorf("packed %q, want %q", r.Packed(), name)
		}
		n := 0
		for _, err := range r.Records() {
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			n++
		}
		if n != 2 {
			t.Errorf("%s: %d records", name, n)
		}
		if err := r.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	cut := gz.Bytes()[:gz.Len()-9]
	if _, err := readAll(bytes.NewReader(cut), recfm.Format{Recfm: recfm.V}); err == nil {
		t.Error("a cut gzip stream went through")
	}
}
