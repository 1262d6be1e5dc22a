package ap

import "kinglet/ap/vocab"

func site(host string) string { return vocab.Site(host) }
