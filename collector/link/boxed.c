#include "collector/link/boxed.h"

#include "collector/link/line_token.h"
#include "collector/link/rtu_serial.h"

#include <string.h>

enum { NAKED_SIZE = 5 /* of a box without an id, as a heartbeat may be */ };

struct box {
    uint8_t type;
    size_t size; /* as its length says */
};

bool boxed_is(const struct box_scheme *scheme, const uint8_t *packet, size_t size)
{
    return size >= BOX_LEAST && packet[0] == scheme->opening;
}

const uint8_t *boxed_id(const struct box_scheme *scheme, const struct framing_view *view)
{
    if (view->registration == NULL ||
        !boxed_is(scheme, view->registration, view->registration_size))
        return NULL;
    return view->registration + BOX_ID_AT;
}

static size_t box_length(const struct box_scheme *scheme, const uint8_t *bytes)
{
    return scheme->little_endian ? (size_t)bytes[3] << 8 | bytes[2]
                                 : (size_t)bytes[2] << 8 | bytes[3];
}

static bool size_fits(const struct box_scheme *scheme, uint8_t type, size_t size)
{
    if (size > FRAMING_LONGEST)
        return false;
    if (type == scheme->registration && scheme->registration_size > 0)
        return size == scheme->registration_size;
    bool id = type == scheme->registration || type == scheme->data;
    return size >= (id ? BOX_LEAST : NAKED_SIZE);
}

/* Does a box begin at the first byte? Its size, 0 where it is not whole, -1. A data box must have
 * the line's own ${id}, where that is known. */
static ssize_t read_box(const struct box_scheme *scheme, const uint8_t *id, const uint8_t *bytes,
                        size_t len, struct box *out)
{
    if (len > 0 && bytes[0] != scheme->opening)
        return -1;
    if (len > 1 && (bytes[1] < scheme->type_first || bytes[1] > scheme->type_last))
        return -1;
    if (len < BOX_ID_AT)
        return 0;
    *out = (struct box){.type = bytes[1], .size = box_length(scheme, bytes)};
    if (!size_fits(scheme, out->type, out->size))
        return -1;
    size_t there = len - BOX_ID_AT < BOX_ID_SIZE ? len - BOX_ID_AT : BOX_ID_SIZE;
    if (id != NULL && out->type == scheme->data && memcmp(bytes + BOX_ID_AT, id, there) != 0)
        return -1;
    if (len < out->size)
        return 0;
    return bytes[out->size - 1] == scheme->closing ? (ssize_t)out->size : -1;
}

/* The id of a whole box as a text; -1 where it is empty. */
static int put_id(const uint8_t *box, char out[LINK_ID_SIZE])
{
    static const struct token_def head = {
        .kind = TOKEN_STRUCT,
        .length = BOX_HEAD_SIZE,
        .id = {.offset = BOX_ID_AT, .length = BOX_ID_SIZE, .as = SLICE_TEXT}};
    struct token_match match;
    if (token_match(&head, box, BOX_HEAD_SIZE, &match) < 0)
        return -1;
    memcpy(out, match.id, sizeof(match.id));
    return 0;
}

ssize_t boxed_registration(const struct box_scheme *scheme, const struct link_def *link,
                           const uint8_t *bytes, size_t len, struct token_match *out)
{
    struct box box;
    ssize_t size = read_box(scheme, NULL, bytes, len, &box);
    if (len > 1 && bytes[1] != scheme->registration)
        size = -1;
    if (size > 0) {
        *out = (struct token_match){.size = (size_t)size};
        if (put_id(bytes, out->id) == 0)
            return size;
        size = -1;
    }
    ssize_t token = tokens_match(link->registrations, link->nregistrations, bytes, len, out);
    if (token > 0 && out->id[0] != '\0') {
        out->open |= size == 0;
        return token;
    }
    return size == 0 || token == 0 ? 0 : -1;
}

/* Payloads, one behind the other. */
struct payload {
    uint8_t bytes[ADU_MAX];
    size_t size;
};

enum answer_state { NONE, PARTIAL, WRONG, RIGHT };

/* Do ${bytes} begin the answer to one of the expectations? ${size}: its size where it is there;
 * ${which}: of the expectations. */
static enum answer_state read_answer(const struct framing_view *view, const uint8_t *bytes,
                                     size_t len, size_t *size, size_t *which)
{
    enum answer_state best = NONE;
    for (size_t i = 0; i < view->nexpected && best != RIGHT; i++) {
        const struct expectation *expected = &view->expected[i];
        ssize_t whole = rtu_serial_answer_size(expected, bytes, len);
        if (whole < 0)
            continue;
        enum answer_state state = PARTIAL;
        if (whole > 0 && (size_t)whole <= len)
            state = rtu_serial_right(expected, bytes, (size_t)whole) ? RIGHT : WRONG;
        if (state > best) {
            best = state;
            *size = (size_t)whole;
            *which = i;
        }
    }
    return best;
}

