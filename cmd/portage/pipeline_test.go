package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// counting returns a source of n records "0", "1", ..., and what ends it.
func counting(n int, end error) func() ([]byte, int64, error) {
	i := -1
	buf := make([]byte, 0, 20)
	return func() ([]byte, int64, error) {
		if i++; i == n {
			return nil, 0, end
		}
		buf = fmt.Appendf(buf[:0], "%d", i) // lent, as a Reader does
		return buf, int64(i) * 10, nil
	}
}

// plain passes records on and refuses those that end in 7.
func plain() func(dst, record []byte) ([]byte, error) {
	return func(dst, record []byte) ([]byte, error) {
		dst = append(dst, "out "...)
		if strings.HasSuffix(string(record), "7") {
			return dst, errors.New("a seven")
		}
		return append(dst, record...), nil
	}
}

func TestPipelineKeepsOrder(t *testing.T) {
	const n = 10_000
	for _, jobs := range []int{1, 3, 8} {
		var want, got, wantRefused, refused []string
		for i := range n {
			if i%10 == 7 {
				wantRefused = append(wantRefused, fmt.Sprintf("%d at %d: %d", i+1, i*10, i))
			} else {
				want = append(want, fmt.Sprintf("out %d", i))
			}
		}
		p := &pipeline{next: counting(n, io.EOF), worker: plain, jobs: jobs,
			emit: func(b []byte) error { got = append(got, string(b)); return nil },
			refuse: func(n, offset int64, record []byte, _ error) error {
				refused = append(refused, fmt.Sprintf("%d at %d: %s", n, offset, record))
				return nil
			}}
		emitted, dead, err := p.run(t.Context())
		if err != nil || emitted != int64(len(want)) || dead != int64(len(wantRefused)) {
			t.Fatalf("%d jobs: %d emitted, %d refused, %v", jobs, emitted, dead, err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("%d jobs (-want +got):\n%.500s", jobs, d)
		}
		if d := cmp.Diff(wantRefused, refused); d != "" {
			t.Fatalf("%d jobs, refused (-want +got):\n%.500s", jobs, d)
		}
	}
}

// The first refused record ends the work, after all before it.
func TestPipelineStopsAtRefusal(t *testing.T) {
	var got []string
	p := &pipeline{next: counting(5000, io.EOF), worker: plain, jobs: 4,
		emit: func(b []byte) error { got = append(got, string(b)); return nil }}
	_, _, err := p.run(t.Context())
	e := new(exitError)
	if len(got) != 7 || !errors.As(err, &e) || e.code != exitNo || !strings.HasPrefix(err.Error(), "record 8 at byte 70: ") {
		t.Errorf("%d emitted, then %v", len(got), err)
	}
}

func TestPipelineEnds(t *testing.T) {
	broken := errors.New("broken")
	none := func() func(dst, record []byte) ([]byte, error) {
		return func(dst, _ []byte) ([]byte, error) { return dst, nil }
	}
	count := func(n *int) func([]byte) error { return func([]byte) error { *n++; return nil } }
	t.Run("the source fails, behind what it gave", func(t *testing.T) {
		n := 0
		_, _, err := (&pipeline{next: counting(1500, broken), worker: none, emit: count(&n), jobs: 2}).run(t.Context())
		if n != 1500 || !errors.Is(err, broken) {
			t.Errorf("%d emitted, then %v", n, err)
		}
	})
	t.Run("the sink fails", func(t *testing.T) {
		_, _, err := (&pipeline{next: counting(1<<30, io.EOF), worker: none, emit: func([]byte) error { return broken }, jobs: 2}).run(t.Context())
		if !errors.Is(err, broken) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("enough is read", func(t *testing.T) {
		n := 0
		_, _, err := (&pipeline{next: counting(1<<30, io.EOF), worker: none, emit: count(&n), jobs: 2, limit: 700}).run(t.Context())
		if n != 700 || err != nil {
			t.Errorf("%d emitted, then %v", n, err)
		}
	})
	t.Run("the user has enough", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		emit := func([]byte) error {
			if n++; n == 600 {
				cancel()
			}
			return nil
		}
		_, _, err := (&pipeline{next: counting(1<<30, io.EOF), worker: none, emit: emit, jobs: 2}).run(ctx)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
}

// A live source sees what becomes of a record before it sends the next one.
func TestRecordsDoNotWaitForMoreInput(t *testing.T) {
	copybook := filepath.Join(t.TempDir(), "two.cpy")
	if err := os.WriteFile(copybook, []byte("       01  TWO.\n           05  A PIC X(05).\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ verb, recfm, in, out string }{
		{"decode", "F", "\xc1\xc2\xc3\x40\x40", `{"a":"ABC"}` + "\n"},
		{"decode", "V", "\x00\x09\x00\x00\xc1\xc2\xc3\x40\x40", `{"a":"ABC"}` + "\n"},
		{"encode", "F", `{"a":"ABC"}` + "\n", "\xc1\xc2\xc3\x40\x40"},
	} {
		t.Run(c.verb+" "+c.recfm, func(t *testing.T) {
			inR, inW := io.Pipe()
			outR, outW := io.Pipe()
			root := newRoot()
			root.SetArgs([]string{c.verb, "-c", copybook, "--recfm", c.recfm})
			root.SetIn(inR)
			root.SetOut(outW)
			done := make(chan error, 1)
			go func() {
				err := root.ExecuteContext(t.Context())
				outW.Close()
				done <- err
			}()
			got := make([]byte, len(c.out))
			for range 3 {
				if _, err := io.WriteString(inW, c.in); err != nil {
					t.Fatal(err)
				}
				if _, err := io.ReadFull(outR, got); err != nil || string(got) != c.out {
					t.Fatalf("%q, %v", got, err)
				}
			}
			inW.Close()
			if rest, err := io.ReadAll(outR); err != nil || len(rest) > 0 {
				t.Errorf("%q more, %v", rest, err)
			}
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}

func TestLines(t *testing.T) {
	long := strings.Repeat("x", 200_000)
	next := lines(strings.NewReader("{1}\n\n  {2}\r\n" + long + "\n{4}"))
	var got []string
	for {
		b, at, err := next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%d %.5s %d", at, b, len(b)))
	}
	want := []string{"0 {1} 3", "5 {2} 3", "12 xxxxx 200000", "200013 {4} 3"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
