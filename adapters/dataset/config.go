package dataset

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/copybooks/recfm"
)

// Complete is the sign that all of a file is there. The zero value is Settle.
type Complete string

// The signs.
const (
	Settle Complete = "settle" // its size and time stay as they are for Config.Settle
	Marker Complete = "marker" // a file of the same name and Config.Marker is there; it is removed
	Rename Complete = "rename" // its sender writes under another name and renames: what matches is complete
)

// Content says what a record holds. The zero value is Records.
type Content string

// The contents.
const (
	Records  Content = "record"  // the record's bytes are Message.Body
	Messages Content = "message" // the record is a message as [AppendMessage] writes it: a dead letter file, say
)

// Policy says what becomes of a generation that is not the next one.
type Policy string

// The policies. Gaps may be Pass or Hold, OutOfOrder may be Reject or Take.
const (
	Pass   Policy = "pass"   // a gap is reported, and what follows is taken
	Hold   Policy = "hold"   // what follows a gap waits until the gap is filled
	Reject Policy = "reject" // a generation older than an accepted one is rejected
	Take   Policy = "take"   // it is delivered, late
)

// Digits is a place in the first record that holds decimal digits, in EBCDIC or in ASCII: the low half of
// each byte is the digit, as both codes have it. Offset and Size are in bytes; Size 0: there is no such place,
// at most 18.
type Digits struct {
	Offset int `yaml:"offset"`
	Size   int `yaml:"size"`
}

// Check judges a generation before anything of it is delivered. The records are those of the file in their
// order, lent until the next one. It may stop early; nil after that still reads the rest. An error rejects the
// whole file: the reason is that of an *adapters.Refusal, or "check". The error stands in the .reason file and
// must not hold content.
type Check func(ctx context.Context, g Generation, records iter.Seq[[]byte]) error

// Config says where generations arrive and what a good one is.
type Config struct {
	// Name is the dataset in metrics, IDs and events: a to z, 0 to 9 and "-", at most 64. Required.
	Name string `yaml:"name"`
	// Path is the directory in which files arrive, or a file: then the one file of that name. A path that is
	// no directory when Open is called is a file. Required.
	Path string `yaml:"path"`
	// Match is the pattern of file names to take (path.Match). Default "*". Names that begin with "." or end
	// in .tmp, .part, .filepart or .reason are never taken.
	Match string `yaml:"match"`
	// Work is where files go and the state is kept. It must be on the same file system. Default: the folder
	// "portage" in the directory.
	Work string `yaml:"work"`
	// Format is how records stand in the files. Packed files (gzip, bzip2, zstd) are unpacked.
	Format recfm.Format `yaml:"format"`
	// Content is "record", the default, or "message".
	Content Content `yaml:"content"`

	// Complete is "settle", the default, "marker" or "rename".
	Complete Complete `yaml:"complete"`
	// Marker is the ending of the marker file's name. Default ".done".
	Marker string `yaml:"marker"`
	// Settle is how long size and time must stay as they are. Default 10s.
	Settle time.Duration `yaml:"settle"`
	// Poll is how often the directory is read. Default 5s.
	Poll time.Duration `yaml:"poll"`
	// Patience is how long a file may be there and not complete before it is reported as partial. Default 1h.
	Patience time.Duration `yaml:"patience"`
	// Within is the longest time between two accepted generations before one is reported missing, and the
	// next as late. Default 0: no time is expected.
	Within time.Duration `yaml:"within"`
	// Gaps is "pass", the default, or "hold".
	Gaps Policy `yaml:"gaps"`
	// OutOfOrder is "reject", the default, or "take".
	OutOfOrder Policy `yaml:"outOfOrder"`

	// Cycle is where the header has the day or run that it belongs to, most significant digit first
	// (CCYYMMDD). Default: no cycle.
	Cycle Digits `yaml:"cycle"`
	// Number is where the header has the generation number. It is left out of the identity. Default: the
	// number in a name that ends in .GnnnnVnn (z/OS generation data groups), else none.
	Number Digits `yaml:"number"`
	// Abandon is the identity of a generation that was left half delivered and whose file will not come
	// back: the Source goes on without it.
	Abandon string `yaml:"abandon"`

	// MaxBatch is the most records in one Batch. Default 500. A batch also ends at 1 MiB.
	MaxBatch int `yaml:"maxBatch"`
	// RetryMin and RetryMax bound the pause before a returned batch comes again; it doubles with each
	// return in a row. Defaults 100ms and 30s.
	RetryMin time.Duration `yaml:"retryMin"`
	RetryMax time.Duration `yaml:"retryMax"`

	// Identify names a generation by its file name and first record. Nil: [ByHeader] with Cycle and Number; for
	// Messages, [ByName].
	Identify func(name string, header []byte) (Generation, error) `yaml:"-"`
	// Check judges the whole file. Nil: framing alone is judged.
	Check Check `yaml:"-"`
	// Notify hears what becomes of each generation, after it is settled on disk. Nil: nobody.
	Notify func(context.Context, Event) `yaml:"-"`
	// Sealer hides dead letters at rest, with their IDs as context. Nil: they are kept in the clear, as the
	// files that they come from.
	Sealer adapters.Sealer `yaml:"-"`
	// Now is the clock. Nil: time.Now.
	Now func() time.Time `yaml:"-"`
	// Log takes a line for each generation. Nil: none.
	Log *slog.Logger `yaml:"-"`
	// Metrics counts. Nil: nothing is counted.
	Metrics *Metrics `yaml:"-"`
}

