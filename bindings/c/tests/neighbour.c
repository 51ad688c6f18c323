/* Two Rust static libraries in one program: each catches its own panics. */

#include "check.h"

#ifdef __cplusplus
extern "C"
#endif
uint32_t neighbour_catches_a_panic(void);

int main(void) {
    for (int round = 0; round < 3; round++) {
        CHECK(neighbour_catches_a_panic() == 1);
        counterseal_testing_panic(1);
        counterseal_pending *queue = NULL;
        CHECK(counterseal_pending_new(&queue, NULL) == COUNTERSEAL_E_INTERNAL);
        OK(counterseal_pending_new(&queue, NULL));
        counterseal_pending_free(queue);
    }
    return 0;
}
