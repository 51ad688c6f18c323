/* What the tests share. They are C99 and C++17 at once: each is compiled and run as both. */

#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "counterseal.h"

/* A constant text as two arguments, and an argument that is left out. */
#define TEXT(text) text, sizeof(text) - 1
#define NONE NULL, 0

#define CHECK(condition)                                                                   \
    do {                                                                                   \
        if (!(condition)) {                                                                \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);        \
            exit(1);                                                                       \
        }                                                                                  \
    } while (0)

#define OK(call) CHECK((call) == COUNTERSEAL_OK)

static inline int same(counterseal_view view, const char *text) {
    return view.data != NULL && view.length == strlen(text) && memcmp(view.data, text, strlen(text)) == 0;
}

static inline int contains(counterseal_view view, const char *text) {
    uint64_t length = strlen(text);
    for (uint64_t at = 0; at + length <= view.length; at++) {
        if (memcmp(view.data + at, text, length) == 0) return 1;
    }
    return 0;
}

static inline counterseal_view view_of(const counterseal_text *text) {
    counterseal_view view = {NULL, 0};
    OK(counterseal_text_read(text, &view));
    return view;
}

static inline counterseal_error_fields fields_of(const counterseal_error *error) {
    counterseal_error_fields fields;
    memset(&fields, 0, sizeof fields);
    fields.struct_size = sizeof fields;
    OK(counterseal_error_read(error, &fields));
    return fields;
}

static inline counterseal_identity_fields identity_of(const counterseal_identity *identity) {
    counterseal_identity_fields fields;
    memset(&fields, 0, sizeof fields);
    fields.struct_size = sizeof fields;
    OK(counterseal_identity_read(identity, &fields, NULL));
    return fields;
}

static inline counterseal_testing_issuer *new_issuer(void) {
    counterseal_testing_issuer *issuer = NULL;
    OK(counterseal_testing_issuer_new(NONE, NONE, NONE, NONE, &issuer, NULL));
    return issuer;
}

static inline counterseal_text *issue(const counterseal_testing_issuer *issuer, const char *claims, const char *oddity) {
    counterseal_text *token = NULL;
    OK(counterseal_testing_issuer_token(issuer, NONE, claims, claims ? strlen(claims) : 0, NONE, NONE, oddity,
                                        oddity ? strlen(oddity) : 0, &token, NULL));
    return token;
}

static inline counterseal_guard *new_guard(const counterseal_testing_issuer *issuer, const char *more, int pending) {
    counterseal_guard *guard = NULL;
    OK(counterseal_testing_issuer_guard(issuer, NONE, more, strlen(more), pending, &guard, NULL));
    return guard;
}

#endif
