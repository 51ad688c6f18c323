/* What Go needs to cross the border once for each call. Handles are numbers here: the garbage collector
 * has no business with them, and checking Go pointers costs nothing where there are none. */

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "counterseal.h"

#define AS(type, handle) ((counterseal_##type *)(handle))

typedef struct {
    uint64_t id;
    uint64_t wait_milliseconds;
    uintptr_t identity;
    uintptr_t flight;
    uintptr_t error;
    uint32_t status;
    uint32_t kind;
} shim_answer;

/* The hot call. */
static inline void shim_guard_answer(uintptr_t guard, const char *token, uint64_t length, const int64_t *now,
                                     shim_answer *out) {
    counterseal_answer answer = {0};
    counterseal_error *error = NULL;
    answer.struct_size = sizeof answer;
    out->status = counterseal_guard_answer(AS(guard, guard), token, length, now, &answer, &error);
    out->id = answer.id;
    out->kind = answer.kind;
    out->wait_milliseconds = answer.wait_milliseconds;
    out->identity = (uintptr_t)answer.identity;
    out->flight = (uintptr_t)answer.flight;
    out->error = (uintptr_t)error;
}

/* A call whose result is a handle, or that has none. */
typedef struct {
    uintptr_t handle;
    uintptr_t error;
    uint32_t status;
} shim_result;

#define RESULT(type, ...)                                                                  \
    do {                                                                                   \
        counterseal_##type *made = NULL, **result = &made;                                 \
        counterseal_error *failed = NULL, **error = &failed;                               \
        out->status = (__VA_ARGS__);                                                       \
        out->handle = (uintptr_t)made;                                                     \
        out->error = (uintptr_t)failed;                                                    \
    } while (0)

#define STATUS(...)                                                                        \
    do {                                                                                   \
        counterseal_error *failed = NULL, **error = &failed;                               \
        out->status = (__VA_ARGS__);                                                       \
        out->handle = 0;                                                                   \
        out->error = (uintptr_t)failed;                                                    \
    } while (0)

static inline void shim_policy_load(const char *path, uint64_t path_length, const char *service,
                                    uint64_t service_length, shim_result *out) {
    RESULT(policy, counterseal_policy_load(path, path_length, service, service_length, result, error));
}

static inline void shim_policy_parse(const char *text, uint64_t text_length, uint32_t format, const char *service,
                                     uint64_t service_length, const char *base_dir, uint64_t base_dir_length,
                                     shim_result *out) {
    RESULT(policy, counterseal_policy_parse(text, text_length, format, service, service_length, base_dir,
                                            base_dir_length, result, error));
}

static inline void shim_guard_new(uintptr_t policy, shim_result *out) {
    RESULT(guard, counterseal_guard_new(AS(policy, policy), result, error));
}

static inline void shim_guard_load(const char *path, uint64_t path_length, const char *service,
                                   uint64_t service_length, shim_result *out) {
    RESULT(guard, counterseal_guard_load(path, path_length, service, service_length, result, error));
}

static inline void shim_guard_try_verify(uintptr_t guard, const char *token, uint64_t length, const int64_t *now,
                                         shim_result *out) {
    RESULT(identity, counterseal_guard_try_verify(AS(guard, guard), token, length, now, result, error));
}

static inline void shim_guard_explain(uintptr_t guard, const char *token, uint64_t length, const int64_t *now,
                                      shim_result *out) {
    RESULT(text, counterseal_guard_explain(AS(guard, guard), token, length, now, result, error));
}

