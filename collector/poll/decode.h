/*
 * From an answer's registers to samples. Pure; any thread.
 */
#ifndef DTUHUB_COLLECTOR_POLL_DECODE_H
#define DTUHUB_COLLECTOR_POLL_DECODE_H

#include "collector/poll/change.h"
#include "collector/poll/plan.h"
#include "collector/record.h"

enum { DECODED_MOST = 256 };

/** A point's value, scaled, and whether it was appended. */
struct decoded {
    const struct point_def *point;
    struct reg_value value;
    bool stored;
};

struct decoded_list {
    struct decoded items[DECODED_MOST];
    size_t count;
};

/**
 * decode_samples(task, data, size, changes, now_ms, body, list): append a sample to ${body} for
 * each point that lies wholly inside of the answer's ${size} bytes, scaled; a point that is stored
 * on change only where change_wanted() says so (${changes} by the point's index; NULL: all are
 * stored). Return how many. ${list}, where it is not NULL, gets all of them, also those that are
 * not stored, as far as it has room.
 */
size_t decode_samples(const struct plan_task *task, const uint8_t *data, size_t size,
                      struct change_state *changes, int64_t now_ms, struct record_body *body,
                      struct decoded_list *list);

#endif