struct reader {
    const struct box_scheme *scheme;
    const struct framing_view *view;
    const uint8_t *id;
    const uint8_t *bytes;
    size_t len;
    bool final; /* nothing is waited for, an expected answer apart */
};

static bool trails(const struct reader *reader, const struct box *box)
{
    return reader->scheme->trails && box->type == reader->scheme->data && box->size == BOX_LEAST;
}

/* Does a box of this line begin at ${at}, in the middle of what may be payload? 1, 0 where too
 * little of its head is there to say, -1: slave 123 is 7B as well. */
static int begins_box(const struct reader *reader, size_t at)
{
    struct box box;
    const uint8_t *bytes = reader->bytes + at;
    size_t len = reader->len - at;
    if (read_box(reader->scheme, reader->id, bytes, len, &box) < 0)
        return -1;
    size_t there = len < BOX_HEAD_SIZE ? len : BOX_HEAD_SIZE;
    if (reader->id != NULL && there > BOX_ID_AT &&
        memcmp(bytes + BOX_ID_AT, reader->id, there - BOX_ID_AT) != 0)
        return -1;
    return there == BOX_HEAD_SIZE;
}

/* Where a payload that trails its box ends: at the next box, else with what is there; then ${open},
 * unless nothing more is to come. */
static size_t trailing_end(const struct reader *reader, size_t at, bool *open)
{
    *open = !reader->final;
    for (; at < reader->len; at++) {
        int begins = begins_box(reader, at);
        if (begins < 0 || (begins == 0 && reader->final))
            continue;
        *open = begins == 0;
        return at;
    }
    return reader->len;
}

/* The payload of the data box at ${at}: where it begins and ends. ${open}: more of it may come. */
static size_t find_payload(const struct reader *reader, size_t at, const struct box *box,
                           size_t *end, bool *open)
{
    *open = false;
    if (trails(reader, box)) {
        *end = trailing_end(reader, at + BOX_LEAST, open);
        return at + BOX_LEAST;
    }
    *end = at + box->size - 1;
    return at + BOX_HEAD_SIZE;
}

static void give(enum frame_kind kind, size_t at, size_t size, struct frame *frame)
{
    frame->kind = kind;
    frame->at = at;
    frame->size = size;
    frame->token = (struct token_match){.size = size};
}

static void give_modbus(const uint8_t *adu, size_t adu_size, size_t size, struct frame *frame)
{
    give(FRAME_MODBUS, 0, size, frame);
    rtu_serial_put(adu, adu_size, frame);
}

/* A box that is no data box, anywhere. */
static void give_box(const struct reader *reader, const struct box *box, size_t at,
                     struct frame *frame)
{
    const uint8_t *bytes = reader->bytes + at;
    give(FRAME_DATA, at, box->size, frame);
    if (box->type == reader->scheme->registration) {
        /* The same again is how a DTU of this family says that it is there. */
        bool again = reader->id != NULL && memcmp(bytes + BOX_ID_AT, reader->id, BOX_ID_SIZE) == 0;
        bool named = put_id(bytes, frame->token.id) == 0;
        frame->kind = again || !named ? FRAME_HEARTBEAT : FRAME_REGISTRATION;
        if (frame->kind == FRAME_HEARTBEAT)
            frame->token.id[0] = '\0';
    } else if (box->type == reader->scheme->heartbeat) {
        frame->kind = FRAME_HEARTBEAT;
    }
}

/* What the first box's payload is when it is not the first part of an expected answer. */
static ssize_t give_alone(const struct reader *reader, const struct box *box, struct frame *frame)
{
    bool open;
    size_t end, size, which, from = find_payload(reader, 0, box, &end, &open);
    size_t whole = trails(reader, box) ? end : box->size;
    if (open)
        return FRAMING_MORE;
    const uint8_t *payload = reader->bytes + from;
    size_t len = end - from;
    for (size_t at = 1; at < len; at++) {
        if (read_answer(reader->view, payload + at, len - at, &size, &which) == RIGHT) {
            give_modbus(payload + at, size, whole, frame);
            return (ssize_t)whole;
        }
    }
    ssize_t foreign = len > 0 ? rtu_serial_foreign_size(payload, len) : -1;
    bool modbus =
        foreign > 0 && (size_t)foreign <= len && rtu_serial_foreign_right(payload, (size_t)foreign);
    size_t adu_size = modbus ? (size_t)foreign : len;
    if (!modbus && len > 0) {
        enum answer_state state = read_answer(reader->view, payload, len, &size, &which);
        modbus = (state == WRONG || state == PARTIAL) && which == 0;
    }
    if (modbus)
        give_modbus(payload, adu_size, whole, frame);
    else
        give(FRAME_DATA, 0, whole, frame);
    return (ssize_t)whole;
}

enum step { STEP_ON, STEP_GIVEN, STEP_MORE, STEP_ALONE };

