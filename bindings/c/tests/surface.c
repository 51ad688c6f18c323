/* Everything that a program may call, with what it should answer. */

#include "check.h"

static const char CLAIMS[] =
    "{\"sub\":\"alice\",\"scope\":\"orders:read orders:write\",\"roles\":[\"refunds\"],\"tenant\":\"acme\","
    "\"acr\":\"\",\"big\":12345678901234567890,\"deep\":{\"a/b\":[1,null,true,\"x\"]},\"canary\":\"c4n4ry-claim\"}";

static void verifies(const counterseal_testing_issuer *issuer) {
    counterseal_guard *guard = new_guard(issuer, "[issuer.identity]\ntenant = \"/tenant\"\n", 0);
    counterseal_text *token = issue(issuer, CLAIMS, NULL);
    counterseal_view view = view_of(token);

    counterseal_identity *identity = NULL, *again = NULL;
    OK(counterseal_guard_verify(guard, view.data, view.length, NULL, &identity, NULL));
    OK(counterseal_guard_try_verify(guard, view.data, view.length, NULL, &again, NULL));
    counterseal_identity_fields fields = identity_of(identity);
    CHECK(fields.id != 0 && fields.id == identity_of(again).id);
    CHECK(same(fields.subject, "alice") && same(fields.issuer, "https://issuer.example.test"));
    CHECK(same(fields.issuer_name, "main") && same(fields.tenant, "acme"));
    CHECK(same(fields.client_id, "test-client") && same(fields.subject_kind, "user"));
    CHECK(same(fields.profile, "access_token") && same(fields.acr, "") && fields.transaction_id.data == NULL);
    CHECK(fields.scopes.count == 2 && same(fields.scopes.items[1], "orders:write"));
    CHECK(fields.roles.count == 1 && same(fields.roles.items[0], "refunds"));
    CHECK(fields.audience.count == 1 && fields.actors.count == 0 && fields.amr.count == 0);
    CHECK(fields.expires_at - fields.issued_at == 3600 && fields.auth_time == COUNTERSEAL_NO_TIME);
    CHECK(fields.groups_incomplete == 0 && fields.struct_size == sizeof fields);

    uint32_t equal = 2;
    OK(counterseal_identity_equal(identity, again, &equal, NULL));
    CHECK(equal == 1);

    /* An identity outlives its guard, and what was read lives as long as the identity. */
    counterseal_guard_free(guard);
    counterseal_identity_free(again);
    CHECK(same(fields.subject, "alice"));

    counterseal_text *json = NULL;
    OK(counterseal_identity_json(identity, &json, NULL));
    CHECK(contains(view_of(json), "\"subject\":\"alice\"") && contains(view_of(json), "12345678901234567890"));
    CHECK(!contains(view_of(json), "eyJ"));
    counterseal_text_free(json);

    OK(counterseal_identity_claim(identity, TEXT("/deep/a~1b/3"), &json, NULL));
    CHECK(same(view_of(json), "\"x\""));
    counterseal_text_free(json);
    OK(counterseal_identity_claim(identity, TEXT("sub"), &json, NULL));
    CHECK(same(view_of(json), "\"alice\""));
    counterseal_text_free(json);
    OK(counterseal_identity_claim(identity, TEXT("/deep/missing"), &json, NULL));
    CHECK(json == NULL);

    counterseal_identity_free(identity);
    counterseal_text_free(token);
}

