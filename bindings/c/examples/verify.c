/* Verifies one token: ./verify counterseal.toml < token
 *
 *   cc verify.c $(pkg-config --cflags --libs --static counterseal) -o verify
 */

#include <stdio.h>

#include "counterseal.h"

static void print(const char *name, counterseal_view view) {
    printf("%-14s %.*s\n", name, (int)view.length, view.data != NULL ? (const char *)view.data : "-");
}

static int fail(counterseal_error *error) {
    counterseal_error_fields fields = {0};
    fields.struct_size = sizeof fields;
    counterseal_error_read(error, &fields);
    fprintf(stderr, "%.*s\n", (int)fields.message.length, (const char *)fields.message.data);
    counterseal_error_free(error);
    return fields.status == 503 ? 2 : 1;
}

int main(int count, char **arguments) {
    if (count != 2) {
        fprintf(stderr, "usage: %s POLICY < TOKEN\n", arguments[0]);
        return 64;
    }
    if (counterseal_abi_version() != COUNTERSEAL_ABI_VERSION) {
        fprintf(stderr, "the library is not the one of this header\n");
        return 70;
    }
    static char token[65536];
    size_t length = fread(token, 1, sizeof token, stdin);
    while (length > 0 && token[length - 1] == '\n') length--;

    counterseal_error *error = NULL;
    counterseal_guard *guard = NULL;
    const char *path = arguments[1];
    size_t path_length = 0;
    while (path[path_length] != '\0') path_length++;
    if (counterseal_guard_load(path, path_length, NULL, 0, &guard, &error) != COUNTERSEAL_OK) return fail(error);

    counterseal_identity *identity = NULL;
    int result = 0;
    if (counterseal_guard_verify(guard, token, length, NULL, &identity, &error) != COUNTERSEAL_OK) {
        result = fail(error);
    } else {
        counterseal_identity_fields fields = {0};
        fields.struct_size = sizeof fields;
        counterseal_identity_read(identity, &fields, NULL);
        print("issuer", fields.issuer);
        print("subject", fields.subject);
        for (uint64_t at = 0; at < fields.scopes.count; at++) print("scope", fields.scopes.items[at]);
        for (uint64_t at = 0; at < fields.roles.count; at++) print("role", fields.roles.items[at]);
    }
    counterseal_identity_free(identity);
    counterseal_guard_free(guard);
    return result;
}
