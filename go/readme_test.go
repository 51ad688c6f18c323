//go:build cgo

package counterseal_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// The program of the README compiles and is fit for `go vet`.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```go\n(import counterseal.*?)\n\n(.*?)```").FindSubmatch(text)
	if block == nil {
		t.Fatal("the README has no program")
	}
	// In a folder of this module that no package pattern finds.
	folder := filepath.Join("testdata", "readme")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	source := "package main\n\n" + string(block[1]) + "\nimport (\n\t\"errors\"\n\t\"fmt\"\n\t\"net/http\"\n\t\"strconv\"\n)\n\n" +
		string(block[2]) + "\nfunc main() { http.HandleFunc(\"/refund\", refund) }\n"
	if err := os.WriteFile(filepath.Join(folder, "main.go"), []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.Command("go", "vet", "./"+folder).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
}