// batchBytes ends a batch early.
const batchBytes = 1 << 20

var namePattern = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)

// WithDefaults returns c as Open uses it, or says what is wrong. It makes and changes no file.
func (c Config) WithDefaults() (Config, error) {
	if err := c.complete(); err != nil {
		return c, err
	}
	if c.Format.Recfm == recfm.Auto { // which wants to see data
		return c, nil
	}
	r, err := recfm.NewReader(strings.NewReader(""), c.Format)
	var framing *recfm.Error // an empty file has none: that is no fault of the setting
	switch {
	case errors.As(err, &framing):
		return c, nil
	case err != nil:
		return c, fmt.Errorf("dataset %s: %w", c.Name, err)
	}
	return c, r.Close()
}

// complete fills in defaults, or says what is wrong.
func (c *Config) complete() error {
	if !namePattern.MatchString(c.Name) {
		return fmt.Errorf("dataset: name %q is not 1 to 64 of a-z, 0-9 and -", c.Name)
	}
	if err := c.completePaths(); err != nil {
		return fmt.Errorf("dataset %s: %w", c.Name, err)
	}
	if err := c.completeChoices(); err != nil {
		return fmt.Errorf("dataset %s: %w", c.Name, err)
	}
	for _, d := range []struct {
		value *time.Duration
		std   time.Duration
	}{{&c.Settle, 10 * time.Second}, {&c.Poll, 5 * time.Second}, {&c.Patience, time.Hour},
		{&c.RetryMin, 100 * time.Millisecond}, {&c.RetryMax, 30 * time.Second}} {
		if *d.value <= 0 {
			*d.value = d.std
		}
	}
	if c.MaxBatch <= 0 {
		c.MaxBatch = 500
	}
	if c.Identify == nil && c.Content == Messages {
		c.Identify = ByName(c.Name)
	}
	if c.Identify == nil {
		c.Identify = ByHeader(c.Name, c.Cycle, c.Number)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}

func (c *Config) completePaths() error {
	if c.Path == "" {
		return errors.New("path is empty")
	}
	if info, err := os.Stat(c.Path); err != nil || !info.IsDir() {
		if c.Match != "" {
			return fmt.Errorf("path %s is no directory, and match %q needs one", c.Path, c.Match)
		}
		c.Match = literal(filepath.Base(c.Path))
		c.Path = filepath.Dir(c.Path)
	}
	if c.Match == "" {
		c.Match = "*"
	}
	if _, err := filepath.Match(c.Match, "x"); err != nil {
		return fmt.Errorf("match %q: %w", c.Match, err)
	}
	if c.Marker == "" {
		c.Marker = ".done"
	}
	if c.Work == "" {
		c.Work = filepath.Join(c.Path, "portage")
	}
	return nil
}

// literal is the pattern that only name matches.
func literal(name string) string {
	return regexp.MustCompile(`[\\*?\[]`).ReplaceAllString(name, `\$0`)
}

func (c *Config) completeChoices() error {
	choose := func(setting string, value *string, first, second, third string) error {
		if *value == "" {
			*value = first
		}
		if *value != first && *value != second && *value != third {
			return fmt.Errorf("%s %q is none of %s, %s, %s", setting, *value, first, second, third)
		}
		return nil
	}
	for _, d := range []Digits{c.Cycle, c.Number} {
		if d.Offset < 0 || d.Size < 0 || d.Size > 18 {
			return fmt.Errorf("cycle and number have 0 to 18 digits from offset 0 on, not %d from %d", d.Size, d.Offset)
		}
	}
	return errors.Join(
		choose("complete", (*string)(&c.Complete), string(Settle), string(Marker), string(Rename)),
		choose("content", (*string)(&c.Content), string(Records), string(Messages), string(Messages)),
		choose("gaps", (*string)(&c.Gaps), string(Pass), string(Hold), string(Hold)),
		choose("outOfOrder", (*string)(&c.OutOfOrder), string(Reject), string(Take), string(Take)),
	)
}
