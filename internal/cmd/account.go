package cmd

import (
	"flag"
	"fmt"
	"log/slog"
	"text/tabwriter"
	"time"

	"kinglet/ap"
	"kinglet/ap/policy"
	"kinglet/internal/auth"
	"kinglet/internal/config"
	"kinglet/internal/outgoing"
	"kinglet/store"
)

func createFlags(fs *flag.FlagSet) {
	fs.String("email", "", "the e-mail address, to sign in with")
	passwordFlag(fs)
	fs.Bool("admin", false, "make it an admin")
}

func revokeFlag(fs *flag.FlagSet) { fs.Bool("revoke", false, "take the right away") }
func yesFlag(fs *flag.FlagSet)    { fs.Bool("yes", false, "yes, delete it for good") }
func scopesFlag(fs *flag.FlagSet) {
	fs.String("scopes", "read", "what the token is for, in OAuth's words")
}

// withService opens what a command needs whose effects are delivered to other
// servers. It works beside a running server, which is woken when there is
// something to deliver.
func (c *call) withService(do func(s *ap.Service) error) error {
	return c.withStore(true, func(conf *config.Config, db *store.Store, log *slog.Logger) error {
		client := outgoing.New(outgoing.Options{UserAgent: conf.UserAgent(), AllowNetworks: conf.AllowNetworks, Host: policy.New().AllowHost})
		service, err := ap.New(c.ctx, ap.Options{Config: conf, Store: db, Client: client, Log: log, Policy: policy.New()})
		if err != nil {
			return err
		}
		return do(service)
	})
}

// withAuth opens what a command for passwords and tokens needs.
func (c *call) withAuth(do func(s *auth.Service) error) error {
	return c.withStore(false, func(conf *config.Config, db *store.Store, _ *slog.Logger) error {
		s, err := auth.New(c.ctx, db, conf)
		if err != nil {
			return err
		}
		return do(s)
	})
}

func (c *call) withStore(needDomain bool, do func(*config.Config, *store.Store, *slog.Logger) error) error {
	conf, err := c.config(needDomain)
	if err != nil {
		return err
	}
	log := logger(conf, c.err)
	db, err := c.open(conf, log, needDomain)
	if err != nil {
		return err
	}
	defer db.Close()
	return do(conf, db, log)
}

func accountCreate(c *call) error {
	password, err := c.password()
	if err != nil {
		return err
	}
	return c.withService(func(s *ap.Service) error {
		account, err := s.CreateAccount(c.ctx, ap.NewAccount{
			Username: c.args[0], Email: c.flag("email"), Password: password, Admin: c.flag("admin") == "true",
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(c.out, "created @%s\n", s.Config.Handle(account.Username))
		return nil
	})
}

func accountList(c *call) error {
	return c.withStore(false, func(_ *config.Config, db *store.Store, _ *slog.Logger) error {
		return db.View(c.ctx, func(tx *store.Tx) error {
			list, err := tx.LocalAccounts()
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(c.out, 0, 4, 2, ' ', 0)
			fmt.Fprintln(w, "NAME\tE-MAIL\tADMIN\tPOSTS\tFOLLOWERS\tCREATED")
			for _, a := range list {
				u, err := tx.User(a.ID)
				if err != nil {
					return err
				}
				fmt.Fprintf(w, "%s\t%s\t%v\t%d\t%d\t%s\n", a.Username, u.Email, u.Admin, a.Statuses, a.FollowersCount, a.CreatedAt.Format(time.DateOnly))
			}
			return w.Flush()
		})
	})
}

func accountPasswd(c *call) error {
	password, err := c.password()
	if err != nil {
		return err
	}
	return c.withAuth(func(s *auth.Service) error {
		if err := s.SetPassword(c.ctx, c.args[0], password); err != nil {
			return err
		}
		fmt.Fprintln(c.out, "password changed; every app has to sign in again")
		return nil
	})
}

func accountAdmin(c *call) error {
	return c.withAuth(func(s *auth.Service) error {
		return s.SetAdmin(c.ctx, c.args[0], c.flag("revoke") != "true")
	})
}

func accountDelete(c *call) error {
	if c.flag("yes") != "true" {
		return &usageError{"deleting an account can't be undone, and its name is never given out again: say --yes"}
	}
	return c.withService(func(s *ap.Service) error {
		if err := s.DeleteAccount(c.ctx, c.args[0]); err != nil {
			return err
		}
		fmt.Fprintln(c.out, "deleted; the running server notifies the other servers")
		// The rest of large pictures, for which nobody in this process waits.
		return s.Store.SweepUploads(c.ctx)
	})
}

func tokenCreate(c *call) error {
	return c.withAuth(func(s *auth.Service) error {
		token, err := s.CreateToken(c.ctx, c.args[0], c.flag("scopes"))
		if err != nil {
			return err
		}
		fmt.Fprintln(c.out, token)
		return nil
	})
}
