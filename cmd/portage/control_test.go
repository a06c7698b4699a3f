package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"
)

// answers is where the console's own tests keep what it answers.
const answers = "../../internal/console/testdata/api/"

// stub answers like a running Portage, from those files, and remembers what it was asked.
type stub struct {
	t  *testing.T
	mu sync.Mutex
	// files maps "METHOD /path" to a file of answers; status maps it to another status than 200.
	files  map[string]string
	status map[string]int
	asked  []string
	// secret, if set, must be shown.
	secret string
}

func newStub(t *testing.T) *stub {
	return &stub{t: t, status: map[string]int{}, files: map[string]string{
		"GET /control/v1/routes":                           "routes.json",
		"POST /control/v1/routes/ei-claim-status/share":    "share.json",
		"POST /control/v1/routes/ei-claim-status/stage":    "stage.json",
		"POST /control/v1/routes/ei-claim-status/kill":     "kill.json",
		"GET /control/v1/routes/ei-claim-status/rollback":  "plan.json",
		"POST /control/v1/routes/ei-claim-status/rollback": "rollback.json",
	}}
}

// ServeHTTP implements http.Handler.
func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Error(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	what := r.Method + " " + r.URL.Path
	s.asked = append(s.asked, strings.TrimSpace(what+" "+string(body)))
	if strings.HasSuffix(r.URL.Path, "z") { // /livez, /readyz
		if status := s.status[what]; status != 0 {
			w.WriteHeader(status)
			fmt.Fprintln(w, "not ready\njournal: failing: no space left on device")
			return
		}
		fmt.Fprintln(w, "ready\njournal: ok")
		return
	}
	if s.secret != "" && r.Header.Get("Authorization") != "Bearer "+s.secret {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"title": "Unauthorized", "status": 401, "detail": "show a token of the token file"}`)
		return
	}
	file, status := s.files[what], s.status[what]
	if file == "" {
		file, status = "route-unknown.json", http.StatusNotFound
	}
	b, err := os.ReadFile(answers + file)
	if err != nil {
		s.t.Error(err)
	}
	if status != 0 {
		w.WriteHeader(status)
	}
	_, _ = w.Write(b)
}

type stubKey struct{}

// TestLiveStories runs testdata/live/*.txtar against a stub on the socket data/control.sock, and over HTTP on
// $ADDRESS with the token in token.txt. Beside testscript's own commands there are:
//
//	code N CMD ...            runs a command that must exit with code N
//	asked TEXT ...            one request after the other, as METHOD PATH BODY, since the last asked
//	answers METHOD PATH N [FILE]  from now on, answer this with status N, from FILE of the console's answers
func TestLiveStories(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/live",
		Setup: func(e *testscript.Env) error {
			s := newStub(t)
			if err := os.Mkdir(e.WorkDir+"/data", 0o700); err != nil {
				return err
			}
			l, err := net.Listen("unix", e.WorkDir+"/data/control.sock")
			if err != nil {
				return err
			}
			server := &http.Server{Handler: s}
			done := make(chan error, 1)
			go func() { done <- server.Serve(l) }()
			locked := newStub(t)
			locked.secret = strings.Repeat("s", 40)
			tcp := httptest.NewServer(locked)
			e.Setenv("ADDRESS", tcp.URL)
			e.Values[stubKey{}] = s
			e.Defer(func() {
				tcp.Close()
				server.Close()
				if err := <-done; !errors.Is(err, http.ErrServerClosed) {
					t.Error(err)
				}
			})
			return os.WriteFile(filepath.Join(e.WorkDir, "token.txt"), []byte("# words\nwall read "+strings.Repeat("r", 40)+"\ndeploy change "+locked.secret+"\n"), 0o600)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"code": exitCode, "asked": askedFor, "answers": answerWith},
	})
}

func askedFor(ts *testscript.TestScript, _ bool, want []string) {
	s := ts.Value(stubKey{}).(*stub)
	s.mu.Lock()
	defer s.mu.Unlock()
	if got := strings.Join(s.asked, "\n"); got != strings.Join(want, "\n") {
		ts.Fatalf("asked:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
	s.asked = nil
}

func answerWith(ts *testscript.TestScript, _ bool, args []string) {
	s := ts.Value(stubKey{}).(*stub)
	s.mu.Lock()
	defer s.mu.Unlock()
	what := args[0] + " " + args[1]
	_, err := fmt.Sscan(args[2], new(int))
	ts.Check(err)
	status := 0
	fmt.Sscan(args[2], &status)
	s.status[what] = status
	if len(args) > 3 {
		s.files[what] = args[3]
	}
}

func TestParseShareIsExact(t *testing.T) {
	for text, want := range map[string]int{
		"0": 0, "0%": 0, "3000": 3000, "10000": 10_000, "30%": 3000, "100%": 10_000, "12.5%": 1250, "0.05%": 5, "99.99%": 9999, "1.%": 100, "101": 101,
	} {
		if got, err := parseShare(text); err != nil || got != want {
			t.Errorf("%s: %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "%", "30", "1", "100", "10001", "100.01%", "101%", "0.005%", "-1", "-1%", "30 %", "1e2", "0x10%", "30%%", "½%", "99999999999999999999%"} {
		if got, err := parseShare(text); err == nil {
			t.Errorf("%q was taken for %d", text, got)
		}
	}
}

func FuzzParseShare(f *testing.F) {
	f.Add("30%")
	f.Add("12.5%")
	f.Add("3000")
	f.Fuzz(func(t *testing.T, text string) {
		n, err := parseShare(text)
		if err != nil {
			return
		}
		if n < 0 || n > fullShare {
			t.Fatalf("%q is %d", text, n)
		}
		if again, err := parseShare(percent(n)); err != nil || again != n {
			t.Errorf("%q is %d, written %s, read as %d, %v", text, n, percent(n), again, err)
		}
	})
}

func TestPartIsNeverRoundedUp(t *testing.T) {
	for _, c := range []struct {
		n, whole uint64
		want     string
	}{{99_999, 100_000, "99.99%"}, {1, 1, "100%"}, {0, 5, "0%"}, {0, 0, "-"}, {1, 3, "33.33%"}} {
		if got := part(c.n, c.whole); got != c.want {
			t.Errorf("part(%d, %d) = %s, want %s", c.n, c.whole, got, c.want)
		}
	}
}

func TestReadTokenTakesTheOneThatMayChange(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tokens")
	for text, want := range map[string]string{
		"a read R\nb change C\n": "C", "a read R # change X\n": "R", "a change C # words": "C", "# nothing\n": "", "one word": "",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := readToken(file)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
}

// A token must not follow a redirect to somebody else.
func TestTokenStaysWithItsAddress(t *testing.T) {
	var shown string
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { shown = r.Header.Get("Authorization") }))
	defer other.Close()
	first := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusFound))
	defer first.Close()
	file := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(file, []byte("a change secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := &cobra.Command{}
	controlFlags(cmd)
	for name, value := range map[string]string{"control": first.URL, "token-file": file} {
		if err := cmd.Flags().Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	client, base, err := controlClient(cmd)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Get(base)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if shown != "" {
		t.Error("the token went to another address")
	}
}
