package cmd_test

import (
	"net/http"
	"strings"
	"testing"

	"kinglet/internal/config"

	"github.com/go-chi/chi/v5"
)

// Every URL that we give out has a route, and no route is outside of the
// segments that are reserved: an account may have any other name.
func TestRoutesAndURLs(t *testing.T) {
	_, routes, _ := newHandler(t)
	fill := strings.NewReplacer("{name}", "alice", "{id}", "1", "{uuid}", "1", "{tag}", "world", "{key}", "1", "{file}", "style.css")
	total := 0
	err := chi.Walk(routes, func(_, pattern string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		total++
		first := strings.Split(pattern, "/")[1]
		if first != "" && !strings.HasPrefix(first, "@") && !config.ReservedSegment(first) {
			t.Errorf("the route %s is outside of what is reserved", pattern)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for k := config.NotOurURL + 1; k.Path() != ""; k++ {
		ctx := chi.NewRouteContext()
		method := http.MethodGet
		if strings.HasSuffix(k.Path(), "/inbox") {
			method = http.MethodPost
		}
		if !routes.Match(ctx, method, fill.Replace(k.Path())) || ctx.RoutePattern() != k.Path() && k != config.StaticURL {
			t.Errorf("%s is not routed as itself: %q", k.Path(), ctx.RoutePattern())
		}
	}
	if total < 200 {
		t.Errorf("only %d routes", total)
	}
}
