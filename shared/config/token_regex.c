/*
 * A packet that a regular expression describes: compiled once, when the file is read.
 */
#include "shared/base/alloc.h"
#include "shared/config/token_config.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

static pcre2_code *compile(struct token_reading *reading)
{
    const char *pattern = reading->draft.pattern;
    int error;
    PCRE2_SIZE offset;
    /* Packets are bytes, not characters. */
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern, strlen(pattern),
                                     PCRE2_ANCHORED | PCRE2_NEVER_UTF, &error, &offset, NULL);
    if (code != NULL)
        return code;
    PCRE2_UCHAR message[160];
    pcre2_get_error_message(error, message, sizeof(message));
    token_fault(reading, REGEX_PATTERN, "not a regular expression, at character %zu: %s",
                (size_t)offset + 1, (const char *)message);
    return NULL;
}

/* The number of a named group; 0 where there is none. */
static int group_of(struct token_reading *reading, const char *name)
{
    int group = pcre2_substring_number_from_name(reading->out->regex, (PCRE2_SPTR)name);
    if (group == PCRE2_ERROR_NOUNIQUESUBSTRING)
        token_fault(reading, REGEX_PATTERN, "more than one group is called %s: name one of them",
                    name);
    return group > 0 ? group : 0;
}

static void check_length(struct token_reading *reading)
{
    uint32_t matches_empty = 0, least = 0;
    pcre2_pattern_info(reading->out->regex, PCRE2_INFO_MATCHEMPTY, &matches_empty);
    pcre2_pattern_info(reading->out->regex, PCRE2_INFO_MINLENGTH, &least);
    if (matches_empty != 0)
        token_fault(reading, REGEX_PATTERN,
                    "it matches nothing at all too: let it begin or end with something fixed");
    else if (least > TOKEN_LONGEST)
        token_fault(reading, REGEX_PATTERN,
                    "it matches %u bytes at the least: a packet has %d at the most", least,
                    TOKEN_LONGEST);
}

static void check_id(struct token_reading *reading)
{
    const struct token_def *token = reading->out;
    bool fixed = reading->draft.id != NULL;
    if (reading->heartbeat && fixed)
        token_fault(reading, REGEX_ID, "a heartbeat names nobody: leave id out");
    else if (fixed && token->id_group > 0)
        token_fault(reading, REGEX_ID, "the pattern has a group (?<id>...) too: keep one of them");
    else if (!reading->heartbeat && !fixed && token->id_group == 0)
        token_fault(reading, REGEX_PATTERN,
                    "nothing in it is the id: put the part that is it into (?<id>...), or add "
                    "\"id: ...\" where one DTU only sends this");
}

void token_config_regex(struct token_reading *reading)
{
    struct token_def *out = reading->out;
    out->regex = compile(reading);
    if (out->regex == NULL)
        return;
    out->pattern = xstrdup(reading->draft.pattern);
    size_t before = reading->reader->faults->count;
    out->id_group = group_of(reading, "id");
    out->secret_group = group_of(reading, "secret");
    check_length(reading);
    if (reading->reader->faults->count == before)
        check_id(reading);
    out->fixed_id = reading->draft.id;
    reading->draft.id = NULL;
}
