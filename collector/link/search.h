/*
 * The search for packets in a stream without marks: shared by rtu, hex, escaped and mbap. Pure; any
 * thread.
 *
 * Positions are those of the stream; a scheme says how serial bytes stand in it, and what an answer
 * looks like in serial bytes. From what is there, the first of these is given out:
 *
 *  1. What stands in front of the first whole answer (right CRC) to any expectation: tokens, the
 *     longest first, whole Modbus frames that nobody waits for, noise. Then the answer.
 *  2. Where there is none, the same up to what may be the beginning of an answer, of a token, or of
 *     a Modbus frame. That is held back until more has come, or the line is settled; a beginning of
 *     an answer also then, as long as the answer is expected.
 *  3. A token inside of an answer, which comes first then, from the middle (frame->at > 0). It is
 *     known by the answer's CRC, which is right without it; or, where the line is settled, by its
 *     place at the end of an unfinished answer.
 *  4. An answer of full size and wrong CRC to the outstanding request, once settled, or once no
 *     tokens could be in it any more.
 *
 * Digits are not skipped, nor is anything guessed: 31 is a heartbeat "1" or slave 49, and what
 * comes behind it decides, or the silence.
 */
#ifndef DTUHUB_COLLECTOR_LINK_SEARCH_H
#define DTUHUB_COLLECTOR_LINK_SEARCH_H

#include "collector/link/framing.h"

enum { SERIAL_MAX = 260 }; /* serial bytes of the longest answer: MBAP's header and 254 */

/** Serial bytes, as they stand in the stream from some place on. */
struct serial {
    uint8_t bytes[SERIAL_MAX];
    uint16_t ends[SERIAL_MAX]; /* where each ends, from that place on */
    size_t size;
    bool blocked; /* what follows is no serial byte; false: all that was wanted, or the end */
    int half;     /* the high four bits of the next byte, where the end cuts it there; else -1 */
};

struct scheme {
    /* decode(bytes, len, most, out): up to ${most} serial bytes from the first byte on. */
    void (*decode)(const uint8_t *bytes, size_t len, size_t most, struct serial *out);

    /* answer_size(expected, bytes, len): as adu_answer_size(). */
    ssize_t (*answer_size)(const struct expectation *expected, const uint8_t *bytes, size_t len);
    /* right(expected, bytes, size): whether it is the answer to it. */
    bool (*right)(const struct expectation *expected, const uint8_t *bytes, size_t size);

    /* The same for a frame that nobody waits for, by its own byte count. */
    ssize_t (*foreign_size)(const uint8_t *bytes, size_t len);
    bool (*foreign_right)(const uint8_t *bytes, size_t size);

    /* put(bytes, size, frame): serial bytes as the frame's ADU, with intact and transaction. */
    void (*put)(const uint8_t *bytes, size_t size, struct frame *frame);

    /* own_heartbeat: the framing's own, a byte that is never serial; -1: none. */
    int own_heartbeat;
};

/** search_next(scheme, view, bytes, len, frame): as framing.next(); never FRAMING_BROKEN. */
ssize_t search_next(const struct scheme *scheme, const struct framing_view *view,
                    const uint8_t *bytes, size_t len, struct frame *frame);

/** search_registration(link, bytes, len, out): framing.registration() of all that have none of
 * their own. */
ssize_t search_registration(const struct link_def *link, const uint8_t *bytes, size_t len,
                            struct token_match *out);

/** search_acknowledge(): framing.acknowledge() of those: nothing. */
size_t search_acknowledge(enum frame_kind kind, const uint8_t *packet, size_t size,
                          uint8_t out[FRAMING_LONGEST]);

#endif
