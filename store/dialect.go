package store

import "strings"

// dialect is all in which the engines differ. SQL elsewhere is one text for
// both: $1 placeholders, TRUE and FALSE, ON CONFLICT, RETURNING.
type dialect struct {
	name string
	// ddl replaces the words in capitals that migrations use for types.
	ddl *strings.Replacer
	// set is a subquery of the BIGINTs in a parameter that holds them as a
	// JSON array: `x IN ` + set("$1").
	set func(param string) string
	// textSet is the same of strings.
	textSet func(param string) string
	// forUpdate ends a statement whose rows this transaction will change; ""
	// where there is one writer.
	forUpdate string
	// skipLocked is what a claim of jobs ends with.
	skipLocked string
	// explain is the prefix that shows a statement's plan.
	explain string
}

var sqliteDialect = &dialect{
	name: "sqlite",
	ddl: strings.NewReplacer(
		"{ID}", "INTEGER PRIMARY KEY",
		"{BYTES}", "BLOB",
		"{CLUSTERED}", "WITHOUT ROWID",
		"{BINARY}", "COLLATE BINARY",
	),
	set:     func(p string) string { return "(SELECT value FROM json_each(" + p + "))" },
	textSet: func(p string) string { return "(SELECT value FROM json_each(" + p + "))" },
	explain: "EXPLAIN QUERY PLAN ",
}

var postgresDialect = &dialect{
	name: "postgres",
	ddl: strings.NewReplacer(
		"{ID}", "BIGINT PRIMARY KEY",
		"{BYTES}", "BYTEA",
		"{CLUSTERED}", "",
		"{BINARY}", `COLLATE "C"`,
	),
	set: func(p string) string {
		return "(SELECT value::BIGINT FROM jsonb_array_elements_text(CAST(" + p + " AS jsonb)))"
	},
	textSet: func(p string) string {
		return "(SELECT value FROM jsonb_array_elements_text(CAST(" + p + " AS jsonb)))"
	},
	forUpdate:  "FOR NO KEY UPDATE",
	skipLocked: "FOR UPDATE SKIP LOCKED",
	explain:    "EXPLAIN ",
}

// in is `column IN (the set in a JSON array parameter)`.
func (tx *Tx) in(column, param string) string {
	return column + " IN " + tx.store.dialect.set(param)
}

// inText is in for a column of strings.
func (tx *Tx) inText(column, param string) string {
	return column + " IN " + tx.store.dialect.textSet(param)
}