/* Answers to many tokens; the errors of single ones are in `answers`, that of the call is in `out`. */
static inline void shim_guard_answer_many(uintptr_t guard, const char *tokens, const uint64_t *lengths,
                                          uint64_t count, const int64_t *now, shim_answer *answers,
                                          shim_result *out) {
    counterseal_answer *given = (counterseal_answer *)calloc(count, sizeof *given);
    counterseal_error **errors = (counterseal_error **)calloc(count, sizeof *errors);
    if (count > 0 && given != NULL) given[0].struct_size = sizeof *given;
    STATUS(counterseal_guard_answer_many(AS(guard, guard), tokens, lengths, count, now, given, errors, error));
    for (uint64_t at = 0; out->status == COUNTERSEAL_OK && at < count; at++) {
        answers[at].id = given[at].id;
        answers[at].kind = given[at].kind;
        answers[at].wait_milliseconds = given[at].wait_milliseconds;
        answers[at].identity = (uintptr_t)given[at].identity;
        answers[at].flight = (uintptr_t)given[at].flight;
        answers[at].error = (uintptr_t)errors[at];
    }
    free(given);
    free(errors);
}

static inline void shim_guard_keys_unavailable(uintptr_t guard, uintptr_t flight, shim_result *out) {
    STATUS(counterseal_guard_keys_unavailable(AS(guard, guard), AS(flight, flight), error));
}

static inline void shim_guard_status(uintptr_t guard, shim_result *out) {
    RESULT(text, counterseal_guard_status(AS(guard, guard), result, error));
}

static inline void shim_guard_metrics(uintptr_t guard, shim_result *out) {
    RESULT(text, counterseal_guard_metrics(AS(guard, guard), result, error));
}

static inline void shim_guard_readiness(uintptr_t guard, shim_result *out) {
    RESULT(flight, counterseal_guard_readiness(AS(guard, guard), result, error));
}

static inline void shim_guard_reload(uintptr_t guard, shim_result *out) {
    STATUS(counterseal_guard_reload(AS(guard, guard), error));
}

static inline void shim_guard_close(uintptr_t guard, shim_result *out) {
    STATUS(counterseal_guard_close(AS(guard, guard), error));
}

/* The fields of an identity without a pointer in them: all texts stand one behind the other in the caller's
 * buffer, the ten single ones first, then those of the five lists. */
enum { SHIM_SINGLE = 10, SHIM_LISTS = 5, SHIM_TEXTS = 64 };

typedef struct {
    uint64_t id;
    int64_t issued_at;
    int64_t expires_at;
    int64_t not_before;
    int64_t auth_time;
    uint64_t size;
    uint32_t groups_incomplete;
    uint32_t count;
    uint32_t counts[SHIM_LISTS];
} shim_fields;

/* Where texts or buffer are not enough, `count` and `size` say what is needed and nothing else is written. */
static inline void shim_identity_read(uintptr_t identity, shim_fields *into, uint32_t *lengths, uint64_t texts,
                                      uint8_t *buffer, uint64_t capacity, shim_result *out) {
    counterseal_identity_fields fields;
    fields.struct_size = sizeof fields;
    STATUS(counterseal_identity_read(AS(identity, identity), &fields, error));
    if (out->status != COUNTERSEAL_OK) return;
    const counterseal_view single[SHIM_SINGLE] = {
        fields.subject,      fields.issuer,   fields.issuer_name, fields.tenant,  fields.client_id,
        fields.subject_kind, fields.token_id, fields.acr,         fields.profile, fields.transaction_id,
    };
    const counterseal_list lists[SHIM_LISTS] = {fields.audience, fields.scopes, fields.roles, fields.actors,
                                                fields.amr};
    uint64_t size = 0, count = SHIM_SINGLE;
    for (int at = 0; at < SHIM_SINGLE; at++) size += single[at].length;
    for (int list = 0; list < SHIM_LISTS; list++) {
        count += lists[list].count;
        for (uint64_t at = 0; at < lists[list].count; at++) size += lists[list].items[at].length;
    }
    into->size = size;
    into->count = (uint32_t)count;
    if (size > capacity || count > texts) return;
    into->id = fields.id;
    into->issued_at = fields.issued_at;
    into->expires_at = fields.expires_at;
    into->not_before = fields.not_before;
    into->auth_time = fields.auth_time;
    into->groups_incomplete = fields.groups_incomplete;
    for (int at = 0; at < SHIM_SINGLE; at++) {
        *lengths++ = (uint32_t)single[at].length;
        if (single[at].length > 0) memcpy(buffer, single[at].data, single[at].length);
        buffer += single[at].length;
    }
    for (int list = 0; list < SHIM_LISTS; list++) {
        into->counts[list] = (uint32_t)lists[list].count;
        for (uint64_t at = 0; at < lists[list].count; at++) {
            counterseal_view view = lists[list].items[at];
            *lengths++ = (uint32_t)view.length;
            if (view.length > 0) memcpy(buffer, view.data, view.length);
            buffer += view.length;
        }
    }
}

