/* Keys that arrive late, never, twice, broken, or after nobody waits any more. */

#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <time.h>

#include "check.h"

static counterseal_answer ask(const counterseal_guard *guard, counterseal_view token) {
    counterseal_answer answer;
    memset(&answer, 0, sizeof answer);
    answer.struct_size = sizeof answer;
    OK(counterseal_guard_answer(guard, token.data, token.length, NULL, &answer, NULL));
    return answer;
}

static counterseal_flight *flight_of(const counterseal_guard *guard, counterseal_view token) {
    counterseal_answer answer = ask(guard, token);
    CHECK(answer.kind == COUNTERSEAL_ANSWER_PENDING && answer.identity == NULL && answer.flight != NULL);
    return answer.flight;
}

/* The next ticket, or 0. */
static uint64_t next(const counterseal_pending *queue, uint64_t milliseconds) {
    uint64_t ticket = 0, count = 0;
    OK(counterseal_pending_next(queue, &ticket, 1, milliseconds, &count, NULL));
    return count == 1 ? ticket : 0;
}

static void late_and_twice(counterseal_testing_issuer *issuer, counterseal_view token) {
    counterseal_guard *guard = new_guard(issuer, "[fetch]\nwait = \"150ms\"\n", 1);
    counterseal_pending *queue = NULL;
    OK(counterseal_pending_new(&queue, NULL));
    counterseal_flight *flight = flight_of(guard, token);
    for (uint64_t ticket = 1; ticket <= 3; ticket++) OK(counterseal_pending_watch(queue, guard, flight, ticket, NULL));
    CHECK(next(queue, 10) == 0);
    OK(counterseal_pending_cancel(queue, guard, 2, NULL));
    OK(counterseal_testing_issuer_publish(issuer, guard, NULL));
    CHECK(next(queue, 1000) == 1 && next(queue, 1000) == 3 && next(queue, 10) == 0);
    /* A flight that is over is over at once, and its keys do not come a second time. */
    OK(counterseal_pending_watch(queue, guard, flight, 4, NULL));
    CHECK(next(queue, 1000) == 4);
    CHECK(counterseal_testing_keys_deliver(guard, flight, TEXT("{\"keys\":[]}"), NULL) == COUNTERSEAL_E_JWKS_INVALID);
    CHECK(counterseal_testing_keys_fail(guard, flight, NULL) == COUNTERSEAL_E_MISUSE_CLOSED);
    counterseal_flight_free(flight);

    counterseal_answer answer = ask(guard, token);
    CHECK(answer.kind == COUNTERSEAL_ANSWER_VERIFIED && answer.id == identity_of(answer.identity).id);
    counterseal_identity_free(answer.identity);
    counterseal_answer again = ask(guard, token);
    CHECK(again.kind == COUNTERSEAL_ANSWER_KNOWN && again.id == answer.id && again.identity == NULL);
    counterseal_pending_free(queue);
    counterseal_guard_free(guard);
}

static void never(counterseal_testing_issuer *issuer, counterseal_view token) {
    counterseal_guard *guard = new_guard(issuer, "[fetch]\nwait = \"150ms\"\n", 1);
    counterseal_identity *identity = NULL;
    counterseal_error *error = NULL;
    CHECK(counterseal_guard_try_verify(guard, token.data, token.length, NULL, &identity, NULL) ==
          COUNTERSEAL_E_KEYS_UNAVAILABLE);
    struct timespec begun, ended;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    uint32_t status = counterseal_guard_verify(guard, token.data, token.length, NULL, &identity, &error);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    double waited = (double)(ended.tv_sec - begun.tv_sec) + (double)(ended.tv_nsec - begun.tv_nsec) / 1e9;
    CHECK(status == COUNTERSEAL_E_KEYS_UNAVAILABLE && waited > 0.14 && waited < 2);
    counterseal_error_fields fields = fields_of(error);
    CHECK(fields.status == 503 && fields.retry_after > 0 && fields.www_authenticate.data == NULL);
    CHECK(same(fields.error_class, "unavailable") && fields.reference.length == 13);
    counterseal_error_free(error);
    CHECK(counterseal_guard_keys_unavailable(guard, NULL, &error) == COUNTERSEAL_E_KEYS_UNAVAILABLE);
    counterseal_error_free(error);
    counterseal_flight *flight = flight_of(guard, token);
    CHECK(counterseal_guard_keys_unavailable(guard, flight, NULL) == COUNTERSEAL_E_KEYS_UNAVAILABLE);
    counterseal_flight_free(flight);
    /* Known to be out of reach is an outage at once. */
    OK(counterseal_testing_issuer_fail(issuer, guard, NULL));
    CHECK(counterseal_guard_verify(guard, token.data, token.length, NULL, &identity, NULL) ==
          COUNTERSEAL_E_KEYS_UNAVAILABLE);
    OK(counterseal_testing_issuer_publish(issuer, guard, NULL));
    OK(counterseal_guard_verify(guard, token.data, token.length, NULL, &identity, NULL));
    counterseal_identity_free(identity);
    counterseal_guard_free(guard);
}

