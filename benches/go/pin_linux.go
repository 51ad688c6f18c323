package bench

import "golang.org/x/sys/unix"

// pin keeps this thread on a core, where the system lets it.
func pin(core int) {
	var cores unix.CPUSet
	cores.Set(core)
	_ = unix.SchedSetaffinity(0, &cores)
}
