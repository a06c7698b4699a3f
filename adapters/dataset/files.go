package dataset

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// The folders in Config.Work.
const (
	folderTaking   = "taking"
	folderAccepted = "accepted"
	folderRejected = "rejected"
	folderRepeated = "repeated"
	folderLetters  = "dead-letters"
)

// historyFile is in Config.Work; reasonEnding ends the name of what stands beside a rejected file.
const (
	historyFile  = "history.jsonl"
	reasonEnding = ".reason"
)

// writeFile makes path hold b, or leaves it as it was: a temporary file, synced, renamed, its folder synced.
func writeFile(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncFolder(filepath.Dir(path))
}

// removeHalves removes what a killed writeFile left in a folder.
func removeHalves(dir string) error {
	halves, err := filepath.Glob(filepath.Join(literal(dir), ".*.tmp"))
	for _, half := range halves {
		err = errors.Join(err, os.Remove(half))
	}
	return err
}

// syncFolder makes renames in a folder last.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// move renames a file and syncs both folders. It never replaces: the second of a name gets "~2".
func move(from, folder, name string) (string, error) {
	to, err := free(folder, name)
	if err != nil {
		return "", err
	}
	if err := os.Rename(from, filepath.Join(folder, to)); err != nil {
		if errors.Is(err, syscall.EXDEV) {
			err = fmt.Errorf("%w (work must be on the file system of path)", err)
		}
		return "", err
	}
	return to, errors.Join(syncFolder(folder), syncFolder(filepath.Dir(from)))
}

// free returns a name that no file in the folder has.
func free(folder, name string) (string, error) {
	for n := 1; ; n++ {
		try := name
		if n > 1 {
			try += "~" + strconv.Itoa(n)
		}
		switch _, err := os.Lstat(filepath.Join(folder, try)); {
		case errors.Is(err, fs.ErrNotExist):
			return try, nil
		case err != nil:
			return "", err
		}
	}
}

// exists tells whether a name is taken.
func exists(path string) (bool, error) {
	_, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// lockFolder makes the caller the only one at work in dir, across processes. Closing the file lets go; so
// does any death.
func lockFolder(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = errors.New("another Source is at work there: one at a time may be")
		}
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
