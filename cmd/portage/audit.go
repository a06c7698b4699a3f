package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/portage-gateway/portage/internal/app"
)

// auditPage is how many entries one question asks for.
const auditPage = 1000

func newAudit() *cobra.Command {
	l := &auditList{}
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Show who changed what and why, and prove that the record is whole",
		Long: `The audit is a chain of entries on disk: each change with its actor, reason and outcome. Without a
subcommand the newest entries are listed.`,
		Example: `  portage audit
  portage audit list --after 120 --json
  portage audit verify --data data --head 120:5f0c…`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return l.run(cmd) },
	}
	l.flags(cmd)
	cmd.AddCommand(newAuditList(), newAuditVerify())
	return cmd
}

// auditList is what `portage audit list` was asked.
type auditList struct {
	after uint64
	limit int
	json  bool
}

func newAuditList() *cobra.Command {
	l := &auditList{}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List entries of a running Portage, oldest first",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return l.run(cmd) },
	}
	l.flags(cmd)
	return cmd
}

func (l *auditList) flags(cmd *cobra.Command) {
	controlFlags(cmd)
	flags := cmd.Flags()
	flags.Uint64Var(&l.after, "after", 0, "list what follows this entry (default: the newest entries)")
	flags.IntVar(&l.limit, "limit", 20, "how many entries at most")
	flags.BoolVar(&l.json, "json", false, "print one JSON object a line, with the hashes")
}

func (l *auditList) run(cmd *cobra.Command) error {
	if l.limit < 1 {
		return &exitError{exitUsage, errors.New("--limit is less than 1")}
	}
	portage, err := newControl(cmd)
	if err != nil {
		return err
	}
	entries, err := l.read(cmd.Context(), portage, cmd.Flags().Changed("after"))
	if err != nil {
		return err
	}
	if err := l.print(cmd.OutOrStdout(), entries); err != nil {
		return &exitError{exitIO, err}
	}
	return nil
}

// read pages through the record: from after on, or to its end and then the last entries of it.
func (l *auditList) read(ctx context.Context, portage *control, fromAfter bool) (kept []app.AuditEntry, err error) {
	for after := l.after; ; {
		var page []app.AuditEntry
		if _, err := portage.askInto(ctx, fmt.Sprintf("/audit?after=%d&limit=%d", after, auditPage), nil, &page); err != nil {
			return nil, err
		}
		kept = append(kept, page...)
		if fromAfter && len(kept) >= l.limit {
			return kept[:l.limit], nil
		}
		if extra := len(kept) - l.limit; extra > 0 {
			kept = append([]app.AuditEntry(nil), kept[extra:]...)
		}
		if len(page) < auditPage {
			return kept, nil
		}
		after = page[len(page)-1].Seq
	}
}

func (l *auditList) print(w io.Writer, entries []app.AuditEntry) error {
	if l.json {
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		for _, e := range entries {
			if err := encoder.Encode(e); err != nil {
				return err
			}
		}
		return nil
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ENTRY\tTIME\tACTOR\tACTION\tOBJECT\tCHANGE\tOUTCOME\tREASON")
	for _, e := range entries {
		change := e.After
		if e.Before != "" {
			change = e.Before + " -> " + e.After
		}
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", e.Seq, e.Time.UTC().Format(time.DateTime),
			oneLine(e.Actor), oneLine(e.Action), oneLine(e.Object), oneLine(change), e.Outcome, oneLine(e.Reason))
	}
	return t.Flush()
}

// oneLine keeps what people wrote from breaking the table or steering the terminal.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
}

// auditProof is what `portage audit verify` was asked.
type auditProof struct {
	data  string
	heads []string
	json  bool
}

func newAuditVerify() *cobra.Command {
	p := &auditProof{}
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check every entry's hash from the files, and name the first that is not in order",
		Long: `Reads the files in the data directory; no Portage needs to run. It finds each changed, missing, added or
moved entry. That the end was cut off together with its head file, or all of it written anew, shows only
against a head that was kept elsewhere: give it with --head.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.run(cmd.OutOrStdout()) },
	}
	cmd.Flags().StringVar(&p.data, "data", "data", "data directory")
	cmd.Flags().StringArrayVar(&p.heads, "head", nil, "SEQ:HASH that an earlier verify printed and that was kept elsewhere (repeatable)")
	cmd.Flags().BoolVar(&p.json, "json", false, "print what was found as JSON")
	return cmd
}

func (p *auditProof) run(w io.Writer) error {
	var heads []app.AuditHead
	for _, text := range p.heads {
		h, err := app.ParseAuditHead(text)
		if err != nil {
			return &exitError{exitUsage, fmt.Errorf("--head: %w", err)}
		}
		heads = append(heads, h)
	}
	dir := filepath.Join(p.data, "audit")
	if err := p.chain(w, dir, heads); err != nil {
		return err
	}
	spill := dir + "-spill"
	if _, err := os.Stat(spill); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return p.chain(w, spill, nil)
}

// chain verifies one folder.
func (p *auditProof) chain(w io.Writer, dir string, heads []app.AuditHead) error {
	summary, err := app.VerifyAudit(dir, heads...)
	var damage *app.AuditDamage
	if err != nil && !errors.As(err, &damage) {
		return &exitError{exitIO, err}
	}
	if printErr := p.print(w, dir, summary, damage); printErr != nil {
		return &exitError{exitIO, printErr}
	}
	if damage != nil {
		return &exitError{exitNo, fmt.Errorf("%s: %w", dir, damage)}
	}
	return nil
}

func (p *auditProof) print(w io.Writer, dir string, s app.AuditSummary, damage *app.AuditDamage) error {
	if p.json {
		return json.NewEncoder(w).Encode(struct {
			Dir string `json:"dir"`
			OK  bool   `json:"ok"`
			app.AuditSummary
			Damage *app.AuditDamage `json:"damage,omitempty"`
		}{dir, damage == nil, s, damage})
	}
	state := "in order"
	if damage != nil {
		state = "in order up to the damage"
	}
	if _, err := fmt.Fprintf(w, "%s: %s; entries: %d, files: %d\n", dir, state, s.Entries, s.Segments); err != nil {
		return err
	}
	if s.Entries == 0 {
		return nil
	}
	_, err := fmt.Fprintf(w, "  chain %s, from %s to %s\n  head %s\n", s.Chain, s.First.Format(time.DateTime), s.Last.Format(time.DateTime), s.Head)
	return err
}
