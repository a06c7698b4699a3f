package mqi

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// IBM's headers come from IBM's own npm package, packed at test time and kept in the user's cache, never here.
const (
	headerPackage   = "ibmmq@2.1.9"
	headerIntegrity = "8nLaulgnZV217V7Ps6LWlvK+5NpoqEtTD9FWmm1FtTSKHxJlX8J5JY048Y9INC4zXcG6q+WqXzzmQQFx/yJxOQ=="
	installed       = "/opt/mqm" // where IBM MQ's client is, if it is installed
)

// kit is what a program of the MQI is built with.
type kit struct{ include, lib string }

// cflags and ldflags make a compiler take the stand-in.
func (k kit) cflags() string  { return "-I" + k.include }
func (k kit) ldflags() string { return "-L" + k.lib + " -Wl,-rpath," + k.lib }

// setUp makes the kit once for all tests. Its paths stay the same from run to run, so that Go's build cache holds.
var setUp = sync.OnceValues(func() (kit, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return kit{}, err
	}
	base := filepath.Join(cache, "portage", "mqi", headerPackage)
	k := kit{include: filepath.Join(base, "include"), lib: filepath.Join(base, "lib")}
	for _, dir := range []string{k.include, k.lib} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return k, err
		}
	}
	if _, err := os.Stat(filepath.Join(installed, "inc", "cmqstrc.h")); err == nil {
		k.include = filepath.Join(installed, "inc")
	} else if err := headers(k.include); err != nil {
		return k, fmt.Errorf("IBM MQ's headers: %w", err)
	}
	// For work by hand: . ~/.cache/portage/mqi/*/env && go vet -tags ibmmq ./adapters/mq/ibmmq
	env := fmt.Sprintf("export CGO_CFLAGS='%s' CGO_LDFLAGS='%s'\n", k.cflags(), k.ldflags())
	return k, errors.Join(
		replace(filepath.Join(base, "env"), []byte(env)),
		compile(k, "libmqm_r.so", "-pthread", "wire.c", "fault.c", "connect.c", "message.c", "object.c", "handle.c", "refused.c", "layout.c"),
		compile(k, "libmqmcb_r.so", "-Wl,-rpath,$ORIGIN", "cobol.c", "-ldl"),
	)
})

// need returns the kit. Where a part is missing the test fails if the environment has CI=true; otherwise it is
// skipped, and the line says by name what was left out.
func need(t *testing.T, commands ...string) kit {
	t.Helper()
	for _, c := range append([]string{"gcc"}, commands...) {
		if _, err := exec.LookPath(c); err != nil {
			leaveOut(t, fmt.Sprintf("%s is missing", c))
		}
	}
	k, err := setUp()
	if errors.Is(err, errNoHeaders) {
		leaveOut(t, err.Error())
	}
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// leaveOut also writes the line to the file PORTAGE_LEFT_OUT, whose lines test/run prints last.
func leaveOut(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
		return
	}
	line := fmt.Sprintf("left out: %s: %s", t.Name(), what)
	if f, err := os.OpenFile(os.Getenv("PORTAGE_LEFT_OUT"), os.O_APPEND|os.O_WRONLY, 0); err == nil {
		fmt.Fprintln(f, line)
		f.Close()
	}
	t.Skip(line)
}

var errNoHeaders = errors.New("npm or the npm registry is missing, and cmqc.h is nowhere else")

// headers puts cmqc.h, cmqxc.h and the two that the package lacks into dir.
func headers(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "cmqstrc.h")); err == nil {
		return nil
	}
	packed, err := pack()
	if err != nil {
		return fmt.Errorf("%w: %w", errNoHeaders, err)
	}
	files, err := unpack(packed, "package/src/unix/cmqc.h", "package/src/cmqxc.h")
	if err != nil {
		return err
	}
	all := bytes.Join([][]byte{files["cmqc.h"], files["cmqxc.h"]}, nil)
	if files["cmqcfc.h"], err = commandFormats(all); err != nil {
		return err
	}
	files["cmqstrc.h"] = reasonNames(all)
	for _, name := range []string{"cmqc.h", "cmqxc.h", "cmqcfc.h", "cmqstrc.h"} { // the last one says that all are there
		if err := replace(filepath.Join(dir, name), files[name]); err != nil {
			return err
		}
	}
	return nil
}

