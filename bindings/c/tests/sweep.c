/* Every export with nothing in its hands: NULL, length 0, a length without bytes, struct_size 0. The
 * script that runs this compares it with symbols.txt, so that none is forgotten. */

#include "check.h"

#define HUGE_LENGTH UINT64_MAX

/* The call fails as misuse, with a message, and without a place for one; and a mistake inside of it is an error. */
#define MISUSE(call)                                                                     \
    do {                                                                                 \
        counterseal_error *error = NULL, **place = &error;                               \
        CHECK((call) == COUNTERSEAL_E_MISUSE_ARGUMENT);                                  \
        CHECK(contains(fields_of(error).message, "misuse_argument"));                    \
        CHECK(fields_of(error).status == 500);                                           \
        counterseal_error_free(error);                                                   \
        place = NULL;                                                                    \
        CHECK((call) == COUNTERSEAL_E_MISUSE_ARGUMENT);                                  \
        counterseal_testing_panic(1);                                                    \
        CHECK((call) == COUNTERSEAL_E_INTERNAL);                                         \
        error = NULL, place = &error;                                                    \
        counterseal_testing_panic(1);                                                    \
        CHECK((call) == COUNTERSEAL_E_INTERNAL);                                         \
        CHECK(contains(fields_of(error).message, ".rs:"));                               \
        counterseal_error_free(error);                                                   \
    } while (0)

