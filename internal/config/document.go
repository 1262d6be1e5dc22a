package config

import (
	"fmt"
	"strings"
)

// Document is docs/CONFIGURATION.md, generated from the settings' tags.
func Document() string {
	var b strings.Builder
	b.WriteString("# Settings\n\n" +
		"Each setting can stand in a TOML file (`--config FILE`, `KINGLET_CONFIG`, `kinglet.toml` here or in\n" +
		"`/etc/kinglet`), in the environment, or on the command line; the later of these wins. A setting that\n" +
		"does not exist, or has a value that can't be meant, stops the start with one line that says so.\n" +
		"Secrets are not settings: they are made at the first start and kept in the database.\n\n" +
		"| TOML | environment | flag | default | what it is |\n| --- | --- | --- | --- | --- |\n")
	for _, k := range Keys() {
		def := ""
		if k.Default != "" {
			def = "`" + k.Default + "`"
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | `--%s` | %s | %s |\n", k.TOML, k.Env, k.Flag, def, k.Doc)
	}
	b.WriteString("\nKeys with a dot stand in a section: `retention.sessions` is `sessions` under `[retention]`.\n")
	return b.String()
}
