package cmd

import (
	"bytes"
	"strings"
	"testing"

	"kinglet/internal/config"
)

func TestHelp(t *testing.T) {
	for _, c := range []struct {
		args []string
		want []string
	}{
		{nil, []string{"kinglet serve", "account create", "kinglet health"}},
		{[]string{"help"}, []string{"account create"}},
		{[]string{"--help"}, []string{"account create"}},
		{[]string{"serve", "--help"}, []string{"--as-copy", "--listen-mode", "--trusted-proxies", "default: 0660"}},
		{[]string{"serve", "-h"}, []string{"--as-copy"}},
		{[]string{"help", "serve"}, []string{"--as-copy", "--log-level"}},
		{[]string{"serve", "--listen", ":1", "--help"}, []string{"--as-copy"}},
		{[]string{"local", "--help"}, []string{"--log-level", "localhost"}},
		{[]string{"account", "--help"}, []string{"account create", "account delete", "--admin", "--email", "--password"}},
		{[]string{"help", "account"}, []string{"account create"}},
		{[]string{"account", "create", "--help"}, []string{"--password", "standard input", "--domain"}},
		{[]string{"account", "create", "bob", "--help"}, []string{"--password"}},
		{[]string{"migrate", "-h"}, []string{"migrate up", "migrate status"}},
		{[]string{"token", "create", "-h"}, []string{"--scopes", "default: read"}},
	} {
		var out, errOut bytes.Buffer
		if code := Main(c.args, nil, &out, &errOut, nil); code != 0 || errOut.Len() > 0 {
			t.Errorf("%v: %d %s", c.args, code, errOut.String())
		}
		for _, w := range c.want {
			if !strings.Contains(out.String(), w) {
				t.Errorf("%v does not say %q", c.args, w)
			}
		}
	}
	var out, errOut bytes.Buffer
	if code := Main([]string{"help", "sing"}, nil, &out, &errOut, nil); code != 2 || out.Len() > 0 {
		t.Errorf("help of nothing: %d %s", code, out.String())
	}
	out.Reset()
	Main([]string{"help", "serve"}, nil, &out, &errOut, nil)
	for _, k := range config.Keys() {
		if !strings.Contains(out.String(), "--"+k.Flag+"\n") {
			t.Errorf("serve --help has no --%s", k.Flag)
		}
	}
}
