#include "collector/metrics_streams.h"

#include "shared/base/clock.h"

static double cache_records(const struct store_status *status)
{
    return (double)(status->cache.waiting + status->cache.in_flight);
}

static double journal_ok(const struct store_status *status)
{
    return status->journal.ok;
}

static double journal_records(const struct store_status *status)
{
    return (double)status->journal.depth;
}

static double journal_bytes(const struct store_status *status)
{
    return (double)status->journal.bytes;
}

static double oldest_unsent(const struct store_status *status)
{
    int64_t oldest_ms = status->journal.oldest_ms, now_ms = clock_wall_ms();
    return oldest_ms > 0 && oldest_ms < now_ms ? (double)(now_ms - oldest_ms) / 1000 : 0;
}

static double writer_up(const struct store_status *status)
{
    return status->writer.up;
}

static double writer_batches(const struct store_status *status)
{
    return (double)status->writer.batches;
}

static double writer_records(const struct store_status *status)
{
    return (double)status->writer.records;
}

static double writer_lock_retries(const struct store_status *status)
{
    return (double)status->writer.lock_retries;
}

static const struct {
    const char *name, *type, *help;
    double (*value)(const struct store_status *status);
} lines[] = {
    {"stream_cache_records", "gauge", "Records in the stream's cache.", cache_records},
    {"stream_journal_ok", "gauge", "Whether the stream's records go to a file.", journal_ok},
    {"stream_journal_bytes", "gauge", "Held in the stream's files.", journal_bytes},
    {"stream_journal_records", "gauge", "Records of the stream that the database does not have.",
     journal_records},
    {"stream_journal_oldest_unsent_seconds", "gauge", "Age of the oldest of these.", oldest_unsent},
    {"stream_writer_up", "gauge", "Whether the database takes the stream's data.", writer_up},
    {"stream_writer_batches_total", "counter", "Transactions committed.", writer_batches},
    {"stream_writer_records_total", "counter", "Records of the stream stored.", writer_records},
    {"stream_writer_lock_retries_total", "counter",
     "Transactions that another one was in the way of.", writer_lock_retries},
};

void metrics_streams_print(struct store *store, FILE *out)
{
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        fprintf(out, "# HELP dtuhub_%s %s\n# TYPE dtuhub_%s %s\n", lines[i].name, lines[i].help,
                lines[i].name, lines[i].type);
        for (size_t s = 0; s < store_streams(store); s++) {
            struct store_status status;
            unsigned number;
            store_stream_status(store, s, &number, &status);
            fprintf(out, "dtuhub_%s{stream=\"%u\"} %.15g\n", lines[i].name, number,
                    lines[i].value(&status));
        }
    }
}
