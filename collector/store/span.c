#include "collector/store/span.h"

struct span span_all(const struct cache_chunks *chunks)
{
    return (struct span){.chunks = chunks, .count = SIZE_MAX};
}

struct span_walk span_begin(const struct span *span)
{
    return (struct span_walk){
        .chunk = TAILQ_FIRST(span->chunks),
        .skip = span->first,
        .left = span->count,
        .index = span->first - 1, /* goes up to the first */
        .left_out = span->left_out,
    };
}

static void pass(struct span_walk *walk, size_t records)
{
    size_t skipped = records < walk->skip ? records : walk->skip;
    walk->skip -= skipped;
    records -= skipped;
    size_t left = records < walk->left ? records : walk->left;
    walk->left -= left;
    walk->index += left;
}

/* Leave the chunk; what of it was not seen counts as passed. */
static void leave_chunk(struct span_walk *walk)
{
    pass(walk, walk->chunk->records - walk->passed);
    walk->chunk = TAILQ_NEXT(walk->chunk, link);
    walk->at = walk->passed = 0;
}

/* One record further, whether it belongs to the span or not. */
static bool step(struct span_walk *walk, struct record_head *head, const uint8_t **body)
{
    const struct cache_chunk *chunk = walk->chunk;
    int more = walk->passed < chunk->records
                   ? record_next(chunk->bytes, chunk->size, &walk->at, head, body)
                   : 0;
    if (more > 0) {
        walk->passed++;
        return true;
    }
    walk->broken += walk->passed < chunk->records;
    leave_chunk(walk);
    return false;
}

bool span_next(struct span_walk *walk, struct record_head *head, const uint8_t **body)
{
    while (walk->chunk != NULL && walk->left > 0) {
        if (walk->passed == 0 && walk->skip >= walk->chunk->records) {
            leave_chunk(walk);
            continue;
        }
        if (!step(walk, head, body))
            continue;
        if (walk->skip > 0) {
            walk->skip--;
            continue;
        }
        walk->left--;
        walk->index++;
        if (walk->left_out == NULL || walk->left_out[walk->index] == 0)
            return true;
    }
    return false;
}
