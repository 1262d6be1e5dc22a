// Package cmd is the command line: one file a command. A command reads the
// settings, opens the database and calls what does the work; it decides
// nothing itself. What fails is one line on standard error and a status of 1;
// a wrong call or setting, of 2. Read Main and command.
package cmd

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"kinglet/config"
	"kinglet/store"
)

// call is one call of the command line.
type call struct {
	ctx      context.Context
	environ  []string
	out, err io.Writer
	args     []string // what is no flag
	flags    map[string]string
	own      *flag.FlagSet
	defaults map[string]string
	source   fs.FS // the program's own
}

// command is one of Kinglet's commands.
type command struct {
	name  string // words, as they are typed
	args  string // what follows them, for the usage
	about string
	flags func(fs *flag.FlagSet) // its own, beside the settings'
	run   func(c *call) error
}

func commands() []command {
	return []command{
		{"local", "", "try it: a server on localhost with a ready account", nil, local},
		{"serve", "", "run the server", nil, serve},
		{"account create", "NAME --email E --password P [--admin]", "make an account", createFlags, accountCreate},
		{"account list", "", "list the accounts", nil, accountList},
		{"account passwd", "NAME --password P", "give an account a new password, and sign it out everywhere", passwordFlag, accountPasswd},
		{"account admin", "NAME [--revoke]", "make an account an admin, or no longer", revokeFlag, accountAdmin},
		{"account delete", "NAME --yes", "delete an account and everything it has, for good", yesFlag, accountDelete},
		{"token create", `NAME --scopes "read write follow push"`, "print an access token, for scripts", scopesFlag, tokenCreate},
		{"migrate up", "", "bring the database to this version's schema", nil, migrateUp},
		{"migrate down", "", "take back the newest step of the schema", nil, migrateDown},
		{"migrate status", "", "list the steps of the schema", nil, migrateStatus},
		{"version", "", "print the version", nil, version},
	}
}

// usageError is a wrong call.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

// Main runs a call and gives the status to exit with.
func Main(args, environ []string, out, errOut io.Writer, source fs.FS) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := dispatch(&call{ctx: ctx, environ: environ, out: out, err: errOut, source: source}, args)
	if err == nil {
		return 0
	}
	fmt.Fprintln(errOut, "kinglet:", strings.ReplaceAll(err.Error(), "\n", " "))
	var usage *usageError
	var setting *config.Error
	if errors.As(err, &usage) || errors.As(err, &setting) {
		return 2
	}
	return 1
}

func dispatch(c *call, args []string) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		usage(c.out)
		return nil
	}
	for _, cmd := range commands() {
		words := strings.Fields(cmd.name)
		if len(args) >= len(words) && strings.Join(args[:len(words)], " ") == cmd.name {
			if err := c.parse(cmd, args[len(words):]); err != nil {
				return err
			}
			return cmd.run(c)
		}
	}
	return &usageError{fmt.Sprintf("there is no command %q; `kinglet help` lists them", strings.Join(args[:min(len(args), 2)], " "))}
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "Kinglet is a personal ActivityPub server.")
	fmt.Fprintln(w)
	for _, cmd := range commands() {
		fmt.Fprintf(w, "  kinglet %-40s %s\n", strings.TrimSpace(cmd.name+" "+cmd.args), cmd.about)
	}
	fmt.Fprintln(w, "\nEvery setting of docs/CONFIGURATION.md is a flag as well, and a KINGLET_* variable of the environment.")
}

// parse reads flags, the command's own and the settings', wherever they stand
// among the arguments.
func (c *call) parse(cmd command, args []string) error {
	c.own = flag.NewFlagSet(cmd.name, flag.ContinueOnError)
	c.own.SetOutput(io.Discard)
	if cmd.flags != nil {
		cmd.flags(c.own)
	}
	own := map[string]bool{"config": true}
	c.own.VisitAll(func(f *flag.Flag) { own[f.Name] = true })
	c.own.String("config", "", "")
	for _, k := range config.Keys() {
		c.own.String(k.Flag, "", "")
	}
	for rest := args; ; {
		if err := c.own.Parse(rest); err != nil {
			return &usageError{fmt.Sprintf("%s: %s; usage: kinglet %s %s", cmd.name, err, cmd.name, cmd.args)}
		}
		if c.own.NArg() == 0 {
			break
		}
		c.args = append(c.args, c.own.Arg(0))
		rest = c.own.Args()[1:]
	}
	c.flags = map[string]string{}
	c.own.Visit(func(f *flag.Flag) {
		if !own[f.Name] {
			c.flags[f.Name] = f.Value.String()
		}
	})
	want := 0
	if strings.Contains(cmd.args, "NAME") {
		want = 1
	}
	if len(c.args) != want {
		return &usageError{fmt.Sprintf("usage: kinglet %s", strings.TrimSpace(cmd.name+" "+cmd.args))}
	}
	return nil
}

// flag gives the value of a flag of the command's own.
func (c *call) flag(name string) string { return c.own.Lookup(name).Value.String() }

// config reads the settings.
func (c *call) config(needDomain bool) (*config.Config, error) {
	return config.Load(config.Sources{
		Flags: c.flags, Environ: c.environ, File: c.flag("config"), Defaults: c.defaults, NeedDomain: needDomain,
	})
}

// open opens the database and brings it to this version's schema.
func (c *call) open(conf *config.Config) (*store.Store, error) {
	s, err := store.Open(c.ctx, store.Options{Database: conf.Database, ReadTimeout: conf.Limits.ReadTimeout})
	if err != nil {
		return nil, err
	}
	if _, err := s.Migrate(c.ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func logger(conf *config.Config, w io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(conf.LogLevel)) // checked when it was read
	o := &slog.HandlerOptions{Level: level}
	if conf.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

func version(c *call) error {
	fmt.Fprintln(c.out, "kinglet", config.Version)
	return nil
}