static void writes_tapes(const counterseal_testing_issuer *issuer) {
    counterseal_guard *guard = new_guard(issuer, "", 0);
    counterseal_text *token = issue(issuer, CLAIMS, NULL);
    counterseal_identity *identity = NULL;
    OK(counterseal_guard_verify(guard, view_of(token).data, view_of(token).length, NULL, &identity, NULL));

    static const uint8_t EXPECTED[] = "{\1\0\0\0\"\3\0\0\0a/b[\4\0\0\0#\1\0\0\0" "1nt\"\1\0\0\0x";
    uint8_t buffer[64];
    uint64_t length = 0, same_length = 0;
    OK(counterseal_identity_tape(identity, TEXT("/deep"), buffer, sizeof buffer, &length, NULL));
    CHECK(length == sizeof EXPECTED - 1 && memcmp(buffer, EXPECTED, length) == 0);

    /* A buffer that is too small is never overrun, whatever its size, and the length is the whole one. */
    for (uint64_t capacity = 0; capacity < length; capacity++) {
        memset(buffer, 0xAA, sizeof buffer);
        OK(counterseal_identity_tape(identity, TEXT("/deep"), buffer, capacity, &same_length, NULL));
        CHECK(same_length == length && buffer[capacity] == 0xAA);
    }
    OK(counterseal_identity_tape(identity, TEXT("/none"), NULL, 0, &length, NULL));
    CHECK(length == 0);
    OK(counterseal_identity_tape(identity, NONE, NULL, 0, &length, NULL));
    CHECK(length > 300);

    counterseal_identity_free(identity);
    counterseal_text_free(token);
    counterseal_guard_free(guard);
}

static void refuses(const counterseal_testing_issuer *issuer) {
    static const struct {
        const char *oddity;
        uint32_t status;
        const char *code;
    } CASES[] = {
        {"expired", COUNTERSEAL_E_TOKEN_EXPIRED, "token_expired"},
        {"not_yet_valid", COUNTERSEAL_E_TOKEN_NOT_YET_VALID, "token_not_yet_valid"},
        {"wrong_audience", COUNTERSEAL_E_AUD_MISMATCH, "aud_mismatch"},
        {"wrong_issuer", COUNTERSEAL_E_ISS_UNTRUSTED, "iss_untrusted"},
        {"wrong_key", COUNTERSEAL_E_SIGNATURE_INVALID, "signature_invalid"},
        {"tampered", COUNTERSEAL_E_SIGNATURE_INVALID, "signature_invalid"},
        {"unsigned", COUNTERSEAL_E_ALG_NOT_ALLOWED, "alg_not_allowed"},
    };
    counterseal_guard *guard = new_guard(issuer, "", 0);
    for (size_t at = 0; at < sizeof CASES / sizeof *CASES; at++) {
        counterseal_text *token = issue(issuer, "{\"canary\":\"c4n4ry-claim\"}", CASES[at].oddity);
        counterseal_identity *identity = (counterseal_identity *)0x1;
        counterseal_error *error = NULL;
        uint32_t status =
            counterseal_guard_verify(guard, view_of(token).data, view_of(token).length, NULL, &identity, &error);
        CHECK(status == CASES[at].status);
        CHECK(identity == (counterseal_identity *)0x1); /* written on success only */
        counterseal_error_fields fields = fields_of(error);
        CHECK(fields.number == status && fields.status == 401 && fields.retry_after == 0 && fields.enforced == 1);
        CHECK(same(fields.code, CASES[at].code) && same(counterseal_status_name(status), CASES[at].code));
        CHECK(same(fields.www_authenticate, "Bearer error=\"invalid_token\""));
        CHECK(fields.reference.length == 13 && fields.rule.length >= 5 && fields.problems.data == NULL);
        CHECK(contains(fields.message, CASES[at].code) && !contains(fields.message, "c4n4ry"));
        CHECK(!contains(fields.message, "eyJ"));
        counterseal_error_free(error);
        counterseal_text_free(token);
    }
    counterseal_guard_free(guard);
}

static void explains(const counterseal_testing_issuer *issuer) {
    counterseal_guard *guard = new_guard(issuer, "", 0);
    counterseal_text *token = issue(issuer, NULL, "expired"), *report = NULL;
    OK(counterseal_guard_explain(guard, view_of(token).data, view_of(token).length, NULL, &report, NULL));
    CHECK(contains(view_of(report), "\"verdict\":\"rejected\"") && contains(view_of(report), "token_expired"));
    counterseal_text_free(report);
    counterseal_text_free(token);
    counterseal_guard_free(guard);
}

