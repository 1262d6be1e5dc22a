package apptest_test

import (
	"testing"
	"time"

	"kinglet/internal/apptest"
)

func TestTwoServers(t *testing.T) {
	started := time.Now()
	w := apptest.NewWorld(t)
	alice, bob := w.Server("a.test").Account("alice"), w.Server("b.test").Account("bob")
	alice.Follow("@bob@b.test")
	w.Run()
	if r := alice.Relationship(bob.Handle); r["following"] != true {
		t.Fatal(r)
	}
	post := bob.Post("Hello")
	w.Run()
	if !alice.HasInHome(post.URI) {
		t.Error("the post is not in the follower's home")
	}
	alice.Act("favourite", post)
	w.Run()
	if got := bob.Notifications(); len(got) != 2 || got[0] != "favourite @alice@a.test" {
		t.Error(got)
	}
	t.Log(time.Since(started))
}
