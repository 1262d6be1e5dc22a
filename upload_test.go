package main

import (
	"bytes"
	"context"
	"database/sql"
	bigendian "encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"io"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// largePicture is a PNG of a few pixels in a file of so many bytes: the rest
// is a chunk that decoders skip.
func largePicture(t testing.TB, size int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 50, 20))); err != nil {
		t.Fatal(err)
	}
	const header = 8 + 25 // the signature and IHDR
	filler := make([]byte, 8+size-b.Len()-12, 12+size)
	bigendian.BigEndian.PutUint32(filler, uint32(len(filler)-8))
	copy(filler[4:], "teSt")
	filler = bigendian.BigEndian.AppendUint32(filler, crc32.ChecksumIEEE(filler[4:]))
	return append(append(append([]byte{}, b.Bytes()[:header]...), filler...), b.Bytes()[header:]...)
}

const (
	headOfForm = "--b\r\nContent-Disposition: form-data; name=\"avatar\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n"
	tailOfForm = "\r\n--b\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nafter the file\r\n--b--\r\n"
)

// pictureForm is the body of a request that uploads a picture, with a field
// after the file.
func pictureForm(picture []byte) (body io.Reader, length int64, contentType string) {
	return io.MultiReader(strings.NewReader(headOfForm), bytes.NewReader(picture), strings.NewReader(tailOfForm)),
		int64(len(headOfForm) + len(picture) + len(tailOfForm)), "multipart/form-data; boundary=b"
}

// uploadPicture answers with the status and the profile.
func (p *person) uploadPicture(ctx context.Context, picture []byte) (status int, me struct{ Avatar, Note string }, err error) {
	body, length, contentType := pictureForm(picture)
	r, err := http.NewRequestWithContext(ctx, "PATCH", p.node.url+"/api/v1/accounts/update_credentials", body)
	if err != nil {
		return 0, me, err
	}
	r.ContentLength = length
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Authorization", "Bearer "+p.token)
	resp, err := p.client.Do(r)
	if err != nil {
		return 0, me, err
	}
	defer resp.Body.Close()
	return resp.StatusCode, me, json.NewDecoder(resp.Body).Decode(&me)
}

// An upload of 40 MB does not take 40 MB of memory, nor leave 40 MB in the
// database; a byte more is refused.
func TestLargeUpload(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the peak of a process's memory is read from /proc")
	}
	n := newNode(t, "")
	alice := n.person("alice")
	const most = 40 << 20
	upload := func(size int) {
		t.Helper()
		status, me, err := alice.uploadPicture(t.Context(), largePicture(t, size))
		if err != nil || status != 200 || !strings.Contains(me.Avatar, "/media/") || !strings.Contains(me.Note, "after the file") {
			t.Fatalf("%d %+v %v", status, me, err)
		}
	}
	upload(1 << 20) // what is allocated once
	before := n.peakFromHere(t)
	upload(most)
	took := n.peakFromHere(t) - before
	t.Logf("before %d MB, the peak is %d MB more", before>>20, took>>20)
	if took > 20<<20 {
		t.Errorf("an upload of 40 MB takes %d MB of memory", took>>20)
	}
	status, _, err := alice.uploadPicture(t.Context(), largePicture(t, most+1))
	if err != nil || status != http.StatusRequestEntityTooLarge {
		t.Errorf("a byte more: %d %v", status, err)
	}
	eventually(t, "what was uploaded is gone, and only pictures stay", func() error {
		fi, err := os.Stat(n.database)
		if err == nil && fi.Size() > 20<<20 {
			err = fmt.Errorf("the database has %d MB", fi.Size()>>20)
		}
		return err
	})
}

// peakFromHere gives the most resident memory since the last call, and starts
// again.
func (n *node) peakFromHere(t *testing.T) int64 {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/", n.cmd.Process.Pid)
	b, err := os.ReadFile(dir + "status")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"clear_refs", []byte("5"), 0); err != nil {
		t.Skip("the peak can't be begun anew: ", err)
	}
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(v), "kB")), 10, 64)
			return kb << 10
		}
	}
	t.Fatal("no peak is known")
	return 0
}

// An upload during which the server is killed leaves nothing but for an hour.
func TestUploadIsKilled(t *testing.T) {
	t.Parallel()
	n := newNode(t, "")
	alice := n.person("alice")
	picture := largePicture(t, 8<<20)
	half, more := io.Pipe()
	go alice.uploadHalf(t, picture, half)
	if _, err := more.Write(picture[:len(picture)/2]); err != nil {
		t.Fatal(err)
	}
	count := func(query string) (rows int) {
		db, err := sql.Open("sqlite", "file:"+n.database+"?_pragma=busy_timeout(10000)")
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if err := db.QueryRow(query).Scan(&rows); err != nil {
			t.Fatal(err)
		}
		return rows
	}
	eventually(t, "a part of it is in the database", func() error {
		if count(`SELECT COUNT(*) FROM blob_chunks`) < 4 {
			return fmt.Errorf("it is not")
		}
		return nil
	})
	n.kill()
	more.CloseWithError(io.ErrUnexpectedEOF)
	n.start()
	if count(`SELECT COUNT(*) FROM uploads`) != 1 || count(`SELECT COUNT(*) FROM blob_chunks`) < 4 {
		t.Error("another process's upload might be in work: it is not to be swept within the hour")
	}
	n.kill()
	db, err := sql.Open("sqlite", "file:"+n.database)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`UPDATE uploads SET touched_at = touched_at - 3600001`); err != nil { // an hour ago
		t.Fatal(err)
	}
	db.Close()
	n.start()
	eventually(t, "it is swept", func() error {
		if left := count(`SELECT COUNT(*) FROM uploads`) + count(`SELECT COUNT(*) FROM blob_chunks`); left > 0 {
			return fmt.Errorf("%d rows are left", left)
		}
		return nil
	})
	if status, _, err := alice.uploadPicture(t.Context(), picture); err != nil || status != 200 {
		t.Errorf("again: %d %v", status, err)
	}
}

// uploadHalf begins to upload a picture, of which only a part comes.
func (p *person) uploadHalf(t *testing.T, picture []byte, part io.Reader) {
	_, length, contentType := pictureForm(picture)
	r, err := http.NewRequest("PATCH", p.node.url+"/api/v1/accounts/update_credentials", io.MultiReader(strings.NewReader(headOfForm), part))
	if err != nil {
		t.Error(err)
		return
	}
	r.ContentLength = length
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Authorization", "Bearer "+p.token)
	if resp, err := p.client.Do(r); err == nil {
		resp.Body.Close()
	}
}
