package engine

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"kinglet/internal/fault"
)

// PostgreSQL stores no NUL in a text and nothing that is not UTF-8; SQLite
// stores both. So that they agree, such a text is never passed to either: no
// row has it, and none is written with it.

// ValidText reports whether a text can be stored.
func ValidText(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

// checkText finds a parameter that can't be stored: impossible reports that
// there is one. A statement that only reads then finds nothing, which is
// correct.
func checkText(query string, args []any) (impossible bool, err error) {
	for i, arg := range args {
		s, ok := arg.(string)
		if !ok || ValidText(s) {
			continue
		}
		if reads(query) {
			return true, nil
		}
		return true, &fault.Error{
			Kind: fault.Invalid, Message: "Validation failed: a text holds characters that can't be kept",
			Err: fmt.Errorf("parameter %d of %s", i+1, firstLine(strings.TrimSpace(query))),
		}
	}
	return false, nil
}

func reads(query string) bool {
	q := strings.TrimLeft(query, " \t\r\n")
	return strings.HasPrefix(q, "SELECT") || strings.HasPrefix(q, "WITH") || strings.HasPrefix(q, "PRAGMA") || strings.HasPrefix(q, "EXPLAIN")
}
