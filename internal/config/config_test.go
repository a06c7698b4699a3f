package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/portage-gateway/portage/router"
)

const whole = `
data: /var/lib/portage
exchanges:
  - name: ei-status
    copybook: builtin:EICLMSTA
    request: EI.STATUS.REQ
    reply: EI.STATUS.RPL
routes:
  - name: ei-claim-status
    path: /v1/ei/claims/{claimRef}
    reference: claimRef
    stage: beta
    share: 3000
    modernTimeout: 1500ms
    legacy: {exchange: ei-status}
    modern: {url: "https://modern.example:8443/base"}
bridges:
  - {name: cpp, queue: Q, deadLetters: D, copybook: builtin:CPPPAYEV, batch: 20}
`

func TestSettingsLandInTheirRooms(t *testing.T) {
	c, err := Parse("p.yaml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	r := c.Routes[0]
	if r.Name != "ei-claim-status" || r.Share != 3000 || r.Stage != router.Beta || r.ModernTimeout != 1500*time.Millisecond || r.Reference != "claimRef" {
		t.Errorf("the route is %+v", r)
	}
	if c.Traffic.Listen != "127.0.0.1:8080" || c.Control.Listen != "127.0.0.1:9080" {
		t.Errorf("the listeners are %q and %q: loopback is the default", c.Traffic.Listen, c.Control.Listen)
	}
	if c.Data != "/var/lib/portage" || c.Bridges[0].Batch != 20 || c.Exchanges[0].Request != "EI.STATUS.REQ" {
		t.Errorf("the configuration is %+v", c)
	}
}

// TestFaultsHaveTheirPlace holds line and column of each fault, counted from 1.
func TestFaultsHaveTheirPlace(t *testing.T) {
	for _, c := range []struct {
		name, from, to string
		line, column   int
		message, hint  string
	}{
		{"unknown setting at the top", "data: /var", "dato: /var", 2, 1, `there is no setting "dato"`, `did you mean "data"?`},
		{"unknown setting in a room", "share: 3000", "shares: 3000", 13, 5, `there is no setting "shares"`, `did you mean "share"?`},
		{"share beyond the whole", "share: 3000", "share: 10001", 13, 12, "share counts ten-thousandths", "30 % of the clients are 3000"},
		{"duration without unit", "1500ms", "soon", 14, 20, "invalid duration", "with its unit"},
		{"side that is not there", "exchange: ei-status", "exchange: ei-stats", 15, 24, `there is no exchange "ei-stats"`, `did you mean "ei-status"?`},
		{"address that is none", "https://modern.example:8443/base", "modern.example", 16, 19, "is no http address", "write http://host:port"},
		{"stage that is not there", "stage: beta", "stage: gamma", 12, 12, `there is no stage "gamma"`, ""},
		{"nothing for legacy", "legacy: {exchange: ei-status}", "program: ei", 0, 0, "has no Legacy side", "exchange or a url"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(whole, c.from, c.to, 1)
			if text == whole {
				t.Fatalf("%q does not stand there", c.from)
			}
			_, err := Parse("p.yaml", []byte(text))
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("no *Error: %v", err)
			}
			if c.line > 0 && (e.Line != c.line || e.Column != c.column) {
				t.Errorf("at %d:%d, not %d:%d\n%v", e.Line, e.Column, c.line, c.column, err)
			}
			if !strings.Contains(e.Message, c.message) || !strings.Contains(e.Hint, c.hint) {
				t.Errorf("says %q, %q", e.Message, e.Hint)
			}
			if shown := err.Error(); !strings.HasPrefix(shown, "p.yaml") || c.line > 0 && !strings.Contains(shown, "^") {
				t.Errorf("does not show its place:\n%s", shown)
			}
		})
	}
}

func TestEveryFaultIsToldAtOnce(t *testing.T) {
	text := strings.NewReplacer("share: 3000", "share: -1", "exchange: ei-status}", "exchange: nowhere}", "deadLetters: D, ", "").Replace(whole)
	_, err := Parse("p.yaml", []byte(text))
	for _, word := range []string{"share counts", `no exchange "nowhere"`, "deadLetters is missing"} {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("does not say %q: %v", word, err)
		}
	}
}

func TestFileThatIsNotThere(t *testing.T) {
	if _, err := Load(filepath.Join(t.TempDir(), "portage.yaml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the error is %v", err)
	}
}

func TestNearestIsASlipAway(t *testing.T) {
	names := []string{"share", "shadow", "stage", "modernTimeout"}
	for word, want := range map[string]string{"shre": "share", "SHARE": "share", "stgae": "stage", "moderntimout": "modernTimeout", "xyzzy": "", "": ""} {
		if got := nearest(word, names); got != want {
			t.Errorf("nearest to %q is %q, not %q", word, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte("routes: [{path: 1}]"))
	f.Add([]byte("\tdata: x"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := Parse("p.yaml", text)
		if (c == nil) == (err == nil) {
			t.Errorf("configuration %v, error %v", c, err)
		}
		if err != nil && err.Error() == "" {
			t.Error("an error without words")
		}
	})
}
