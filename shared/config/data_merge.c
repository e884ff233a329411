#include "shared/config/data_merge.h"

static bool lies_well(const struct merge_span *span, uint32_t start)
{
    uint32_t bytes = ((span->first - start) % 8 + span->end - span->first + 7) / 8;
    return bytes == 1 || bytes == 2 || bytes == 4;
}

static bool can_take(const struct merge_read *read, const struct merge_span *span,
                     const struct merge_limits *limits)
{
    uint32_t end = read->start + read->length;
    if (span->first > end && span->first - end > limits->max_gap)
        return false;
    if (span->end > end && span->end - read->start > limits->max_length)
        return false;
    return !limits->bits || lies_well(span, read->start);
}

size_t data_merge(struct merge_span *spans, size_t n, const struct merge_limits *limits,
                  struct merge_read *reads)
{
    size_t nreads = 0;
    for (size_t i = 0; i < n; i++) {
        struct merge_span *span = &spans[i];
        struct merge_read *read = nreads > 0 ? &reads[nreads - 1] : NULL;
        if (read == NULL || !can_take(read, span, limits)) {
            read = &reads[nreads++];
            *read = (struct merge_read){span->first, 0};
        }
        if (span->end - read->start > read->length)
            read->length = span->end - read->start;
        span->read = nreads - 1;
    }
    return nreads;
}
