/* What a framing finds in some bytes, as a text to compare. */
#ifndef DTUHUB_TESTS_LINK_PACKETS_H
#define DTUHUB_TESTS_LINK_PACKETS_H

#include "collector/link/framing.h"
#include "tests/unit/collector/parts.h"

/* One packet, from memory of its exact size, so that a read past the end is seen. */
static inline ssize_t packets_next(const struct framing_view *view, const void *bytes, size_t len,
                                   struct frame *frame)
{
    uint8_t *exact = malloc(len > 0 ? len : 1);
    assert_non_null(exact);
    memcpy(exact, bytes, len);
    ssize_t size = framing_of(view->link->framing)->next(view, exact, len, frame);
    free(exact);
    if (size > 0) {
        assert_int_equal(size, frame->size);
        assert_true(frame->at + frame->size <= len);
    }
    return size;
}

/* All of them: R, H, D, N with sizes, M with the ADU's size and B where it is broken; @ where it is
 * not at the front; and in brackets what stays behind. */
static inline const char *packets(const struct framing_view *view, const void *bytes, size_t len)
{
    static const char letters[] = {[FRAME_REGISTRATION] = 'R',
                                   [FRAME_HEARTBEAT] = 'H',
                                   [FRAME_DATA] = 'D',
                                   [FRAME_MODBUS] = 'M',
                                   [FRAME_NOISE] = 'N'};
    static char text[512];
    uint8_t left[2048];
    struct frame frame;
    size_t used = 0;
    assert_true(len <= sizeof(left));
    memcpy(left, bytes, len);
    text[0] = '\0';
    while (len > 0 && packets_next(view, left, len, &frame) > 0) {
        bool modbus = frame.kind == FRAME_MODBUS;
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%c%zu",
                                 modbus && !frame.intact ? 'B' : letters[frame.kind],
                                 modbus ? frame.adu_size : frame.size);
        if (frame.at > 0)
            used += (size_t)snprintf(text + used, sizeof(text) - used, "@%zu", frame.at);
        used += (size_t)snprintf(text + used, sizeof(text) - used, " ");
        len -= frame.size;
        memmove(left + frame.at, left + frame.at + frame.size, len - frame.at);
    }
    snprintf(text + used, sizeof(text) - used, "[%zu]", len);
    return text;
}

#endif
