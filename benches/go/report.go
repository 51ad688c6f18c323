package bench

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// A row of the results, in the form that benches/table.mjs describes.
type row struct {
	Section  string   `json:"section"`
	What     string   `json:"what"`
	Measured float64  `json:"measured"`
	Unit     string   `json:"unit"`
	Budget   *float64 `json:"budget"`
	Kind     *string  `json:"budget_kind"`
	Passes   *bool    `json:"passes"`
	Note     string   `json:"note"`
	Peer     *peer    `json:"peer,omitempty"`
}

// A peer is another library, with the nanoseconds that it took, and Counterseal's own.
type peer struct {
	Name string  `json:"name"`
	Took float64 `json:"took"`
	Own  float64 `json:"own"`
}

// A limit of what is measured; the zero value is none.
type limit struct {
	kind  string
	value float64
	note  string
}

// noise that comparisons with peers allow for.
const noise = 1.15

func atMost(value float64) limit  { return limit{"at_most", value, ""} }
func atLeast(value float64) limit { return limit{"at_least", value, ""} }

// times is a target beside a peer.
func times(target float64) limit {
	return limit{"at_least", target / noise, fmt.Sprintf("%g × less 15 %% for noise", target)}
}

// A table keeps the rows, and prints each as soon as it is measured.
type table struct {
	rows   []row
	failed int
}

func (t *table) add(section, what string, measured float64, unit string, wanted limit) {
	t.keep(row{Section: section, What: what, Measured: measured, Unit: unit}, wanted)
}

// beside says how many times as long a peer took.
func (t *table) beside(section, what, name string, took, own float64, wanted limit) {
	t.keep(row{Section: section, What: what, Measured: took / own, Unit: "times", Peer: &peer{name, took, own}}, wanted)
}

func (t *table) keep(r row, wanted limit) {
	name, bound, verdict := r.Section+": "+r.What, "", ""
	if r.Peer != nil {
		name += ", " + r.Peer.Name
	}
	if wanted.kind != "" {
		passes, sign := r.Measured <= wanted.value, "≤"
		if wanted.kind == "at_least" {
			passes, sign = r.Measured >= wanted.value, "≥"
		}
		verdict = "pass"
		if !passes {
			verdict = "FAIL"
			t.failed++
		}
		r.Budget, r.Kind, r.Passes, r.Note = &wanted.value, &wanted.kind, &passes, wanted.note
		bound = fmt.Sprintf("%s %.6g", sign, wanted.value)
	}
	t.rows = append(t.rows, r)
	fmt.Printf("%-62s %12.2f %-5s %10s %s\n", name, r.Measured, r.Unit, bound, verdict)
}

// write leaves go.json in a folder.
func (t *table) write(folder string) error {
	text, err := json.MarshalIndent(map[string]any{"language": "Go", "machine": machine(), "results": t.rows}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "go.json"), append(text, '\n'), 0o644)
}

// machine says what the figures were measured on. No names of hosts, no paths.
func machine() map[string]any {
	architecture := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]
	if architecture == "" {
		architecture = runtime.GOARCH
	}
	return map[string]any{
		"processor": processor(), "cores": runtime.NumCPU(), "system": runtime.GOOS + " " + architecture, "runtime": runtime.Version(),
	}
}

func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, found := strings.CutPrefix(line, "model name"); found {
			return strings.Trim(name, "\t :\n")
		}
	}
	return "unknown"
}
