package main

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

func newHealthcheck() *cobra.Command {
	var live bool
	cmd := &cobra.Command{
		Use:   "healthcheck",
		Short: "Ask a running Portage whether it is ready, for containers and scripts",
		Long: `Prints the lines of /readyz and ends with 0 if this instance may be sent traffic, with 1 if not, and with 4
if nobody answers. With --live it asks /livez: does the process answer at all?`,
		Example: `  HEALTHCHECK CMD ["portage", "healthcheck", "--data", "/var/lib/portage"]`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, base, err := controlClient(cmd)
			if err != nil {
				return err
			}
			path := "/readyz"
			if live {
				path = "/livez"
			}
			r, err := http.NewRequestWithContext(cmd.Context(), http.MethodGet, base+path, nil)
			if err != nil {
				return &exitError{exitUsage, err}
			}
			answer, err := client.Do(r)
			if err != nil {
				return unreachable(err)
			}
			defer answer.Body.Close()
			if _, err := io.Copy(cmd.OutOrStdout(), answer.Body); err != nil && !errors.Is(err, os.ErrClosed) {
				return unreachable(err)
			}
			if answer.StatusCode != http.StatusOK {
				return &exitError{exitNo, errors.New(strings.TrimPrefix(path, "/") + " says no: " + answer.Status)}
			}
			return nil
		},
	}
	controlFlags(cmd)
	cmd.Flags().BoolVar(&live, "live", false, "ask /livez instead of /readyz")
	return cmd
}
