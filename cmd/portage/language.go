package main

import (
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// language is the language of the texts that a command writes for people.
type language struct{ flag string }

// register adds --lang.
func (l *language) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&l.flag, "lang", "", "en|fr: the language of the text (default: the environment's, by LC_ALL, LC_MESSAGES or LANG; else en)")
}

// french reports whether texts are French: --lang says so, or the environment if --lang says nothing. The error is
// one of usage.
func (l *language) french() (bool, error) {
	if l.flag == "" {
		return frenchLocale(os.Getenv), nil
	}
	return l.flag == "fr", oneOf("lang", l.flag, "en", "fr")
}

// frenchLocale reports whether the locale of messages is French: the first of the variables that holds anything
// decides (POSIX.1-2017, Base Definitions, 8.2 Internationalization Variables).
func frenchLocale(env func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if locale := env(name); locale != "" {
			lang, _, _ := strings.Cut(strings.ToLower(locale), ".")
			lang, _, _ = strings.Cut(lang, "_")
			return lang == "fr"
		}
	}
	return false
}
