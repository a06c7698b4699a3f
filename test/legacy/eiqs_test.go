package legacy

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"os/exec"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"github.com/portage-gateway/portage/internal/demo/eiqs"
)

// request returns an area that asks for a claim.
func request(function, version, sin string, claim uint32) []byte {
	area := make([]byte, eiqs.Size)
	text := function + version + "F" + "\x00\x00" + "        " + "CORRELATION TOKEN 000001" + "PORTAGE " + "BENE" + sin
	for i, r := range text {
		area[i], _ = charmap.CodePage037.EncodeRune(r)
	}
	binary.BigEndian.PutUint32(area[62:], claim)
	return area
}

// areas are requests of every kind, and areas that are none.
func areas() [][]byte {
	sins := []string{"046454286", "010000016", "012345674", "023456783", "055500011", "099999997"}
	out := [][]byte{
		request("PING", "01", sins[0], 0), request("PING", "02", "xxxxxxxxx", 1<<32-1), request("PING", "03", sins[0], 0),
		request("inqs", "01", sins[0], 0), request("    ", "01", sins[0], 0),
		request("INQS", "  ", sins[0], 0), request("INQS", "00", sins[0], 0),
		request("INQS", "01", "000000000", 0), request("INQS", "01", "046454287", 0), request("INQS", "01", "04645428 ", 0),
		request("INQS", "01", "046454287", 1<<32-1), request("INQS", "01", "-46454286", 0),
		request("INQS", "01", sins[0], 98999999), request("INQS", "01", sins[0], 99000000), request("INQS", "01", sins[0], 99499999),
		request("INQS", "01", sins[0], 99500000), request("INQS", "01", sins[0], 99999999), request("INQS", "01", sins[0], 100000000),
		request("INQP", "02", sins[0], 1<<31),
		make([]byte, eiqs.Size), bytes.Repeat([]byte{0x40}, eiqs.Size), bytes.Repeat([]byte{0xff}, eiqs.Size),
	}
	dice := rand.New(rand.NewPCG(20260128, 1))
	for i := range 2000 {
		out = append(out, request("INQS", "01", sins[i%len(sins)], dice.Uint32N(99000000)))
	}
	for range 400 { // a good request with bytes of noise in it
		area := request("INQP", "02", sins[dice.IntN(len(sins))], dice.Uint32N(1000))
		for range 1 + dice.IntN(3) {
			area[dice.IntN(eiqs.Size)%80] = byte(dice.Uint32())
		}
		out = append(out, area)
	}
	for range 200 {
		area := make([]byte, eiqs.Size)
		for i := range area {
			area[i] = byte(dice.Uint32())
		}
		out = append(out, area)
	}
	return out
}

// COBOL and Go give the same bytes, whatever they are asked.
func TestTwins(t *testing.T) {
	program := Build(t, EIQS).Path(EIQS)
	asked := areas()
	cmd := exec.Command(program)
	cmd.Stdin = bytes.NewReader(bytes.Join(asked, nil))
	answered, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if len(answered) != len(asked)*eiqs.Size {
		t.Fatalf("%d bytes for %d areas", len(answered), len(asked))
	}
	codes, differ := map[uint16]int{}, 0
	for i, area := range asked {
		cobol := answered[i*eiqs.Size : (i+1)*eiqs.Size]
		twin := eiqs.Answer(area)
		codes[binary.BigEndian.Uint16(cobol[7:])]++
		if !bytes.Equal(cobol, twin) && differ < 5 {
			differ++
			at := 0
			for cobol[at] == twin[at] {
				at++
			}
			t.Errorf("area %d: the answers differ at byte %d: COBOL %x, Go %x", i, at, cobol[at:at+8], twin[at:at+8])
		}
	}
	for _, code := range []uint16{0, 4, 8, 12, 16} {
		if codes[code] == 0 {
			t.Errorf("no area was answered by return code %d", code)
		}
	}
	t.Logf("%d areas, by return code: %v", len(asked), codes)
}

// A host keeps EIQS running: each answer comes before the next request is sent.
func TestFilterAnswersAtOnce(t *testing.T) {
	cmd := exec.Command(Build(t, EIQS).Path(EIQS))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for i := range uint32(20) {
		area := request("INQS", "01", "046454286", i)
		for _, part := range [][]byte{area[:100], area[100:]} { // in two pieces, as a pipe may deliver them
			if _, err := in.Write(part); err != nil {
				t.Fatal(err)
			}
		}
		answer := make([]byte, eiqs.Size)
		if _, err := io.ReadFull(out, answer); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(answer, eiqs.Answer(area)) {
			t.Errorf("answer %d differs", i)
		}
	}
	if _, err := in.Write(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	in.Close()
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != 8 {
		t.Errorf("an area cut off ended with %v, want exit code 8", err)
	}
}
