package legacy

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"testing"
)

func TestTranscodeField(t *testing.T) {
	single := func(v float32) []byte { return binary.LittleEndian.AppendUint32(nil, math.Float32bits(v)) }
	double := func(v float64) []byte { return binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)) }
	for _, c := range []struct {
		name string
		kind byte
		in   []byte
		want string
	}{
		{"text with accents", Text, []byte("QU\xc9BEC \xc0"), "d8e471c2c5c34064"},
		{"unsigned", Zoned, []byte("1820"), "f1f8f2f0"},
		{"plus", SignedZoned, []byte("0001250"), "f0f0f0f1f2f5c0"},
		{"minus", SignedZoned, []byte("000125p"), "f0f0f0f1f2f5d0"},
		{"leading separate", LeadingSeparate, []byte("+1234"), "4ef1f2f3f4"},
		{"packed as it is", Packed, []byte{0x12, 0x3d}, "123d"},
		{"binary as it is", Binary, []byte{0x00, 0x6f}, "006f"},
		{"COMP-1", Single, single(-118.625), "c276a000"},
		{"COMP-1 one", Single, single(1), "41100000"},
		{"COMP-1 zero", Single, single(0), "00000000"},
		{"COMP-1 below a sixteenth", Single, single(0.03125), "3f800000"},
		{"COMP-2", Double, double(-118.625), "c276a00000000000"},
		{"COMP-2 of all bits", Double, double(1.026), "41106a7ef9db22d1"},
	} {
		dst := make([]byte, len(c.in))
		if err := transcodeField(dst, c.in, Field{Kind: c.kind}); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if got := hex.EncodeToString(dst); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestTranscodeRefuses(t *testing.T) {
	for name, f := range map[string]struct {
		kind byte
		in   []byte
	}{
		"a letter in a number":      {Zoned, []byte("12A")},
		"no sign that COBOL writes": {SignedZoned, []byte("12}")},
		"too many bits for COMP-1":  {Single, binary.LittleEndian.AppendUint32(nil, math.Float32bits(1.1))},
		"infinity":                  {Double, binary.LittleEndian.AppendUint64(nil, math.Float64bits(math.Inf(1)))},
		"unknown kind":              {'?', []byte{0}},
	} {
		if err := transcodeField(make([]byte, len(f.in)), f.in, Field{Kind: f.kind}); err == nil {
			t.Errorf("%s went through", name)
		}
	}
}

func TestJoinRefuses(t *testing.T) {
	line := "F 00000 00002 Z 000 PE-VERSION                000000000000000001.0000\n"
	for name, c := range map[string]struct{ report, stream string }{
		"a record too few":     {line + "R 1 2 X\n", ""},
		"a record too many":    {"", "\x00\x01\x00\x00A"},
		"another length":       {line + "R 1 2 X\n", "\x00\x03\x00\x00012"},
		"a record cut off":     {line + "R 1 2 X\n", "\x00\x02\x00\x000"},
		"a line of nonsense":   {"X\n", ""},
		"a field cut off":      {"F 00000 00002\n", ""},
		"a field beyond":       {"F 00001 00002 Z 000 PE-VERSION                000000000000000001.0000\nR 1 2 X\n", "\x00\x02\x00\x0001"},
		"fields of no record":  {line, ""},
		"records out of order": {line + "R 2 2 X\n", "\x00\x02\x00\x0001"},
	} {
		if _, err := join([]byte(c.report), []byte(c.stream)); err == nil {
			t.Errorf("%s went through", name)
		}
	}
	got, err := join([]byte(line+"R 1 2 X\n"), []byte("\x00\x02\x00\x0001"))
	if err != nil || len(got) != 1 || got[0].Layout != "X" || string(got[0].Bytes) != "\xf0\xf1" || got[0].Fields[0].Name != "PE-VERSION" {
		t.Errorf("%+v, %v", got, err)
	}
}
