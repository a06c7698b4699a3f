package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/portage-gateway/portage/contracts"
	samples "github.com/portage-gateway/portage/contracts/benefits"
)

// verification is what `portage verify` was asked.
type verification struct {
	contracts      []string
	legacy, modern string
	values         map[string]string
	timeout        time.Duration
	json           bool
}

func newVerify() *cobra.Command {
	v := &verification{}
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Hold both sides to their contracts, and say yes or no",
		Long: `Without --contract a running Portage verifies the contracts of its configuration, at both sides of each
route and at each bridge. With --contract, and the address of one side or of both, the contracts are
verified from here, and no Portage is needed.

What a side answered is shown masked. Exit code 1 says that a contract is broken.`,
		Example: `  portage verify
  portage verify --contract claims.contract.yaml --legacy http://legacy:8080 --modern http://modern:8080 --value claimRef=REF
  portage verify --contract builtin:ei-claim-status --modern http://127.0.0.1:8081 --value claimRef=REF --value unknownClaimRef=REF`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return v.run(cmd) },
	}
	controlFlags(cmd)
	flags := cmd.Flags()
	flags.StringArrayVar(&v.contracts, "contract", nil, "contract file, or builtin:NAME for a sample (repeatable)")
	flags.StringVar(&v.legacy, "legacy", "", "address of the Legacy side, such as http://127.0.0.1:8080")
	flags.StringVar(&v.modern, "modern", "", "address of the Modern side")
	flags.StringToStringVar(&v.values, "value", nil, "NAME=VALUE for a contract's placeholder; test clients only (repeatable)")
	flags.DurationVar(&v.timeout, "timeout", 30*time.Second, "how long one contract may take at one side")
	flags.BoolVar(&v.json, "json", false, "print the report as JSON")
	return cmd
}

func (v *verification) run(cmd *cobra.Command) error {
	summary, err := v.ask(cmd)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	if v.json {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		err = encoder.Encode(summary)
	} else {
		err = summary.WriteText(out)
	}
	if err != nil {
		return &exitError{exitIO, err}
	}
	if summary.OK {
		return nil
	}
	if silent(summary) {
		return &exitError{exitRemote, errors.New("a side did not answer")}
	}
	return &exitError{exitNo, errors.New("a contract is broken, or nothing was verified")}
}

// ask verifies from here if a side's address is given, else it asks a running Portage.
func (v *verification) ask(cmd *cobra.Command) (contracts.Summary, error) {
	var summary contracts.Summary
	here := v.legacy != "" || v.modern != ""
	switch {
	case here && len(v.contracts) == 0:
		return summary, &exitError{exitUsage, errors.New("say what to verify with --contract FILE")}
	case !here && (len(v.contracts) > 0 || len(v.values) > 0):
		return summary, &exitError{exitUsage, errors.New("say where to verify it with --legacy URL, --modern URL or both\n  without --contract a running Portage verifies the contracts of its configuration")}
	case here:
		return v.here(cmd.Context())
	}
	portage, err := newControl(cmd)
	if err != nil {
		return summary, err
	}
	_, err = portage.askInto(cmd.Context(), "/verify", struct{}{}, &summary)
	return summary, err
}

func (v *verification) here(ctx context.Context) (contracts.Summary, error) {
	var verdicts []contracts.Verdict
	for _, file := range v.contracts {
		c, err := readContract(file)
		if err != nil {
			return contracts.Summary{}, err
		}
		var reports []*contracts.Report
		for _, side := range [...]struct{ name, address string }{{"legacy", v.legacy}, {"modern", v.modern}} {
			if side.address == "" {
				continue
			}
			r, err := v.at(ctx, c, side.name, side.address)
			if err != nil {
				return contracts.Summary{}, err
			}
			reports = append(reports, r)
		}
		verdicts = append(verdicts, contracts.Judge(reports...))
	}
	return contracts.Summarize(verdicts...), nil
}

// at verifies one contract at one address.
func (v *verification) at(ctx context.Context, c *contracts.Contract, side, address string) (*contracts.Report, error) {
	transport, err := contracts.Base(address, nil)
	if err != nil {
		return nil, &exitError{exitUsage, fmt.Errorf("--%s: %w", side, err)}
	}
	ctx, cancel := context.WithTimeout(ctx, v.timeout)
	defer cancel()
	r, err := contracts.Verify(ctx, c, contracts.Target{Name: side, HTTP: transport, Values: v.values})
	if err != nil {
		return nil, &exitError{exitRemote, fmt.Errorf("%w\n  give it more time with --timeout", err)}
	}
	return r, nil
}

func readContract(file string) (*contracts.Contract, error) {
	var c *contracts.Contract
	var err error
	if name, ok := strings.CutPrefix(file, builtin); ok {
		c, err = samples.Contract(name)
	} else {
		c, err = contracts.ReadFile(file)
	}
	if err != nil {
		return nil, &exitError{exitUsage, err}
	}
	return c, nil
}

// silent reports whether nothing failed but that no answer came.
func silent(s contracts.Summary) bool {
	unanswered := false
	for _, v := range s.Verdicts {
		for _, r := range v.Reports {
			for _, i := range r.Interactions {
				for _, f := range i.Failures {
					if f.Kind != contracts.KindUnanswered {
						return false
					}
					unanswered = true
				}
			}
		}
	}
	return unanswered
}
