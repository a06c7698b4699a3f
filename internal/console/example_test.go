package console_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/portage-gateway/portage/internal/console"
)

func ExampleLoadTokens() {
	dir, err := os.MkdirTemp("", "portage")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "control.token")

	tokens, err := console.LoadTokens(file, nil) // makes the file
	if err != nil {
		fmt.Println(err)
		return
	}
	info, err := os.Stat(file)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(tokens[0].Name, tokens[0].Change, len(tokens[0].Secret), info.Mode())
	// Output: control true 43 -rw-------
}
