package e2e

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/portage-gateway/portage/copybooks/benefits"
	"github.com/portage-gateway/portage/internal/demo"
)

// canaries are the SINs that are sent through every path and must be found nowhere after.
const canaries = 1000

// canary is the n-th canary's number for demo.SIN and demo.Payment.
func canary(n int) int { return (3_141_593 + n*7_919) % 10_000_000 }

// forms are the ways in which a SIN could leave: as text, grouped, wide, in EBCDIC, packed, and in hex
// or base64 of these.
func forms(sin string) map[string]string {
	wide := func(order func(uint16) [2]byte) string {
		var b strings.Builder
		for _, u := range utf16.Encode([]rune(sin)) {
			p := order(u)
			b.Write(p[:])
		}
		return b.String()
	}
	ebcdic := make([]byte, 9)
	for i := range ebcdic {
		ebcdic[i] = 0xF0 | sin[i]&0x0F
	}
	packed, _ := hex.DecodeString(sin + "c")
	overpunched := append([]byte(nil), ebcdic...)
	overpunched[8] = 0xC0 | sin[8]&0x0F
	out := map[string]string{
		"text": sin, "spaced": sin[:3] + " " + sin[3:6] + " " + sin[6:], "dashed": sin[:3] + "-" + sin[3:6] + "-" + sin[6:],
		"utf-16le":   wide(func(u uint16) [2]byte { return [2]byte{byte(u), byte(u >> 8)} }),
		"utf-16be":   wide(func(u uint16) [2]byte { return [2]byte{byte(u >> 8), byte(u)} }),
		"ebcdic":     string(ebcdic),
		"zoned":      string(overpunched),
		"packed":     string(packed),
		"hex":        hex.EncodeToString([]byte(sin)),
		"ebcdic hex": hex.EncodeToString(ebcdic),
	}
	for shift := range 3 { // base64 of the SIN inside a longer text, at each alignment
		coded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + sin))
		out["base64/"+strconv.Itoa(shift)] = coded[(shift*8+5)/6 : (shift+9)*8/6]
	}
	return out
}

// finder looks for every form of every canary at once.
type finder map[int]map[string]string // by length: text to form

func newFinder() finder {
	f := finder{}
	for n := range canaries {
		for form, text := range forms(demo.SIN(canary(n))) {
			if f[len(text)] == nil {
				f[len(text)] = map[string]string{}
			}
			f[len(text)][text] = form
		}
	}
	return f
}

// find returns the form of the first canary in the text, or "".
func (f finder) find(text string) (form string, offset int) {
	for length, set := range f {
		for i := 0; i+length <= len(text); i++ {
			if form, ok := set[text[i:i+length]]; ok {
				return form, i
			}
		}
	}
	return "", -1
}

func TestFinderSeesEachForm(t *testing.T) {
	f := newFinder()
	for form, text := range forms(demo.SIN(canary(17))) {
		if got, _ := f.find("before " + text + " after"); got == "" {
			t.Errorf("a SIN as %s is not seen", form)
		}
	}
	coded := base64.StdEncoding.EncodeToString([]byte("any text around " + demo.SIN(canary(5)) + " and after"))
	if got, _ := f.find(coded); got == "" {
		t.Error("a SIN inside base64 is not seen")
	}
	if got, _ := f.find(strings.Repeat("nothing here 0123456789 ", 50)); got != "" {
		t.Errorf("a %s is seen where none is", got)
	}
}

// TestCanarySINsAreFoundNowhere sends 1,000 SINs through success, poison and refusal, and looks for them in
// everything that Portage wrote, answered or stored.
func TestCanarySINsAreFoundNowhere(t *testing.T) {
	modern := &demo.Modern{}
	y := newYard(t, startModern(t, modern), 5000)
	modern.Open = y.vault.OpenReference
	ctx, stop := context.WithTimeout(t.Context(), 2*patience)
	defer stop()
	var wg sync.WaitGroup
	legacy, stopLegacy := context.WithCancel(ctx)
	y.legacy(legacy, &wg)

	said := &saying{t: t}
	y.sendCanaries(ctx, said)
	eventually(t, "the bridge had settled every canary", func() bool {
		return len(y.events())+y.deadLetters() >= canaries
	})
	if dead := y.deadLetters(); dead < canaries/4 {
		t.Errorf("%d dead letters, and every fourth message was poison", dead)
	}
	for _, path := range []string{"/", "/?lang=fr", "/metrics", "/readyz", "/livez"} {
		said.get("http://" + y.control + path)
	}
	said.get("http://" + y.traffic + "/v1/events?limit=1000")
	for _, args := range [][]string{
		{"routes", "--json"}, {"audit", "--json"}, {"verify"},
		{"share", "ei-claim-status", "40%", "--reason", "canaries"}, {"rollback", "ei-claim-status", "--reason", "canaries"},
	} {
		said.run(append(args, "--data", y.file("portage"))...)
	}
	said.run("queue", "browse", "CPP.PAY.EVENT.DLQ", "--socket", y.socket, "--json")
	stopLegacy()
	wg.Wait()
	y.portage.stop()
	y.manager.stop()
	said.add("portage stdout", y.portage.out.String())
	said.add("portage log", y.portage.errs.String())
	said.add("queue manager log", y.manager.out.String()+y.manager.errs.String())
	said.addFiles(y.file("portage"))
	said.addFiles(y.file("queues"))

	f := newFinder()
	for name, text := range said.text {
		if form, at := f.find(text); form != "" {
			t.Errorf("%s holds a SIN (%s) at byte %d", name, form, at)
		}
	}
	t.Logf("looked through %d texts and files, %d bytes", len(said.text), said.size())
}

