package engine

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
}

// In is `column IN (the set in a JSON array parameter)`.
func (tx *Tx) In(column, param string) string {
	return column + " IN " + tx.engine.dialect.set(param)
}

// InText is In for a column of strings.
func (tx *Tx) InText(column, param string) string {
	return column + " IN " + tx.engine.dialect.textSet(param)
}

// IsPostgres tells PostgreSQL, where others write at the same time, from SQLite.
func (tx *Tx) IsPostgres() bool { return tx.engine.dialect == postgresDialect }

// ForUpdate ends a SELECT whose rows this transaction will change.
func (tx *Tx) ForUpdate() string { return tx.engine.dialect.forUpdate }

// SkipLocked ends a SELECT of rows to claim, which leaves out what others hold.
func (tx *Tx) SkipLocked() string { return tx.engine.dialect.skipLocked }

// LockTexts keeps the texts of a JSON array for this transaction: another that
// locks one of them waits for its end. SQLite has one writer at a time anyway.
func (tx *Tx) LockTexts(set string) error {
	if !tx.IsPostgres() {
		return nil
	}
	_, err := tx.Exec(`
		SELECT pg_advisory_xact_lock(k) FROM (
		  SELECT hashtextextended(value, 5) AS k
		  FROM jsonb_array_elements_text(CAST($1 AS jsonb)) ORDER BY 1) AS texts`, set)
	return err
}