static void takes_another_time(const counterseal_testing_issuer *issuer) {
    counterseal_guard *guard = new_guard(issuer, "", 0);
    counterseal_text *token = issue(issuer, NULL, NULL);
    counterseal_view view = view_of(token);
    counterseal_identity *identity = NULL;
    OK(counterseal_guard_verify(guard, view.data, view.length, NULL, &identity, NULL));
    int64_t later = identity_of(identity).expires_at + 31, milliseconds = later * 1000;
    counterseal_identity_free(identity);
    CHECK(counterseal_guard_verify(guard, view.data, view.length, &later, &identity, NULL) ==
          COUNTERSEAL_E_TOKEN_EXPIRED);
    later -= 2; /* the leeway is 30 seconds */
    OK(counterseal_guard_try_verify(guard, view.data, view.length, &later, &identity, NULL));
    counterseal_identity_free(identity);
    CHECK(counterseal_guard_verify(guard, view.data, view.length, &milliseconds, &identity, NULL) ==
          COUNTERSEAL_E_MISUSE_TIME);

    counterseal_testing_clock *clock = NULL;
    OK(counterseal_testing_issuer_clock(issuer, &clock, NULL));
    OK(counterseal_testing_clock_advance(clock, 3600 + 30, NULL, NULL));
    CHECK(counterseal_guard_verify(guard, view.data, view.length, NULL, &identity, NULL) ==
          COUNTERSEAL_E_TOKEN_EXPIRED);
    OK(counterseal_testing_clock_advance(clock, -3630, NULL, NULL));
    counterseal_testing_clock_free(clock);
    counterseal_text_free(token);
    counterseal_guard_free(guard);
}

/* What one handler asks beyond the policy. */
static void requires(const counterseal_testing_issuer *issuer) {
    static const char SIGNED_IN[] =
        "{\"scope\":\"orders:read orders:write\",\"acr\":\"urn:example:mfa\",\"auth_time\":1800000000}";
    counterseal_guard *guard = new_guard(issuer, "", 0);
    counterseal_text *token = issue(issuer, SIGNED_IN, NULL);
    counterseal_identity *identity = NULL;
    OK(counterseal_guard_verify(guard, view_of(token).data, view_of(token).length, NULL, &identity, NULL));
    counterseal_view scopes[2] = {{TEXT("orders:write")}, {TEXT("orders:read")}};
    counterseal_view acr[2] = {{TEXT("urn:example:phr")}, {TEXT("urn:example:mfa")}};
    int64_t max_age = 60, now = 1800000090;
    counterseal_requirements asked;
    memset(&asked, 0, sizeof asked);
    asked.struct_size = sizeof asked;
    asked.scopes.items = scopes, asked.scopes.count = 2;
    asked.acr.items = acr, asked.acr.count = 2;
    asked.max_age = &max_age;
    OK(counterseal_identity_require(identity, &asked, &now, NULL));
    now += 1; /* the leeway is 30 seconds */
    counterseal_error *error = NULL;
    CHECK(counterseal_identity_require(identity, &asked, &now, &error) == COUNTERSEAL_E_AUTH_TOO_OLD);
    counterseal_error_fields fields = fields_of(error);
    CHECK(fields.status == 401 && contains(fields.www_authenticate, "max_age=\"60\"") && fields.enforced == 1);
    CHECK(same(fields.rule, "STP-03") && fields.reference.length == 13);
    counterseal_error_free(error);
    asked.max_age = NULL;
    OK(counterseal_identity_require(identity, &asked, &now, NULL));
    asked.acr.count = 1;
    CHECK(counterseal_identity_require(identity, &asked, NULL, NULL) == COUNTERSEAL_E_ACR_UNMET);
    asked.acr.count = 0;
    scopes[1].length--;
    CHECK(counterseal_identity_require(identity, &asked, NULL, &error) == COUNTERSEAL_E_INSUFFICIENT_SCOPE);
    CHECK(fields_of(error).status == 403);
    counterseal_error_free(error);
    asked.scopes.count = 0;
    CHECK(counterseal_identity_require(identity, &asked, NULL, NULL) == COUNTERSEAL_E_MISUSE_ARGUMENT);
    now = 1800000000000;
    asked.scopes.count = 1;
    CHECK(counterseal_identity_require(identity, &asked, &now, NULL) == COUNTERSEAL_E_MISUSE_TIME);
    counterseal_identity_free(identity);
    counterseal_text_free(token);
    counterseal_guard_free(guard);
}

