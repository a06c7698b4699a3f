package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// eventPage is the most events that the server gives in one answer.
const eventPage = 1000

// eventReader reads the event log of a running Portage and writes one CloudEvent a line.
type eventReader struct {
	base   *url.URL
	client *http.Client
	out    io.Writer
	hints  io.Writer
	after  string        // the cursor of the last event written
	left   int           // events still to write; below 0: no end
	pause  time.Duration // before a lost stream is opened again
}

func newEvents() *cobra.Command {
	r := &eventReader{client: &http.Client{}, pause: 2 * time.Second}
	var target string
	var limit int
	var follow bool
	cmd := &cobra.Command{
		Use:   "events",
		Short: "Read the events that bridges made of Legacy's messages",
		Long: `Writes events to stdout, oldest first, one CloudEvent in JSON a line. The cursor of the last one
goes to stderr: give it to --after to go on from there. Without --after it begins at the beginning.`,
		Example: `  portage events --limit 10
  portage events --follow | jq .type
  portage events --after 1-3f2a9c01-000000000000002a`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if r.base, err = url.Parse(target); err != nil || r.base.Host == "" || !strings.HasPrefix(r.base.Scheme, "http") {
				return &exitError{exitUsage, fmt.Errorf("--url %q is not an address such as http://127.0.0.1:8080", target)}
			}
			if limit < 0 {
				return &exitError{exitUsage, errors.New("--limit is less than 0")}
			}
			r.base = r.base.JoinPath("v1", "events")
			r.out, r.hints, r.left = cmd.OutOrStdout(), cmd.ErrOrStderr(), limit
			if limit == 0 {
				r.left = -1
			}
			defer r.hint()
			if follow {
				return r.follow(cmd.Context())
			}
			return r.pages(cmd.Context())
		},
	}
	cmd.Flags().StringVar(&r.after, "after", "", "cursor to go on from (default: the beginning)")
	cmd.Flags().IntVar(&limit, "limit", 0, "most events to write (default: all)")
	cmd.Flags().BoolVar(&follow, "follow", false, "wait for new events, until interrupted or --limit is reached")
	cmd.Flags().StringVar(&target, "url", "http://127.0.0.1:8080", "where Portage serves clients")
	return cmd
}

// hint says how to go on.
func (r *eventReader) hint() {
	if r.after != "" {
		fmt.Fprintln(r.hints, "go on with: portage events --after "+r.after)
	}
}

// pages reads up to the head of the log, or until the limit.
func (r *eventReader) pages(ctx context.Context) error {
	for r.left != 0 {
		size := eventPage
		if r.left > 0 {
			size = min(size, r.left)
		}
		n, err := r.page(ctx, size)
		if err != nil || n == 0 {
			return err
		}
		if r.left > 0 {
			r.left -= n
		}
	}
	return nil
}

func (r *eventReader) page(ctx context.Context, size int) (n int, err error) {
	res, err := r.get(ctx, "application/x-ndjson", url.Values{"limit": {strconv.Itoa(size)}})
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	lines := bufio.NewReader(res.Body)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			break
		}
		if err != nil { // half a line must not pass for an event
			return n, &exitError{exitRemote, fmt.Errorf("%s: the answer broke off: %w", r.base.Redacted(), err)}
		}
		if _, err := r.out.Write(line); err != nil {
			return n, &exitError{exitIO, err}
		}
		n++
	}
	if next := res.Header.Get("Portage-Cursor"); next != "" {
		r.after = next
	}
	return n, nil
}

// follow reads the stream and opens it again where it broke off. Only the first opening may fail.
func (r *eventReader) follow(ctx context.Context) error {
	for tries := 0; ; tries++ {
		err := r.stream(ctx)
		var fatal *exitError
		switch {
		case ctx.Err() != nil || r.left == 0:
			return nil
		case errors.As(err, &fatal) && (tries == 0 || fatal.code != exitRemote):
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(r.pause):
		}
	}
}

// stream writes events as they come, until the connection ends.
func (r *eventReader) stream(ctx context.Context) error {
	res, err := r.get(ctx, "text/event-stream", nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	id := ""
	for lines := bufio.NewReader(res.Body); r.left != 0; {
		line, err := lines.ReadString('\n')
		if err != nil {
			return err
		}
		switch field, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), ": "); field {
		case "id":
			id = value
		case "data":
			if _, err := io.WriteString(r.out, value+"\n"); err != nil {
				return &exitError{exitIO, err}
			}
			r.after = id
			if r.left > 0 {
				r.left--
			}
		}
	}
	return nil
}

// get asks for what comes after r.after. An answer other than 200 is an error with the server's words.
func (r *eventReader) get(ctx context.Context, accept string, q url.Values) (*http.Response, error) {
	if q == nil {
		q = url.Values{}
	}
	if r.after != "" {
		q.Set("after", r.after)
	}
	u := *r.base
	u.RawQuery = q.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, &exitError{exitUsage, err}
	}
	req.Header.Set("Accept", accept)
	res, err := r.client.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &exitError{exitRemote, fmt.Errorf("%w\n  is Portage running there? try: portage run --sample", err)}
	}
	if res.StatusCode == http.StatusOK {
		return res, nil
	}
	defer res.Body.Close()
	var problem struct{ Title, Detail string }
	if err := json.NewDecoder(io.LimitReader(res.Body, 64<<10)).Decode(&problem); err != nil || problem.Title == "" {
		problem.Title = res.Status
	}
	code := exitRemote
	if res.StatusCode == http.StatusBadRequest {
		code = exitUsage
	}
	return nil, &exitError{code, fmt.Errorf("%s: %s: %s", r.base.Redacted(), problem.Title, problem.Detail)}
}
