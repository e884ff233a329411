/*
 * Every framing from hostile bytes, cut anywhere. Input: a byte that chooses the framing (low three
 * bits), whether it only listens (bit 3) and how many answers are expected (bits 4 and 5); then a
 * run of steps, each a byte of what to do and how much:
 *
 *   00..BF  feed the next n bytes, n = the byte (0 feeds one)
 *   C0..CF  a silence
 *   D0..EF  a right answer to what is expected, wrapped as the framing has it, cut in two or not
 *   F0..FF  the registration packet, or a heartbeat
 */
#include "collector/link/framing.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { BUFFER = FRAMING_HELD + 4096, EXPECTED_MAX = 3 };

static const struct expectation answers[EXPECTED_MAX] = {
    {{1, FC_READ_HOLDING_REGISTERS, 0x12, 1, 0}, 0x0102},
    {{49, FC_READ_INPUT_REGISTERS, 0, 2, 0}, 0x0101},
    {{123, FC_WRITE_COIL, 0, 1, 0xFF00}, 0x0100},
};

static struct token_def beats[] = {
    {.kind = TOKEN_BYTES, .bytes = (uint8_t *)"ping", .size = 4},
    {.kind = TOKEN_BYTES, .bytes = (uint8_t *)"1", .size = 1},
    {.kind = TOKEN_TEXT, .bytes = (uint8_t *)"T", .size = 1, .min = 1, .max = 9},
};
static struct token_def registrations[] = {
    {.kind = TOKEN_TEXT, .bytes = (uint8_t *)"LOGIN:", .size = 6, .min = 1, .max = 40},
    {.kind = TOKEN_STRUCT, .length = 19, .id = {1, 8, SLICE_BCD, 15}},
    {.kind = TOKEN_JSON, .id_key = "imei"},
};

static const char login[] = "LOGIN:1001";
static const char ddp[] = "\x7B\x01\x00\x16"
                          "13800138000\x0A\x00\x00\x01\x1F\x90\x7B";
static const char alotcer[] = "\x7B\x31\x1F\x00"
                              "13800138000\"10.0.0.1,8000\"}";

struct line {
    struct link_def link;
    struct framing_view view;
    const struct framing *framing;
    uint8_t held[BUFFER];
    size_t nheld;
    bool broken;
};

static void require(int holds)
{
    if (!holds)
        abort();
}

static void check_modbus(const struct line *line, const struct frame *frame)
{
    require(frame->adu_size <= ADU_MAX);
    if (frame->intact)
        require(adu_crc_ok(frame->adu, frame->adu_size));
    else
        require(!adu_crc_ok(frame->adu, frame->adu_size));
    for (size_t i = 0; i < line->view.nexpected; i++) {
        struct adu_reply reply;
        enum adu_verdict verdict =
            adu_check_reply(&line->view.expected[i].request, frame->adu, frame->adu_size, &reply);
        if (verdict == ADU_OK || verdict == ADU_EXCEPTION)
            require(frame->intact);
    }
}

static void check_frame(const struct line *line, const struct frame *frame, ssize_t size,
                        size_t len)
{
    uint8_t out[FRAMING_LONGEST];
    require(size > 0 && frame->size == (size_t)size && frame->at <= len - frame->size);
    if (frame->at > 0)
        require(frame->kind != FRAME_NOISE && frame->kind != FRAME_MODBUS);
    if (frame->kind == FRAME_MODBUS)
        check_modbus(line, frame);
    if (frame->kind == FRAME_REGISTRATION || frame->kind == FRAME_HEARTBEAT)
        require(frame->token.size == frame->size && !frame->token.open);
    if (frame->kind == FRAME_HEARTBEAT)
        require(frame->token.id[0] == '\0');
    require(framing_reply(line->framing, frame->token.token, frame->kind, line->held + frame->at,
                          frame->size, out) <= FRAMING_LONGEST);
}