static void verifies_many(const counterseal_testing_issuer *issuer) {
    counterseal_guard *guard = new_guard(issuer, "", 0);
    counterseal_text *good = issue(issuer, "{\"sub\":\"bob\"}", NULL), *bad = issue(issuer, NULL, "tampered");
    counterseal_view views[3] = {view_of(good), view_of(bad), view_of(good)};
    uint64_t lengths[4] = {views[0].length, views[1].length, 0, views[2].length};
    char *joined = (char *)malloc(lengths[0] + lengths[1] + lengths[3]), *at = joined;
    for (int i = 0; i < 3; i++) at = (char *)memcpy(at, views[i].data, views[i].length) + views[i].length;

    counterseal_identity *identities[4];
    counterseal_error *errors[4];
    OK(counterseal_guard_verify_many(guard, joined, lengths, 4, identities, errors, NULL));
    CHECK(identities[0] && !errors[0] && identities[3] && !errors[3]);
    CHECK(!identities[1] && fields_of(errors[1]).number == COUNTERSEAL_E_SIGNATURE_INVALID);
    CHECK(!identities[2] && fields_of(errors[2]).number == COUNTERSEAL_E_TOKEN_MALFORMED);
    CHECK(same(identity_of(identities[3]).subject, "bob"));
    for (int i = 0; i < 4; i++) counterseal_identity_free(identities[i]), counterseal_error_free(errors[i]);
    OK(counterseal_guard_verify_many(guard, NULL, NULL, 0, NULL, NULL, NULL));

    /* The same for hosts that keep objects of their own: what was seen before is known by its number. */
    counterseal_answer answers[4];
    answers[0].struct_size = sizeof *answers;
    OK(counterseal_guard_answer_many(guard, joined, lengths, 4, NULL, answers, errors, NULL));
    CHECK(answers[0].kind == COUNTERSEAL_ANSWER_KNOWN && !errors[0] && answers[3].id == answers[0].id && !errors[3]);
    CHECK(fields_of(errors[1]).number == COUNTERSEAL_E_SIGNATURE_INVALID);
    CHECK(fields_of(errors[2]).number == COUNTERSEAL_E_TOKEN_MALFORMED);
    counterseal_error_free(errors[1]);
    counterseal_error_free(errors[2]);

    /* Lengths that add up to more than there can be. */
    lengths[0] = UINT64_MAX;
    CHECK(counterseal_guard_verify_many(guard, joined, lengths, 4, identities, errors, NULL) ==
          COUNTERSEAL_E_MISUSE_ARGUMENT);
    free(joined);
    counterseal_text_free(good);
    counterseal_text_free(bad);
    counterseal_guard_free(guard);
}

static void lists_mistakes_in_a_policy(void) {
    counterseal_policy *policy = NULL;
    counterseal_error *error = NULL;
    uint32_t status = counterseal_policy_parse(TEXT("version = 1\nversoin = 2\n[[issuer]]\nname = 3\n"),
                                               COUNTERSEAL_FORMAT_TOML, NONE, NONE, &policy, &error);
    counterseal_error_fields fields = fields_of(error);
    CHECK(status == fields.number && status / 1000 == 5 && fields.status == 0 && policy == NULL);
    CHECK(same(fields.error_class, "policy") && contains(fields.problems, "\"line\":2"));
    CHECK(contains(fields.problems, "config_unknown_key") && contains(fields.message, "line 2"));
    counterseal_error_free(error);
    /* A mistake of which tokens may be guilty, too: here it is one of the policy. */
    status = counterseal_policy_parse(
        TEXT("version = 1\n[[issuer]]\nissuer = \"https://idp.example.com\"\nprofile = \"generic\"\naudience = \"orders\"\n"
             "algorithms = [\"ES256\"]\nkeys = { jwks = '{\"kty\":\"EC\",\"crv\":\"P-256\",\"alg\":\"ES384\","
             "\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\",\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"}' }\n"),
        COUNTERSEAL_FORMAT_TOML, NONE, NONE, &policy, &error);
    fields = fields_of(error);
    CHECK(status == COUNTERSEAL_E_KEY_ALG_MISMATCH && fields.status == 0 && fields.www_authenticate.data == NULL);
    CHECK(same(fields.error_class, "policy") && contains(fields.problems, "key_alg_mismatch"));
    counterseal_error_free(error);
    status = counterseal_guard_load(TEXT("/does/not/exist.toml"), NONE, NULL, NULL);
    CHECK(status == COUNTERSEAL_E_MISUSE_ARGUMENT); /* no place for the guard */
    counterseal_guard *guard = NULL;
    CHECK(counterseal_guard_load(TEXT("/does/not/exist.toml"), NONE, &guard, NULL) == COUNTERSEAL_E_CONFIG_FILE);
    CHECK(counterseal_policy_load(TEXT("a\0b"), NONE, &policy, NULL) == COUNTERSEAL_E_MISUSE_ARGUMENT);
}

