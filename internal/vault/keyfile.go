package vault

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

const (
	fileName = "keys.json"
	// fileVersion grows when an older Portage could not read the file rightly.
	fileVersion = 1
	// maxFileSize in bytes is far above what a thousand rotations make.
	maxFileSize = 4 << 20
)

// keyFile is keys.json. Each keyset is Tink's own JSON form of a cleartext keyset.
type keyFile struct {
	Version int                     `json:"version"`
	Keysets map[Set]json.RawMessage `json:"keysets"`
}

// makeOnce makes the file unless it is there, and reports whether it did. The file appears under its
// name whole, by link(2), which never replaces: of several makers one wins and the others use its keys.
func makeOnce(path string, dice io.Reader) (made bool, err error) {
	if _, err := os.Lstat(path); err == nil {
		return false, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("look for %s: %w", path, err)
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return false, fmt.Errorf("make the data folder: %w", err)
	}
	handles, err := freshHandles(dice)
	if err != nil {
		return false, err
	}
	temp, err := writeTemp(path, handles)
	if err != nil {
		return false, err
	}
	defer os.Remove(temp)
	if err := os.Link(temp, path); errors.Is(err, fs.ErrExist) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("make %s: %w", path, err)
	}
	return true, syncDir(dir)
}

// replaceFile puts a new file in the old one's place: after a crash there is one or the other.
func replaceFile(path string, handles map[Set]*keyset.Handle) error {
	temp, err := writeTemp(path, handles)
	if err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		os.Remove(temp)
		return fmt.Errorf("replace %s: %w", path, err)
	}
	return syncDir(filepath.Dir(path))
}

// writeTemp writes the keysets to a new file of mode 0600 beside path, synced, and returns its name.
func writeTemp(path string, handles map[Set]*keyset.Handle) (name string, err error) {
	file := keyFile{Version: fileVersion, Keysets: map[Set]json.RawMessage{}}
	for set, h := range handles {
		var buf bytes.Buffer
		if err := insecurecleartextkeyset.Write(h, keyset.NewJSONWriter(&buf)); err != nil {
			return "", fmt.Errorf("write the %s keyset", set)
		}
		file.Keysets[set] = buf.Bytes()
	}
	text, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		return "", errors.New("write the keysets as JSON")
	}
	// os.CreateTemp makes the file with mode 0600 (os.CreateTemp) before any key is in it.
	f, err := os.CreateTemp(filepath.Dir(path), ".keys-*.tmp")
	if err != nil {
		return "", fmt.Errorf("make a file beside %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, err = f.Write(append(text, '\n'))
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return "", fmt.Errorf("write the keys to disk: %w", err)
	}
	return f.Name(), nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync the data folder: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("sync the data folder: %w", err)
	}
	return nil
}

// readRing reads and checks the file.
func readRing(path string) (*keyring, error) {
	text, err := readPrivate(path)
	if err != nil {
		return nil, err
	}
	var head struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return nil, damaged(path, "it is not JSON")
	}
	if head.Version > fileVersion {
		return nil, fmt.Errorf("%s has version %d and this Portage reads up to %d: run the newer Portage that wrote it", path, head.Version, fileVersion)
	}
	if head.Version < 1 {
		return nil, damaged(path, "it has no version")
	}
	var file keyFile
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, damaged(path, "its keysets are not JSON objects")
	}
	handles := map[Set]*keyset.Handle{}
	for _, set := range sets {
		h, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(file.Keysets[set])))
		if err != nil {
			return nil, damaged(path, fmt.Sprintf("its %s keyset is missing or cannot be read", set))
		}
		handles[set] = h
	}
	ring, err := newRing(handles)
	if err != nil {
		return nil, damaged(path, err.Error())
	}
	return ring, nil
}

// readPrivate reads a regular file that only its owner may read or write. The open file is checked, so
// that nobody can put another in its place meanwhile.
func readPrivate(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the keys: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("open the keys: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file: put the key file there, or move this away to have a new one made", path)
	}
	if perm := info.Mode().Perm(); perm&0o077 != 0 {
		return nil, fmt.Errorf("%s can be reached by others than its owner (mode %04o): run chmod 600 %s, and treat the keys as known if strangers share this host", path, perm, path)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFileSize+1))
	if err != nil {
		return nil, fmt.Errorf("read the keys: %w", err)
	}
	if len(text) > maxFileSize {
		return nil, damaged(path, "it is too large")
	}
	return text, nil
}

func damaged(path, what string) error {
	return fmt.Errorf("%s is damaged: %s; restore it from the backup (without these keys sealed data and References are lost)", path, what)
}