/* Add the data box at ${at} to the payload. */
static enum step add_box(const struct reader *reader, const struct box *box, size_t *at,
                         struct payload *payload, struct frame *frame)
{
    bool open;
    size_t end, size = 0, which, before = payload->size;
    size_t from = find_payload(reader, *at, box, &end, &open);
    size_t there = end - from, room = sizeof(payload->bytes) - before;
    memcpy(payload->bytes + before, reader->bytes + from, there < room ? there : room);
    payload->size = before + (there < room ? there : room);
    bool empty = payload->size == 0;
    enum answer_state state =
        read_answer(reader->view, payload->bytes, payload->size, &size, &which);
    if (state == RIGHT) {
        size_t whole = *at + box->size;
        if (trails(reader, box) && size > before)
            whole += size - before;
        give_modbus(payload->bytes, size, whole, frame);
        return STEP_GIVEN;
    }
    if (state != PARTIAL || (empty && reader->final))
        return STEP_ALONE;
    if (open)
        return STEP_MORE;
    *at = trails(reader, box) ? end : *at + box->size;
    return STEP_ON;
}

/* An answer has begun, and what stands at ${at} is no data box: a token? */
static enum step pass_token(const struct reader *reader, size_t at, struct frame *frame)
{
    struct line_token token;
    ssize_t size =
        line_token(reader->view, reader->bytes + at, reader->len - at, reader->final, &token);
    if (size > 0)
        line_token_frame(&token, at, frame);
    return size > 0 ? STEP_GIVEN : size == 0 ? STEP_MORE : STEP_ALONE;
}

static ssize_t give_data(const struct reader *reader, const struct box *first, struct frame *frame)
{
    struct payload payload = {.size = 0};
    size_t at = 0;
    enum step step;
    do {
        struct box box;
        ssize_t size =
            read_box(reader->scheme, reader->id, reader->bytes + at, reader->len - at, &box);
        if (size > 0 && box.type == reader->scheme->data) {
            step = add_box(reader, &box, &at, &payload, frame);
        } else if (size > 0) {
            give_box(reader, &box, at, frame);
            step = STEP_GIVEN;
        } else {
            /* Where nothing more is there, the rest of the answer is waited for. */
            step = size == 0 ? STEP_MORE : pass_token(reader, at, frame);
        }
    } while (step == STEP_ON);
    if (step == STEP_GIVEN)
        return (ssize_t)frame->size;
    if (step == STEP_MORE && reader->len < FRAMING_HELD)
        return FRAMING_MORE;
    return give_alone(reader, first, frame);
}

/* Up to where a box or a token may begin. */
static ssize_t give_noise(const struct reader *reader, struct frame *frame)
{
    size_t at = 1;
    for (; at < reader->len; at++) {
        struct box box;
        struct line_token token;
        const uint8_t *bytes = reader->bytes + at;
        if (read_box(reader->scheme, reader->id, bytes, reader->len - at, &box) >= 0 ||
            line_token(reader->view, bytes, reader->len - at, reader->final, &token) >= 0)
            break;
    }
    give(FRAME_NOISE, 0, at, frame);
    return (ssize_t)at;
}

ssize_t boxed_next(const struct box_scheme *scheme, const struct framing_view *view,
                   const uint8_t *bytes, size_t len, struct frame *frame)
{
    struct reader reader = {.scheme = scheme,
                            .view = view,
                            .id = boxed_id(scheme, view),
                            .bytes = bytes,
                            .len = len,
                            .final = view->settled || len >= FRAMING_HELD};
    struct box box = {0};
    struct line_token token;
    if (len == 0)
        return FRAMING_MORE;
    ssize_t size = read_box(scheme, reader.id, bytes, len, &box);
    if (size > 0 && box.type == scheme->data)
        return give_data(&reader, &box, frame);
    if (size > 0) {
        give_box(&reader, &box, 0, frame);
        return size;
    }
    ssize_t took = line_token(view, bytes, len, reader.final, &token);
    if (took > 0) {
        line_token_frame(&token, 0, frame);
        return took;
    }
    /* The rest of a data box may be late, as that of any answer. */
    bool held = box.type == scheme->data && view->nexpected > 0 && len < FRAMING_HELD;
    if ((size == 0 && (!reader.final || held)) || took == 0)
        return FRAMING_MORE;
    return give_noise(&reader, frame);
}

size_t boxed_put(const struct box_scheme *scheme, uint8_t type, const uint8_t *id,
                 const uint8_t *payload, size_t size, uint8_t out[FRAMING_LONGEST])
{
    size_t whole = BOX_LEAST + size;
    out[0] = scheme->opening;
    out[1] = type;
    out[2] = (uint8_t)(scheme->little_endian ? whole : whole >> 8);
    out[3] = (uint8_t)(scheme->little_endian ? whole >> 8 : whole);
    memset(out + BOX_ID_AT, 0, BOX_ID_SIZE);
    if (id != NULL)
        memcpy(out + BOX_ID_AT, id, BOX_ID_SIZE);
    if (size > 0)
        memcpy(out + BOX_HEAD_SIZE, payload, size);
    out[whole - 1] = scheme->closing;
    return whole;
}