/* The file is read again, and a file with mistakes changes nothing. */
static void reloads(const counterseal_testing_issuer *issuer) {
    counterseal_text *json = NULL;
    OK(counterseal_testing_issuer_json(issuer, &json, NULL));
    char path[] = "/tmp/counterseal-test-XXXXXX", text[4096];
    FILE *file = fdopen(mkstemp(path), "w");
    snprintf(text, sizeof text,
             "version = 1\n[[issuer]]\nname = \"main\"\nissuer = \"https://issuer.example.test\"\n"
             "profile = \"access_token\"\naudience = \"https://api.example.test\"\nalgorithms = [\"HS256\"]\n"
             "keys = { secret = \"0123456789abcdef0123456789abcdef\" }\n");
    fputs(text, file), fclose(file);
    counterseal_guard *guard = NULL;
    OK(counterseal_guard_load(path, strlen(path), NONE, &guard, NULL));
    OK(counterseal_guard_reload(guard, NULL));
    fputs("version = 2", file = fopen(path, "w")), fclose(file);
    CHECK(counterseal_guard_reload(guard, NULL) / 1000 == 5);
    counterseal_text *token = issue(issuer, NULL, NULL);
    counterseal_identity *identity = NULL;
    /* The policy of before is still there: it refuses the algorithm, and does not fail. */
    CHECK(counterseal_guard_verify(guard, view_of(token).data, view_of(token).length, NULL, &identity, NULL) ==
          COUNTERSEAL_E_ALG_NOT_ALLOWED);
    remove(path);
    counterseal_text_free(token);
    counterseal_text_free(json);
    counterseal_guard_free(guard);

    counterseal_guard *from_text = new_guard(issuer, "", 0);
    CHECK(counterseal_guard_reload(from_text, NULL) == COUNTERSEAL_E_MISUSE_CLOSED);
    counterseal_guard_free(from_text);
}

static void tells_how_it_is(const counterseal_testing_issuer *issuer) {
    counterseal_guard *guard = new_guard(issuer, "enforce = false\n", 0);
    counterseal_text *token = issue(issuer, NULL, "expired"), *text = NULL;
    counterseal_identity *identity = NULL;
    counterseal_error *error = NULL;
    CHECK(counterseal_guard_verify(guard, view_of(token).data, view_of(token).length, NULL, &identity, &error) ==
          COUNTERSEAL_E_TOKEN_EXPIRED);
    CHECK(fields_of(error).enforced == 0 && identity == NULL);
    counterseal_error_free(error);
    OK(counterseal_guard_status(guard, &text, NULL));
    CHECK(contains(view_of(text), "token_expired") && contains(view_of(text), "\"alarms\":[]"));
    counterseal_text_free(text);
    OK(counterseal_guard_metrics(guard, &text, NULL));
    CHECK(contains(view_of(text), "counterseal_decisions_total"));
    counterseal_text_free(text);
    counterseal_text_free(token);
    counterseal_guard_free(guard);
}