static inline void shim_identity_json(uintptr_t identity, shim_result *out) {
    RESULT(text, counterseal_identity_json(AS(identity, identity), result, error));
}

static inline void shim_identity_tape(uintptr_t identity, const char *pointer, uint64_t pointer_length,
                                      uint8_t *buffer, uint64_t capacity, uint64_t *length, shim_result *out) {
    STATUS(counterseal_identity_tape(AS(identity, identity), pointer, pointer_length, buffer, capacity, length,
                                     error));
}

static inline void shim_identity_equal(uintptr_t identity, uintptr_t other, uint32_t *equal, shim_result *out) {
    STATUS(counterseal_identity_equal(AS(identity, identity), AS(identity, other), equal, error));
}

/* What is asked of an identity: the texts stand one behind the other, those of `scopes` first. */
static inline void shim_identity_require(uintptr_t identity, const char *texts, const uint64_t *lengths, uint64_t scopes,
                                         uint64_t acr, const int64_t *max_age, const int64_t *now, shim_result *out) {
    counterseal_view *views = (counterseal_view *)calloc(scopes + acr + 1, sizeof *views);
    counterseal_requirements asked = {0};
    asked.struct_size = sizeof asked;
    for (uint64_t at = 0; views != NULL && at < scopes + acr; at++) {
        views[at].data = texts;
        views[at].length = lengths[at];
        texts += lengths[at];
    }
    asked.scopes.items = views;
    asked.scopes.count = scopes;
    asked.acr.items = views == NULL ? NULL : views + scopes;
    asked.acr.count = acr;
    asked.max_age = max_age;
    STATUS(counterseal_identity_require(AS(identity, identity), &asked, now, error));
    free(views);
}

static inline void shim_pending_new(shim_result *out) {
    RESULT(pending, counterseal_pending_new(result, error));
}

static inline void shim_pending_watch(uintptr_t queue, uintptr_t guard, uintptr_t flight, uint64_t ticket,
                                      shim_result *out) {
    STATUS(counterseal_pending_watch(AS(pending, queue), AS(guard, guard), AS(flight, flight), ticket, error));
}

static inline void shim_pending_next(uintptr_t queue, uint64_t *tickets, uint64_t capacity, uint64_t milliseconds,
                                     uint64_t *count, shim_result *out) {
    STATUS(counterseal_pending_next(AS(pending, queue), tickets, capacity, milliseconds, count, error));
}

static inline void shim_pending_cancel(uintptr_t queue, uintptr_t guard, uint64_t ticket, shim_result *out) {
    STATUS(counterseal_pending_cancel(AS(pending, queue), AS(guard, guard), ticket, error));
}

static inline uint32_t shim_error_read(uintptr_t error, counterseal_error_fields *fields) {
    fields->struct_size = sizeof *fields;
    return counterseal_error_read(AS(error, error), fields);
}

static inline uint32_t shim_text_read(uintptr_t text, counterseal_view *view) {
    return counterseal_text_read(AS(text, text), view);
}

static inline void shim_policy_free(uintptr_t policy) { counterseal_policy_free(AS(policy, policy)); }
static inline void shim_guard_free(uintptr_t guard) { counterseal_guard_free(AS(guard, guard)); }
static inline void shim_identity_free(uintptr_t identity) { counterseal_identity_free(AS(identity, identity)); }
static inline void shim_flight_free(uintptr_t flight) { counterseal_flight_free(AS(flight, flight)); }
static inline void shim_error_free(uintptr_t error) { counterseal_error_free(AS(error, error)); }
static inline void shim_text_free(uintptr_t text) { counterseal_text_free(AS(text, text)); }
