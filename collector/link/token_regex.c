/*
 * What a pattern matches from the first byte on. Partial matching says whether bytes that are still
 * to come could matter: PCRE2_PARTIAL_HARD stops where the pattern wants to look behind the last
 * byte.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "collector/link/token_kinds.h"

#include <pcre2.h>
#include <stdlib.h>

enum {
    /* A pattern that needs more than this for 256 bytes backtracks without bounds: no match. */
    MATCH_STEPS = 5000,
    MATCH_DEPTH = 1000,
    MATCH_HEAP = 512, /* kB */
};

/* A group as an id or a secret; -1 where it is empty, did not take part, or is too long. */
static int put_group(pcre2_match_data *data, int group, const uint8_t *bytes,
                     char out[LINK_ID_SIZE])
{
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(data);
    if (group < 0 || (uint32_t)group >= pcre2_get_ovector_count(data))
        return -1;
    PCRE2_SIZE from = ends[2 * group], to = ends[2 * group + 1];
    if (from == PCRE2_UNSET || to <= from)
        return -1;
    return token_put(bytes + from, to - from, out);
}

static ssize_t take(const struct token_def *token, pcre2_match_data *data, const uint8_t *bytes,
                    struct token_match *out)
{
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(data);
    /* With \K a match may begin behind the first byte; what is in front of it belongs to the packet
     * all the same. */
    PCRE2_SIZE size = ends[1];
    if (size == 0 || ends[0] > ends[1] || put_group(data, token->id_group, bytes, out->id) < 0)
        return -1;
    if (token->secret_group > 0 && put_group(data, token->secret_group, bytes, out->secret) < 0)
        out->secret[0] = '\0';
    return (ssize_t)size;
}

static ssize_t match(const struct token_def *token, pcre2_match_data *data,
                     pcre2_match_context *context, const uint8_t *bytes, size_t len, bool cut,
                     struct token_match *out)
{
    uint32_t options = PCRE2_ANCHORED | (cut ? PCRE2_NOTEOL : 0);
    const pcre2_code *code = token->regex;
    int found =
        pcre2_match(code, bytes, len, 0, options | (cut ? 0 : PCRE2_PARTIAL_HARD), data, context);
    if (found >= 0)
        return take(token, data, bytes, out);
    if (found != PCRE2_ERROR_PARTIAL)
        return -1;
    found = pcre2_match(code, bytes, len, 0, options, data, context);
    ssize_t size = found >= 0 ? take(token, data, bytes, out) : 0;
    if (size > 0)
        out->open = true;
    return size > 0 ? size : 0;
}

ssize_t token_regex(const struct token_def *token, const uint8_t *bytes, size_t len, bool cut,
                    struct token_match *out)
{
    pcre2_match_data *data = pcre2_match_data_create_from_pattern(token->regex, NULL);
    pcre2_match_context *context = pcre2_match_context_create(NULL);
    if (data == NULL || context == NULL)
        abort();
    pcre2_set_match_limit(context, MATCH_STEPS);
    pcre2_set_depth_limit(context, MATCH_DEPTH);
    pcre2_set_heap_limit(context, MATCH_HEAP);
    ssize_t size = match(token, data, context, bytes, len, cut, out);
    pcre2_match_context_free(context);
    pcre2_match_data_free(data);
    return size;
}
