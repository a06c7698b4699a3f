package qmgr

import (
	"context"

	"github.com/portage-gateway/portage/adapters/mq"
)

// administer sends a request whose reply is its status.
func (c *client) administer(ctx context.Context, op, name string, code byte, payload []byte) error {
	r, err := c.call(ctx, op, name, code, payload, 0)
	if err != nil {
		return err
	}
	return c.finish(op, name, r)
}

// Define implements Definer.
func (c *client) Define(ctx context.Context, queue string, settings []string) error {
	if err := checkSettings("define", queue, settings); err != nil {
		return err
	}
	return c.administer(ctx, "define", queue, opDefine, appendDefine(nil, queue, modeDefine, settings))
}

// Alter implements Definer.
func (c *client) Alter(ctx context.Context, name string, settings []string) error {
	if err := checkSettings("alter", name, settings); err != nil {
		return err
	}
	return c.administer(ctx, "alter", name, opDefine, appendDefine(nil, name, modeAlter, settings))
}

// Alias implements Definer.
func (c *client) Alias(ctx context.Context, name, target string) error {
	if err := checkSettings("alias", name, []string{target}); err != nil {
		return err
	}
	return c.administer(ctx, "alias", name, opAlias, appendText(appendText(nil, name), target))
}

// checkSettings keeps out what no frame can carry; the queue manager judges the rest.
func checkSettings(op, name string, settings []string) error {
	if len(name) > maxName {
		return unknown(op, name[:maxName])
	}
	if len(settings) > maxSettings {
		return mq.Failed(op, name, mq.RCOptionsError, "too many settings")
	}
	for _, s := range settings {
		if len(s) > 1000 {
			return mq.Failed(op, name, mq.RCOptionsError, "a setting is too long")
		}
	}
	return nil
}

// Describe implements Describer.
func (c *client) Describe(ctx context.Context, name string) (Detail, error) {
	if len(name) > maxName {
		return Detail{}, unknown("describe", name[:maxName])
	}
	r, err := c.call(ctx, "describe", name, opDescribe, appendText(nil, name), 0)
	if err != nil {
		return Detail{}, err
	}
	d := r.detail()
	return d, c.finish("describe", name, r)
}

// Quiesce implements Quiescer.
func (c *client) Quiesce(ctx context.Context, on bool) error {
	return c.administer(ctx, "quiesce", "", opQuiesce, []byte{byte(bits(on))})
}

// Fault implements Faulter.
func (c *client) Fault(ctx context.Context, f Fault) error {
	if err := checkSettings("fault", f.Queue, []string{f.Op, f.App}); err != nil {
		return err
	}
	return c.administer(ctx, "fault", f.Queue, opFault, appendFault(nil, f))
}

// ClearFaults implements Faulter.
func (c *client) ClearFaults(ctx context.Context) error {
	return c.administer(ctx, "fault", "", opFault, appendFault(nil, Fault{}))
}
