package ibmmq

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		config Config
		want   string // "": it is fine
	}{
		"nothing: the client's environment decides": {Config{}, ""},
		"a channel":                            {Config{Channel: "APP.SVRCONN", Connection: "mq1(1414),mq2(1414)", Cipher: "ANY_TLS13"}, ""},
		"a ccdt in json":                       {Config{CCDT: "ccdt.json", QueueManager: "*GROUP", KeyRepository: "k.kdb"}, ""},
		"a token":                              {Config{TokenFile: "t"}, ""},
		"a channel without a connection":       {Config{Channel: "APP.SVRCONN"}, "channel and connection go together"},
		"a ccdt and a channel":                 {Config{CCDT: "x", Channel: "C", Connection: "h"}, "ccdt brings"},
		"a cipher without a channel":           {Config{Cipher: "ANY_TLS13"}, "need channel"},
		"a user without a password":            {Config{User: "app"}, "user and passwordFile go together"},
		"a token and a user":                   {Config{User: "app", PasswordFile: "p", TokenFile: "t"}, "tokenFile replaces"},
		"a password of no repository":          {Config{KeyRepositoryPasswordFile: "p"}, "needs keyRepository"},
		"a channel's name that is cut off":     {Config{Channel: strings.Repeat("C", 21), Connection: "h"}, "channel has 21 characters"},
		"an application's name that is cut":    {Config{ApplicationName: strings.Repeat("a", 29)}, "applicationName has 29"},
		"a context that there is not":          {Config{Context: "some"}, `context "some"`},
		"messages longer than IBM MQ has them": {Config{MaxMsgLength: maxMsgLength + 1}, "maxMsgLength"},
		"a wait below 0":                       {Config{Poll: -time.Second}, "poll"},
	} {
		err := c.config.Check()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if _, dialed := Dial(c.config); c.want != "" && (dialed == nil || dialed.Error() != err.Error()) {
			t.Errorf("%s: Dial says %v", name, dialed)
		}
	}
}

func TestDefaults(t *testing.T) {
	c := Config{}.withDefaults()
	if c.ApplicationName != "portage" || c.Context != "all" || c.SharedConversations != 1 || c.MaxMsgLength != 100<<20 || c.Poll != time.Second || c.Now == nil {
		t.Errorf("%+v", c)
	}
}

func TestCCDTURL(t *testing.T) {
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ccdt, want := range map[string]string{
		"": "", "/etc/mq/ccdt.json": "file:///etc/mq/ccdt.json", "ccdt.tab": "file://" + filepath.Join(wd, "ccdt.tab"),
		"https://mq.example/ccdt.json": "https://mq.example/ccdt.json",
	} {
		c := Config{CCDT: ccdt}
		if got, err := c.ccdtURL(); got != want || err != nil {
			t.Errorf("%q: %q, %v, want %q", ccdt, got, err, want)
		}
	}
}

func TestSecret(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	for text, want := range map[string]string{"pass word\n": "pass word", "two\n\n": "two\n", "dos\r\n": "dos", "bare": "bare"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := secret("passwordFile", path); got != want || err != nil {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	if err := os.WriteFile(path, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := secret("passwordFile", path); err == nil || !strings.Contains(err.Error(), "is empty") {
		t.Errorf("an empty file: %v", err)
	}
	if _, err := secret("passwordFile", path+".not"); err == nil || !strings.Contains(err.Error(), "passwordFile") {
		t.Errorf("no file: %v", err)
	}
}

func ExampleConfig_Check() {
	c := Config{Channel: "PORTAGE.SVRCONN", User: "portage"}
	fmt.Println(c.Check())
	// Output:
	// ibmmq: channel and connection go together
	// user and passwordFile go together
}
