package store

// DeleteBlob deletes a blob, whoever refers to it.
func DeleteBlob(tx *Tx, hash string) error { return tx.deleteBlob(hash) }

// The bounds of chunks.
const (
	ChunkSize    = chunkSize
	ChunksAtOnce = chunksAtOnce
	UnusedBlob   = unusedBlob
	UploadTime   = uploadTime
)

// NextTidy reports, once, whether Tidy was woken.
func NextTidy(s *Store) bool {
	select {
	case <-s.tidyDue:
		return true
	default:
		return false
	}
}

// MediaReferenceColumns lists the columns that refer to blobs.
func MediaReferenceColumns() (list []string) {
	for _, r := range mediaReferences {
		list = append(list, r.table+"."+r.blob)
	}
	return list
}
