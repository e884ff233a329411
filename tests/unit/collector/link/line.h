/*
 * The receiving side of a line, for tests: bytes come in as they like, packets are counted, and
 * requests are outstanding until they are answered, as in a session. The bytes are given to the
 * framing in memory of their exact size, so that a read past them is seen.
 */
#ifndef DTUHUB_TESTS_LINK_LINE_H
#define DTUHUB_TESTS_LINK_LINE_H

#include "collector/link/choice.h"
#include "tests/unit/collector/parts.h"

enum { LINE_REQUESTS = 16, LINE_SEEN = 8192 };

struct line {
    const struct link_def *link;
    const struct framing *framing;
    const struct expectation *requests; /* all, in the order they go out */
    const bool *late;                   /* that one's time-out passes at once: the next goes out */
    size_t nrequests, sent;
    struct expectation expected[LINE_REQUESTS];
    size_t nexpected;

    uint8_t *held;
    size_t nheld;
    uint8_t registration[FRAMING_LONGEST];
    size_t registration_size;

    char seen[LINE_SEEN]; /* the answers, one behind the other in hexadecimal */
    char id[LINK_ID_SIZE];
    size_t registrations, heartbeats, noise, broken, strange, data;
};

static inline void line_ask(struct line *line)
{
    while (line->sent < line->nrequests) {
        size_t n = line->sent++;
        memmove(line->expected + 1, line->expected, line->nexpected * sizeof(*line->expected));
        line->expected[0] = line->requests[n];
        line->nexpected++;
        if (line->late == NULL || !line->late[n])
            break;
    }
}

static inline void line_open(struct line *line, const struct link_def *link)
{
    line->link = link;
    line->framing = framing_of(link->framing);
}

static inline struct framing_view line_view(const struct line *line, bool settled)
{
    return (struct framing_view){
        .link = line->link,
        .expected = line->expected,
        .nexpected = line->nexpected,
        .settled = settled,
        .registration = line->registration_size > 0 ? line->registration : NULL,
        .registration_size = line->registration_size,
    };
}

static inline void line_answer(struct line *line, const struct frame *frame)
{
    size_t i = 0;
    if (!frame->intact) {
        line->broken++;
        return;
    }
    for (; i < line->nexpected; i++) {
        struct adu_reply reply;
        enum adu_verdict verdict =
            adu_check_reply(&line->expected[i].request, frame->adu, frame->adu_size, &reply);
        if ((verdict == ADU_OK || verdict == ADU_EXCEPTION) &&
            (!line->framing->transactions || frame->transaction == line->expected[i].transaction))
            break;
    }
    if (i == line->nexpected) {
        line->strange++;
        return;
    }
    size_t used = strlen(line->seen);
    for (size_t at = 0; at < frame->adu_size && used + 4 < LINE_SEEN; at++, used += 2)
        snprintf(line->seen + used, 3, "%02X", frame->adu[at]);
    snprintf(line->seen + used, LINE_SEEN - used, "\n");
    line->nexpected--;
    memmove(line->expected + i, line->expected + i + 1,
            (line->nexpected - i) * sizeof(*line->expected));
    if (i == 0)
        line_ask(line);
}

static inline void line_take(struct line *line, const struct frame *frame)
{
    switch (frame->kind) {
    case FRAME_REGISTRATION:
        line->registrations++;
        break;
    case FRAME_HEARTBEAT:
        line->heartbeats++;
        break;
    case FRAME_NOISE:
        line->noise += frame->size;
        break;
    case FRAME_DATA:
        line->data++;
        break;
    case FRAME_MODBUS:
        line_answer(line, frame);
        break;
    }
}

/* One packet of what is held; its place in ${at}. */
static inline ssize_t line_next(struct line *line, bool settled, size_t *at)
{
    *at = 0;
    if (line->registration_size == 0) {
        struct choice choice;
        const struct candidate candidate = {line->link};
        int made = choice_make(&candidate, 1, line->held, line->nheld, settled, &choice);
        if (made < 0)
            fail_msg("%s: no registration in %zu bytes from %02X", line->framing->name, line->nheld,
                     line->held[0]);
        if (made == 0)
            return 0;
        snprintf(line->id, sizeof(line->id), "%s", choice.match.id);
        line->registration_size = choice.match.size;
        memcpy(line->registration, line->held + choice.skip, choice.match.size);
        line->registrations++;
        line->heartbeats += choice.skip > 0;
        line_ask(line);
        return (ssize_t)(choice.skip + choice.match.size);
    }
    struct frame frame;
    struct framing_view view = line_view(line, settled);
    ssize_t used = line->framing->next(&view, line->held, line->nheld, &frame);
    if (used <= 0)
        return used;
    assert_int_equal(used, frame.size);
    assert_true(frame.at + frame.size <= line->nheld);
    *at = frame.at;
    line_take(line, &frame);
    return used;
}

/* ${len} more bytes; ${settled}: and then a silence. */
static inline void line_feed(struct line *line, const uint8_t *bytes, size_t len, bool settled)
{
    uint8_t *more = malloc(line->nheld + len + 1);
    assert_non_null(more);
    if (line->nheld > 0)
        memcpy(more, line->held, line->nheld);
    if (len > 0)
        memcpy(more + line->nheld, bytes, len);
    free(line->held);
    line->held = more;
    line->nheld += len;
    for (int pass = 0; pass < (settled ? 2 : 1); pass++) {
        ssize_t used;
        size_t at;
        while (line->nheld > 0 && (used = line_next(line, pass > 0, &at)) > 0) {
            line->nheld -= (size_t)used;
            uint8_t *rest = malloc(line->nheld > 0 ? line->nheld : 1);
            assert_non_null(rest);
            memcpy(rest, line->held, at);
            memcpy(rest + at, line->held + at + used, line->nheld - at);
            free(line->held);
            line->held = rest;
        }
    }
    assert_true(line->nheld < FRAMING_HELD);
}

static inline void line_close(struct line *line)
{
    free(line->held);
    line->held = NULL;
    line->nheld = 0;
}

#endif
