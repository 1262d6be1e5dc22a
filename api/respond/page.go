package respond

import (
	"net/http"
	"strconv"
	"strings"

	"kinglet/api/params"
	"kinglet/store"
)

// ReadPage reads max_id, since_id, min_id and limit. The limit is clamped to 1
// and most; anything that is not an id is ignored.
func ReadPage(p *params.Params, def, most int) store.Page {
	limit := int(p.Int("limit", int64(def)))
	if limit < 1 {
		limit = def
	}
	id := func(name string) int64 {
		n, _ := store.ParseID(p.String(name))
		return n
	}
	return store.Page{MaxID: id("max_id"), SinceID: id("since_id"), MinID: id("min_id"), Limit: min(limit, most)}
}

// Links sets the Link header of a page whose newest and oldest ids are given:
// absolute, on the public address, with all other parameters kept. An empty
// page has none.
func Links(w http.ResponseWriter, r *http.Request, base string, newest, oldest int64) {
	if newest == 0 {
		return
	}
	q := r.URL.Query()
	for _, name := range []string{"max_id", "since_id", "min_id", "access_token"} {
		q.Del(name)
	}
	link := func(rel, name string, id int64) string {
		q.Set(name, strconv.FormatInt(id, 10))
		defer q.Del(name)
		return "<" + base + r.URL.Path + "?" + q.Encode() + `>; rel="` + rel + `"`
	}
	w.Header().Set("Link", strings.Join([]string{link("next", "max_id", oldest), link("prev", "min_id", newest)}, ", "))
}