// sendCanaries sends each canary as a payment message, every fourth of them poison, as an inquiry, and in
// requests that are refused.
func (y *yard) sendCanaries(ctx context.Context, said *saying) {
	y.t.Helper()
	view, err := benefits.View("CPPPAYEV")
	if err != nil {
		y.t.Fatal(err)
	}
	for n := range canaries {
		number := canary(n)
		record, err := demo.Payment(view, int64(number), time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC))
		if err != nil {
			y.t.Fatal(err)
		}
		if n%4 == 0 {
			demo.Spoil(record)
		}
		if err := y.put(ctx, record); err != nil {
			y.t.Fatal(err)
		}
	}
	for n := range canaries {
		sin := demo.SIN(canary(n))
		claim := []string{"11", "19", "99000001", "99500001"}[n%4] // found, not found, two system errors
		reference, err := y.vault.Reference("ei", sin, claim)
		if err != nil {
			y.t.Fatal(err)
		}
		base := "http://" + y.traffic
		said.get(base + "/v1/ei/claims/" + reference)
		switch n % 5 {
		case 0:
			said.get(base + "/v1/ei/claims/" + sin)
		case 1:
			said.get(base + "/v1/nowhere/" + sin + "?sin=" + sin)
		case 2:
			said.get(base + "/v1/ei/claims/" + reference[:len(reference)-3] + "?a=1;sin=" + sin)
		case 3:
			said.get(base+"/v1/ei/claims/"+reference, "Portage-Shadow", sin, "X-Correlation-Id", "c-"+strconv.Itoa(n))
		case 4:
			said.get(base + "/v1/events?after=" + sin)
		}
	}
}

// deadLetters counts what lies on the dead letter queue.
func (y *yard) deadLetters() int {
	y.t.Helper()
	conn, err := y.dial()(y.t.Context())
	if err != nil {
		y.t.Fatal(err)
	}
	defer conn.Close()
	a, err := conn.Inquire(y.t.Context(), "CPP.PAY.EVENT.DLQ")
	if err != nil {
		y.t.Fatal(err)
	}
	return a.Depth
}

// startModern serves the sample Modern service until the test ends.
func startModern(t *testing.T, m *demo.Modern) string {
	t.Helper()
	if err := m.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Kill)
	return m.URL()
}

// saying keeps all that Portage said, by where it said it.
type saying struct {
	t    *testing.T
	text map[string]string
}

func (s *saying) add(name, text string) {
	if s.text == nil {
		s.text = map[string]string{}
	}
	s.text[name] += text
}

func (s *saying) size() (n int) {
	for _, text := range s.text {
		n += len(text)
	}
	return n
}

func (s *saying) get(url string, headers ...string) {
	s.t.Helper()
	q, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		q.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultTransport.RoundTrip(q)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	var b strings.Builder
	response.Header.Write(&b)
	if _, err := io.Copy(&b, response.Body); err != nil {
		s.t.Fatal(err)
	}
	s.add("answers to "+q.URL.Host, b.String())
}

func (s *saying) run(args ...string) {
	s.t.Helper()
	stdout, stderr, _ := run(s.t, args...)
	s.add("portage "+args[0], stdout+stderr)
}

// addFiles adds every file below a directory.
func (s *saying) addFiles(dir string) {
	s.t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		s.add(path, string(text))
		files++
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	if files < 2 {
		s.t.Fatalf("%s holds %d files: nothing was looked at", dir, files)
	}
}
