package vocab

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// prefixes are those of the vocabularies whose terms are read, as documents
// write them that a JSON-LD library compacted without their context.
var prefixes = []string{"https://www.w3.org/ns/activitystreams#", "as:", "toot:", "schema:", "sec:", "ldp:", "ostatus:"}

// isOdd reports whether a term has a keyword's name or a prefix.
func isOdd(term string) bool {
	return term != "@context" && (strings.HasPrefix(term, "@") || strings.Contains(term, ":"))
}

func isOddType(v any) bool {
	if s, ok := v.(string); ok {
		return strings.Contains(s, ":")
	}
	return v != nil // a list
}

// plainTerms gives the terms of a document their plain names, in place: @id and
// @type, and those with a known prefix. A core term under two names with
// different values could be read as either, and is refused, like one that comes
// twice (SECURITY-RULES 9). So are the keywords that restructure a document, behind
// which other readers may see another one (@graph, @included, @reverse).
func plainTerms(v any) error {
	switch x := v.(type) {
	case []any:
		for _, e := range x {
			if err := plainTerms(e); err != nil {
				return err
			}
		}
	case Document:
		var renamed []string
		for key, e := range x {
			switch key {
			case "@context", "contentMap", "nameMap", "summaryMap":
				continue
			case "@graph", "@included", "@reverse":
				return fmt.Errorf("the document is restructured by %s", key)
			case "type":
				x[key] = plainTypes(e)
			}
			if plainTerm(key) != key {
				renamed = append(renamed, key)
			}
			if err := plainTerms(e); err != nil {
				return err
			}
		}
		slices.Sort(renamed)
		for _, key := range renamed {
			plain, value := plainTerm(key), x[key]
			delete(x, key)
			if plain == "type" {
				value = plainTypes(value)
			}
			known := x[plain]
			twice := known != nil
			if _, core := coreTerms[plain]; twice && core && !reflect.DeepEqual(known, value) {
				return fmt.Errorf("duplicate key %q in one object, as %q", plain, key)
			}
			if !twice {
				x[plain] = value
			}
		}
	}
	return nil
}

func plainTerm(key string) string {
	switch key {
	case "@id":
		return "id"
	case "@type":
		return "type"
	}
	return withoutPrefix(key)
}

func withoutPrefix(s string) string {
	if !strings.Contains(s, ":") {
		return s
	}
	for _, p := range prefixes {
		if rest, ok := strings.CutPrefix(s, p); ok && rest != "" {
			return rest
		}
	}
	return s
}

// plainTypes gives types their plain names.
func plainTypes(v any) any {
	switch x := v.(type) {
	case string:
		return withoutPrefix(x)
	case []any:
		for i, e := range x {
			if s, ok := e.(string); ok {
				x[i] = withoutPrefix(s)
			}
		}
	}
	return v
}