/* All that there is, until more is asked for. */
static void drain(struct line *line, bool settled)
{
    line->view.settled = settled;
    while (line->nheld > 0 && !line->broken) {
        struct frame frame = {0};
        uint8_t *exact = malloc(line->nheld);
        require(exact != NULL);
        memcpy(exact, line->held, line->nheld);
        ssize_t size = line->framing->next(&line->view, exact, line->nheld, &frame);
        free(exact);
        line->broken = size == FRAMING_BROKEN;
        if (size <= 0)
            break;
        check_frame(line, &frame, size, line->nheld);
        line->nheld -= frame.size;
        memmove(line->held + frame.at, line->held + frame.at + frame.size, line->nheld - frame.at);
    }
    require(line->nheld < FRAMING_HELD || line->broken);
    if (settled && line->view.nexpected == 0 && line->link.framing != FRAMING_TLV)
        require(line->nheld == 0);
}

static void feed(struct line *line, const uint8_t *bytes, size_t len)
{
    require(line->nheld + len <= BUFFER);
    memcpy(line->held + line->nheld, bytes, len);
    line->nheld += len;
    drain(line, false);
}

static size_t answer_adu(const struct adu_request *request, uint8_t what, uint8_t out[ADU_MAX])
{
    static const uint8_t values[8] = {0x31, 0x00, 0x7B, 0xFE, 'p', 'i', 'n', 'g'};
    if (what & 1)
        return adu_build_exception(request->unit, request->function, 2, out);
    if (!adu_writes(request->function))
        return adu_build_reply(request, values, out);
    return adu_build(request, NULL, out);
}

static void answer(struct line *line, uint8_t what)
{
    uint8_t adu[ADU_MAX], packet[FRAMING_LONGEST];
    if (line->view.nexpected == 0)
        return;
    const struct expectation *expected = &line->view.expected[(what >> 1) % line->view.nexpected];
    size_t len = answer_adu(&expected->request, what, adu);
    size_t size = line->framing->wrap(&line->view, adu, len, expected->transaction, packet);
    if (line->link.framing == FRAMING_DDP || line->link.framing == FRAMING_ALOTCER)
        packet[1] = line->link.framing == FRAMING_DDP ? 0x09 : 0x35;
    size_t cut = what & 8 ? size / 2 : size;
    feed(line, packet, cut);
    if (what & 4)
        feed(line, beats[0].bytes, beats[0].size);
    feed(line, packet + cut, size - cut);
}

static void say(struct line *line, uint8_t what)
{
    if (what & 1)
        feed(line, line->view.registration, line->view.registration_size);
    else
        feed(line, beats[(what >> 1) % 3].bytes, beats[(what >> 1) % 3].size);
}

static void open_line(struct line *line, uint8_t how)
{
    line->link = (struct link_def){
        .framing = (enum framing_kind)((how & 7) % (FRAMING_HEX + 1)),
        .registrations = registrations,
        .nregistrations = sizeof(registrations) / sizeof(*registrations),
        .heartbeats = beats,
        .nheartbeats = sizeof(beats) / sizeof(*beats),
        .listen_only = (how & 8) != 0,
    };
    line->framing = framing_of(line->link.framing);
    line->view = (struct framing_view){
        .link = &line->link,
        .expected = answers,
        .nexpected = (how >> 4) % (EXPECTED_MAX + 1),
        .registration = (const uint8_t *)login,
        .registration_size = sizeof(login) - 1,
    };
    if (line->link.framing == FRAMING_DDP) {
        line->view.registration = (const uint8_t *)ddp;
        line->view.registration_size = sizeof(ddp) - 1;
    } else if (line->link.framing == FRAMING_ALOTCER) {
        line->view.registration = (const uint8_t *)alotcer;
        line->view.registration_size = sizeof(alotcer) - 1;
    }
    line->nheld = 0;
    line->broken = false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct line line;
    if (len == 0)
        return 0;
    open_line(&line, *data++);
    len--;
    /* All at once first: the most that a connection hands over. */
    size_t most = len < BUFFER ? len : BUFFER;
    feed(&line, data, most);
    drain(&line, true);
    line.nheld = 0;
    line.broken = false;
    while (len > 0 && !line.broken) {
        uint8_t what = *data++;
        len--;
        if (what < 0xC0) {
            size_t n = what ? what : 1;
            n = n < len ? n : len;
            feed(&line, data, n);
            data += n;
            len -= n;
        } else if (what < 0xD0) {
            drain(&line, true);
        } else if (what < 0xF0) {
            answer(&line, what);
        } else {
            say(&line, what);
        }
    }
    drain(&line, true);
    return 0;
}
