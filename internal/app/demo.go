package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/portage-gateway/portage/internal/demo"
)

// The demo's defaults.
const (
	DemoLength = 90 * time.Second
	DemoRate   = 80
	// demoClaims is how many claims the load asks for, of as many clients.
	demoClaims = 400
)

// DemoOptions say how the story is played.
type DemoOptions struct {
	// Out takes the story. Required.
	Out io.Writer
	// Length is how long it takes, Rate how many requests a second the load sends.
	Length time.Duration
	Rate   int
	// Pace scales the pauses for the reader between two acts; 0 is 1.
	Pace float64
	// KeepData leaves the data directory where it is. Otherwise it is a new one, removed at the end.
	KeepData bool
}

// Demo runs the sample under load and plays the story of one migration. An error says what did not come
// true: a wrong or a failed answer is one.
func Demo(ctx context.Context, o Options, d DemoOptions) (err error) {
	if !d.KeepData {
		if o.Config.Data, err = os.MkdirTemp("", "portage-demo-"); err != nil {
			return err
		}
		defer os.RemoveAll(o.Config.Data)
	}
	a, err := New(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	load, err := a.demoLoad(d.Rate)
	if err != nil {
		return err
	}
	a.sample.modern.Faulty.Store(true)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	told := make(chan error, 1)
	up := func() {
		go func() {
			defer stop()
			told <- a.play(ctx, load, d)
		}()
	}
	if err := a.Run(ctx, up); err != nil {
		return err
	}
	select {
	case err := <-told:
		return err
	default:
		return context.Canceled
	}
}

// demoLoad asks for claims that the sample's rule finds.
func (a *App) demoLoad(rate int) (*demo.Load, error) {
	load := &demo.Load{Base: a.TrafficURL(), Rate: rate, Check: checkSample(a.vault.OpenReference)}
	for n := range demoClaims {
		reference, err := a.sampleReference(n)
		if err != nil {
			return nil, err
		}
		load.References = append(load.References, reference)
	}
	return load, nil
}

// play runs the load beside the story.
func (a *App) play(ctx context.Context, load *demo.Load, d DemoOptions) error {
	fmt.Fprintf(d.Out, "One migration in %v, at %d requests a second. The page shows it live: %s\n\n", d.Length, d.Rate, a.ControlURL())
	loading, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- load.Run(loading) }()
	story := &demo.Story{
		Out: d.Out, Control: a.socketClient(), Route: sampleRoute, Modern: a.sample.modern, Load: load, Length: d.Length, Pace: d.Pace,
	}
	err := story.Run(ctx)
	stop()
	err = errors.Join(err, <-ended)
	counts := load.Counts()
	fmt.Fprintf(d.Out, "\n%v.\n", counts)
	if err == nil && (counts.Wrong > 0 || counts.Failed > 0) {
		return errors.New("some answers were wrong or failed")
	}
	return err
}

// socketClient reaches the control API as the owner does.
func (a *App) socketClient() *http.Client {
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", a.data.file("control.sock"))
		},
	}}
}
