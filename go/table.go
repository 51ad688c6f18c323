//go:build cgo

package counterseal

import (
	"sync"
	"sync/atomic"
)

// A table finds the object of a proof by the number that the library gives it: so a token that was seen
// before costs one crossing and no memory. It is an index without promises. A proof that is not in it is
// made anew; one that is found is the right one, since its number is compared and never used twice
// (CAC-10).
//
// It begins small and grows where proofs are looked for in vain, so that it becomes as large as the
// library's cache is full.
type table struct {
	places atomic.Pointer[[]place]
	misses atomic.Int64
	grow   sync.Mutex
}

// A place holds proofs whose numbers end in the same bits.
type place [4]struct {
	id       atomic.Uint64
	identity atomic.Pointer[Identity]
}

const (
	fewestPlaces = 1 << 6
	mostPlaces   = 1 << 21 // twice the largest cache that a policy may ask for
)

func (t *table) reset() {
	t.grow.Lock()
	defer t.grow.Unlock()
	places := make([]place, fewestPlaces)
	t.places.Store(&places)
	t.misses.Store(0)
}

// find gives the object of exactly this proof, or nil.
func (t *table) find(id uint64) *Identity {
	places := *t.places.Load()
	place := &places[id&uint64(len(places)-1)]
	for at := range place {
		if place[at].id.Load() != id {
			continue
		}
		// The place may have been filled with another since.
		if identity := place[at].identity.Load(); identity != nil && identity.proof.fields.ID == id {
			return identity
		}
	}
	return nil
}

// put keeps an object, in place of the oldest number where there is no room.
func (t *table) put(identity *Identity) {
	put(*t.places.Load(), identity)
}

func put(places []place, identity *Identity) {
	id := identity.proof.fields.ID
	place := &places[id&uint64(len(places)-1)]
	oldest := 0
	for at := range place {
		if held := place[at].id.Load(); held == id || held < place[oldest].id.Load() {
			oldest = at
		}
	}
	// Between the two a reader may find the number with another object, and compares.
	place[oldest].identity.Store(identity)
	place[oldest].id.Store(id)
}

// missed counts a search in vain and makes the table larger when there were many.
func (t *table) missed() {
	size := len(*t.places.Load())
	if t.misses.Add(1) < int64(size) || size >= mostPlaces {
		return
	}
	t.grow.Lock()
	defer t.grow.Unlock()
	held := *t.places.Load()
	if len(held) != size {
		return
	}
	larger := make([]place, 2*size)
	for index := range held {
		for at := range held[index] {
			if identity := held[index][at].identity.Load(); identity != nil {
				put(larger, identity)
			}
		}
	}
	t.places.Store(&larger)
	t.misses.Store(0)
}
