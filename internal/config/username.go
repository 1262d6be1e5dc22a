package config

import (
	"fmt"
	"strings"
)

// InstanceActorName is the preferredUsername of the actor that fetches for the
// whole server. It has a dot, which no account's has, and not the host's name,
// since with a port that is no name to others.
const InstanceActorName = "instance.actor"

// ValidUsername says what is wrong with a name for a new account.
func ValidUsername(name string) error {
	if name == "" || len(name) > 30 {
		return fmt.Errorf("username %q: want 1 to 30 characters", name)
	}
	for _, r := range name {
		if r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return fmt.Errorf("username %q: want letters a to z, digits and underscores only", name)
		}
	}
	return nil
}

// ofTheServer are names that would be mistaken for who runs the server, or for
// the server itself.
var ofTheServer = map[string]bool{
	"admin": true, "administrator": true, "instance": true, "root": true, "support": true, "system": true, "webmaster": true,
}

// ReservedUsername reports whether a name may not be taken by a new account: it
// would be mistaken for the server, or for one of its paths.
func ReservedUsername(name string) bool {
	name = strings.ToLower(name)
	return ofTheServer[name] || ReservedSegment(name)
}
