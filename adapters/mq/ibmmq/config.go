package ibmmq

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Config says how to reach a queue manager. Either Channel and Connection, or CCDT, or neither: then the MQ
// client's own environment decides (MQSERVER, MQCHLLIB, mqclient.ini), or a queue manager on this host.
type Config struct {
	// QueueManager is the queue manager's name, at most 48 characters. "*NAME" takes any member of a group in
	// a CCDT. Empty: the default one.
	QueueManager string `yaml:"queueManager"`
	// Channel is the server-connection channel, at most 20 characters.
	Channel string `yaml:"channel"`
	// Connection is where it listens: "host(1414)", several with commas, tried in order; at most 264 characters.
	Connection string `yaml:"connection"`
	// CCDT is a client channel definition table: a path, or a URL (file, http, https, ftp). A name that ends in
	// .json is in JSON. It brings channel, connection and cipher, so that those must be empty.
	CCDT string `yaml:"ccdt"`
	// Cipher is the CipherSpec, such as ANY_TLS13_OR_HIGHER; at most 32 characters. Empty: no TLS.
	Cipher string `yaml:"cipher"`
	// PeerName is what the queue manager's certificate must say, such as "CN=QM1*". Empty: not checked.
	PeerName string `yaml:"peerName"`
	// KeyRepository is the file with the trusted and own certificates (.kdb or .p12), at most 256 characters.
	KeyRepository string `yaml:"keyRepository"`
	// KeyRepositoryPasswordFile holds its password. Empty: its stash file is there.
	KeyRepositoryPasswordFile string `yaml:"keyRepositoryPasswordFile"`
	// CertificateLabel is the label of the own certificate, at most 64 characters. Empty: the client's default.
	CertificateLabel string `yaml:"certificateLabel"`
	// FIPS allows only FIPS-certified cryptography.
	FIPS bool `yaml:"fips"`
	// User and PasswordFile authenticate (MQCSP). TokenFile holds a token (JWT) and replaces both; it needs IBM MQ
	// 9.3.4 at both ends. Files are read anew at each connect; one newline at their end does not count.
	User         string `yaml:"user"`
	PasswordFile string `yaml:"passwordFile"`
	TokenFile    string `yaml:"tokenFile"`
	// ApplicationName is what DISPLAY CONN shows and messages bear as PutApplName, at most 28 characters.
	// Empty: portage.
	ApplicationName string `yaml:"applicationName"`
	// Context says how much of a descriptor's context a put with PassContext sets: "all" (identity, put time and program;
	// needs the authority +setall), "identity" (+setid), or "none": the queue manager writes this connection's user
	// into every message, and what reads user identifiers behind it sees one user. Empty: all.
	Context string `yaml:"context"`
	// SharedConversations is how many connections share a socket (SHARECNV), 1 to 999,999,999; the channel's own
	// setting bounds it. 0: 1, which is fastest.
	SharedConversations int `yaml:"sharedConversations"`
	// MaxMsgLength is the longest message in bytes, bounded by the channel's MAXMSGL. 0: 104,857,600 (100 MiB).
	MaxMsgLength int `yaml:"maxMsgLength"`
	// Poll is the longest single wait of a get, and so how late a cancelled context may be seen. 0: 1 s.
	Poll time.Duration `yaml:"poll"`
	// Now is the clock of put times and ages. Nil: time.Now.
	Now func() time.Time `yaml:"-"`
}

// Values of Config.Context.
const (
	contextAll      = "all"
	contextIdentity = "identity"
	contextNone     = "none"
)

// Defaults and limits.
const (
	maxMsgLength = 100 << 20
	defaultPoll  = time.Second
)

// Check reports what of c cannot be, by the setting's name in YAML. It opens nothing.
func (c *Config) Check() error {
	long := func(name, value string, most int) error {
		if len(value) > most {
			return fmt.Errorf("%s has %d characters, at most %d are allowed", name, len(value), most)
		}
		return nil
	}
	errs := []error{
		long("queueManager", strings.TrimPrefix(c.QueueManager, "*"), 48), long("channel", c.Channel, 20),
		long("connection", c.Connection, 264), long("cipher", c.Cipher, 32), long("keyRepository", c.KeyRepository, 256),
		long("certificateLabel", c.CertificateLabel, 64), long("applicationName", c.ApplicationName, 28),
	}
	wrong := func(is bool, text string) {
		if is {
			errs = append(errs, errors.New(text))
		}
	}
	wrong((c.Channel == "") != (c.Connection == ""), "channel and connection go together")
	wrong(c.CCDT != "" && (c.Channel != "" || c.Cipher != "" || c.PeerName != ""),
		"ccdt brings channel, connection, cipher and peerName: leave them out")
	wrong(c.CCDT == "" && c.Channel == "" && (c.Cipher != "" || c.PeerName != ""), "cipher and peerName need channel and connection")
	wrong((c.User == "") != (c.PasswordFile == ""), "user and passwordFile go together")
	wrong(c.TokenFile != "" && c.User != "", "tokenFile replaces user and passwordFile: give one of them")
	wrong(c.KeyRepositoryPasswordFile != "" && c.KeyRepository == "", "keyRepositoryPasswordFile needs keyRepository")
	wrong(c.SharedConversations < 0, "sharedConversations is below 0")
	wrong(c.MaxMsgLength < 0 || c.MaxMsgLength > maxMsgLength, fmt.Sprintf("maxMsgLength is not within 0 to %d", maxMsgLength))
	wrong(c.Poll < 0, "poll is below 0")
	switch c.Context {
	case "", contextAll, contextIdentity, contextNone:
	default:
		errs = append(errs, fmt.Errorf("context %q is none of all, identity, none", c.Context))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("ibmmq: %w", err)
	}
	return nil
}

// withDefaults returns c with its zero values replaced.
func (c Config) withDefaults() Config {
	if c.ApplicationName == "" {
		c.ApplicationName = "portage"
	}
	if c.Context == "" {
		c.Context = contextAll
	}
	if c.SharedConversations == 0 {
		c.SharedConversations = 1
	}
	if c.MaxMsgLength == 0 {
		c.MaxMsgLength = maxMsgLength
	}
	if c.Poll == 0 {
		c.Poll = defaultPoll
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// ccdtURL returns the CCDT as the MQI wants it.
func (c *Config) ccdtURL() (string, error) {
	if c.CCDT == "" || strings.Contains(c.CCDT, "://") {
		return c.CCDT, nil
	}
	path, err := filepath.Abs(c.CCDT)
	if err != nil {
		return "", fmt.Errorf("ccdt: %w", err)
	}
	return "file://" + path, nil
}

// secret reads a secret from a file; an empty path has none.
func secret(setting, path string) (string, error) {
	if path == "" {
		return "", nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", setting, err)
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
	if text == "" {
		return "", fmt.Errorf("%s: the file %s is empty", setting, path)
	}
	return text, nil
}
