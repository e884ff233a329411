/*
 * Whole dialogues by chance, in every framing: however their bytes are cut, the same answers come
 * in the same order, and the same number of registrations and heartbeats. A heartbeat inside of a
 * split answer may come out before it or, where the answer was whole first, behind it.
 */
#include "tests/unit/collector/link/line.h"
#include "tests/unit/collector/link/tokens.h"

enum { PACKETS_MAX = 96, STREAM_MAX = 8192, CASES = 10000 };

/* Heartbeats as they are sold: some are digits, as slaves 48 to 57 are. */
static struct token_def beats[] = {
    {TOKEN_OF_BYTES("www.usr.cn")}, {TOKEN_OF_BYTES("ping")},   {TOKEN_OF_BYTES("Q")},
    {TOKEN_OF_BYTES("\x00")},       {TOKEN_OF_BYTES("1")},      {TOKEN_OF_BYTES("0")},
    {TOKEN_OF_BYTES("15")},         {TOKEN_OF_BYTES("123456")}, {TOKEN_OF_BYTES("\x02\x00")},
    {TOKEN_OF_BYTES("9876543210")}, {TOKEN_OF_BYTES("\xFE")},
};

struct registration {
    struct token_def token;
    const char *bytes;
    size_t size;
    const char *id;
    bool open, unmarked;
};

#define PACKET(text) text, sizeof(text) - 1

static struct registration registrations[] = {
    {{TOKEN_OF_BYTES("D4AD20112233"), .fixed_id = (char *)"pump"}, PACKET("D4AD20112233"), "pump"},
    {{TOKEN_OF_TEXT("LOGIN:", CHARS_DIGITS, 1, 20, "")}, PACKET("LOGIN:1001"), "1001", true},
    {{TOKEN_OF_TEXT("LOGIN:", CHARS_ANY, 1, 20, "\r\n")}, PACKET("LOGIN:pump-7\r\n"), "pump-7"},
    {{TOKEN_OF_TEXT("", CHARS_DIGITS, 15, 15, "")},
     PACKET("866714048123456"),
     "866714048123456",
     .unmarked = true},
    {{TOKEN_OF_JSON}, PACKET("{\"csq\":23,\"imei\":\"866714048123456\"}"), "866714048123456"},
    {{TOKEN_OF_IRTU},
     PACKET("\x17\x86\x67\x14\x04\x81\x23\x45\x60\x89\x86\x04\x12\x10\x18\x70\x12\x34\x56"),
     "866714048123456",
     .unmarked = true},
    {{TOKEN_OF_FOURFAITH},
     PACKET("\x00\x01\x02\xFE"
            "13800138000\x00\x0A\x00\x00\xFD\x00"),
     "13800138000",
     .unmarked = true},
};

static const char ddp_registration[] = "\x7B\x01\x00\x16"
                                       "13800138000\x0A\x00\x00\x01\x1F\x90\x7B";
static const char alotcer_registration[] = "\x7B\x31\x1F\x00"
                                           "13800138000\"10.0.0.1,8000\"}";

/* What the DTU sends. A settled packet is followed by a silence wherever the bytes are cut. */
struct dialogue {
    struct link_def link;
    const struct registration *registration;
    const struct token_def *beat; /* NULL: the framing's own */
    uint8_t bytes[STREAM_MAX];
    size_t len;
    size_t ends[PACKETS_MAX];
    bool settled[PACKETS_MAX];
    bool pausable[PACKETS_MAX]; /* a silence may come behind it */
    size_t npackets;

    struct expectation requests[LINE_REQUESTS];
    bool late[LINE_REQUESTS];
    size_t nrequests;

    char answers[LINE_SEEN];
    const char *id;
    size_t nregistrations, nbeats;
    uint32_t counter;
};

static void send(struct dialogue *dialogue, const void *bytes, size_t len, bool pausable)
{
    assert_true(dialogue->len + len <= STREAM_MAX && dialogue->npackets < PACKETS_MAX);
    memcpy(dialogue->bytes + dialogue->len, bytes, len);
    dialogue->len += len;
    dialogue->settled[dialogue->npackets] = false;
    dialogue->pausable[dialogue->npackets] = pausable;
    dialogue->ends[dialogue->npackets++] = dialogue->len;
}

static void send_registration(struct dialogue *dialogue, bool pausable)
{
    if (dialogue->link.framing == FRAMING_DDP)
        send(dialogue, ddp_registration, sizeof(ddp_registration) - 1, pausable);
    else if (dialogue->link.framing == FRAMING_ALOTCER)
        send(dialogue, alotcer_registration, sizeof(alotcer_registration) - 1, pausable);
    else if (dialogue->link.framing == FRAMING_TLV)
        send(dialogue, "\x00\x00\x03\xE9", 4, pausable);
    else
        send(dialogue, dialogue->registration->bytes, dialogue->registration->size, pausable);
    dialogue->nregistrations++;
}

