package store

import (
	"fmt"
	"strings"
)

// Visibility is who may see a status by its addressing.
type Visibility int

// The visibilities, from the widest to the narrowest, with Mastodon's names.
const (
	Public   Visibility = iota // in public timelines
	Unlisted                   // public, but not in public timelines
	Private                    // to the author's followers
	Direct                     // to those it mentions
)

var visibilityNames = [...]string{"public", "unlisted", "private", "direct"}

func (v Visibility) String() string { return visibilityNames[v] }

// ParseVisibility parses Mastodon's name of a visibility.
func ParseVisibility(s string) (Visibility, bool) {
	for i, name := range visibilityNames {
		if s == name {
			return Visibility(i), true
		}
	}
	return 0, false
}

// visible is the one predicate that decides who may see a status
// (SECURITY-RULES 11): o is the alias of objects, viewer the placeholder of the
// account that looks, 0 for a stranger. Every statement that shows a status,
// counts it or acts on it for an account uses it. A boost is visible to those
// who may see both the boost and the boosted status. What is public may still be
// for who is signed in only, if its author says so.
func visible(o, viewer string) string {
	if o == "o" && viewer == "$1" { // of nearly every page
		return visibleToFirst
	}
	return visibleText(o, viewer)
}

var visibleToFirst = visibleText("o", "$1")

func visibleText(o, viewer string) string {
	return "(" + visibleItself(o, viewer) + `
		AND (` + o + `.reblog_of_id = 0 OR EXISTS (
		  SELECT 1 FROM objects vr
		  WHERE vr.id = ` + o + `.reblog_of_id AND ` + visibleItself("vr", viewer) + `)))`
}

// visibleItself compares EXISTS: SQLite would make a join of it otherwise, and,
// by its statistics, one that reads all accounts.
func visibleItself(o, viewer string) string {
	return fmt.Sprintf(`(
		%[1]s.is_status AND %[1]s.deleted_at = 0
		AND (%[1]s.visibility <= 1
		  OR %[1]s.account_id = %[2]s
		  OR (%[1]s.visibility = 2 AND EXISTS (
		    SELECT 1 FROM follows vf
		    WHERE vf.account_id = %[2]s AND vf.target_id = %[1]s.account_id AND vf.accepted))
		  OR EXISTS (
		    SELECT 1 FROM mentions vm
		    WHERE vm.status_id = %[1]s.id AND vm.account_id = %[2]s))
		AND %[3]s
		AND TRUE = EXISTS (
		  SELECT 1 FROM accounts va
		  WHERE va.id = %[1]s.account_id AND va.suspended_at = 0 AND va.deleted_at = 0 AND (NOT va.signin_only OR %[2]s <> 0)))`,
		o, viewer, notBlocked(o+".account_id", viewer))
}

// notBlocked is true when neither of the two blocks the other. Whether the viewer
// has to do with any block at all is asked once a statement: of a stranger, and of
// who blocks nobody, no row is looked up.
func notBlocked(account, viewer string) string {
	if !isParameter(viewer) {
		return noBlock(account, viewer)
	}
	return fmt.Sprintf(`(NOT EXISTS (SELECT 1 FROM blocks n1 WHERE n1.account_id = %[1]s)
		AND NOT EXISTS (SELECT 1 FROM blocks n2 WHERE n2.target_id = %[1]s)
		OR %[2]s)`,
		viewer, noBlock(account, viewer))
}

func isParameter(viewer string) bool { return strings.HasPrefix(viewer, "$") }

func noBlock(account, viewer string) string {
	return fmt.Sprintf(`(NOT EXISTS (
		  SELECT 1 FROM blocks b1 WHERE b1.account_id = %[2]s AND b1.target_id = %[1]s)
		AND NOT EXISTS (
		  SELECT 1 FROM blocks b2 WHERE b2.account_id = %[1]s AND b2.target_id = %[2]s))`,
		account, viewer)
}

// notMuted is true unless viewer mutes the account at the time now. As with blocks
// it is asked once whether the viewer mutes anybody.
func notMuted(account, viewer, now string) string {
	return fmt.Sprintf(`(NOT EXISTS (SELECT 1 FROM mutes n3 WHERE n3.account_id = %[2]s)
		OR NOT EXISTS (
		  SELECT 1 FROM mutes m1
		  WHERE m1.account_id = %[2]s AND m1.target_id = %[1]s
		    AND (m1.expires_at = 0 OR m1.expires_at > %[3]s)))`,
		account, viewer, now)
}