static void closes(const counterseal_testing_issuer *issuer) {
    counterseal_guard *guard = new_guard(issuer, "", 0);
    counterseal_text *token = issue(issuer, NULL, NULL), *report = NULL;
    counterseal_view view = view_of(token);
    counterseal_identity *identity = NULL;
    OK(counterseal_guard_verify(guard, view.data, view.length, NULL, &identity, NULL));
    OK(counterseal_guard_close(guard, NULL));
    OK(counterseal_guard_close(guard, NULL));
    CHECK(same(identity_of(identity).subject, "test-user"));
    counterseal_identity_free(identity);
    counterseal_answer answer;
    answer.struct_size = sizeof answer;
    uint32_t closed = COUNTERSEAL_E_MISUSE_CLOSED;
    CHECK(counterseal_guard_verify(guard, view.data, view.length, NULL, &identity, NULL) == closed);
    CHECK(counterseal_guard_try_verify(guard, view.data, view.length, NULL, &identity, NULL) == closed);
    CHECK(counterseal_guard_answer(guard, view.data, view.length, NULL, &answer, NULL) == closed);
    CHECK(counterseal_guard_explain(guard, view.data, view.length, NULL, &report, NULL) == closed);
    CHECK(counterseal_guard_keys_unavailable(guard, NULL, NULL) == closed);
    CHECK(counterseal_guard_reload(guard, NULL) == closed);
    counterseal_flight *flight = NULL;
    CHECK(counterseal_guard_ready(guard, 0, NULL) == closed);
    CHECK(counterseal_guard_readiness(guard, &flight, NULL) == closed);
    counterseal_policy *policy = NULL;
    OK(counterseal_testing_issuer_policy(issuer, NONE, NONE, &policy, NULL));
    CHECK(counterseal_testing_guard_replace(guard, policy, NULL) == closed);
    CHECK(counterseal_testing_keys_answer(guard, TEXT("main"), NONE, NULL) == closed);
    counterseal_policy_free(policy);
    counterseal_text_free(token);
    counterseal_guard_free(guard);
}

/* A mistake inside the library is an error, and the library goes on. Nothing is printed. */
static void survives_panics(const counterseal_testing_issuer *issuer) {
    counterseal_guard *guard = new_guard(issuer, "", 0);
    counterseal_text *token = issue(issuer, NULL, NULL);
    counterseal_view view = view_of(token);
    counterseal_identity *identity = NULL;
    counterseal_error *error = NULL;
    for (int round = 0; round < 3; round++) {
        counterseal_testing_panic(1);
        CHECK(counterseal_guard_verify(guard, view.data, view.length, NULL, &identity, &error) ==
              COUNTERSEAL_E_INTERNAL);
        counterseal_error_fields fields = fields_of(error);
        CHECK(fields.status == 500 && same(fields.error_class, "internal") && contains(fields.message, ".rs:"));
        CHECK(!contains(fields.message, "asked for by a test"));
        counterseal_error_free(error);
        OK(counterseal_guard_verify(guard, view.data, view.length, NULL, &identity, NULL));
        counterseal_identity_free(identity);
    }
    /* Even where making the error fails too. */
    counterseal_testing_panic(2);
    error = NULL;
    CHECK(counterseal_guard_close(guard, &error) == COUNTERSEAL_E_INTERNAL && error == NULL);
    counterseal_testing_panic(1);
    counterseal_text_free(NULL);
    counterseal_text_free(token);
    counterseal_guard_free(guard);
}

static void rotates_keys(const counterseal_testing_issuer *issuer) {
    counterseal_guard *guard = new_guard(issuer, "", 0);
    counterseal_text *old = issue(issuer, NULL, NULL);
    counterseal_identity *identity = NULL;
    OK(counterseal_testing_issuer_rotate(issuer, NULL));
    counterseal_text *young = issue(issuer, NULL, NULL);
    CHECK(counterseal_guard_verify(guard, view_of(young).data, view_of(young).length, NULL, &identity, NULL) ==
          COUNTERSEAL_E_KID_UNKNOWN);
    OK(counterseal_testing_issuer_publish(issuer, guard, NULL));
    OK(counterseal_guard_verify(guard, view_of(young).data, view_of(young).length, NULL, &identity, NULL));
    counterseal_identity_free(identity);
    OK(counterseal_guard_verify(guard, view_of(old).data, view_of(old).length, NULL, &identity, NULL));
    counterseal_identity_free(identity);
    OK(counterseal_testing_issuer_retire(issuer, NULL));
    OK(counterseal_testing_issuer_publish(issuer, guard, NULL));
    CHECK(counterseal_guard_verify(guard, view_of(old).data, view_of(old).length, NULL, &identity, NULL) ==
          COUNTERSEAL_E_KID_UNKNOWN);
    counterseal_text_free(old);
    counterseal_text_free(young);
    counterseal_guard_free(guard);
}

