package main

import (
	"encoding"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/portage-gateway/portage/copybooks"
	"github.com/portage-gateway/portage/copybooks/benefits"
	"github.com/portage-gateway/portage/copybooks/syntax"
)

// builtin is what stands before the name of a sample copybook.
const builtin = "builtin:"

// layoutFlags are the flags of every command that reads copybooks: one for each setting of copybooks.Options.
type layoutFlags struct {
	include, replacing []string
	options            copybooks.Options
	words              []flagWord
}

// flagWord is a flag whose value is one of a few words.
type flagWord struct {
	name  string
	value *string
	into  encoding.TextUnmarshaler
}

func (f *layoutFlags) word(cmd *cobra.Command, into encoding.TextUnmarshaler, name, value, usage string) {
	w := flagWord{name: name, value: new(string), into: into}
	cmd.Flags().StringVar(w.value, name, value, usage)
	f.words = append(f.words, w)
}

func (f *layoutFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.options.Codepage, "codepage", "cp037", "code page of text: cp037 cp500 cp1047 cp1140 ... ascii latin1 utf8")
	flags.StringArrayVarP(&f.include, "include", "I", nil, "directory where COPY finds its texts, beside the copybook's own (repeatable)")
	f.word(cmd, &f.options.ODO, "odo", "slide", "slide|max: where items stand behind a table of variable length")
	f.word(cmd, &f.options.Float, "float", "hex", "hex|ieee: the format of COMP-1 and COMP-2")
	f.word(cmd, &f.options.Endian, "endian", "big", "big|little: the byte order of binary items")
	f.word(cmd, &f.options.Trunc, "trunc", "std", "std|bin: the values that a binary item takes")
	f.registerDialect(cmd)
	f.registerSource(cmd)
}

// registerDialect adds the flags by which compilers other than IBM's differ.
func (f *layoutFlags) registerDialect(cmd *cobra.Command) {
	f.word(cmd, &f.options.Overpunch, "overpunch", "translated",
		"translated|gnucobol|fujitsu: how the sign stands in a zoned digit, where the code page is not EBCDIC; gnucobol is Micro Focus's way, too")
	f.word(cmd, &f.options.Sync, "sync", "ibm", "ibm|gnucobol|mf: where SYNCHRONIZED items stand; mf is Micro Focus without IBMCOMP: nowhere else")
	f.word(cmd, &f.options.BinarySize, "binary-size", "2-4-8", "2-4-8|1-2-4-8|1-8: bytes that COMP and COMP-5 items may have; 1-2-4-8 is GnuCOBOL's way, 1-8 Micro Focus's without IBMCOMP")
	f.word(cmd, &f.options.Pointers, "pointers", "lp32", "lp32|lp64: addresses and indexes of 4 or of 8 bytes")
}

// registerSource adds the flags that say how a copybook's text is read.
func (f *layoutFlags) registerSource(cmd *cobra.Command) {
	flags := cmd.Flags()
	f.word(cmd, &f.options.Form, "form", "auto", "auto|fixed|free|variable: the reference format of the copybook's lines")
	flags.StringArrayVar(&f.replacing, "replacing", nil, "'==:TAG:== BY ==X==': replace a text in the copybook, as COPY REPLACING does (repeatable)")
	flags.BoolVar(&f.options.DecimalComma, "decimal-comma", false, "the copybook is written for DECIMAL-POINT IS COMMA")
	flags.StringVar(&f.options.Currency, "currency", "", "the currency symbol of PICTUREs, one character (default: $)")
	flags.StringVar(&f.options.CurrencySign, "currency-sign", "", "what the currency symbol prints, such as EUR (default: the symbol)")
	flags.IntVar(&f.options.MaxRecord, "max-record", 0, "greatest size of a record in bytes (default: 16 MiB)")
}

