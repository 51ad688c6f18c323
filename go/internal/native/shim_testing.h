/* The same for tests. */

#include "shim.h"

static inline void shim_issuer_new(const char *algorithm, uint64_t algorithm_length, const char *name,
                                   uint64_t name_length, const char *audience, uint64_t audience_length,
                                   const char *client_id, uint64_t client_id_length, shim_result *out) {
    RESULT(testing_issuer,
           counterseal_testing_issuer_new(algorithm, algorithm_length, name, name_length, audience, audience_length,
                                          client_id, client_id_length, result, error));
}

static inline void shim_issuer_token(uintptr_t issuer, const char *profile, uint64_t profile_length,
                                     const char *claims, uint64_t claims_length, const char *header,
                                     uint64_t header_length, const char *remove, uint64_t remove_length,
                                     const char *oddity, uint64_t oddity_length, shim_result *out) {
    RESULT(text, counterseal_testing_issuer_token(AS(testing_issuer, issuer), profile, profile_length, claims,
                                                  claims_length, header, header_length, remove, remove_length, oddity,
                                                  oddity_length, result, error));
}

static inline void shim_issuer_sign(uintptr_t issuer, const char *header, uint64_t header_length, const char *payload,
                                    uint64_t payload_length, shim_result *out) {
    RESULT(text, counterseal_testing_issuer_sign(AS(testing_issuer, issuer), header, header_length, payload,
                                                 payload_length, result, error));
}

static inline void shim_issuer_json(uintptr_t issuer, shim_result *out) {
    RESULT(text, counterseal_testing_issuer_json(AS(testing_issuer, issuer), result, error));
}

static inline void shim_issuer_clock(uintptr_t issuer, shim_result *out) {
    RESULT(testing_clock, counterseal_testing_issuer_clock(AS(testing_issuer, issuer), result, error));
}

static inline void shim_issuer_rotate(uintptr_t issuer, shim_result *out) {
    STATUS(counterseal_testing_issuer_rotate(AS(testing_issuer, issuer), error));
}

static inline void shim_issuer_retire(uintptr_t issuer, shim_result *out) {
    STATUS(counterseal_testing_issuer_retire(AS(testing_issuer, issuer), error));
}

static inline void shim_issuer_policy(uintptr_t issuer, const char *profile, uint64_t profile_length,
                                      const char *more, uint64_t more_length, shim_result *out) {
    RESULT(policy, counterseal_testing_issuer_policy(AS(testing_issuer, issuer), profile, profile_length, more,
                                                     more_length, result, error));
}

static inline void shim_issuer_guard(uintptr_t issuer, const char *profile, uint64_t profile_length, const char *more,
                                     uint64_t more_length, uint32_t pending, shim_result *out) {
    RESULT(guard, counterseal_testing_issuer_guard(AS(testing_issuer, issuer), profile, profile_length, more,
                                                   more_length, pending, result, error));
}

static inline void shim_issuer_publish(uintptr_t issuer, uintptr_t guard, shim_result *out) {
    STATUS(counterseal_testing_issuer_publish(AS(testing_issuer, issuer), AS(guard, guard), error));
}

static inline void shim_issuer_fail(uintptr_t issuer, uintptr_t guard, shim_result *out) {
    STATUS(counterseal_testing_issuer_fail(AS(testing_issuer, issuer), AS(guard, guard), error));
}

static inline void shim_clock_new(int64_t now, shim_result *out) {
    RESULT(testing_clock, counterseal_testing_clock_new(now, result, error));
}

static inline void shim_clock_advance(uintptr_t clock, int64_t seconds, int64_t *now, shim_result *out) {
    STATUS(counterseal_testing_clock_advance(AS(testing_clock, clock), seconds, now, error));
}

static inline void shim_clock_set(uintptr_t clock, int64_t now, shim_result *out) {
    STATUS(counterseal_testing_clock_set(AS(testing_clock, clock), now, error));
}

static inline void shim_testing_policy_load(const char *path, uint64_t path_length, const char *service,
                                            uint64_t service_length, shim_result *out) {
    RESULT(policy, counterseal_testing_policy_load(path, path_length, service, service_length, result, error));
}

static inline void shim_testing_guard_replace(uintptr_t guard, uintptr_t policy, shim_result *out) {
    STATUS(counterseal_testing_guard_replace(AS(guard, guard), AS(policy, policy), error));
}

static inline void shim_keys_answer(uintptr_t guard, const char *name, uint64_t name_length, const char *jwks,
                                    uint64_t jwks_length, shim_result *out) {
    STATUS(counterseal_testing_keys_answer(AS(guard, guard), name, name_length, jwks, jwks_length, error));
}

static inline void shim_issuer_policy_text(uintptr_t issuer, const char *profile, uint64_t profile_length,
                                           shim_result *out) {
    RESULT(text, counterseal_testing_issuer_policy_text(AS(testing_issuer, issuer), profile, profile_length, result,
                                                        error));
}

static inline void shim_testing_guard_new(uintptr_t policy, uintptr_t clock, shim_result *out) {
    RESULT(guard, counterseal_testing_guard_new(AS(policy, policy), AS(testing_clock, clock), result, error));
}

static inline void shim_network_new(shim_result *out) {
    RESULT(testing_network, counterseal_testing_network_new(result, error));
}

static inline void shim_network_answer(uintptr_t network, const char *url, uint64_t url_length, const char *reply,
                                       uint64_t reply_length, const char *body, uint64_t body_length,
                                       shim_result *out) {
    STATUS(counterseal_testing_network_answer(AS(testing_network, network), url, url_length, reply, reply_length, body,
                                              body_length, error));
}

static inline void shim_network_requests(uintptr_t network, shim_result *out) {
    RESULT(text, counterseal_testing_network_requests(AS(testing_network, network), result, error));
}

static inline void shim_network_free(uintptr_t network) {
    counterseal_testing_network_free((counterseal_testing_network *)network);
}

static inline void shim_testing_guard_with_network(uintptr_t policy, uintptr_t clock, uintptr_t network,
                                                   shim_result *out) {
    RESULT(guard, counterseal_testing_guard_with_network(AS(policy, policy), AS(testing_clock, clock),
                                                         AS(testing_network, network), result, error));
}

static inline void shim_fetch_due(uintptr_t guard, shim_result *out) {
    STATUS(counterseal_testing_fetch_due(AS(guard, guard), error));
}

static inline void shim_measure(uintptr_t guard, const char *token, uint64_t length, uint64_t times,
                                uint64_t *nanoseconds, shim_result *out) {
    STATUS(counterseal_testing_measure(AS(guard, guard), token, length, times, nanoseconds, error));
}

static inline void shim_issuer_free(uintptr_t issuer) {
    counterseal_testing_issuer_free(AS(testing_issuer, issuer));
}

static inline void shim_clock_free(uintptr_t clock) { counterseal_testing_clock_free(AS(testing_clock, clock)); }
