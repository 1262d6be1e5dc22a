package main

import (
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"
)

func init() {
	if p := os.Getenv("KPROF"); p != "" {
		c := make(chan os.Signal, 1)
		signal.Notify(c, syscall.SIGUSR1)
		go func() {
			<-c
			f, _ := os.Create(p)
			_ = pprof.StartCPUProfile(f)
			<-c
			pprof.StopCPUProfile()
			f.Close()
		}()
	}
}