// pack fetches the package through npm, without running any of it.
func pack() ([]byte, error) {
	dir, err := os.MkdirTemp("", "mqi-headers")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "npm", "pack", headerPackage, "--ignore-scripts", "--silent")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("npm pack %s: %w: %s", headerPackage, err, bytes.TrimSpace(out))
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(found) != 1 {
		return nil, fmt.Errorf("npm pack %s left %d files (%v)", headerPackage, len(found), err)
	}
	b, err := os.ReadFile(found[0])
	if sum := sha512.Sum512(b); err == nil && base64.StdEncoding.EncodeToString(sum[:]) != headerIntegrity {
		err = fmt.Errorf("%s is not the package that was looked at: its digest differs", headerPackage)
	}
	return b, err
}

// unpack returns the named files of a package by their base names.
func unpack(packed []byte, names ...string) (map[string][]byte, error) {
	zipped, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for r := tar.NewReader(zipped); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if slices.Contains(names, h.Name) {
			if files[filepath.Base(h.Name)], err = io.ReadAll(io.LimitReader(r, 4<<20)); err != nil {
				return nil, err
			}
		}
	}
	if len(files) != len(names) {
		return nil, fmt.Errorf("%s has %d of the %d headers", headerPackage, len(files), len(names))
	}
	return files, nil
}

// commandFormats writes a cmqcfc.h with those constants that mq-golang asks C for and that its own table of
// constants has beside the headers that are there.
func commandFormats(known []byte) ([]byte, error) {
	const client = "github.com/ibm-messaging/mq-golang/v5"
	if out, err := exec.Command("go", "mod", "download", client).CombinedOutput(); err != nil { // a build without the tag needs none of it
		return nil, fmt.Errorf("fetch mq-golang: %w\n%s", err, out)
	}
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", client).Output()
	if err != nil {
		return nil, fmt.Errorf("find mq-golang: %w", err)
	}
	dir := filepath.Join(strings.TrimSpace(string(out)), "ibmmq")
	table, err := os.ReadFile(filepath.Join(dir, "cmqc_linux_"+runtime.GOARCH+".go"))
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\s*(MQ[A-Z0-9_]+)\s+int32\s*=\s*(-?[0-9]+)`).FindAllSubmatch(table, -1) {
		values[string(m[1])] = string(m[2])
	}
	defined := map[string]bool{}
	for _, m := range regexp.MustCompile(`#define (MQ[A-Z0-9_]+)`).FindAllSubmatch(known, -1) {
		defined[string(m[1])] = true
	}
	sources, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	b := []byte("#include <cmqc.h>\n")
	for _, source := range sources {
		text, err := os.ReadFile(source)
		if err != nil {
			return nil, err
		}
		for _, m := range regexp.MustCompile(`\bC\.(MQ[A-Z0-9_]+)`).FindAllSubmatch(text, -1) {
			if name := string(m[1]); values[name] != "" && !defined[name] {
				b = fmt.Appendf(b, "#define %s (%s)\n", name, values[name])
				defined[name] = true
			}
		}
	}
	return b, nil
}

// reasonNames writes a cmqstrc.h: the names of completion and reason codes, and nothing for all other sets.
func reasonNames(known []byte) []byte {
	b := []byte("#include <cmqc.h>\n")
	for _, set := range strings.Fields("BACF CA CACF CACH CAMO CC CHT CMD IA IACF IACH IAMO IAMO64 OT PL RC RCCF") {
		b = fmt.Appendf(b, "static inline char *MQ%s_STR(MQLONG v) {\n  switch (v) {\n", set)
		seen := map[string]bool{}
		if set == "CC" || set == "RC" {
			for _, m := range regexp.MustCompile(`#define (MQ`+set+`_[A-Z0-9_]+)\s+([0-9]+)`).FindAllSubmatch(known, -1) {
				if !seen[string(m[2])] {
					seen[string(m[2])] = true
					b = fmt.Appendf(b, "  case %s: return (char *)\"%s\";\n", m[2], m[1])
				}
			}
		}
		b = append(b, "  }\n  return (char *)\"\";\n}\n"...)
	}
	return b
}

// compile builds one of the stand-in's libraries.
func compile(k kit, name string, args ...string) error {
	out := filepath.Join(k.lib, name)
	tmp := fmt.Sprintf("%s.%d", out, os.Getpid())
	defer os.Remove(tmp)
	all := append([]string{"-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-Wl,-Bsymbolic", k.cflags(), "-o", tmp}, args...)
	cmd := exec.Command("gcc", all...)
	cmd.Dir = "standin"
	if complaint, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("compile %s: %w\n%s", name, err, complaint)
	}
	return os.Rename(tmp, out)
}

// replace writes a file whole or not at all.
func replace(path string, b []byte) error {
	tmp := fmt.Sprintf("%s.%d", path, os.Getpid())
	if err := os.WriteFile(tmp, b, 0o644); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}
