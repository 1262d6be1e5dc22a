package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"mime/multipart"
	"strings"
)

// pictures has twelve pictures decoded at once, over and over: those of 68 kB
// that are 24 megapixels, and the largest that are decoded at all.
func (m *memoryNode) pictures(ctx context.Context) {
	large, allowed := m.picture(6000, 4000), m.picture(4000, 2096)
	if m.bytes < 128<<20 { // a picture may take half of what Go may use
		allowed = m.picture(3000, 2090)
	}
	m.flood(ctx, 12, func(i int) bool {
		file := allowed
		if i%3 == 0 {
			file = large
		}
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		f, err := w.CreateFormFile([]string{"avatar", "header"}[i%2], "a.png")
		if err != nil {
			m.t.Error(err)
			return false
		}
		_, _ = f.Write(file)
		w.Close()
		return m.request(ctx, "PATCH", "/api/v1/accounts/update_credentials", &body, "Content-Type", w.FormDataContentType(), "Authorization", "Bearer "+m.mallory.token)
	})
}

// largeUploads has twelve files of 40 MB arrive at once.
func (m *memoryNode) largeUploads(ctx context.Context) {
	file := largePicture(m.t, 40<<20)
	m.flood(ctx, 12, func(int) bool {
		body, _, contentType := pictureForm(file)
		return m.request(ctx, "PATCH", "/api/v1/accounts/update_credentials", body, "Content-Type", contentType, "Authorization", "Bearer "+m.mallory.token)
	})
}

func (m *memoryNode) picture(width, height int) []byte {
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	img.Set(0, 0, color.NRGBA{1, 2, 3, 4})
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		m.t.Fatal(err)
	}
	return b.Bytes()
}

// fill copies a public post of mallory's n times, into the past.
func (m *memoryNode) fill(n int) {
	db, err := sql.Open("sqlite", "file:"+m.database)
	if err != nil {
		m.t.Fatal(err)
	}
	defer db.Close()
	columns, values := columnsOf(m, db)
	if _, err := db.Exec(fmt.Sprintf(`
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		INSERT INTO objects (%s)
		SELECT %s FROM n, (SELECT * FROM objects WHERE is_status ORDER BY id LIMIT 1) AS o`, columns, values), n); err != nil {
		m.t.Fatal(err)
	}
}

// columnsOf lists the columns of objects, and what a copy of one has in them.
func columnsOf(m *memoryNode, db *sql.DB) (columns, values string) {
	rows, err := db.Query(`SELECT name FROM pragma_table_info('objects')`)
	if err != nil {
		m.t.Fatal(err)
	}
	defer rows.Close()
	var names, copied []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			m.t.Fatal(err)
		}
		value := "o." + name
		switch name {
		case "id":
			value = "o.id - (n.i + 100000000) * 65536"
		case "uri":
			value = "o.uri || '/' || n.i"
		}
		names, copied = append(names, name), append(copied, value)
	}
	if err := rows.Err(); err != nil {
		m.t.Fatal(err)
	}
	return strings.Join(names, ", "), strings.Join(copied, ", ")
}
