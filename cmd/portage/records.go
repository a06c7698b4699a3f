package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/portage-gateway/portage/copybooks"
	"github.com/portage-gateway/portage/copybooks/benefits"
	"github.com/portage-gateway/portage/copybooks/mapping"
	"github.com/portage-gateway/portage/copybooks/recfm"
)

// exitError is an error that asks for an exit code of its own. Its text may be empty: then only the code
// counts.
type exitError struct {
	code int
	err  error
}

// Error implements error.
func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

// Unwrap returns the cause.
func (e *exitError) Unwrap() error { return e.err }

// recordFlags are the flags that decode and encode share.
type recordFlags struct {
	layoutFlags
	copybooks, kinds, children        []string
	mapping, input, output            string
	fillers, lengthField, deadLetters string
	onError, rdw, newline             string
	lengthAdjust, jobs                int
	counted                           bool // --lrecl counted
	limit                             int64
	format                            recfm.Format
	view                              mapping.Options
	file                              *mapping.File // nil: none; set by compile
	chooses                           bool          // something says which of several records is which; set by compile
}

const copybookUsage = "copybook FILE, or builtin:NAME for a sample (repeatable)"

// registerFrame adds the flags that say how records stand in a file.
func (f *recordFlags) registerFrame(cmd *cobra.Command, recfmDefault string) {
	flags := cmd.Flags()
	flags.StringVar((*string)(&f.format.Recfm), "recfm", recfmDefault, "auto|F|FB|V|VB|VBS|VS|text: the record format")
	f.registerLength(cmd, "record length in bytes, or counted: what the layout says with the counters that each record holds, for records of varying length without RDWs (default: F, the layout's length)")
	flags.StringVar(&f.rdw, "rdw", "big", "big|little: where descriptor words hold the length: bytes 0-1, high first, as z/OS; bytes 2-3, low first, as XCOM")
	flags.IntVar(&f.format.RDWAdjust, "rdw-adjust", 0, "added to the length that an RDW holds; 0: it counts its own four bytes")
	flags.IntVar(&f.format.BDWAdjust, "bdw-adjust", 0, "the same for BDWs")
	flags.IntVar(&f.format.Blksize, "blksize", 27998, "longest block to write, for VB and VBS")
	flags.StringVar(&f.newline, "newline", "lf", "lf|nl|ebcdic-lf: what ends a line of text: X'0A', X'15', X'25'")
	flags.StringVar(&f.lengthField, "length-field", "", "field that holds the record's length, with recfm F")
	flags.IntVar(&f.lengthAdjust, "length-adjust", 0, "added to the length that the field holds")
	flags.IntVar(&f.format.SkipFileHeader, "skip-file-header", 0, "bytes before the first record")
	flags.IntVar(&f.format.SkipFileFooter, "skip-file-footer", 0, "bytes behind the last record")
	flags.IntVar(&f.format.SkipRecordStart, "skip-record-start", 0, "bytes at the start of each record that the layout does not have")
	flags.IntVar(&f.format.SkipRecordEnd, "skip-record-end", 0, "bytes at the end of each record that the layout does not have")
}

// registerKinds adds the flags that say which of a copybook's records is which.
func (f *recordFlags) registerKinds(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVarP(&f.mapping, "mapping", "m", "", "mapping FILE (default: a sample's own; none for no mapping)")
	flags.StringVar(&f.view.KindField, "kind-field", "", "field whose value says what a record is")
	flags.StringArrayVar(&f.kinds, "kind", nil, "VALUE[,VALUE]=GROUP: which 01 level or REDEFINES a value selects (repeatable)")
}

func (f *recordFlags) register(cmd *cobra.Command) {
	f.layoutFlags.register(cmd)
	f.registerKinds(cmd)
	flags := cmd.Flags()
	flags.StringArrayVarP(&f.copybooks, "copybook", "c", nil, copybookUsage)
	flags.StringVarP(&f.input, "input", "i", "-", "read FILE; - for standard input")
	flags.StringVarP(&f.output, "output", "o", "-", "write FILE; - for standard output")

	f.registerFrame(cmd, "F")
	flags.StringArrayVar(&f.children, "child", nil, "KIND=PARENTKIND: records of KIND nest below the PARENTKIND before them, as an array named after KIND (repeatable)")
	f.word(cmd, &f.view.Trim, "trim", "right", "right|both|left|none: the spaces that text loses")
	flags.StringVar(&f.fillers, "fillers", "drop", "drop|keep: whether FILLER is shown")
	f.word(cmd, &f.view.Names, "names", "camel", "cobol|camel|snake: member names that no mapping gives")
	f.word(cmd, &f.view.Numbers, "numbers", "string", "string|number: how decimals, and integers above 15 digits, stand in JSON")
	f.word(cmd, &f.view.Invalid, "invalid", "error", "error|null|raw: what becomes of a field that cannot be decoded")

	flags.StringVar(&f.onError, "on-error", "stop", "stop|skip: whether a record that is refused ends the work (skip if --dead-letters is given)")
	flags.StringVar(&f.deadLetters, "dead-letters", "", "FILE for refused records, whole, with reasons, one JSON object a line; holds personal information as the input does")
	flags.Int64Var(&f.limit, "limit", 0, "stop after N records; 0: never")
	flags.IntVar(&f.jobs, "jobs", 0, "records in work at once; 0: one a processor. The order is kept")
}

