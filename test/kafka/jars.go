package kafka

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Version is the Apache Kafka that the tests run, unless PORTAGE_KAFKA_VERSION names another.
const Version = "4.3.1"

// Need returns the directory of Kafka's jars, which it fetches once into the user's cache. Where Java or the
// jars cannot be had, the test fails if the environment has CI=true; otherwise it is skipped, and the
// line says by name what was left out.
func Need(t testing.TB) string {
	t.Helper()
	jars, err := Jars()
	if err == nil {
		return jars
	}
	if os.Getenv("CI") == "true" {
		t.Fatal(err)
	} else {
		t.Skipf("left out: %s: %v", t.Name(), err)
	}
	return ""
}

// Jars returns the directory of Kafka's jars; it fetches them with Maven if they are not there.
func Jars() (string, error) {
	if _, err := exec.LookPath("java"); err != nil {
		return "", errors.New("no Java, which Apache Kafka needs: install Java 17 or later (Debian package openjdk-17-jre-headless)")
	}
	version := Version
	if v := os.Getenv("PORTAGE_KAFKA_VERSION"); v != "" {
		version = v
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache directory for Apache Kafka: %w", err)
	}
	jars := filepath.Join(cache, "portage", "kafka-"+version)
	if _, err := os.Stat(filepath.Join(jars, "kafka_2.13-"+version+".jar")); err == nil {
		return jars, nil
	}
	return jars, fetch(jars, version)
}

// project depends on the broker and nothing else.
const project = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>portage</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
<dependencies><dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>%s</version></dependency></dependencies>
</project>
`

// fetch puts the jars in place all at once, so that a fetch that breaks off leaves nothing behind.
func fetch(jars, version string) error {
	if _, err := exec.LookPath("mvn"); err != nil {
		return fmt.Errorf("no Apache Kafka %s in %s, and no Maven to fetch it (Debian package maven)", version, jars)
	}
	if err := os.MkdirAll(filepath.Dir(jars), 0o700); err != nil {
		return err
	}
	work, err := os.MkdirTemp(filepath.Dir(jars), "fetch-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := os.WriteFile(filepath.Join(work, "pom.xml"), fmt.Appendf(nil, project, version), 0o600); err != nil {
		return err
	}
	mvn := exec.Command("mvn", "-q", "-B", "dependency:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory="+filepath.Join(work, "jars"))
	mvn.Dir = work
	if out, err := mvn.CombinedOutput(); err != nil {
		return fmt.Errorf("fetch Apache Kafka %s with Maven: %w\n%s", version, err, out)
	}
	err = os.Rename(filepath.Join(work, "jars"), jars)
	if _, there := os.Stat(jars); there == nil {
		return nil // this fetch, or one beside it
	}
	return err
}
