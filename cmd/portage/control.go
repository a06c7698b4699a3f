package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// controlTimeout bounds one question to a running Portage: a rollback waits for the audit disk and for
// requests under way, but not for longer.
const controlTimeout = 30 * time.Second

// planTimeout bounds the plan that is printed before a rollback: the rollback does not wait for it.
const planTimeout = 3 * time.Second

// controlFlags adds the flags that say which running Portage a command speaks to.
func controlFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.String("data", "data", "data directory of the Portage to speak to, through its socket")
	flags.String("control", "", "speak to this address instead of the socket, such as http://127.0.0.1:9080")
	flags.String("token-file", "", "token file for --control (default: control.token in the data directory)")
}

// controlClient returns how to reach a running Portage and the base of its addresses: through the socket in
// the data directory, or over HTTP with --control.
func controlClient(cmd *cobra.Command) (*http.Client, string, error) {
	flags := cmd.Flags()
	address, _ := flags.GetString("control")
	data, _ := flags.GetString("data")
	if address == "" {
		socket := filepath.Join(data, "control.sock")
		dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", socket)
		}
		return &http.Client{Timeout: controlTimeout, Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}},
			"http://localhost", nil
	}
	base, err := url.Parse(address)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, "", &exitError{exitUsage, fmt.Errorf("--control %q is not an address such as http://127.0.0.1:9080", address)}
	}
	file, _ := flags.GetString("token-file")
	required := file != ""
	if !required {
		file = filepath.Join(data, "control.token")
	}
	secret, err := readToken(file)
	if err != nil && (required || !errors.Is(err, os.ErrNotExist)) {
		return nil, "", &exitError{exitUsage, err}
	}
	return &http.Client{Timeout: controlTimeout, Transport: bearer{secret}}, strings.TrimRight(base.String(), "/"), nil
}

// bearer shows a token with each request, and never to another host: it follows no redirect with it.
type bearer struct{ secret string }

// RoundTrip implements http.RoundTripper.
func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	if b.secret != "" && r.Response == nil {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+b.secret)
	}
	return http.DefaultTransport.RoundTrip(r)
}

// readToken returns the first secret of a token file that may change, else the first: lines are NAME
// change|read SECRET.
func readToken(file string) (secret string, err error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("token file: %w", err)
	}
	for line := range strings.Lines(string(b)) {
		line, _, _ = strings.Cut(line, "#")
		field := strings.Fields(line)
		if len(field) == 3 && field[1] == "change" {
			return field[2], nil
		}
		if len(field) == 3 && secret == "" {
			secret = field[2]
		}
	}
	if secret == "" {
		return "", fmt.Errorf("token file %s holds no token: a line is NAME change|read SECRET", file)
	}
	return secret, nil
}

// control asks a running Portage.
type control struct {
	client *http.Client
	base   string
}

func newControl(cmd *cobra.Command) (*control, error) {
	client, base, err := controlClient(cmd)
	if err != nil {
		return nil, err
	}
	return &control{client, base}, nil
}

// problem is a refusal as the control API writes it (RFC 9457).
type problem struct {
	Title, Detail string
	Missing       []string
	Nearest       string
}

// ask sends one request below /control/v1 and returns the JSON of its answer. body nil: a GET.
func (c *control) ask(ctx context.Context, path string, body any) (json.RawMessage, error) {
	method, content := http.MethodGet, io.Reader(nil)
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		method, content = http.MethodPost, bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base+"/control/v1"+path, content)
	if err != nil {
		return nil, &exitError{exitUsage, err}
	}
	r.Header.Set("Accept", "application/json")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return c.send(r)
}

func (c *control) send(r *http.Request) (json.RawMessage, error) {
	answer, err := c.client.Do(r)
	if err != nil {
		return nil, unreachable(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, unreachable(err)
	}
	if answer.StatusCode < 300 {
		return b, nil
	}
	var p problem
	if json.Unmarshal(b, &p) != nil || p.Detail == "" && p.Title == "" {
		p.Title = answer.Status
	}
	text := p.Detail
	if text == "" {
		text = p.Title
	}
	return nil, &exitError{refusalCode(answer.StatusCode), errors.New(text + refusalHint(answer.StatusCode))}
}

func unreachable(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	return &exitError{exitRemote, fmt.Errorf("no Portage answers: %w\n  start one with portage run, or name it with --data DIR or --control URL", err)}
}

// refusalCode is the exit code for an HTTP status.
func refusalCode(status int) int {
	switch {
	case status == http.StatusConflict:
		return exitNo
	case status < 500:
		return exitUsage
	case status == http.StatusServiceUnavailable, status == http.StatusBadGateway, status == http.StatusGatewayTimeout:
		return exitRemote
	}
	return exitInternal
}

func refusalHint(status int) string {
	if status == http.StatusUnauthorized {
		return "\n  name the token file with --token-file, or use the socket with --data"
	}
	return ""
}

// askInto is ask with the answer decoded.
func (c *control) askInto(ctx context.Context, path string, body, into any) (json.RawMessage, error) {
	raw, err := c.ask(ctx, path, body)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return nil, &exitError{exitRemote, fmt.Errorf("%s answered what this program does not understand: %w", path, err)}
	}
	return raw, nil
}

func routePath(route, action string) string {
	return "/routes/" + url.PathEscape(route) + action
}