/* Keys over a network without sockets: discovered, rotated, and out of reach. */
static void fetches(void) {
#define IDP "https://idp.example.com"
#define METADATA IDP "/.well-known/openid-configuration"
#define KEYS "https://keys.example.com/jwks"
    static const char POLICY[] = "version = 1\n[[issuer]]\nissuer = \"" IDP "\"\nprofile = \"access_token\"\n"
                                 "audience = \"orders\"\nalgorithms = [\"ES256\"]\nkeys = { discovery = \"oidc\" }\n";
    static const char DOCUMENT[] = "{\"issuer\":\"" IDP "\",\"jwks_uri\":\"" KEYS "\"}";
    counterseal_policy *policy = NULL;
    counterseal_testing_clock *clock = NULL;
    counterseal_testing_network *network = NULL;
    counterseal_guard *guard = NULL;
    counterseal_text *status = NULL, *asked = NULL;
    OK(counterseal_policy_parse(TEXT(POLICY), COUNTERSEAL_FORMAT_TOML, NONE, NONE, &policy, NULL));
    OK(counterseal_testing_clock_new(1800000000, &clock, NULL));
    OK(counterseal_testing_network_new(&network, NULL));
    OK(counterseal_testing_network_answer(network, TEXT(METADATA), NONE, TEXT(DOCUMENT), NULL));
    OK(counterseal_testing_network_answer(network, TEXT(KEYS), TEXT("{\"status\":503}"), NONE, NULL));
    OK(counterseal_testing_guard_with_network(policy, clock, network, &guard, NULL));
    counterseal_flight *flight = NULL;
    OK(counterseal_guard_readiness(guard, &flight, NULL));
    CHECK(flight != NULL);
    counterseal_flight_free(flight);
    OK(counterseal_testing_fetch_due(guard, NULL));
    OK(counterseal_guard_status(guard, &status, NULL));
    CHECK(contains(view_of(status), "\"last_error\":\"jwks_fetch_failed: status 503\""));
    counterseal_text_free(status);
    OK(counterseal_testing_network_requests(network, &asked, NULL));
    CHECK(same(view_of(asked), "[\"" METADATA "\",\"" KEYS "\"]"));
    counterseal_text_free(asked);
    OK(counterseal_testing_network_answer(network, TEXT(METADATA), TEXT("{\"fault\":\"reset\"}"), NONE, NULL));
    CHECK(counterseal_testing_network_answer(network, TEXT(KEYS), TEXT("{\"fault\":\"earthquake\"}"), NONE, NULL) ==
          COUNTERSEAL_E_MISUSE_ARGUMENT);
    counterseal_guard_free(guard);
    counterseal_testing_network_free(network);
    counterseal_testing_clock_free(clock);
    counterseal_policy_free(policy);
}

int main(void) {
    CHECK(counterseal_abi_version() == COUNTERSEAL_ABI_VERSION);
    CHECK(strlen(counterseal_version()) >= 5);
    CHECK(same(counterseal_status_name(0), "ok") && counterseal_status_name(999999).data == NULL);
    counterseal_testing_issuer *issuer = new_issuer();
    verifies(issuer);
    writes_tapes(issuer);
    refuses(issuer);
    explains(issuer);
    takes_another_time(issuer);
    requires(issuer);
    verifies_many(issuer);
    lists_mistakes_in_a_policy();
    reloads(issuer);
    tells_how_it_is(issuer);
    closes(issuer);
    survives_panics(issuer);
    rotates_keys(issuer);
    fetches();
    counterseal_testing_issuer_free(issuer);
    CHECK(counterseal_testing_live_handles() == 0);
    return 0;
}
