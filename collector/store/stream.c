#include "collector/store/stream.h"

#include <stdio.h>

enum { CACHE_LEAST = 10 };

bool stream_left(const struct stream *stream)
{
    return stream->number >= stream->count;
}

uint64_t stream_share(const struct stream *stream, uint64_t total)
{
    return stream_left(stream) ? 0 : total / stream->count;
}

size_t stream_cache_size(const struct stream *stream, size_t total)
{
    size_t share = (size_t)stream_share(stream, total);
    return share > CACHE_LEAST ? share : CACHE_LEAST;
}

const char *stream_part(const struct stream *stream, char out[STREAM_PART_SIZE])
{
    if (stream->several)
        snprintf(out, STREAM_PART_SIZE, "%u", stream->number);
    else
        out[0] = '\0';
    return out;
}

bool stream_over_budget(const struct stream *stream, struct stream_budget *budget, uint64_t own,
                        uint64_t total)
{
    return atomic_load(&budget->held) > total && own > stream_share(stream, total);
}
