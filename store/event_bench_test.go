package store_test

import (
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"

	"kinglet/store"
	"kinglet/store/storetest"
)

// What events cost the transactions that emit them: on SQLite where nobody
// listens, and where somebody does; on PostgreSQL beside those that make jobs due.
func BenchmarkEvents(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		for _, c := range []struct {
			name            string
			emits, listened bool
		}{{"none", false, false}, {"emitted", true, false}, {"listened", true, true}} {
			for _, writers := range []int{1, 64} {
				b.Run(fmt.Sprintf("%s/%s/writers=%d", engine, c.name, writers), func(b *testing.B) {
					o := store.Options{Database: filepath.Join(b.TempDir(), "k.db")}
					if engine == "postgres" {
						o.Database = storetest.PostgresURL(b)
					}
					s := storetest.Open(b, o)
					if err := s.ListenForWakes(); err != nil {
						b.Fatal(err)
					}
					alice := newWorld(b, s).local("alice")
					if c.listened {
						l, err := s.Listen(b.Context())
						if err != nil {
							b.Fatal(err)
						}
						defer l.Close()
						go func() {
							for {
								if _, err := l.Next(b.Context()); err != nil {
									return
								}
							}
						}()
					}
					var key atomic.Int64
					b.SetParallelism(writers)
					b.ResetTimer()
					b.RunParallel(func(p *testing.PB) {
						for p.Next() {
							err := s.Update(b.Context(), func(tx *store.Tx) error {
								if c.emits {
									tx.Emit("x", int64(alice.ID))
								}
								_, err := tx.SettingOnce(fmt.Sprint(key.Add(1)), "v")
								return err
							})
							if err != nil {
								b.Error(err)
							}
						}
					})
				})
			}
		}
	}
}
