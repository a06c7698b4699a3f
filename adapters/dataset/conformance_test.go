package dataset

import (
	"context"
	"os"
	"path/filepath"
	"sort"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/adaptertest"
	"github.com/portage-gateway/portage/copybooks/recfm"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("PORTAGE_DATASET_CHILD"); dir != "" {
		deliverUntilKilled(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

// The whole suite over files: a Sink writes generations of messages, a Source takes them.
func TestConformance(t *testing.T) {
	for name, format := range map[string]recfm.Format{
		"text": {Recfm: recfm.Text}, "VBS": {Recfm: recfm.VBS},
	} {
		t.Run(name, func(t *testing.T) {
			adaptertest.Run(t, adaptertest.Features{KeepsID: true, CountsAttempts: true}, func(t *testing.T) adaptertest.Rig {
				dir := t.TempDir()
				sink, err := OpenSink(SinkConfig{Dir: dir, Name: "MSGS", Format: format, Content: Messages, Sealer: seal{}})
				if err != nil {
					t.Fatal(err)
				}
				source := func(t *testing.T) adapters.Source {
					s, err := Open(Config{Name: "messages", Path: dir, Match: "MSGS.*", Format: format, Content: Messages, Complete: Rename,
						Poll: time.Millisecond, MaxBatch: 16, RetryMin: time.Microsecond, RetryMax: time.Millisecond, Sealer: seal{}})
					if err != nil {
						t.Fatal(err)
					}
					return s
				}
				s := source(t)
				return adaptertest.Rig{Sink: sink, Source: s, Reopen: source, Dest: "dead",
					Stored: func(ctx context.Context, dest string) ([]adapters.Message, error) {
						return s.(*Source).Letters(ctx, dest, 0)
					}}
			})
		})
	}
}

// The Sink alone, judged by the files it leaves.
func TestSinkConformance(t *testing.T) {
	adaptertest.Run(t, adaptertest.Features{KeepsID: true}, func(t *testing.T) adaptertest.Rig {
		dir := t.TempDir()
		sink, err := OpenSink(SinkConfig{Dir: dir, Name: "MSGS", Format: recfm.Format{Recfm: recfm.VBS}, Content: Messages})
		if err != nil {
			t.Fatal(err)
		}
		return adaptertest.Rig{Sink: sink, Stored: func(context.Context, string) (list []adapters.Message, err error) {
			names, err := filepath.Glob(filepath.Join(dir, "MSGS.*"))
			sort.Strings(names)
			for _, name := range names {
				for _, b := range readRecords(t, name, recfm.Format{Recfm: recfm.VBS}) {
					m, err := ParseMessage(b, nil)
					if err != nil {
						return nil, err
					}
					list = append(list, m)
				}
			}
			return list, err
		}}
	})
}

func readRecords(t testing.TB, path string, f recfm.Format) (list [][]byte) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r, err := recfm.NewReader(file, f)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for b, err := range r.Records() {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, append([]byte(nil), b...))
	}
	return list
}

// seal turns bits over and binds to the context: a stand-in that hides content from a search.
type seal struct{}

func (seal) Seal(plain []byte, context string) ([]byte, error) {
	out := append([]byte(context), 0)
	for _, b := range plain {
		out = append(out, ^b)
	}
	return out, nil
}

func (seal) Open(sealed []byte, context string) ([]byte, error) {
	if len(sealed) <= len(context) || string(sealed[:len(context)]) != context {
		return nil, os.ErrInvalid
	}
	var out []byte
	for _, b := range sealed[len(context)+1:] {
		out = append(out, ^b)
	}
	return out, nil
}
