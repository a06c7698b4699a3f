package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/portage-gateway/portage/copybooks/recfm"
)

func newExplainCode() *cobra.Command {
	lang := &language{}
	cmd := &cobra.Command{
		Use:   "code [CODE]",
		Short: "Say what a reason or a finding means, and what to do; without CODE, all of them",
		Long:  `Codes stand in error messages, dead letters, metrics, and in what triage finds.`,
		Example: `  portage explain code packed-sign
  portage explain code odo-count --lang fr`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return explainCodes(cmd, args, lang) },
	}
	lang.register(cmd)
	return cmd
}

// explainCodes writes what codes mean; none: all of them.
func explainCodes(cmd *cobra.Command, codes []string, lang *language) error {
	french, err := lang.french()
	if err != nil {
		return err
	}
	known := explainedCodes()
	for _, code := range codes {
		if !slices.Contains(known, code) {
			return &exitError{exitUsage, fmt.Errorf("there is no code %q\n  there are: %s", code, strings.Join(known, ", "))}
		}
	}
	if len(codes) == 0 {
		codes = known
	}
	var b strings.Builder
	for _, code := range codes {
		b.WriteString(explainCode(code, french))
	}
	if _, err := io.WriteString(cmd.OutOrStdout(), b.String()); err != nil {
		return &exitError{exitIO, fmt.Errorf("write: %w", err)}
	}
	return nil
}

// explainedCodes are the reasons of errors, dead letters and rejected files, and the findings of triage, in alphabetical order.
func explainedCodes() []string {
	codes := slices.AppendSeq(slices.AppendSeq(recfm.Codes(), maps.Keys(codeTexts)), maps.Keys(letterTexts))
	slices.Sort(codes)
	return slices.Compact(codes)
}

// explainCode says what a code means. Some are both a reason and a finding.
func explainCode(code string, french bool) string {
	var b strings.Builder
	fmt.Fprintln(&b, code)
	c, reason := codeTexts[code]
	if !reason {
		c, reason = letterTexts[code]
	}
	if reason {
		t := c.in(french)
		fmt.Fprintf(&b, "  %s\n  %s\n", t.means, t.do)
	}
	words := wordsOfTriage(french)
	if a, ok := recfm.AdviceOn(code, words.language); ok {
		if reason {
			fmt.Fprintf(&b, "  %s\n", words.found)
		}
		words.advise(&b, "  ", a)
	}
	return b.String()
}
