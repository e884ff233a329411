/*
 * Registrations and heartbeats from hostile bytes. Input: the bytes of a packet. It is held against
 * tokens of all kinds, as a whole and each of its beginnings.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "collector/link/token.h"
#include "shared/base/text.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { BEGINNINGS = 400 };

static struct token_def tokens[] = {
    {.kind = TOKEN_BYTES, .bytes = (uint8_t *)"www.usr.cn", .size = 10, .fixed_id = "pump"},
    {.kind = TOKEN_TEXT, .bytes = (uint8_t *)"LOGIN:", .size = 6, .min = 1, .max = 40},
    {.kind = TOKEN_TEXT, .chars = CHARS_DIGITS, .min = 15, .max = 15},
    {.kind = TOKEN_TEXT, .min = 1, .max = 300, .end = (uint8_t *)";;", .end_size = 2},
    {.kind = TOKEN_JSON, .id_key = "imei", .secret_key = "key"},
    {.kind = TOKEN_JSON},
    {.kind = TOKEN_STRUCT, .length = 19, .id = {1, 8, SLICE_BCD, 15}, .secret = {9, 10, SLICE_BCD}},
    {.kind = TOKEN_STRUCT,
     .length = 21,
     .pieces = {{15, 1, (uint8_t *)"\0"}, {20, 1, (uint8_t *)"\0"}},
     .npieces = 2,
     .id = {4, 11, SLICE_TEXT},
     .secret = {0, 4, SLICE_HEX}},
    {.kind = TOKEN_STRUCT, .length = 4, .id = {0, 4, SLICE_UINT}},
    {.kind = TOKEN_REGEX},
    {.kind = TOKEN_REGEX},
};
enum { NTOKENS = sizeof(tokens) / sizeof(*tokens) };

static void require(int holds)
{
    if (!holds)
        abort();
}

static void compile(struct token_def *token, const char *pattern)
{
    int error;
    PCRE2_SIZE offset;
    token->regex = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                                 PCRE2_ANCHORED | PCRE2_NEVER_UTF, &error, &offset, NULL);
    require(token->regex != NULL);
    int id = pcre2_substring_number_from_name(token->regex, (PCRE2_SPTR) "id");
    int secret = pcre2_substring_number_from_name(token->regex, (PCRE2_SPTR) "secret");
    token->id_group = id > 0 ? id : 0;
    token->secret_group = secret > 0 ? secret : 0;
}

static void check_text(const char *text)
{
    char again[4 * LINK_ID_SIZE];
    size_t len = strlen(text);
    require(len < LINK_ID_SIZE);
    /* Nothing is in it that would have to be escaped, but the backslashes of escapes. */
    text_printable(text, len, again, sizeof(again));
    if (strchr(text, '\\') == NULL)
        require(strcmp(text, again) == 0);
}

static ssize_t match(const struct token_def *token, const uint8_t *data, size_t len,
                     struct token_match *out)
{
    uint8_t *exact = malloc(len > 0 ? len : 1);
    require(exact != NULL);
    memcpy(exact, data, len);
    ssize_t size = token_match(token, exact, len, out);
    free(exact);
    if (size <= 0) {
        require(size == -1 || (size == 0 && len < TOKEN_LONGEST));
        return size;
    }
    require((size_t)size <= len && size <= TOKEN_LONGEST && out->size == (size_t)size);
    require(out->token == token && (!out->open || len < TOKEN_LONGEST));
    check_text(out->id);
    check_text(out->secret);
    return size;
}

/* What has been said of a beginning stays true: none stays none, and a token that is not open stays
 * what it is. */
static void check_beginnings(const struct token_def *token, const uint8_t *data, size_t len)
{
    struct token_match match_before = {0}, out;
    ssize_t before = 0;
    for (size_t n = 0; n <= len; n++) {
        ssize_t size = match(token, data, n, &out);
        if (before < 0)
            require(size < 0);
        if (before > 0 && !match_before.open)
            require(size == before && strcmp(out.id, match_before.id) == 0);
        before = size;
        match_before = out;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static int ready;
    if (!ready) {
        compile(&tokens[NTOKENS - 2], "DTU=(?<id>[0-9]{3,5})(,KEY=(?<secret>[a-z]+);)?");
        compile(&tokens[NTOKENS - 1], "(a+)+(a+)+(?<id>[bc]+)");
        ready = 1;
    }
    if (len > BEGINNINGS)
        len = BEGINNINGS;
    for (size_t i = 0; i < NTOKENS; i++)
        check_beginnings(&tokens[i], data, len);
    struct token_match out;
    ssize_t size = tokens_match(tokens, NTOKENS, data, len, &out);
    require(size <= (ssize_t)len && (size <= 0 || out.size == (size_t)size));
    return 0;
}
