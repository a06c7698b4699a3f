package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/portage-gateway/portage/copybooks/mapping"
	"github.com/portage-gateway/portage/internal/app"
	"github.com/portage-gateway/portage/internal/config"
)

// revealFlags are those by which content is disclosed.
type revealFlags struct {
	reveal       bool
	reason, from string
}

func (f *revealFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.reveal, "reveal", false, "disclose the content; a running Portage records it first, or nothing is disclosed")
	flags.StringVar(&f.reason, "reason", "", "why, for the audit; required with --reveal")
	flags.StringVar(&f.from, "from", "", "only letters on this queue (default: every queue of dead letters)")
	auditFlags(cmd)
}

// auditFlags say which running Portage records a disclosure: that of --data, as for other commands.
func auditFlags(cmd *cobra.Command) {
	cmd.Flags().String("control", "", "the running Portage that records it (default: by the socket in --data)")
	cmd.Flags().String("token-file", "", "token file for --control (default: control.token in --data)")
}

func (f *revealFlags) check() error {
	if f.reveal && strings.TrimSpace(f.reason) == "" {
		return &exitError{exitUsage, errors.New("--reveal needs a reason\n  add --reason \"why you have to see it\"")}
	}
	return nil
}

// record lets a running Portage write down what is about to happen. Without it nothing happens.
func record(cmd *cobra.Command, action, object, reason string) error {
	portage, err := newControl(cmd)
	if err != nil {
		return err
	}
	_, err = portage.ask(cmd.Context(), "/disclosures", map[string]string{"action": action, "object": object, "reason": reason})
	var e *exitError
	if errors.As(err, &e) {
		return &exitError{e.code, fmt.Errorf("nothing was done, since it is not recorded: %w", e.err)}
	}
	return err
}

func newLetterShow() *cobra.Command {
	f := &revealFlags{}
	decode := &recordFlags{fillers: "drop", onError: "stop", rdw: "big", newline: "lf"}
	var configuration string
	cmd := &cobra.Command{
		Use:   "show MSGID",
		Short: "Show a dead letter: why it was put aside, and its fields by their shapes",
		Long: `Fields are shown by the copybook and mapping that are named, or those of the bridge in --config whose dead
letters these are. What the mapping does not call public is shown by its shape. The bytes, in hexadecimal, are
shown with --reveal --reason only, once a running Portage has put that in its audit.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(); err != nil {
				return err
			}
			return onQueues(cmd, func(ctx context.Context, q *app.Queues) error {
				letters, err := q.Letters(ctx, f.from, args[0])
				if err != nil {
					return queueFault(err)
				}
				if err := lookUp(decode, configuration, letters[0].Queue); err != nil {
					return err
				}
				var view *mapping.View
				if len(decode.copybooks) > 0 {
					decode.view.Invalid = mapping.InvalidNull
					if view, err = decode.compile(cmd); err != nil {
						return err
					}
				}
				for i := range letters {
					if err := showLetter(cmd, f, &letters[i], view); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	f.register(cmd)
	decode.layoutFlags.register(cmd)
	decode.registerKinds(cmd)
	cmd.Flags().StringArrayVarP(&decode.copybooks, "copybook", "c", nil, copybookUsage)
	decode.format.Recfm = "F"
	cmd.Flags().StringVar(&configuration, "config", "", "configuration whose bridge names copybook and mapping")
	return cmd
}

// lookUp takes copybook and mapping from the configuration, unless flags name them.
func lookUp(f *recordFlags, file, queue string) error {
	if file == "" || len(f.copybooks) > 0 {
		return nil
	}
	c, err := config.Load(file)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	for _, b := range c.Bridges {
		if b.DeadLetters == queue {
			f.copybooks, f.mapping = []string{b.Copybook}, b.Mapping
			return nil
		}
	}
	return &exitError{exitUsage, fmt.Errorf("%s has no bridge whose dead letters go to %s\n  name a --copybook", file, queue)}
}

// shownLetter is one dead letter in full.
type shownLetter struct {
	letterLine
	// Record is the content by its shapes; absent without a copybook. Undecodable says why there is none.
	Record      json.RawMessage `json:"record,omitempty"`
	Undecodable string          `json:"undecodable,omitempty"`
	Hex         string          `json:"hex,omitempty"`
}

func showLetter(cmd *cobra.Command, f *revealFlags, l *app.DeadLetter, view *mapping.View) error {
	out := shownLetter{letterLine: letterOf(*l)}
	if view != nil {
		masked, err := l.Masked(view)
		if out.Record = masked; err != nil {
			out.Undecodable = err.Error()
		}
	}
	var content []byte
	if f.reveal {
		var err error
		if content, err = l.Reveal(func() error { return record(cmd, "reveal", l.Object(), f.reason) }); err != nil {
			return err
		}
	}
	if asJSON, _ := cmd.Flags().GetBool("json"); asJSON {
		out.Hex = hex.EncodeToString(content)
		return printJSON(cmd.OutOrStdout(), out)
	}
	return printLetter(cmd.OutOrStdout(), &out, content, view != nil)
}

func printLetter(w io.Writer, l *shownLetter, content []byte, decoded bool) error {
	if err := printLetters(w, []letterLine{l.letterLine}); err != nil {
		return err
	}
	switch {
	case l.Undecodable != "":
		fmt.Fprintln(w, "\ncannot be decoded: "+l.Undecodable)
	case decoded:
		shown, err := json.MarshalIndent(l.Record, "", "  ")
		if err != nil {
			return &exitError{exitInternal, err}
		}
		fmt.Fprintf(w, "\n%s\n", shown)
	default:
		fmt.Fprintln(w, "\nits fields: name --copybook FILE, or --config FILE")
	}
	if content != nil {
		fmt.Fprintf(w, "\n%s", hex.Dump(content))
	}
	return nil
}

func newLetterExport() *cobra.Command {
	f := &revealFlags{}
	cmd := &cobra.Command{
		Use:   "export MSGID FILE",
		Short: "Write a dead letter's bytes, unsealed, to a new file that only you can read",
		Long: `The bytes are those of the message, as they were put. It needs --reveal and --reason, and a running Portage
that puts it in its audit first. The letter stays on its queue. Destroy the file when you are done.`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(); err != nil {
				return err
			}
			if !f.reveal {
				return &exitError{exitUsage, errors.New("an export discloses the content\n  add --reveal and --reason")}
			}
			return onQueues(cmd, func(ctx context.Context, q *app.Queues) error {
				letters, err := q.Letters(ctx, f.from, args[0])
				switch {
				case err != nil:
					return queueFault(err)
				case len(letters) > 1:
					return &exitError{exitUsage, fmt.Errorf("%d letters have this MsgId\n  name their queue with --from", len(letters))}
				}
				l := &letters[0]
				content, err := l.Reveal(func() error { return record(cmd, "disclose", l.Object(), f.reason) })
				if err != nil {
					return err
				}
				if err := writePrivate(args[1], content); err != nil {
					return &exitError{exitIO, err}
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d bytes are in %s\n", len(content), args[1])
				return err
			})
		},
	}
	f.register(cmd)
	return cmd
}

// writePrivate writes a new file of mode 0600, whole or not at all.
func writePrivate(name string, content []byte) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	_, err = file.Write(content)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("export: %w", errors.Join(err, os.Remove(name)))
	}
	return nil
}
