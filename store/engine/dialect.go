package engine

import "strings"

// dialect has all differences between the engines. SQL elsewhere is the same
// for both: $1 placeholders, TRUE and FALSE, ON CONFLICT, RETURNING.
type dialect struct {
	name string
	// ddl replaces the words in capitals that migrations use, and removes
	// the lines that begin with the other engine's name.
	ddl *strings.Replacer
	// set is a subquery of the BIGINTs in a parameter that holds them as a
	// JSON array: `x IN ` + set("$1").
	set func(param string) string
	// textSet is the same for strings.
	textSet func(param string) string
	// indexedBy follows a table that is to be read by an index, whatever the
	// statistics of its columns are; "" where the planner is not asked.
	indexedBy func(index string) string
	// forUpdate ends a statement whose rows this transaction will change; ""
	// where there is one writer.
	forUpdate string
	// skipLocked ends the statement that claims jobs.
	skipLocked string
	// greatest is the function of two values.
	greatest string
	// oldestOpen is the oldest transaction that may still commit a row of
	// events, whose column tx is the transaction that wrote it: see
	// Listener. With one writer there is none, and every row is of
	// transaction 0.
	oldestOpen string
	// notHanded is the condition for rows of events that a listener may not
	// have seen, after it returned $1 as the last, when $2 was the oldest
	// open transaction.
	notHanded string
}

var sqliteDialect = &dialect{
	name: "sqlite",
	ddl: strings.NewReplacer(
		"{ID}", "INTEGER PRIMARY KEY",
		"{BYTES}", "BLOB",
		"{CLUSTERED}", "WITHOUT ROWID",
		"{BINARY}", "COLLATE BINARY",
		"{SQLITE}", "",
		"{POSTGRES}", "--",
		"{RANDOM}", "LOWER(HEX(RANDOMBLOB(16)))", // 128 bits, as 32 hex digits
	),
	set:        func(p string) string { return "(SELECT value FROM json_each(" + p + "))" },
	textSet:    func(p string) string { return "(SELECT value FROM json_each(" + p + "))" },
	indexedBy:  func(index string) string { return " INDEXED BY " + index },
	greatest:   "MAX",
	oldestOpen: "1",
	notHanded:  "id >= $1 AND tx < $2",
}

var postgresDialect = &dialect{
	name: "postgres",
	ddl: strings.NewReplacer(
		"{ID}", "BIGINT PRIMARY KEY",
		"{BYTES}", "BYTEA",
		"{CLUSTERED}", "",
		"{BINARY}", `COLLATE "C"`,
		"{SQLITE}", "--",
		"{POSTGRES}", "",
		// The parts of UUIDs (version 4) that are all random.
		"{RANDOM}", "LEFT(REPLACE(gen_random_uuid()::TEXT, '-', ''), 12) || LEFT(REPLACE(gen_random_uuid()::TEXT, '-', ''), 12) || LEFT(gen_random_uuid()::TEXT, 8)",
	),
	set: func(p string) string {
		return "(SELECT value::BIGINT FROM jsonb_array_elements_text(CAST(" + p + " AS jsonb)))"
	},
	textSet: func(p string) string {
		return "(SELECT value FROM jsonb_array_elements_text(CAST(" + p + " AS jsonb)))"
	},
	indexedBy:  func(string) string { return "" },
	forUpdate:  "FOR NO KEY UPDATE",
	skipLocked: "FOR UPDATE SKIP LOCKED",
	greatest:   "GREATEST",
	oldestOpen: "CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)",
	notHanded:  "(tx >= $2 OR id = $1)",
}

// In is `column IN (the set in a JSON array parameter)`.
func (tx *Tx) In(column, param string) string {
	return column + " IN " + tx.engine.dialect.set(param)
}

// TextSet is the strings in a JSON array parameter as rows of a column "value".
func (tx *Tx) TextSet(param string) string { return tx.engine.dialect.textSet(param) }

// InText is In for a column of strings.
func (tx *Tx) InText(column, param string) string {
	return column + " IN " + tx.engine.dialect.textSet(param)
}

// IsPostgres reports whether the engine is PostgreSQL, where others write at
// the same time.
func (tx *Tx) IsPostgres() bool { return tx.engine.dialect == postgresDialect }

// IndexedBy follows a table in FROM that is to be read by an index of ours. With
// statistics SQLite may think a walk along the whole table cheaper, which is in
// order too: it is not for those who have little in it.
func (tx *Tx) IndexedBy(index string) string { return tx.engine.dialect.indexedBy(index) }

// ForUpdate ends a SELECT whose rows this transaction will change.
func (tx *Tx) ForUpdate() string { return tx.engine.dialect.forUpdate }

// SkipLocked ends a SELECT of rows to claim, which skips those that others have
// locked.
func (tx *Tx) SkipLocked() string { return tx.engine.dialect.skipLocked }

// Greatest is the greater of two values, of which neither is NULL.
func (tx *Tx) Greatest(a, b string) string {
	return tx.engine.dialect.greatest + "(" + a + ", " + b + ")"
}

// LockTexts locks the texts of a JSON array for this transaction: another that
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
