package engine

import sqlite3 "modernc.org/sqlite/lib"

// Work is what SQLite did for one statement: what a plan does not tell, and a
// clock tells of one machine only.
type Work struct {
	Steps int // operations of SQLite's virtual machine, about ten for a row that is visited
	Scans int // rows visited by walking a whole table or index
	Sorts int // results that were sorted
}

// takeWork adds up what all statements of the connection did since it was last
// called.
func (c *conn) takeWork() (w Work) {
	tls := c.lite.tls
	for st := sqlite3.Xsqlite3_next_stmt(tls, c.lite.db, 0); st != 0; st = sqlite3.Xsqlite3_next_stmt(tls, c.lite.db, st) {
		take := func(counter int32) int { return int(sqlite3.Xsqlite3_stmt_status(tls, st, counter, 1)) }
		w.Steps += take(sqlite3.SQLITE_STMTSTATUS_VM_STEP)
		w.Scans += take(sqlite3.SQLITE_STMTSTATUS_FULLSCAN_STEP)
		w.Sorts += take(sqlite3.SQLITE_STMTSTATUS_SORT)
	}
	return w
}
