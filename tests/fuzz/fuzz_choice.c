/*
 * The choice of a profile from hostile bytes. Input: a byte whose bits say which candidates there
 * are, then the first bytes of a line.
 */
#include "collector/link/choice.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { BEGINNINGS = 300 };

static struct token_def login = {
    .kind = TOKEN_TEXT, .bytes = (uint8_t *)"LOGIN:", .size = 6, .min = 1, .max = 40};
static struct token_def line = {.kind = TOKEN_TEXT,
                                .bytes = (uint8_t *)"LOGIN:",
                                .size = 6,
                                .min = 1,
                                .max = 40,
                                .end = (uint8_t *)"\r\n",
                                .end_size = 2};
static struct token_def ping = {.kind = TOKEN_BYTES, .bytes = (uint8_t *)"ping", .size = 4};
static struct token_def beat = {
    .kind = TOKEN_TEXT, .bytes = (uint8_t *)"T", .size = 1, .min = 1, .max = 9};
static struct token_def json = {.kind = TOKEN_JSON, .id_key = "imei"};
static struct token_def irtu = {.kind = TOKEN_STRUCT, .length = 19, .id = {1, 8, SLICE_BCD, 15}};
static struct token_def fourfaith = {.kind = TOKEN_STRUCT,
                                     .length = 21,
                                     .pieces = {{15, 1, (uint8_t *)"\0"}, {20, 1, (uint8_t *)"\0"}},
                                     .npieces = 2,
                                     .id = {4, 11, SLICE_TEXT}};

static const struct link_def links[] = {
    {.framing = FRAMING_TLV},
    {.framing = FRAMING_DDP, .heartbeats = &beat, .nheartbeats = 1},
    {.framing = FRAMING_ALOTCER},
    {FRAMING_RTU, &login, &ping, 1, 1},
    {FRAMING_RTU, &line, &beat, 1, 1},
    {FRAMING_HEX, &json, &ping, 1, 1},
    {FRAMING_MBAP, &irtu, &ping, 1, 1},
    {.framing = FRAMING_ESCAPED, .registrations = &fourfaith, .nregistrations = 1},
};
enum { LINKS = sizeof(links) / sizeof(*links) };

static void require(int holds)
{
    if (!holds)
        abort();
}

static int make(const struct candidate *candidates, size_t n, const uint8_t *data, size_t len,
                bool settled, struct choice *out)
{
    uint8_t *exact = malloc(len > 0 ? len : 1);
    require(exact != NULL);
    memcpy(exact, data, len);
    int made = choice_make(candidates, n, exact, len, settled, out);
    free(exact);
    require(made >= -1 && made <= 1);
    if (made < 1) {
        require(out->match.size == 0);
        return made;
    }
    require(out->candidate < n && out->match.size > 0 && out->match.id[0] != '\0');
    require(out->skip <= len && out->match.size <= len - out->skip);
    /* The candidate's own registration is there, too. */
    struct choice alone;
    require(choice_matches(candidates[out->candidate].link, data, len, settled, &alone));
    require(alone.match.size == out->match.size && alone.skip == out->skip);
    return made;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct candidate candidates[LINKS];
    size_t n = 0;
    if (len == 0)
        return 0;
    for (size_t i = 0; i < LINKS; i++) {
        if (data[0] >> i & 1)
            candidates[n++].link = &links[i];
    }
    data++;
    len = len - 1 < BEGINNINGS ? len - 1 : BEGINNINGS;
    int before = 0;
    for (size_t some = 0; some <= len; some++) {
        struct choice choice, settled;
        int made = make(candidates, n, data, some, false, &choice);
        int then = make(candidates, n, data, some, true, &settled);
        /* Nobody's stays nobody's, and a silence never takes back what was clear. */
        require(before >= 0 || made < 0);
        if (made == 1)
            require(then == 1 && settled.candidate == choice.candidate &&
                    settled.match.size == choice.match.size);
        before = made;
    }
    return 0;
}