static void send_beat(struct dialogue *dialogue, bool pausable)
{
    dialogue->nbeats++;
    if (dialogue->link.framing == FRAMING_DDP)
        send(dialogue, ddp_registration, sizeof(ddp_registration) - 1, pausable);
    else if (dialogue->link.framing == FRAMING_ALOTCER)
        send(dialogue, "\x7B\x30\x05\x00\x7D", 5, pausable);
    else if (dialogue->link.framing == FRAMING_TLV)
        send(dialogue, "\x02\x00", 2, pausable);
    else if (dialogue->beat == NULL)
        send(dialogue, "\xFE", 1, pausable);
    else
        send(dialogue, dialogue->beat->bytes, dialogue->beat->size, pausable);
}

static size_t escape(const uint8_t *bytes, size_t len, uint8_t *out)
{
    size_t size = 0;
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] >= 0xFD && bytes[i] <= 0xFE) {
            out[size++] = 0xFD;
            out[size++] = bytes[i] == 0xFD ? 0xED : 0xEE;
        } else {
            out[size++] = bytes[i];
        }
    }
    return size;
}

static size_t box(const struct dialogue *dialogue, uint64_t *seed, const uint8_t *bytes, size_t len,
                  uint8_t *out)
{
    bool ddp = dialogue->link.framing == FRAMING_DDP, trails = ddp && parts_pick(seed, 2) == 0;
    size_t whole = 16 + (trails ? 0 : len);
    out[0] = 0x7B;
    out[1] = ddp ? 0x09 : 0x35;
    out[2] = (uint8_t)(ddp ? whole >> 8 : whole);
    out[3] = (uint8_t)(ddp ? whole : whole >> 8);
    memcpy(out + 4, "13800138000", 11);
    if (trails) {
        out[15] = 0x7B;
        memcpy(out + 16, bytes, len);
    } else {
        memcpy(out + 15, bytes, len);
        out[15 + len] = ddp ? 0x7B : 0x7D;
    }
    return 16 + len;
}

/* Serial bytes as they go over the line: those of an answer, or of a part of one. */
static void send_serial(struct dialogue *dialogue, uint64_t *seed, const uint8_t *bytes, size_t len,
                        bool pausable)
{
    uint8_t out[FRAMING_LONGEST];
    char hex[2 * ADU_MAX + 1];
    bool upper = parts_pick(seed, 2) == 0;
    switch (dialogue->link.framing) {
    case FRAMING_TLV:
        out[0] = 4;
        out[1] = (uint8_t)len;
        memcpy(out + 2, bytes, len);
        send(dialogue, out, len + 2, pausable);
        break;
    case FRAMING_RTU:
        send(dialogue, bytes, len, pausable);
        break;
    case FRAMING_HEX:
        for (size_t i = 0; i < len; i++)
            snprintf(hex + 2 * i, 3, upper ? "%02X" : "%02x", bytes[i]);
        send(dialogue, hex, 2 * len, pausable);
        break;
    case FRAMING_ESCAPED:
        send(dialogue, out, escape(bytes, len, out), pausable);
        break;
    case FRAMING_DDP:
    case FRAMING_ALOTCER:
        send(dialogue, out, box(dialogue, seed, bytes, len, out), pausable);
        break;
    case FRAMING_MBAP:
        fail(); /* its answers are whole */
    }
}

static void send_mbap(struct dialogue *dialogue, const struct expectation *expected,
                      const uint8_t *adu, size_t len)
{
    uint8_t out[FRAMING_LONGEST] = {(uint8_t)(expected->transaction >> 8),
                                    (uint8_t)expected->transaction,
                                    0,
                                    0,
                                    0,
                                    (uint8_t)(len - 2)};
    memcpy(out + 6, adu, len - 2);
    send(dialogue, out, 6 + len - 2, true);
}

/* Units that look like digits, and others; every function. */
static struct adu_request make_request(struct dialogue *dialogue, uint64_t *seed)
{
    static const uint8_t functions[] = {1, 2, 3, 3, 3, 4, 4, 5, 6, 15, 16};
    struct adu_request request = {
        .unit =
            (uint8_t)(parts_pick(seed, 2) ? 48 + parts_pick(seed, 10) : 1 + parts_pick(seed, 247)),
        .function = functions[parts_pick(seed, sizeof(functions))],
        .start = (uint16_t)parts_random(seed),
        .count = (uint16_t)(1 + parts_pick(seed, 24)),
    };
    /* No two in a row to one slave, so that a late answer is not the next one's. */
    request.unit = (uint8_t)((request.unit & 0xFE) | (dialogue->nrequests & 1));
    request.unit = request.unit == 0 ? 2 : request.unit;
    if (request.function <= 2 || request.function == 15)
        request.count = (uint16_t)(8 * request.count);
    if (request.function == 5 || request.function == 6) {
        request.count = 1;
        request.value = (uint16_t)(request.function == 5 ? 0xFF00 : parts_random(seed));
    }
    return request;
}

