package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"time"

	"github.com/spf13/cobra"

	"github.com/portage-gateway/portage/internal/app"
	"github.com/portage-gateway/portage/internal/config"
)

// runFlags are the flags of run and demo; each one that is given outranks the configuration file.
type runFlags struct {
	config, data, traffic, control, role, program string
	kafka                                         []string
	sample                                        bool
	logLevel                                      slog.Level
}

func (f *runFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.data, "data", "", "directory of Portage's own files (default: the configuration's, data)")
	flags.StringVar(&f.traffic, "traffic", "", "host:port for clients (default: the configuration's, 127.0.0.1:8080)")
	flags.StringVar(&f.control, "control", "", "host:port for control API, page and metrics (default: the configuration's, 127.0.0.1:9080)")
	flags.StringVar(&f.program, "legacy-program", "", "the sample's Legacy program, a filter over 586-byte areas (default: the built-in one)")
	flags.StringSliceVar(&f.kafka, "kafka", nil, "Kafka brokers, host:port, that take every event")
	flags.TextVar(&f.logLevel, "log-level", slog.LevelInfo, "DEBUG, INFO, WARN or ERROR")
}

// load reads the configuration and lets the flags outrank it.
func (f *runFlags) load() (*config.Config, error) {
	var c *config.Config
	var err error
	switch {
	case f.config != "":
		c, err = config.Load(f.config)
	case f.sample:
		c, err = app.SampleConfig()
	default:
		return nil, &exitError{exitUsage, fmt.Errorf("there is nothing to run\n  name a configuration with --config, or try: portage run --sample")}
	}
	if unread := new(fs.PathError); errors.As(err, &unread) {
		return nil, &exitError{exitIO, err}
	}
	if err != nil {
		return nil, &exitError{exitUsage, err}
	}
	for flag, setting := range map[*string]*string{&f.data: &c.Data, &f.traffic: &c.Traffic.Listen, &f.control: &c.Control.Listen} {
		if *flag != "" {
			*setting = *flag
		}
	}
	for flag, address := range map[string]string{"traffic": c.Traffic.Listen, "control": c.Control.Listen} {
		if _, _, err := net.SplitHostPort(address); err != nil {
			return nil, &exitError{exitUsage, fmt.Errorf("--%s %q is no address\n  write host:port, such as 127.0.0.1:8080", flag, address)}
		}
	}
	if len(f.kafka) > 0 {
		c.Kafka.Brokers = f.kafka
	}
	return c, nil
}

func (f *runFlags) options(cmd *cobra.Command) (app.Options, error) {
	c, err := f.load()
	if err != nil {
		return app.Options{}, err
	}
	role := app.Role(f.role)
	if !role.Valid() {
		return app.Options{}, &exitError{exitUsage, fmt.Errorf("there is no role %q\n  take all, router or bridge", f.role)}
	}
	version, revision := build()
	return app.Options{
		Config: c, Role: role, Sample: f.sample, LegacyProgram: f.program,
		Version: version, Revision: revision,
		Log: logger(cmd.ErrOrStderr(), f.logLevel),
	}, nil
}

// logger writes one JSON object a line.
func logger(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
}

func newRun() *cobra.Command {
	f := &runFlags{}
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Serve routes and carry messages",
		Example: `  portage run --sample                      embedded parts and sample sides, nothing else needed
  portage run --config portage.yaml
  portage run --config portage.yaml --role bridge --kafka broker:9092`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := f.options(cmd)
			if err != nil {
				return err
			}
			if err := app.Check(o.Config); err != nil {
				return &exitError{exitUsage, err}
			}
			a, err := app.New(cmd.Context(), o)
			if err != nil {
				return &exitError{exitIO, err}
			}
			err = a.Run(cmd.Context(), func() { fmt.Fprint(cmd.OutOrStdout(), a.Welcome()) })
			return errors.Join(err, a.Close())
		},
	}
	f.register(cmd)
	cmd.Flags().StringVar(&f.config, "config", "", "configuration file")
	cmd.Flags().BoolVar(&f.sample, "sample", false, "run the sample sides and their queues too")
	cmd.Flags().StringVar(&f.role, "role", "all", "all, router or bridge: what this process does")
	return cmd
}

func newDemo() *cobra.Command {
	f := &runFlags{sample: true, role: "all"}
	story := app.DemoOptions{}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Play the story of one migration, in 90 seconds",
		Long: `Runs the sample under load and plays one migration: the shadow finds a fault in Modern, it is
mended, clients move, Modern is killed, nobody notices, and all of it is taken back. Every line that it
prints was read from the running Portage. Its files go to a new directory that is removed at the end,
unless --data names one.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.logLevel = max(f.logLevel, slog.LevelError)
			o, err := f.options(cmd)
			if err != nil {
				return err
			}
			if story.Rate < 1 || story.Length < time.Second {
				return &exitError{exitUsage, fmt.Errorf("--rate is at least 1 and --length at least 1s")}
			}
			story.Out, story.KeepData = cmd.OutOrStdout(), f.data != ""
			if err := app.Demo(cmd.Context(), o, story); err != nil {
				return &exitError{exitNo, err}
			}
			return nil
		},
	}
	f.register(cmd)
	cmd.Flags().DurationVar(&story.Length, "length", app.DemoLength, "how long the story takes")
	cmd.Flags().IntVar(&story.Rate, "rate", app.DemoRate, "requests a second")
	return cmd
}