static void broken(counterseal_testing_issuer *issuer, counterseal_view token) {
    counterseal_guard *guard = new_guard(issuer, "", 1);
    counterseal_flight *flight = flight_of(guard, token);
    CHECK(counterseal_testing_keys_deliver(guard, flight, TEXT("no JSON"), NULL) == COUNTERSEAL_E_JWKS_INVALID);
    counterseal_identity *identity = NULL;
    CHECK(counterseal_guard_verify(guard, token.data, token.length, NULL, &identity, NULL) ==
          COUNTERSEAL_E_KEYS_UNAVAILABLE);
    counterseal_flight_free(flight);
    counterseal_guard_free(guard);
}

/* A guard that is closed wakes those who wait by ticket; a queue that is closed lets go of its thread. */
static void closed(counterseal_testing_issuer *issuer, counterseal_view token) {
    counterseal_guard *guard = new_guard(issuer, "", 1);
    counterseal_pending *queue = NULL;
    OK(counterseal_pending_new(&queue, NULL));
    counterseal_flight *flight = flight_of(guard, token);
    OK(counterseal_pending_watch(queue, guard, flight, 7, NULL));
    OK(counterseal_guard_close(guard, NULL));
    CHECK(next(queue, 1000) == 7);
    CHECK(counterseal_pending_watch(queue, guard, flight, 8, NULL) == COUNTERSEAL_E_MISUSE_CLOSED);
    OK(counterseal_pending_cancel(queue, guard, 8, NULL));
    OK(counterseal_pending_close(queue, NULL));
    CHECK(next(queue, COUNTERSEAL_NO_TIMEOUT) == 0);
    counterseal_flight_free(flight);
    counterseal_pending_free(queue);
    counterseal_guard_free(guard);
}

static void *close_soon(void *guard) {
    struct timespec pause = {0, 50000000};
    nanosleep(&pause, NULL);
    OK(counterseal_guard_close((const counterseal_guard *)guard, NULL));
    return NULL;
}

static void *publish_soon(void *both) {
    struct timespec pause = {0, 50000000};
    nanosleep(&pause, NULL);
    void **two = (void **)both;
    OK(counterseal_testing_issuer_publish((const counterseal_testing_issuer *)two[0], (const counterseal_guard *)two[1],
                                          NULL));
    return NULL;
}

/* Ready when every issuer has keys: by waiting here, or by ticket. */
static void ready(counterseal_testing_issuer *issuer) {
    pthread_t thread;
    counterseal_guard *guard = new_guard(issuer, "", 1);
    CHECK(counterseal_guard_ready(guard, 20, NULL) == COUNTERSEAL_E_KEYS_UNAVAILABLE);
    counterseal_pending *queue = NULL;
    counterseal_flight *flight = NULL;
    OK(counterseal_pending_new(&queue, NULL));
    OK(counterseal_guard_readiness(guard, &flight, NULL));
    CHECK(flight != NULL);
    OK(counterseal_pending_watch(queue, guard, flight, 5, NULL));
    counterseal_flight_free(flight);
    void *both[] = {issuer, guard};
    CHECK(pthread_create(&thread, NULL, publish_soon, both) == 0);
    OK(counterseal_guard_ready(guard, COUNTERSEAL_NO_TIMEOUT, NULL));
    CHECK(pthread_join(thread, NULL) == 0 && next(queue, 1000) == 5);
    OK(counterseal_guard_readiness(guard, &flight, NULL));
    CHECK(flight == NULL);
    OK(counterseal_guard_ready(guard, 0, NULL));
    counterseal_pending_free(queue);
    counterseal_guard_free(guard);

    guard = new_guard(issuer, "", 1);
    OK(counterseal_testing_issuer_fail(issuer, guard, NULL));
    CHECK(counterseal_guard_ready(guard, COUNTERSEAL_NO_TIMEOUT, NULL) == COUNTERSEAL_E_KEYS_UNAVAILABLE);
    CHECK(counterseal_guard_readiness(guard, &flight, NULL) == COUNTERSEAL_E_KEYS_UNAVAILABLE);
    counterseal_guard_free(guard);

    guard = new_guard(issuer, "", 1);
    CHECK(pthread_create(&thread, NULL, close_soon, guard) == 0);
    CHECK(counterseal_guard_ready(guard, UINT64_MAX - 1, NULL) == COUNTERSEAL_E_MISUSE_CLOSED);
    CHECK(pthread_join(thread, NULL) == 0);
    counterseal_guard_free(guard);
}

static void *drain(void *queue) {
    while (next((const counterseal_pending *)queue, COUNTERSEAL_NO_TIMEOUT) != 0) continue;
    return NULL;
}

static void a_thread_that_drains_ends_with_its_queue(void) {
    counterseal_pending *queue = NULL;
    OK(counterseal_pending_new(&queue, NULL));
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, drain, queue) == 0);
    OK(counterseal_pending_close(queue, NULL));
    CHECK(pthread_join(thread, NULL) == 0);
    counterseal_pending_free(queue);
}