// settle reads the flags that are words.
func (f *layoutFlags) settle() error {
	for _, w := range f.words {
		if err := w.into.UnmarshalText([]byte(*w.value)); err != nil {
			return &exitError{exitUsage, fmt.Errorf("--%s: %w", w.name, err)}
		}
	}
	f.options.Replacing = nil
	for _, pair := range f.replacing {
		from, to, ok := strings.Cut(pair, " BY ")
		if from = pseudoText(from); !ok || from == "" {
			return &exitError{exitUsage, fmt.Errorf("--replacing: %q does not say what by what\n  such as: --replacing '==:TAG:== BY ==X=='", pair)}
		}
		f.options.Replacing = append(f.options.Replacing, syntax.Replacement{From: from, To: pseudoText(to)})
	}
	return nil
}

// pseudoText takes off the == around a text, which may be left out.
func pseudoText(s string) string {
	s = strings.TrimSpace(s)
	if inner, ok := strings.CutPrefix(s, "=="); ok {
		return strings.TrimSpace(strings.TrimSuffix(inner, "=="))
	}
	return s
}

// layouts parses copybooks: files, "-" for standard input, or builtin:NAME.
func (f *layoutFlags) layouts(stdin io.Reader, names ...string) ([]*copybooks.Layout, error) {
	if err := f.settle(); err != nil {
		return nil, err
	}
	var all []*copybooks.Layout
	for _, name := range names {
		src, err := openCopybook(stdin, name)
		if err != nil {
			return nil, err
		}
		o := f.options
		o.Copy = f.copier(name)
		layouts, err := copybooks.Parse(name, src, o)
		src.Close()
		if err != nil {
			return nil, &exitError{exitUsage, err}
		}
		all = append(all, layouts...)
	}
	if len(all) == 0 {
		return nil, &exitError{exitUsage, fmt.Errorf("%s: there is no record in it", strings.Join(names, ", "))}
	}
	return all, nil
}

func openCopybook(stdin io.Reader, name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(stdin), nil
	}
	if sample, ok := strings.CutPrefix(name, builtin); ok {
		f, err := benefits.Files().Open(strings.ToUpper(sample) + ".cpy")
		if err != nil {
			return nil, &exitError{exitUsage, fmt.Errorf("there is no sample copybook %q\n  there are: %s", sample, strings.Join(sampleNames(), ", "))}
		}
		return f, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, &exitError{exitIO, fmt.Errorf("copybook: %w", err)}
	}
	return f, nil
}

// sampleNames returns the sample copybooks as arguments.
func sampleNames() []string {
	files, err := fs.Glob(benefits.Files(), "*.cpy")
	if err != nil {
		return nil
	}
	for i, f := range files {
		files[i] = builtin + strings.TrimSuffix(f, ".cpy")
	}
	return files
}

// copier finds the texts of COPY statements, in the copybook's directory and in those of --include.
func (f *layoutFlags) copier(copybook string) func(name, library string) (io.ReadCloser, error) {
	dirs := f.include
	if copybook != "-" && !strings.HasPrefix(copybook, builtin) {
		dirs = append([]string{filepath.Dir(copybook)}, dirs...)
	}
	return func(name, library string) (io.ReadCloser, error) {
		if name != filepath.Base(name) || library != filepath.Base(library) && library != "" {
			return nil, fmt.Errorf("%q is no name of a copybook", name)
		}
		for _, dir := range dirs {
			for _, base := range []string{name, strings.ToLower(name), strings.ToUpper(name)} {
				for _, ext := range []string{"", ".cpy", ".CPY", ".cbl", ".CBL", ".cob", ".copy"} {
					file, err := os.Open(filepath.Join(dir, library, base+ext))
					if err == nil {
						return file, nil
					}
					if !errors.Is(err, fs.ErrNotExist) {
						return nil, err
					}
				}
			}
		}
		return nil, fmt.Errorf("no such text in %s", strings.Join(dirs, ", "))
	}
}
