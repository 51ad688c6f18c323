/* A child process goes on with its parent's guard while threads of the parent are in the middle of it. */

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static counterseal_guard *guard;
static counterseal_text *token;
static volatile int stop;

static void *verify(void *nothing) {
    while (!stop) {
        counterseal_identity *identity = NULL;
        OK(counterseal_guard_verify(guard, view_of(token).data, view_of(token).length, NULL, &identity, NULL));
        counterseal_identity_free(identity);
    }
    return nothing;
}

int main(void) {
    counterseal_testing_issuer *issuer = new_issuer();
    guard = new_guard(issuer, "", 0);
    token = issue(issuer, NULL, NULL);
    pthread_t threads[3];
    for (int at = 0; at < 3; at++) CHECK(pthread_create(&threads[at], NULL, verify, NULL) == 0);
    for (int round = 0; round < 100; round++) {
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            alarm(20); /* a child that waits for a lock would wait for ever */
            counterseal_identity *identity = NULL;
            OK(counterseal_guard_after_fork(guard, NULL));
            OK(counterseal_guard_verify(guard, view_of(token).data, view_of(token).length, NULL, &identity, NULL));
            CHECK(same(identity_of(identity).subject, "test-user"));
            _exit(0);
        }
        int status = 1;
        CHECK(waitpid(child, &status, 0) == child && status == 0);
    }
    stop = 1;
    for (int at = 0; at < 3; at++) CHECK(pthread_join(threads[at], NULL) == 0);
    counterseal_text_free(token);
    counterseal_guard_free(guard);
    counterseal_testing_issuer_free(issuer);
    return 0;
}