/* A clock and keys of one's own. */
static void scripted(void) {
    static const char POLICY[] =
        "version = 1\n[[issuer]]\nname = \"main\"\nissuer = \"https://idp.example.com\"\nprofile = \"generic\"\n"
        "audience = \"orders\"\nalgorithms = [\"ES256\"]\nkeys = { scripted = true }\n";
    counterseal_policy *policy = NULL;
    CHECK(counterseal_policy_parse(TEXT(POLICY), COUNTERSEAL_FORMAT_TOML, NONE, NONE, &policy, NULL) / 1000 == 5);
    OK(counterseal_testing_policy_parse(TEXT(POLICY), COUNTERSEAL_FORMAT_TOML, &policy, NULL));
    counterseal_testing_clock *clock = NULL;
    OK(counterseal_testing_clock_new(1800000000, &clock, NULL));
    int64_t now = 0;
    OK(counterseal_testing_clock_advance(clock, -5, &now, NULL));
    CHECK(now == 1799999995);
    counterseal_guard *guard = NULL, *other = NULL;
    OK(counterseal_testing_clock_set(clock, 1700000000, NULL));
    OK(counterseal_testing_clock_advance(clock, 0, &now, NULL));
    CHECK(now == 1700000000);
    CHECK(counterseal_testing_clock_set(clock, 1700000000000, NULL) == COUNTERSEAL_E_MISUSE_TIME);
    OK(counterseal_testing_guard_new(policy, clock, &guard, NULL));
    OK(counterseal_guard_new(policy, &other, NULL)); /* a policy is good for many guards */
    counterseal_policy_free(policy);
    counterseal_testing_clock_free(clock);
    counterseal_guard_free(guard);
    counterseal_guard_free(other);
}

/* A policy file whose keys are handed in, and another policy in its place. */
static void handed_in(counterseal_testing_issuer *issuer, counterseal_view token) {
    counterseal_text *policy_text = NULL;
    OK(counterseal_testing_issuer_policy_text(issuer, NONE, &policy_text, NULL));
    counterseal_view toml = view_of(policy_text);
    char path[] = "/tmp/counterseal-test-XXXXXX.toml";
    FILE *file = fdopen(mkstemps(path, 5), "w");
    for (uint64_t at = 0; at + 5 < toml.length && memcmp(toml.data + at, "keys ", 5) != 0; at++) fputc(toml.data[at], file);
    fputs("keys = { scripted = true }\n", file), fclose(file);

    counterseal_policy *policy = NULL;
    counterseal_testing_clock *clock = NULL;
    counterseal_guard *guard = NULL;
    counterseal_identity *identity = NULL;
    CHECK(counterseal_policy_load(path, strlen(path), NONE, &policy, NULL) / 1000 == 5);
    OK(counterseal_testing_policy_load(path, strlen(path), NONE, &policy, NULL));
    remove(path);
    OK(counterseal_testing_issuer_clock(issuer, &clock, NULL));
    OK(counterseal_testing_guard_new(policy, clock, &guard, NULL));
    counterseal_policy_free(policy);
    OK(counterseal_policy_parse(toml.data, toml.length, COUNTERSEAL_FORMAT_TOML, NONE, NONE, &policy, NULL));
    CHECK(counterseal_guard_try_verify(guard, token.data, token.length, NULL, &identity, NULL) ==
          COUNTERSEAL_E_KEYS_UNAVAILABLE);
    counterseal_error *error = NULL;
    CHECK(counterseal_testing_keys_answer(guard, TEXT("main"), TEXT("{}"), &error) == COUNTERSEAL_E_JWKS_INVALID);
    CHECK(same(fields_of(error).error_class, "misuse") && fields_of(error).status == 500);
    counterseal_error_free(error);
    CHECK(counterseal_testing_keys_answer(guard, TEXT("main"), NONE, NULL) == COUNTERSEAL_E_MISUSE_CLOSED);
    OK(counterseal_testing_guard_replace(guard, policy, NULL));
    OK(counterseal_guard_try_verify(guard, token.data, token.length, NULL, &identity, NULL));
    counterseal_identity_free(identity);
    counterseal_policy_free(policy);
    counterseal_testing_clock_free(clock);
    counterseal_text_free(policy_text);
    counterseal_guard_free(guard);
}

int main(void) {
    counterseal_testing_issuer *issuer = new_issuer();
    counterseal_text *token = issue(issuer, NULL, NULL);
    late_and_twice(issuer, view_of(token));
    never(issuer, view_of(token));
    broken(issuer, view_of(token));
    closed(issuer, view_of(token));
    a_thread_that_drains_ends_with_its_queue();
    scripted();
    ready(issuer);
    handed_in(issuer, view_of(token));
    counterseal_text_free(token);
    counterseal_testing_issuer_free(issuer);
    CHECK(counterseal_testing_live_handles() == 0);
    return 0;
}