static size_t make_answer(struct dialogue *dialogue, const struct adu_request *request,
                          uint64_t *seed, uint8_t out[ADU_MAX])
{
    uint8_t data[ADU_MAX] = {0};
    if (parts_pick(seed, 6) == 0)
        return adu_build_exception(request->unit, request->function,
                                   (uint8_t)(1 + parts_pick(seed, 11)), out);
    if (adu_writes(request->function)) {
        uint16_t echoed = request->function < 15 ? request->value : request->count;
        const uint8_t echo[] = {
            request->unit,           request->function,      (uint8_t)(request->start >> 8),
            (uint8_t)request->start, (uint8_t)(echoed >> 8), (uint8_t)echoed};
        memcpy(out, echo, sizeof(echo));
        return adu_seal(out, sizeof(echo));
    }
    bool zeros = parts_pick(seed, 4) == 0;
    for (size_t i = 0; i < adu_read_data_size(request); i++)
        data[i] = zeros ? 0 : (uint8_t)parts_random(seed);
    uint32_t unique = ++dialogue->counter;
    memcpy(data, &unique, 2);
    return adu_build_reply(request, data, out);
}

/* A heartbeat that ends as the answer begins makes, behind the first part of a split answer, a
 * second beginning; one that begins as the answer ends makes the end: nobody can tell which is
 * which. */
static bool looks_alike(const struct dialogue *dialogue, const uint8_t *adu, size_t cut, size_t len)
{
    const struct token_def *beat = dialogue->beat;
    char wire[2 * ADU_MAX + 1];
    if (dialogue->link.framing == FRAMING_HEX) {
        for (size_t i = 0; i < len; i++)
            snprintf(wire + 2 * i, 3, "%02X", adu[i]);
        cut *= 2;
        len *= 2;
    } else if (dialogue->link.framing == FRAMING_RTU) {
        memcpy(wire, adu, len);
    } else {
        return false;
    }
    size_t rest = len - cut;
    return (cut < beat->size && memcmp(beat->bytes + beat->size - cut, wire, cut) == 0) ||
           (rest < beat->size && memcmp(beat->bytes, wire + cut, rest) == 0);
}

static void send_answer(struct dialogue *dialogue, const struct expectation *expected,
                        uint64_t *seed)
{
    uint8_t adu[ADU_MAX];
    size_t len = make_answer(dialogue, &expected->request, seed, adu);
    size_t used = strlen(dialogue->answers);
    for (size_t i = 0; i < len; i++, used += 2)
        snprintf(dialogue->answers + used, 3, "%02X", adu[i]);
    snprintf(dialogue->answers + used, LINE_SEEN - used, "\n");
    if (dialogue->link.when != REGISTER_ONCE)
        send_registration(dialogue, true);
    if (dialogue->link.framing == FRAMING_MBAP) {
        send_mbap(dialogue, expected, adu, len);
        return;
    }
    size_t cut = dialogue->link.framing != FRAMING_TLV && parts_pick(seed, 2) == 0
                     ? 1 + parts_pick(seed, len - 1)
                     : len;
    send_serial(dialogue, seed, adu, cut, cut == len);
    if (cut == len)
        return;
    size_t beats_in = looks_alike(dialogue, adu, cut, len) ? 0 : parts_pick(seed, 3);
    for (; beats_in > 0; beats_in--)
        send_beat(dialogue, false);
    send_serial(dialogue, seed, adu + cut, len - cut, true);
}

static void choose_link(struct dialogue *dialogue, uint64_t *seed)
{
    struct link_def *link = &dialogue->link;
    link->framing = (enum framing_kind)parts_pick(seed, FRAMING_HEX + 1);
    link->registration_required = true;
    dialogue->id = link->framing == FRAMING_TLV ? "1001" : "13800138000";
    if (link->framing == FRAMING_TLV || link->framing == FRAMING_DDP ||
        link->framing == FRAMING_ALOTCER)
        return;
    dialogue->registration =
        &registrations[parts_pick(seed, sizeof(registrations) / sizeof(*registrations))];
    dialogue->id = dialogue->registration->id;
    link->registrations = (struct token_def *)&dialogue->registration->token;
    link->nregistrations = 1;
    link->when = parts_pick(seed, 3) == 0 ? REGISTER_EVERY : REGISTER_ONCE;
    if (link->framing == FRAMING_ESCAPED)
        return;
    dialogue->beat = &beats[parts_pick(seed, sizeof(beats) / sizeof(*beats))];
    link->heartbeats = (struct token_def *)dialogue->beat;
    link->nheartbeats = 1;
}

