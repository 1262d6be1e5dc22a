package store

import "time"

// NodeInfo is what is known of a host's software.
type NodeInfo struct {
	Host   string
	Reacts bool      // it understands EmojiReact
	Until  time.Time // when it is asked again
}

// MaxNodeInfos limits how many hosts are remembered. What would be asked again
// first makes room.
const MaxNodeInfos = 4096

// NodeInfo reads what is known of a host; ok is false for nothing.
func (tx *Tx) NodeInfo(host string) (n NodeInfo, ok bool, err error) {
	err = tx.query(func(row scanner) error {
		ok = true
		return row.Scan(&n.Host, &n.Reacts, toTime(&n.Until))
	}, `SELECT host, reacts, until FROM nodeinfos WHERE host = $1`, host)
	return n, ok, err
}

// PutNodeInfo remembers what is known of a host, in place of what was.
func (tx *Tx) PutNodeInfo(n NodeInfo) error {
	if _, err := tx.exec(`
		INSERT INTO nodeinfos (host, reacts, until) VALUES ($1, $2, $3)
		ON CONFLICT (host) DO UPDATE SET reacts = excluded.reacts, until = excluded.until`, n.Host, n.Reacts, millis(n.Until)); err != nil {
		return err
	}
	_, err := tx.exec(`
		DELETE FROM nodeinfos WHERE host IN (
		  SELECT n.host FROM nodeinfos n ORDER BY n.until DESC, n.host DESC LIMIT 100 OFFSET $1)`, MaxNodeInfos)
	return err
}