// compile settles the flags and returns the View.
func (f *recordFlags) compile(cmd *cobra.Command) (*mapping.View, error) {
	if len(f.copybooks) == 0 {
		return nil, &exitError{exitUsage, fmt.Errorf("there is no copybook\n  name one with --copybook FILE, or a sample: %s", strings.Join(sampleNames(), ", "))}
	}
	if err := oneOf("fillers", f.fillers, "drop", "keep"); err != nil {
		return nil, err
	}
	if err := oneOf("on-error", f.onError, "stop", "skip"); err != nil {
		return nil, err
	}
	if f.deadLetters != "" && !cmd.Flags().Changed("on-error") {
		f.onError = "skip"
	}
	if f.limit < 0 || f.jobs < 0 {
		return nil, &exitError{exitUsage, errors.New("--limit and --jobs take no negative number")}
	}
	if slices.Contains(f.copybooks, "-") && f.input == "-" {
		return nil, &exitError{exitUsage, errors.New("copybook and records cannot both come from standard input")}
	}
	layouts, err := f.layouts(stdin(cmd), f.copybooks...)
	if err != nil {
		return nil, err
	}
	if err := distinct(layouts); err != nil {
		return nil, &exitError{exitUsage, err}
	}
	file, err := f.mappingFile()
	if err != nil {
		return nil, err
	}
	f.view.Fillers = f.fillers == "keep"
	f.file = file
	f.chooses = len(layouts) == 1 || f.view.KindField != "" || file != nil && file.Kinds != nil
	for _, k := range f.kinds {
		kind, err := mapping.ParseKind(k)
		if err != nil {
			return nil, &exitError{exitUsage, fmt.Errorf("--kind: %w", err)}
		}
		f.view.Kinds = append(f.view.Kinds, kind)
	}
	if f.counted && !cmd.Flags().Changed("recfm") {
		f.format.Recfm = recfm.F
	}
	if err := f.frame(layouts); err != nil {
		return nil, &exitError{exitUsage, err}
	}
	view, err := mapping.Compile(layouts, file, f.view)
	if err == nil && f.counted {
		err = f.count(view)
	}
	if err != nil {
		return nil, &exitError{exitUsage, err}
	}
	return view, nil
}

// distinct says which name two records have: they are told apart by it, in JSON and by --kind.
func distinct(layouts []*copybooks.Layout) error {
	for i, l := range layouts {
		for _, other := range layouts[:i] {
			if strings.EqualFold(l.Name(), other.Name()) && !l.Root().Filler() {
				return fmt.Errorf("two records are called %s\n  leave one copybook out, or give its record another name", l.Name())
			}
		}
	}
	return nil
}

func oneOf(flag, value string, words ...string) error {
	if slices.Contains(words, value) {
		return nil
	}
	return &exitError{exitUsage, fmt.Errorf("--%s: %q is none of %s", flag, value, strings.Join(words, ", "))}
}

// mappingFile reads the mapping that --mapping names, or the sample's own.
func (f *recordFlags) mappingFile() (*mapping.File, error) {
	var src []byte
	var err error
	name := f.mapping
	sample, isSample := strings.CutPrefix(f.copybooks[0], builtin)
	switch {
	case name == "none", name == "" && !isSample:
		return nil, nil
	case name == "":
		name = strings.ToUpper(sample) + ".mapping.yaml"
		if src, err = fs.ReadFile(benefits.Files(), name); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
	default:
		src, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, &exitError{exitIO, fmt.Errorf("mapping: %w", err)}
	}
	file, err := mapping.Parse(name, src)
	if err != nil {
		return nil, &exitError{exitUsage, err}
	}
	return file, nil
}

// frame completes the record format by what the layouts know.
func (f *recordFlags) frame(layouts []*copybooks.Layout) error {
	r, err := recfm.ParseRecfm(string(f.format.Recfm))
	if err != nil {
		return fmt.Errorf("--recfm: %w", err)
	}
	f.format.Recfm, f.format.RDW, f.format.Newline = r, recfm.Order(f.rdw), recfm.Newline(f.newline)
	skips := f.format.SkipRecordStart + f.format.SkipRecordEnd
	longest, fixed := 0, true
	for _, l := range layouts {
		longest = max(longest, l.Size())
		fixed = fixed && l.MinSize() == l.Size() && l.Size() == layouts[0].Size()
	}
	switch r {
	case recfm.F, recfm.FB, recfm.Auto:
		if f.counted {
			break
		}
		if f.format.Lrecl == 0 {
			f.format.Lrecl = longest + skips
		}
		f.view.RecordSize = max(0, f.format.Lrecl-skips)
	case recfm.Text:
		if f.format.Lrecl == 0 && fixed {
			f.format.Lrecl = longest + skips
		}
	}
	if f.lengthField != "" {
		return f.measure(layouts)
	}
	return nil
}
