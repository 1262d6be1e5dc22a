package cmd

import (
	"bufio"
	"errors"
	"flag"
	"io"
	"strings"
)

func passwordFlag(fs *flag.FlagSet) {
	fs.String("password", "", "the password, or - to read it from the first line of standard input, where the list of processes does not show it")
}

// maxPasswordLine limits what is read of standard input.
const maxPasswordLine = 4 << 10

// password returns the --password of a call.
func (c *call) password() (string, error) {
	p := c.flag("password")
	if p != "-" {
		return p, nil
	}
	line, err := bufio.NewReader(io.LimitReader(c.in, maxPasswordLine)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", &usageError{"--password -: want the password as the first line of standard input"}
	}
	return line, nil
}