static void nothing_at_all(void) {
    counterseal_error_free(NULL);
    counterseal_policy_free(NULL);
    counterseal_guard_free(NULL);
    counterseal_flight_free(NULL);
    counterseal_identity_free(NULL);
    counterseal_text_free(NULL);
    counterseal_pending_free(NULL);
    counterseal_testing_clock_free(NULL);
    counterseal_testing_network_free(NULL);
    counterseal_testing_issuer_free(NULL);
    CHECK(counterseal_abi_version() == COUNTERSEAL_ABI_VERSION);
    CHECK(counterseal_version() != NULL);
    CHECK(counterseal_status_name(UINT32_MAX).data == NULL);
    CHECK(counterseal_error_read(NULL, NULL) == COUNTERSEAL_E_MISUSE_ARGUMENT);
    CHECK(counterseal_text_read(NULL, NULL) == COUNTERSEAL_E_MISUSE_ARGUMENT);
    MISUSE(counterseal_policy_load(NONE, NONE, NULL, place));
    MISUSE(counterseal_policy_parse(NONE, 0, NONE, NONE, NULL, place));
    MISUSE(counterseal_guard_new(NULL, NULL, place));
    MISUSE(counterseal_guard_load(NONE, NONE, NULL, place));
    MISUSE(counterseal_guard_verify(NULL, NONE, NULL, NULL, place));
    MISUSE(counterseal_guard_try_verify(NULL, NONE, NULL, NULL, place));
    MISUSE(counterseal_guard_verify_many(NULL, NULL, NULL, 0, NULL, NULL, place));
    MISUSE(counterseal_guard_answer(NULL, NONE, NULL, NULL, place));
    MISUSE(counterseal_guard_answer_many(NULL, NULL, NULL, 0, NULL, NULL, NULL, place));
    MISUSE(counterseal_guard_keys_unavailable(NULL, NULL, place));
    MISUSE(counterseal_guard_status(NULL, NULL, place));
    MISUSE(counterseal_guard_metrics(NULL, NULL, place));
    MISUSE(counterseal_guard_explain(NULL, NONE, NULL, NULL, place));
    MISUSE(counterseal_guard_ready(NULL, 0, place));
    MISUSE(counterseal_guard_readiness(NULL, NULL, place));
    MISUSE(counterseal_guard_reload(NULL, place));
    MISUSE(counterseal_guard_close(NULL, place));
    MISUSE(counterseal_guard_after_fork(NULL, place));
    MISUSE(counterseal_identity_read(NULL, NULL, place));
    MISUSE(counterseal_identity_json(NULL, NULL, place));
    MISUSE(counterseal_identity_claim(NULL, NONE, NULL, place));
    MISUSE(counterseal_identity_tape(NULL, NONE, NULL, 0, NULL, place));
    MISUSE(counterseal_identity_equal(NULL, NULL, NULL, place));
    MISUSE(counterseal_identity_require(NULL, NULL, NULL, place));
    MISUSE(counterseal_pending_new(NULL, place));
    MISUSE(counterseal_pending_watch(NULL, NULL, NULL, 0, place));
    MISUSE(counterseal_pending_next(NULL, NULL, 0, 0, NULL, place));
    MISUSE(counterseal_pending_cancel(NULL, NULL, 0, place));
    MISUSE(counterseal_pending_close(NULL, place));
    MISUSE(counterseal_testing_clock_new(0, NULL, place));
    MISUSE(counterseal_testing_clock_advance(NULL, 0, NULL, place));
    MISUSE(counterseal_testing_clock_set(NULL, 0, place));
    MISUSE(counterseal_testing_policy_parse(NONE, 0, NULL, place));
    MISUSE(counterseal_testing_policy_load(NONE, NONE, NULL, place));
    MISUSE(counterseal_testing_guard_new(NULL, NULL, NULL, place));
    MISUSE(counterseal_testing_guard_replace(NULL, NULL, place));
    MISUSE(counterseal_testing_network_new(NULL, place));
    MISUSE(counterseal_testing_network_answer(NULL, NONE, NONE, NONE, place));
    MISUSE(counterseal_testing_network_requests(NULL, NULL, place));
    MISUSE(counterseal_testing_guard_with_network(NULL, NULL, NULL, NULL, place));
    MISUSE(counterseal_testing_fetch_due(NULL, place));
    MISUSE(counterseal_testing_keys_answer(NULL, NONE, NONE, place));
    MISUSE(counterseal_testing_keys_deliver(NULL, NULL, NONE, place));
    MISUSE(counterseal_testing_keys_fail(NULL, NULL, place));
    MISUSE(counterseal_testing_measure(NULL, NONE, 0, NULL, place));
    MISUSE(counterseal_testing_issuer_new(NONE, NONE, NONE, NONE, NULL, place));
    MISUSE(counterseal_testing_issuer_token(NULL, NONE, NONE, NONE, NONE, NONE, NULL, place));
    MISUSE(counterseal_testing_issuer_sign(NULL, NONE, NONE, NULL, place));
    MISUSE(counterseal_testing_issuer_json(NULL, NULL, place));
    MISUSE(counterseal_testing_issuer_clock(NULL, NULL, place));
    MISUSE(counterseal_testing_issuer_rotate(NULL, place));
    MISUSE(counterseal_testing_issuer_retire(NULL, place));
    MISUSE(counterseal_testing_issuer_policy(NULL, NONE, NONE, NULL, place));
    MISUSE(counterseal_testing_issuer_policy_text(NULL, NONE, NULL, place));
    MISUSE(counterseal_testing_issuer_guard(NULL, NONE, NONE, 0, NULL, place));
    MISUSE(counterseal_testing_issuer_publish(NULL, NULL, place));
    MISUSE(counterseal_testing_issuer_fail(NULL, NULL, place));
    counterseal_testing_panic(0);
    CHECK(counterseal_testing_live_handles() == 0);
}

