//go:build ibmmq

package ibmmq

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/ibm-messaging/mq-golang/v5/ibmmq"

	"github.com/portage-gateway/portage/adapters/mq"
)

// Dial checks c and returns how to connect by it. Nothing is opened before the first connect. The returned func is
// safe for use by several goroutines.
//
// The client exchanges texts (names and values of properties, users) in the code page MQCCSID of the environment;
// where that is not set, Dial sets it to 1208 (UTF-8), or header values in French would depend on the locale.
func Dial(c Config) (mq.Dial, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if _, set := os.LookupEnv("MQCCSID"); !set {
		if err := os.Setenv("MQCCSID", "1208"); err != nil {
			return nil, fmt.Errorf("ibmmq: %w", err)
		}
	}
	c = c.withDefaults()
	return func(ctx context.Context) (mq.Conn, error) { return dial(ctx, c) }, nil
}

// connected is what MQCONNX returns.
type connected struct {
	manager ibmmq.MQQueueManager
	err     error
}

// dial connects. MQCONNX cannot be ended, so a connection that comes after ctx has ended is closed again.
func dial(ctx context.Context, c Config) (mq.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("mq connect: %w", err)
	}
	options, err := c.connectOptions()
	if err != nil {
		return nil, fmt.Errorf("mq connect: %w", err)
	}
	came := make(chan connected, 1)
	go func() {
		manager, err := ibmmq.Connx(c.QueueManager, options)
		came <- connected{manager, err}
	}()
	select {
	case r := <-came:
		if err := callError("connect", "", r.err); err != nil && err.CompCode != mq.CCWarning {
			return nil, err
		}
		// A warning such as 2391 comes with a connection that lives.
		return newConn(r.manager, c), nil
	case <-ctx.Done():
		go func() {
			if r := <-came; r.err == nil || isWarning(r.err) {
				newConn(r.manager, c).end()
			}
		}()
		return nil, fmt.Errorf("mq connect: %w", ctx.Err())
	}
}

// connectOptions makes the MQCNO. Secrets are read here, so that new ones count at the next connect.
func (c *Config) connectOptions() (*ibmmq.MQCNO, error) {
	cno := ibmmq.NewMQCNO()
	cno.Options = ibmmq.MQCNO_HANDLE_SHARE_NO_BLOCK | ibmmq.MQCNO_RECONNECT_DISABLED
	cno.ApplName = c.ApplicationName
	url, err := c.ccdtURL()
	if err != nil {
		return nil, err
	}
	cno.CCDTUrl = url
	if c.Channel != "" || c.CCDT != "" {
		cno.Options |= ibmmq.MQCNO_CLIENT_BINDING
	}
	if c.Channel != "" {
		cno.ClientConn = c.channel()
	}
	if cno.SSLConfig, err = c.security(); err != nil {
		return nil, err
	}
	if cno.SecurityParms, err = c.credentials(); err != nil {
		return nil, err
	}
	return cno, nil
}

func (c *Config) channel() *ibmmq.MQCD {
	cd := ibmmq.NewMQCD()
	cd.ChannelName, cd.ConnectionName = c.Channel, c.Connection
	cd.SSLCipherSpec, cd.SSLPeerName = c.Cipher, c.PeerName
	cd.MaxMsgLength = int32(c.MaxMsgLength)
	cd.SharingConversations = int32(c.SharedConversations)
	return cd
}

// security makes the MQSCO; nil when nothing asks for one.
func (c *Config) security() (*ibmmq.MQSCO, error) {
	if c.KeyRepository == "" && c.CertificateLabel == "" && !c.FIPS {
		return nil, nil
	}
	sco := ibmmq.NewMQSCO()
	sco.KeyRepository, sco.CertificateLabel, sco.FipsRequired = c.KeyRepository, c.CertificateLabel, c.FIPS
	var err error
	sco.KeyRepoPassword, err = secret("keyRepositoryPasswordFile", c.KeyRepositoryPasswordFile)
	return sco, err
}

// credentials makes the MQCSP; nil when the connection has none of its own.
func (c *Config) credentials() (*ibmmq.MQCSP, error) {
	if c.User == "" && c.TokenFile == "" {
		return nil, nil
	}
	csp := ibmmq.NewMQCSP()
	var err error
	if csp.Token, err = secret("tokenFile", c.TokenFile); err != nil || csp.Token != "" {
		return csp, err
	}
	csp.AuthenticationType = ibmmq.MQCSP_AUTH_USER_ID_AND_PWD
	csp.UserId = c.User
	csp.Password, err = secret("passwordFile", c.PasswordFile)
	return csp, err
}

// callError makes an *mq.Error of what a call of the MQI returned, which carries its codes.
func callError(op, queue string, err error) *mq.Error {
	if err == nil {
		return nil
	}
	if r, ok := errors.AsType[*ibmmq.MQReturn](err); ok {
		return failed(op, queue, r.MQCC, r.MQRC)
	}
	return failed(op, queue, mq.CCFailed, mq.RCUnexpectedError)
}

// isWarning reports a call that was done with a warning.
func isWarning(err error) bool {
	r, ok := errors.AsType[*ibmmq.MQReturn](err)
	return ok && r.MQCC == mq.CCWarning
}
