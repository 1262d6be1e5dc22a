package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	listen     = "127.0.0.1:18480"
	remotePort = 18443
)

// build builds the server as it is released, and returns its size in bytes.
func build(ctx context.Context, binary string) (int64, error) {
	b := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary, ".")
	b.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := b.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("go build: %w\n%s", err, out)
	}
	info, err := os.Stat(binary)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// process is the server.
type process struct {
	cmd   *exec.Cmd
	start time.Duration // to the first answer
}

// startServer starts the server on the database, and waits for its first answer.
func (m *measurement) startServer(ctx context.Context) (*process, error) {
	command, environ := []string{filepath.Join(m.scratch, "kinglet"), "serve"}, settings(m.database)
	if m.profile != "" {
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		command, environ = []string{self}, append(environ, profileTo+"="+m.profile)
	}
	if m.fsync > 0 {
		command = append(slowDisk(m.fsync), command...)
	}
	if m.group != nil {
		command = m.group.Command(command...)
	}
	p := &process{cmd: exec.CommandContext(ctx, command[0], command[1:]...)}
	p.cmd.Env = append(environ, "KINGLET_LISTEN="+m.listen, "PATH="+os.Getenv("PATH"), "HOME="+m.scratch, "SSL_CERT_FILE="+m.certs)
	if m.procs > 0 {
		p.cmd.Env = append(p.cmd.Env, fmt.Sprint("GOMAXPROCS=", m.procs))
	}
	p.cmd.Stderr = os.Stderr
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		resp, err := client.Get("http://" + m.listen + "/api/v1/instance")
		if err == nil {
			resp.Body.Close()
			p.start = time.Since(began)
			return p, nil
		}
		if time.Since(began) > time.Minute || ctx.Err() != nil {
			_ = p.cmd.Process.Kill()
			return nil, fmt.Errorf("the server does not answer: %w", errors.Join(err, p.cmd.Wait()))
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// slowDisk is a command before the server's that has each flush to the disk take
// so much longer, as on an SD card or a network volume. The server stays our
// child.
func slowDisk(by time.Duration) []string {
	return []string{"strace", "-D", "-f", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e", fmt.Sprintf("inject=fsync,fdatasync:delay_exit=%d", by.Microseconds())}
}

func (p *process) stop() error {
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	return p.cmd.Wait()
}

// cpu is the processor time of all the threads so far.
func (p *process) cpu() time.Duration {
	var sum time.Duration
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", p.cmd.Process.Pid))
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		first, _, _ := strings.Cut(string(b), " ")
		ns, _ := strconv.ParseInt(first, 10, 64)
		sum += time.Duration(ns)
	}
	return sum
}

// memory is the resident memory in bytes: now, or at its peak.
func (p *process) memory(field string) int64 {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	for line := range strings.Lines(string(b)) {
		if value, ok := strings.CutPrefix(line, field+":"); ok {
			kb, _ := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
			return kb << 10
		}
	}
	return 0
}
