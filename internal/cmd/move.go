package cmd

import (
	"fmt"

	"kinglet/ap"
)

func aliasAdd(c *call) error {
	return c.withService(func(s *ap.Service) error {
		uri, err := s.AddAlias(c.ctx, c.args[0], c.args[1])
		if err != nil {
			return err
		}
		fmt.Fprintf(c.out, "@%s is also %s, which can move here now\n", s.Config.Handle(c.args[0]), uri)
		return nil
	})
}

func aliasRemove(c *call) error {
	return c.withService(func(s *ap.Service) error { return s.RemoveAlias(c.ctx, c.args[0], c.args[1]) })
}

func aliasList(c *call) error {
	return c.withService(func(s *ap.Service) error {
		list, err := s.Aliases(c.ctx, c.args[0])
		if err != nil {
			return err
		}
		for _, uri := range list {
			fmt.Fprintln(c.out, uri)
		}
		return nil
	})
}

func accountMove(c *call) error {
	return c.withService(func(s *ap.Service) error {
		target, err := s.MoveAccount(c.ctx, c.args[0], c.args[1])
		if err != nil {
			return err
		}
		fmt.Fprintf(c.out, "moved to %s; the running server tells the followers, and the account can only read and delete from now on. `kinglet account unmove %s` has it used again\n", target.URI, c.args[0])
		return nil
	})
}

func accountUnmove(c *call) error {
	return c.withService(func(s *ap.Service) error {
		if err := s.CancelMove(c.ctx, c.args[0]); err != nil {
			return err
		}
		fmt.Fprintf(c.out, "@%s is used again; who has followed the other account goes on following that one\n", s.Config.Handle(c.args[0]))
		return nil
	})
}
