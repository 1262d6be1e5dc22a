// Package cmd is the command line: one file per command. A command reads the
// settings, opens the database and calls the package that does the work; it
// decides nothing itself. A failure is one line on standard error and the exit
// status 1; a wrong command line or setting has status 2. Read Main and
// command.
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

	"kinglet/internal/config"
)

// call is one call of the command line.
type call struct {
	ctx      context.Context
	environ  []string
	in       io.Reader
	out, err io.Writer
	args     []string // what is not a flag
	flags    map[string]string
	own      *flag.FlagSet
	defaults map[string]string
	fresh    bool  // the database is meant to be new
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

// positional is how many arguments a command has before its flags.
func (cmd command) positional() (n int) {
	for _, word := range strings.Fields(cmd.args) {
		if strings.HasPrefix(word, "-") || strings.HasPrefix(word, "[") {
			break
		}
		n++
	}
	return n
}

func commands() []command {
	return []command{
		{"local", "", "try it: a server on localhost with a ready account", nil, local},
		{"serve", "[--as-copy]", "run the server", serveFlags, serve},
		{"health", "", "check that the running server is healthy, and exit with 0 or 1", nil, health},
		{"account create", "NAME --email E --password P|- [--admin]", "create an account", createFlags, accountCreate},
		{"account list", "", "list the accounts", nil, accountList},
		{"account passwd", "NAME --password P|-", "give an account a new password, and sign it out everywhere", passwordFlag, accountPasswd},
		{"account admin", "NAME [--revoke]", "make an account an admin, or revoke that", revokeFlag, accountAdmin},
		{"account delete", "NAME --yes", "delete an account and everything it has, for good", yesFlag, accountDelete},
		{"report list", "[--all]", "list the reports of accounts and posts", allFlag, reportList},
		{"report show", "ID", "print a report", nil, reportShow},
		{"report resolve", "ID", "mark a report as resolved", nil, reportResolve},
		{"account alias add", "NAME ACTOR", "say that an account is also another one, elsewhere, which may then move here", nil, aliasAdd},
		{"account alias remove", "NAME ACTOR", "take that back", nil, aliasRemove},
		{"account alias list", "NAME", "list an account's aliases", nil, aliasList},
		{"account move", "NAME TARGET", "move an account to another one, which has to name it as its alias; its followers follow that one", nil, accountMove},
		{"account unmove", "NAME", "use an account again that has moved", nil, accountUnmove},
		{"federation check", "@name@host|URL|HOST", "check step by step whether posts go to another server and come from it; of this server, what others find here", nil, federationCheck},
		{"why", "ID|URL|@name@host", "tell what became of a post, an activity or an account: what came, what was concluded, where it went", nil, why},
		{"relay add", "URL [--receive-only] [--tag a,b] [--budget N]", "ask a relay for what others post in public, by its inbox (Mastodon's) or its actor (LitePub's)", relayFlags, relayAdd},
		{"relay list", "", "list the relays, whether they have accepted, and what came of them", nil, relayList},
		{"relay remove", "URL", "unsubscribe from a relay", nil, relayRemove},
		{"token create", `NAME --scopes "read write follow push"`, "print an access token, for scripts", scopesFlag, tokenCreate},
		{"migrate up", "", "apply this version's migrations", nil, migrateUp},
		{"migrate down", "", "revert the newest migration", nil, migrateDown},
		{"migrate status", "", "list the migrations, and which are applied", nil, migrateStatus},
		{"version", "", "print the version", nil, version},
	}
}

// usageError is an invalid command line.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

// Main runs a call and returns the exit status.
func Main(args, environ []string, out, errOut io.Writer, source fs.FS) int {
	ctx, stop := signal.NotifyContext(context.Background(), stopSignals()...)
	defer stop()
	err := dispatch(&call{ctx: ctx, environ: environ, in: os.Stdin, out: out, err: errOut, source: source}, args)
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

// stopSignals are those that end a command in good order. A closed terminal is
// one, unless started with nohup.
func stopSignals() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

func dispatch(c *call, args []string) error {
	if len(args) == 0 || isHelp(args[0]) && help(c.out, args[1:]) {
		if len(args) == 0 {
			help(c.out, nil)
		}
		return nil
	}
	if isHelp(args[len(args)-1]) && help(c.out, args[:len(args)-1]) {
		return nil
	}
	for _, cmd := range commands() {
		words := strings.Fields(cmd.name)
		if len(args) >= len(words) && strings.Join(args[:len(words)], " ") == cmd.name {
			err := c.parse(cmd, args[len(words):])
			if errors.Is(err, flag.ErrHelp) {
				commandHelp(c.out, cmd)
				return nil
			}
			if err != nil {
				return err
			}
			return cmd.run(c)
		}
	}
	return &usageError{fmt.Sprintf("there is no command %q; `kinglet help` lists them", strings.Join(args[:min(len(args), 2)], " "))}
}

// parse parses flags, the command's own and the settings', anywhere among the
// arguments.
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
		if err := c.own.Parse(rest); errors.Is(err, flag.ErrHelp) {
			return err
		} else if err != nil {
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
	if len(c.args) != cmd.positional() {
		return &usageError{fmt.Sprintf("usage: kinglet %s", strings.TrimSpace(cmd.name+" "+cmd.args))}
	}
	return nil
}

// flag returns the value of a flag of the command's own.
func (c *call) flag(name string) string { return c.own.Lookup(name).Value.String() }

// config reads the settings.
func (c *call) config(needDomain bool) (*config.Config, error) {
	return config.Load(config.Sources{
		Flags: c.flags, Environ: c.environ, File: c.flag("config"), Defaults: c.defaults, NeedDomain: needDomain,
		OnlyNamed: c.defaults != nil, // the server to try is none of those that this machine has settings for
	})
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