static void make_dialogue(struct dialogue *dialogue, uint64_t *seed)
{
    memset(dialogue, 0, sizeof(*dialogue));
    choose_link(dialogue, seed);
    const struct registration *registration = dialogue->registration;
    if (registration != NULL && !registration->unmarked && parts_pick(seed, 4) == 0)
        send_beat(dialogue, true);
    send_registration(dialogue, true);
    if (registration != NULL && registration->open)
        dialogue->settled[dialogue->npackets - 1] = true;
    for (size_t n = 1 + parts_pick(seed, LINE_REQUESTS - 1); n > 0; n--) {
        struct expectation *expected = &dialogue->requests[dialogue->nrequests];
        expected->request = make_request(dialogue, seed);
        expected->transaction =
            (uint16_t)(parts_random(seed) & 0xFF00) | (uint16_t)dialogue->nrequests;
        bool *late = &dialogue->late[dialogue->nrequests++];
        *late = n > 1 && parts_pick(seed, 8) == 0 && (late == dialogue->late || !late[-1]);
        for (size_t some = parts_pick(seed, 4); some > 1; some--)
            send_beat(dialogue, true);
        send_answer(dialogue, expected, seed);
    }
    for (size_t some = parts_pick(seed, 3); some > 0; some--)
        send_beat(dialogue, true);
}

enum cut { CUT_PACKETS, CUT_PAUSES, CUT_BYTES, CUT_NONE, CUT_RANDOM, CUT_RANDOM_PAUSES, CUTS };

static size_t piece_size(enum cut how, uint64_t *seed, size_t left)
{
    size_t size = left;
    if (how == CUT_BYTES)
        size = 1;
    if (how == CUT_RANDOM || how == CUT_RANDOM_PAUSES)
        size = 1 + parts_pick(seed, parts_pick(seed, 3) == 0 ? 100 : 8);
    return size < left ? size : left;
}

/* A run of packets between two silences, or two packets' ends. */
static void feed(const struct dialogue *dialogue, struct line *line, enum cut how, uint64_t *seed)
{
    size_t at = 0;
    for (size_t packet = 0; packet < dialogue->npackets; packet++) {
        bool last = packet + 1 == dialogue->npackets;
        bool pause =
            last || dialogue->settled[packet] ||
            (dialogue->pausable[packet] &&
             (how == CUT_PAUSES || (how == CUT_RANDOM_PAUSES && parts_pick(seed, 3) == 0)));
        if (!pause && how != CUT_PACKETS)
            continue;
        while (at < dialogue->ends[packet]) {
            size_t size = piece_size(how, seed, dialogue->ends[packet] - at);
            line_feed(line, dialogue->bytes + at, size,
                      pause && at + size == dialogue->ends[packet]);
            at += size;
        }
    }
}

static void check(const struct dialogue *dialogue, enum cut how, uint64_t *seed, int number)
{
    static struct line line;
    memset(&line, 0, sizeof(line));
    line_open(&line, &dialogue->link);
    line.requests = dialogue->requests;
    line.late = dialogue->late;
    line.nrequests = dialogue->nrequests;
    feed(dialogue, &line, how, seed);
    if (strcmp(line.seen, dialogue->answers) != 0 || strcmp(line.id, dialogue->id) != 0 ||
        line.registrations != dialogue->nregistrations || line.heartbeats != dialogue->nbeats ||
        line.noise != 0 || line.nheld != 0) {
        print_error("case %d, %s, cut %d, beat %s\n", number, line.framing->name, (int)how,
                    dialogue->beat ? (const char *)dialogue->beat->bytes : "own");
        for (size_t i = 0, at = 0; i < dialogue->npackets; at = dialogue->ends[i++]) {
            print_error("%s", dialogue->pausable[i] ? "  " : "..");
            for (; at < dialogue->ends[i]; at++)
                print_error("%02X", dialogue->bytes[at]);
            print_error("\n");
        }
        print_error("registrations %zu of %zu, heartbeats %zu of %zu, noise %zu, held %zu, "
                    "broken %zu, strange %zu\n",
                    line.registrations, dialogue->nregistrations, line.heartbeats, dialogue->nbeats,
                    line.noise, line.nheld, line.broken, line.strange);
        assert_string_equal(line.seen, dialogue->answers);
        fail();
    }
    line_close(&line);
}

static void any_cut_gives_the_same(void **state)
{
    (void)state;
    static struct dialogue dialogue;
    uint64_t seed = 20261125;
    for (int i = 0; i < CASES; i++) {
        make_dialogue(&dialogue, &seed);
        for (int how = 0; how < CUTS; how++)
            check(&dialogue, (enum cut)how, &seed, i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_cut_gives_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
