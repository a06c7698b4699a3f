package kafka_test

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// process is a bridge that may be killed.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{}
}

// stand starts a bridge that dies by plan, or not by itself.
func (l *lane) stand(t *testing.T, plan string) *process {
	cmd := child("bridge", l.socket, l.broker, l.name, plan)
	if l.batches {
		cmd.Env = append(cmd.Env, batchesVar+"=1")
	}
	p := &process{cmd: cmd, ended: make(chan struct{})}
	if err := cmd.Start(); err != nil {
		t.Error(err)
		close(p.ended)
		return p
	}
	go func() {
		defer close(p.ended)
		_ = cmd.Wait()
	}()
	return p
}

func (p *process) over() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

func (p *process) kill() {
	if p.cmd.Process != nil {
		_ = p.cmd.Process.Kill()
	}
	<-p.ended
}

// child runs this binary in a role.
func child(role, socket, broker, name, plan string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVar+"="+role, socketVar+"="+socket, brokerVar+"="+broker, nameVar+"="+name, planVar+"="+plan)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}
