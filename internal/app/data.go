package app

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// dataVersion is the version of the data directory's own arrangement. The files in it have versions of
// their own.
const dataVersion = 1

// dataDir is the held data directory: nobody else may open its files while it is held.
type dataDir struct {
	path string
	lock *os.File
}

// holdData makes the directory if need be (0700), locks it, and checks its version. The lock goes with
// the process, however it ends.
func holdData(path string) (*dataDir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory: %w\n  choose another with --data, or give this user the right to write there", err)
	}
	lock, err := os.OpenFile(filepath.Join(path, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock of the data directory: %w\n  choose another with --data, or give this user the right to write there", err)
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		holder, _ := io.ReadAll(io.LimitReader(lock, 20))
		lock.Close()
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock the data directory %s: %w", path, err)
		}
		return nil, fmt.Errorf("the data directory %s is held by process %s\n  stop that Portage, or choose another directory with --data", path, strings.TrimSpace(string(holder)))
	}
	d := &dataDir{path: path, lock: lock}
	if err := errors.Join(d.sign(), d.checkVersion()); err != nil {
		d.release()
		return nil, err
	}
	return d, nil
}

// sign writes the process id into the lock, for the message above.
func (d *dataDir) sign() error {
	if err := d.lock.Truncate(0); err != nil {
		return fmt.Errorf("write to the data directory: %w\n  free some space, or choose another directory with --data", err)
	}
	if _, err := d.lock.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0); err != nil {
		return fmt.Errorf("write to the data directory: %w\n  free some space, or choose another directory with --data", err)
	}
	return nil
}

func (d *dataDir) checkVersion() error {
	file := d.file("version")
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return os.WriteFile(file, []byte(strconv.Itoa(dataVersion)+"\n"), 0o600)
	}
	if err != nil {
		return fmt.Errorf("read the version of the data directory: %w", err)
	}
	version, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return fmt.Errorf("%s does not hold a version number\n  this is no data directory of Portage, or it is damaged: restore it from a backup", file)
	}
	if version > dataVersion {
		return fmt.Errorf("the data directory %s is of version %d, and this Portage knows up to %d\n  run the newer Portage that wrote it, or restore a backup from before", d.path, version, dataVersion)
	}
	return nil
}

func (d *dataDir) file(name ...string) string {
	return filepath.Join(append([]string{d.path}, name...)...)
}

func (d *dataDir) release() { d.lock.Close() }
