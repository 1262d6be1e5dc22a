package scope

import (
	"slices"
	"testing"
)

func TestAllows(t *testing.T) {
	for _, c := range []struct {
		granted, wanted string
		want            bool
	}{
		{"read", "read", true},
		{"read", "read:statuses", true},
		{"write read", "read:statuses write:media", true},
		{"read:statuses", "read", false},
		{"read:statuses", "read:accounts", false},
		{"read:statuses", "read:status", false},
		{"read:statuses", "read:statuses:more", false},
		{"read", "write:statuses", false},
		{"read", "readers", false},
		{"read", "read:nothing", false},
		{"read write", "read write push", false},
		{"profile", "read:accounts", false},
		{"push", "read:statuses", false},
		{"write:media", "write:statuses", false},
		{"follow", "read:follows", true},
		{"follow", "write:follows read:blocks write:blocks read:mutes write:mutes", true},
		{"follow", "read:accounts", false},
		{"follow", "write:statuses", false},
		{"follow", "read", false},
		{"read write", "follow", false},
		{"admin:read", "admin:read:accounts", true},
		{"admin:read", "admin:write:accounts", false},
		{"read", "admin:read", false},
		{"", "read", false},
		{"read", "", false},
		{"", "", false},
		{"READ", "read", false},
	} {
		if got := Allows(c.granted, c.wanted); got != c.want {
			t.Errorf("%q allows %q: %v", c.granted, c.wanted, got)
		}
	}
}

func TestParse(t *testing.T) {
	for in, want := range map[string]string{
		"": "read", "  ": "read", "read write": "read write", "read+write": "read write", "write read:statuses write": "write read:statuses",
		"follow push profile offline_access": "follow push profile offline_access", "admin:read admin:write:reports": "admin:read admin:write:reports",
	} {
		if got, err := Parse(in); err != nil || got != want {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	for _, in := range []string{"everything", "read:everything", "read:", ":", "follow:more", "admin", "admin:readers", "admin:read:everything", "Read", "read,write", "profile:x"} {
		if got, err := Parse(in); err == nil {
			t.Errorf("%q is read as %q", in, got)
		}
	}
	for _, s := range All() {
		if got, err := Parse(s); err != nil || got != s || !Allows(s, s) {
			t.Errorf("%q of the list: %q, %v", s, got, err)
		}
	}
	if !slices.Contains(All(), "admin:write:ip_blocks") || len(slices.Compact(All())) != len(All()) {
		t.Errorf("all: %v", All())
	}
}
