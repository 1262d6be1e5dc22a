package cmd

import (
	"flag"
	"fmt"
	"io"
	"strings"

	"kinglet/internal/config"
)

// isHelp reports whether a word asks for help.
func isHelp(s string) bool { return s == "help" || s == "-h" || s == "-help" || s == "--help" }

// help prints the answer of `kinglet help [COMMAND]` and `kinglet GROUP
// --help`. false when there is no such command.
func help(w io.Writer, words []string) bool {
	name := strings.Join(words, " ")
	if name == "" {
		overview(w)
		return true
	}
	var group []command
	for _, cmd := range commands() {
		if cmd.name == name {
			commandHelp(w, cmd)
			return true
		}
		if strings.HasPrefix(cmd.name, name+" ") {
			group = append(group, cmd)
		}
	}
	if len(group) == 0 {
		return false
	}
	fmt.Fprintf(w, "Commands of kinglet %s:\n\n", name)
	listCommands(w, group)
	for _, cmd := range group {
		if cmd.flags != nil {
			fmt.Fprintf(w, "\nFlags of kinglet %s:\n", cmd.name)
			ownFlags(w, cmd)
		}
	}
	fmt.Fprintf(w, "\n`kinglet help %s` and the like list the settings as well.\n", group[0].name)
	return true
}

func overview(w io.Writer) {
	fmt.Fprint(w, "Kinglet is a personal ActivityPub server.\n\n")
	listCommands(w, commands())
	fmt.Fprint(w, "\n`kinglet help COMMAND` lists a command's flags.\n"+
		"Every setting of docs/CONFIGURATION.md is a flag as well, and a KINGLET_* variable of the environment.\n")
}

func listCommands(w io.Writer, commands []command) {
	for _, cmd := range commands {
		fmt.Fprintf(w, "  kinglet %-52s %s\n", strings.TrimSpace(cmd.name+" "+cmd.args), cmd.about)
	}
}

func commandHelp(w io.Writer, cmd command) {
	fmt.Fprintf(w, "kinglet %s\n\n  %s\n", strings.TrimSpace(cmd.name+" "+cmd.args), cmd.about)
	if cmd.flags != nil {
		fmt.Fprintln(w, "\nFlags:")
		ownFlags(w, cmd)
	}
	fmt.Fprint(w, "\nSettings, each also in the environment (--log-level is KINGLET_LOG_LEVEL) and in a TOML file:\n"+
		"  --config FILE\n      The TOML file. Default: kinglet.toml here, then /etc/kinglet/kinglet.toml.\n")
	for _, k := range config.Keys() {
		fmt.Fprintf(w, "  --%s\n      %s%s\n", k.Flag, k.Doc, defaultOf(k.Default))
	}
}

func ownFlags(w io.Writer, cmd command) {
	fs := flag.NewFlagSet(cmd.name, flag.ContinueOnError)
	cmd.flags(fs)
	fs.VisitAll(func(f *flag.Flag) {
		def := f.DefValue
		if def == "false" {
			def = ""
		}
		fmt.Fprintf(w, "  --%s\n      %s%s\n", f.Name, f.Usage, defaultOf(def))
	})
}

func defaultOf(value string) string {
	if value == "" {
		return ""
	}
	return " (default: " + value + ")"
}
