/* One guard, many threads: each gets the identity of the token that it sent, while the cache is too small
 * for all of them, keys are replaced, and at last the guard is closed under their hands. */

#include <pthread.h>

#include "check.h"

enum { THREADS = 8, TOKENS = 64, ROUNDS = 2000 };

static counterseal_testing_issuer *issuer;
static counterseal_guard *guard;
static counterseal_text *tokens[TOKENS];

static void *verify(void *argument) {
    size_t thread = (size_t)argument;
    for (size_t round = 0; round < ROUNDS; round++) {
        size_t at = (round * 7 + thread * 13) % TOKENS;
        char subject[32];
        snprintf(subject, sizeof subject, "user-%zu", at);
        counterseal_view token = view_of(tokens[at]);
        counterseal_identity *identity = NULL;
        uint32_t status = counterseal_guard_verify(guard, token.data, token.length, NULL, &identity, NULL);
        if (status == COUNTERSEAL_E_MISUSE_CLOSED) return NULL;
        CHECK(status == COUNTERSEAL_OK && same(identity_of(identity).subject, subject));
        counterseal_identity_free(identity);
    }
    return NULL;
}

int main(void) {
    issuer = new_issuer();
    guard = new_guard(issuer, "[cache]\nentries = 16\n", 0);
    for (size_t at = 0; at < TOKENS; at++) {
        char claims[64];
        snprintf(claims, sizeof claims, "{\"sub\":\"user-%zu\"}", at);
        tokens[at] = issue(issuer, claims, NULL);
    }
    pthread_t threads[THREADS];
    for (size_t at = 0; at < THREADS; at++) CHECK(pthread_create(&threads[at], NULL, verify, (void *)at) == 0);
    for (int round = 0; round < 200; round++) OK(counterseal_testing_issuer_publish(issuer, guard, NULL));
    OK(counterseal_guard_close(guard, NULL));
    for (size_t at = 0; at < THREADS; at++) CHECK(pthread_join(threads[at], NULL) == 0);
    for (size_t at = 0; at < TOKENS; at++) counterseal_text_free(tokens[at]);
    counterseal_guard_free(guard);
    counterseal_testing_issuer_free(issuer);
    CHECK(counterseal_testing_live_handles() == 0);
    return 0;
}
