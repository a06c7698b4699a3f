package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

// fullShare is the share at which Modern serves every client: shares count ten-thousandths.
const fullShare = 10_000

// routeState is what the control API says of a route that can be changed.
type routeState struct {
	Route      string
	Stage      string
	Share      int
	Killed     bool
	Version    uint64
	LastChange *struct {
		Time          time.Time
		Actor, Reason string
	}
	Warnings []string
}

// routeStatus is one route of GET /control/v1/routes.
type routeStatus struct {
	routeState
	Breaker string
	Clients struct{ Legacy, Modern uint64 }
	Parity  struct{ Equal, Different uint64 }
}

func newRoutes() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "routes",
		Short: "Show every route: stage, share, what was seen, parity, breaker, last change",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := newControl(cmd)
			if err != nil {
				return err
			}
			var routes []routeStatus
			raw, err := c.askInto(cmd.Context(), "/routes", nil, &routes)
			if err != nil {
				return err
			}
			if asJSON {
				_, err = cmd.OutOrStdout().Write(raw)
				return err
			}
			return printRoutes(cmd.OutOrStdout(), routes)
		},
	}
	controlFlags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print everything that is known, as JSON")
	return cmd
}

func printRoutes(w io.Writer, routes []routeStatus) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ROUTE\tSTAGE\tSHARE\tSEEN\tPARITY\tCOMPARED\tBREAKER\tLAST CHANGE")
	for _, r := range routes {
		stage := r.Stage
		if r.Killed {
			stage += ", held on Legacy"
		}
		compared := r.Parity.Equal + r.Parity.Different
		change := "first value"
		if l := r.LastChange; l != nil {
			change = fmt.Sprintf("%s %s: %s", l.Time.UTC().Format("2006-01-02 15:04"), l.Actor, l.Reason)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\n", r.Route, stage, percent(r.Share),
			part(r.Clients.Modern, r.Clients.Legacy+r.Clients.Modern), part(r.Parity.Equal, compared), compared,
			strings.ReplaceAll(r.Breaker, "_", " "), change)
	}
	return t.Flush()
}

// percent writes ten-thousandths: 30%, 12.5%, 0.05%.
func percent(tenThousandths int) string {
	text := fmt.Sprintf("%d.%02d", tenThousandths/100, tenThousandths%100)
	return strings.TrimRight(strings.TrimRight(text, "0"), ".") + "%"
}

// part writes a ratio, cut off and never rounded up; "-" where there is no whole.
func part(n, whole uint64) string {
	if whole == 0 {
		return "-"
	}
	return percent(int(n * fullShare / whole))
}
