//go:build ignore

// Packs a module as a module proxy serves it: go run pack.go SOURCE MODULE VERSION PROXY.
package main

import (
	"archive/zip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

func main() {
	source, module, version, proxy := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	folder := filepath.Join(proxy, filepath.FromSlash(module), "@v")
	must(os.MkdirAll(folder, 0o755))
	must(os.WriteFile(filepath.Join(folder, "list"), []byte(version+"\n"), 0o644))
	must(os.WriteFile(filepath.Join(folder, version+".info"), []byte(`{"Version":"`+version+`"}`), 0o644))
	description, err := os.ReadFile(filepath.Join(source, "go.mod"))
	must(err)
	must(os.WriteFile(filepath.Join(folder, version+".mod"), description, 0o644))
	file, err := os.Create(filepath.Join(folder, version+".zip"))
	must(err)
	packed := zip.NewWriter(file)
	must(filepath.WalkDir(source, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(source, path)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			// A folder with a go.mod is a module of its own.
			if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil && name != "." {
				return filepath.SkipDir
			}
			return nil
		}
		out, err := packed.Create(module + "@" + version + "/" + filepath.ToSlash(name))
		if err != nil {
			return err
		}
		in, err := os.Open(path)
		if err != nil {
			return err
		}
		defer in.Close()
		_, err = io.Copy(out, in)
		return err
	}))
	must(packed.Close())
	must(file.Close())
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
