// Package scope has the one rule of OAuth scopes: what each allows. Clients,
// authorizations, tokens and the routes of the API all use Allows. Read Allows
// and Parse.
package scope

import (
	"fmt"
	"slices"
	"strings"
)

// readable and writable are the parts of read and write.
var (
	readable = []string{"accounts", "blocks", "bookmarks", "collections", "favourites", "filters", "follows", "lists", "mutes",
		"notifications", "search", "statuses"}
	writable = []string{"accounts", "blocks", "bookmarks", "collections", "conversations", "favourites", "filters", "follows", "lists",
		"media", "mutes", "notifications", "reports", "statuses"}
	administered = []string{"accounts", "canonical_email_blocks", "domain_allows", "domain_blocks", "email_domain_blocks", "ip_blocks", "reports"}
)

// tree has the scopes and the parts of each. offline_access requests a refresh
// token, as in OpenID Connect.
var tree = map[string][]string{
	"profile": nil, "read": readable, "write": writable, "follow": nil, "push": nil, "offline_access": nil,
	"admin:read": administered, "admin:write": administered,
}

// follow is what the scope follow allows: it is older than the parts of read
// and write, and Mastodon treats it as these.
var follow = []string{"read:blocks", "write:blocks", "read:follows", "write:follows", "read:mutes", "write:mutes"}

// All lists every scope, for the server's metadata.
func All() []string {
	var out []string
	for name, parts := range tree {
		out = append(out, name)
		for _, part := range parts {
			out = append(out, name+":"+part)
		}
	}
	slices.Sort(out)
	return out
}

// Parse parses a list of scopes, separated by spaces or by +, and returns it
// with each once. An empty list means read. An unknown scope is an error.
func Parse(list string) (string, error) {
	var out []string
	for _, s := range strings.Fields(strings.ReplaceAll(list, "+", " ")) {
		if !known(s) {
			return "", fmt.Errorf("unknown scope %q", s)
		}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	if out == nil {
		return "read", nil
	}
	return strings.Join(out, " "), nil
}

func known(s string) bool {
	if _, ok := tree[s]; ok {
		return true
	}
	i := strings.LastIndexByte(s, ':')
	return i >= 0 && slices.Contains(tree[s[:i]], s[i+1:])
}

// Allows reports whether the granted list allows every scope of the wanted one:
// each is granted itself, is a part of a granted one, or is allowed by follow.
// An empty wanted list is never allowed.
func Allows(granted, wanted string) bool {
	list := strings.Fields(wanted)
	for _, w := range list {
		if !slices.ContainsFunc(strings.Fields(granted), func(g string) bool { return covers(g, w) }) {
			return false
		}
	}
	return len(list) > 0
}

func covers(granted, wanted string) bool {
	part, ok := strings.CutPrefix(wanted, granted+":")
	return granted == wanted || ok && slices.Contains(tree[granted], part) || granted == "follow" && slices.Contains(follow, wanted)
}
