package e2e

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// smallDisk mounts a file system of a few megabytes at dir, or says by name that it cannot.
func smallDisk(t *testing.T, dir string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=12m"); err != nil {
		leaveOut(t, fmt.Sprintf("left out: a full disk (no file system can be mounted: %v)", err))
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
}

// leaveOut skips the test and has the line stand among the last that `make test` prints; with CI=true the
// test fails.
func leaveOut(t *testing.T, line string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(line)
	}
	if name := os.Getenv("PORTAGE_LEFT_OUT"); name != "" {
		f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := fmt.Fprintln(f, line); err != nil {
			t.Fatal(err)
		}
	}
	t.Skip(line)
}

// fill takes all that is left of a disk.
func fill(t *testing.T, file string) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size > 0; {
		if _, err := f.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// TestFullDiskStopsMovesTowardsModernAndNeverBack fills the disk under a running Portage. Clients go on
// being served; a raise is refused and changes nothing; a rollback works at once, and is written down when
// there is space again.
func TestFullDiskStopsMovesTowardsModernAndNeverBack(t *testing.T) {
	y, _ := inhabit(t, 3000)
	y.portage.stop()
	disk := y.file("portage") // its keys are there already: keep them
	keys, err := os.ReadFile(filepath.Join(disk, "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	smallDisk(t, disk)
	if err := os.WriteFile(filepath.Join(disk, "keys.json"), keys, 0o600); err != nil {
		t.Fatal(err)
	}
	y.startPortage()
	t.Cleanup(y.portage.kill) // before the disk goes
	before := y.served(60)

	filler := filepath.Join(disk, "filler")
	fill(t, filler)
	if _, stderr, code := run(t, "share", "ei-claim-status", "45%", "--reason", "full disk", "--data", disk); code == 0 || !strings.Contains(stderr, "nothing was changed") {
		t.Errorf("a raise on a full disk: exit code %d: %s", code, stderr)
	}
	for i, side := range y.served(60) {
		if side != before[i] {
			t.Errorf("client %d moved from %s to %s", i, before[i], side)
		}
	}
	stdout, stderr, code := run(t, "rollback", "ei-claim-status", "--reason", "full disk", "--data", disk)
	if code != 0 {
		t.Errorf("a rollback on a full disk: exit code %d: %s%s", code, stdout, stderr)
	}
	if modern := count(y.served(60), "modern"); modern != 0 {
		t.Errorf("after the rollback Modern serves %d clients", modern)
	}

	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the rollback was in the audit and Portage was ready again", func() bool {
		out, _, _ := run(t, "audit", "--data", disk)
		return strings.Contains(out, "rollback") && !strings.Contains(y.readyz(), "warning")
	})
	y.portage.kill()
	y.startPortage()
	if modern := count(y.served(60), "modern"); modern != 0 {
		t.Errorf("after a restart Modern serves %d clients: the rollback was not stored", modern)
	}
	y.portage.kill()
}

// readyz returns what /readyz says.
func (y *yard) readyz() string {
	y.t.Helper()
	response, err := http.Get("http://" + y.control + "/readyz")
	if err != nil {
		y.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		y.t.Fatal(err)
	}
	return string(body)
}