/* A good handle, and everything behind it missing, too small, too large or of the wrong form. */
static void half_of_it(void) {
    counterseal_testing_issuer *issuer = new_issuer();
    counterseal_guard *guard = new_guard(issuer, "", 0);
    counterseal_text *token = issue(issuer, NULL, NULL);
    counterseal_view view = view_of(token);
    counterseal_identity *identity = NULL;
    counterseal_policy *policy = NULL;
    OK(counterseal_guard_verify(guard, view.data, view.length, NULL, &identity, NULL));
    OK(counterseal_testing_issuer_policy(issuer, NONE, NONE, &policy, NULL));

    /* No place for the result. */
    MISUSE(counterseal_guard_verify(guard, view.data, view.length, NULL, NULL, place));
    MISUSE(counterseal_guard_try_verify(guard, view.data, view.length, NULL, NULL, place));
    MISUSE(counterseal_guard_answer(guard, view.data, view.length, NULL, NULL, place));
    MISUSE(counterseal_guard_explain(guard, view.data, view.length, NULL, NULL, place));
    MISUSE(counterseal_guard_verify_many(guard, view.data, &view.length, 1, NULL, NULL, place));
    MISUSE(counterseal_guard_answer_many(guard, view.data, &view.length, 1, NULL, NULL, NULL, place));
    MISUSE(counterseal_guard_status(guard, NULL, place));
    MISUSE(counterseal_guard_metrics(guard, NULL, place));
    MISUSE(counterseal_guard_readiness(guard, NULL, place));
    MISUSE(counterseal_guard_new(policy, NULL, place));
    MISUSE(counterseal_testing_guard_replace(guard, NULL, place));
    MISUSE(counterseal_testing_issuer_policy_text(issuer, NONE, NULL, place));
    MISUSE(counterseal_testing_policy_load(TEXT("a"), NONE, NULL, place));
    MISUSE(counterseal_identity_json(identity, NULL, place));
    MISUSE(counterseal_identity_claim(identity, TEXT("sub"), NULL, place));
    MISUSE(counterseal_identity_equal(identity, identity, NULL, place));
    MISUSE(counterseal_identity_equal(identity, NULL, NULL, place));
    CHECK(counterseal_text_read(token, NULL) == COUNTERSEAL_E_MISUSE_ARGUMENT);

    /* Bytes that are not there. */
    counterseal_identity *none = NULL;
    counterseal_text *text = NULL;
    MISUSE(counterseal_guard_verify(guard, NULL, 5, NULL, &none, place));
    MISUSE(counterseal_guard_verify(guard, NULL, HUGE_LENGTH, NULL, &none, place));
    MISUSE(counterseal_guard_verify(guard, view.data, HUGE_LENGTH, NULL, &none, place));
    MISUSE(counterseal_guard_try_verify(guard, NULL, 1, NULL, &none, place));
    MISUSE(counterseal_guard_explain(guard, NULL, 1, NULL, &text, place));
    MISUSE(counterseal_guard_verify_many(guard, NULL, &view.length, 1, &none, NULL, place));
    MISUSE(counterseal_guard_verify_many(guard, view.data, NULL, HUGE_LENGTH, &none, NULL, place));
    MISUSE(counterseal_policy_load(NULL, 1, NONE, &policy, place));
    MISUSE(counterseal_policy_parse(TEXT("version = 1"), 7, NONE, NONE, &policy, place));
    MISUSE(counterseal_policy_parse(TEXT("\xff\xfe"), COUNTERSEAL_FORMAT_TOML, NONE, NONE, &policy, place));
    MISUSE(counterseal_policy_parse(TEXT("version = 1"), COUNTERSEAL_FORMAT_TOML, NULL, 4, NONE, &policy, place));
    MISUSE(counterseal_policy_parse(TEXT("version = 1"), COUNTERSEAL_FORMAT_TOML, NONE, "", 0, &policy, place));
    MISUSE(counterseal_identity_claim(identity, TEXT("\xc3\x28"), &text, place));
    MISUSE(counterseal_identity_tape(identity, NONE, NULL, 9, &view.length, place));
    MISUSE(counterseal_identity_tape(identity, NONE, NULL, 0, NULL, place));
    MISUSE(counterseal_testing_policy_load(TEXT("a\0b"), NONE, &policy, place));
    MISUSE(counterseal_testing_keys_answer(guard, NULL, 1, NONE, place));
    MISUSE(counterseal_testing_keys_answer(guard, TEXT("main"), NULL, 1, place));

    /* What is asked of an identity: structs of every size that is too small, and lists that are not there. */
    counterseal_view empty = {NULL, 0}, missing = {NULL, 3}, huge = {"a", HUGE_LENGTH}, broken = {"\xff", 1};
    counterseal_requirements asked;
    memset(&asked, 0, sizeof asked);
    for (asked.struct_size = 0; asked.struct_size < sizeof asked; asked.struct_size++) {
        MISUSE(counterseal_identity_require(identity, &asked, NULL, place));
    }
    MISUSE(counterseal_identity_require(identity, &asked, NULL, place)); /* nothing is asked */
    MISUSE(counterseal_identity_require(identity, NULL, NULL, place));
    counterseal_view *wrong[] = {NULL, &empty, &missing, &huge, &broken};
    for (size_t at = 0; at < sizeof wrong / sizeof *wrong; at++) {
        counterseal_list list = {wrong[at], 1}, nothing = {NULL, 0};
        asked.scopes = list, asked.acr = nothing;
        MISUSE(counterseal_identity_require(identity, &asked, NULL, place));
        asked.scopes = nothing, asked.acr = list;
        MISUSE(counterseal_identity_require(identity, &asked, NULL, place));
    }
    counterseal_list endless = {&empty, HUGE_LENGTH};
    asked.scopes = endless;
    MISUSE(counterseal_identity_require(identity, &asked, NULL, place));

    /* An empty token is a token, and refused. */
    CHECK(counterseal_guard_verify(guard, NONE, NULL, &none, NULL) == COUNTERSEAL_E_TOKEN_MALFORMED);
    CHECK(counterseal_guard_verify(guard, "", 0, NULL, &none, NULL) == COUNTERSEAL_E_TOKEN_MALFORMED);
    CHECK(none == NULL && text == NULL);

    /* Structs of every size that is too small are left alone. */
    counterseal_error *odd_error = NULL;
    for (uint64_t size = 0; size < sizeof(counterseal_answer); size++) {
        counterseal_answer answer;
        memset(&answer, 0x55, sizeof answer);
        answer.struct_size = size;
        MISUSE(counterseal_guard_answer(guard, view.data, view.length, NULL, &answer, place));
        MISUSE(counterseal_guard_answer_many(guard, view.data, &view.length, 1, NULL, &answer, &odd_error, place));
        CHECK(answer.struct_size == size && answer.kind == 0x55555555);
    }
    for (uint64_t size = 0; size < sizeof(counterseal_identity_fields); size++) {
        counterseal_identity_fields fields;
        memset(&fields, 0x55, sizeof fields);
        fields.struct_size = size;
        MISUSE(counterseal_identity_read(identity, &fields, place));
        CHECK(fields.reserved == 0x55555555);
    }
    counterseal_error *error = NULL;
    CHECK(counterseal_guard_verify(guard, NONE, NULL, &none, &error) != COUNTERSEAL_OK);
    counterseal_error_fields fields;
    fields.struct_size = 0;
    CHECK(counterseal_error_read(error, &fields) == COUNTERSEAL_E_MISUSE_ARGUMENT);
    counterseal_error_free(error);

    /* A larger struct, of a program that was compiled with a later header, keeps what is beyond. */
    struct {
        counterseal_identity_fields known;
        uint64_t beyond;
    } later;
    later.known.struct_size = sizeof later;
    later.beyond = 42;
    OK(counterseal_identity_read(identity, &later.known, NULL));
    CHECK(later.beyond == 42 && same(later.known.subject, "test-user"));
    struct {
        counterseal_requirements known;
        uint64_t beyond;
    } later_asked;
    memset(&later_asked, 0xff, sizeof later_asked);
    memset(&later_asked.known, 0, sizeof later_asked.known);
    int64_t ago = 5;
    later_asked.known.struct_size = sizeof later_asked;
    later_asked.known.max_age = &ago;
    CHECK(counterseal_identity_require(identity, &later_asked.known, NULL, NULL) == COUNTERSEAL_E_AUTH_TOO_OLD);

    /* Words that mean nothing. */
    counterseal_testing_issuer *odd = NULL;
    MISUSE(counterseal_testing_issuer_new(TEXT("none"), NONE, NONE, NONE, &odd, place));
    MISUSE(counterseal_testing_issuer_token(issuer, TEXT("x"), NONE, NONE, NONE, NONE, &text, place));
    MISUSE(counterseal_testing_issuer_token(issuer, NONE, TEXT("[]"), NONE, NONE, NONE, &text, place));
    MISUSE(counterseal_testing_issuer_token(issuer, NONE, NONE, NONE, NONE, TEXT("x"), &text, place));

    counterseal_identity_free(identity);
    counterseal_text_free(token);
    counterseal_policy_free(policy);
    counterseal_guard_free(guard);
    counterseal_testing_issuer_free(issuer);
    CHECK(counterseal_testing_live_handles() == 0);
}

int main(void) {
    nothing_at_all();
    half_of_it();
    return 0;
}
