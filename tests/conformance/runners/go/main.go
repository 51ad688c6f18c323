// Command conformance runs prepared cases on the objects that every user of the package has: conformance FOLDER.
//
// The form of cases and outcomes is in ../../README.md. Nothing is expected here, and no code or claim is asked for.
package main

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
)

func main() {
	folder, err := filepath.Abs(os.Args[1])
	must(err)
	cases, err := os.Open(filepath.Join(folder, "cases.jsonl"))
	must(err)
	file, err := os.Create(filepath.Join(folder, "go.jsonl"))
	must(err)
	out := bufio.NewWriter(file)
	for decoder := json.NewDecoder(cases); decoder.More(); {
		var read struct {
			ID    string `json:"id"`
			Steps []step `json:"steps"`
		}
		must(decoder.Decode(&read))
		line := canonical(object{"id": read.ID, "outcome": run(folder, read.Steps)})
		_, err := out.WriteString(line + "\n")
		must(err)
	}
	must(out.Flush())
	must(file.Close())
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
