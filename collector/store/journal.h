/*
 * The journal: what keeps records between the cache and the database when either program dies.
 *
 * A thread of its own takes what waits in the cache, writes it to a file as one group, and only
 * then hands it on. Records count from 1 in the journal that holds them; a journal is known by a
 * random id. The database keeps, for each collector and journal, the sequence number up to which
 * its records are stored (table ingest_position), written in the transaction of the rows: so what
 * takes parcels from here can tell at any time which records are stored, whoever died meanwhile.
 *
 * Where journal.enabled is false, or the file cannot be written, records are handed on from memory
 * alone: their parcel names no journal.
 *
 * Whoever watches the cache (cache_watch()) is told of a record that it is kept once its group is
 * committed, or, handed on from memory alone, once journal_done() says that it is stored.
 *
 * What damage does: each group has a checksum and each record its number, so nothing wrong is
 * delivered, and what is missing between two records that are delivered, or before the first one,
 * is counted, and named in the log: the file, the numbers, and the name under which it is kept
 * (FILE.broken). The end of a file is known only where it was closed, or where its successor says
 * it. Of a collector that was killed, nobody can tell:
 *  - that its newest groups are missing: a log (-wal) that is torn, or damaged in the middle, ends
 *    before the first frame that is not whole, and what is in the file itself may hide its last
 *    groups. The database may know more; that is told (journal_seek()), and costs nothing.
 *  - how many records a file holds that cannot be opened at all, and is put aside.
 *  - what was dropped, as opposed to damaged, from a file of before the note of that was kept.
 *
 * There is one for each stream. journal_take(), journal_take_earlier(), journal_done() and
 * journal_seek() belong to one thread, the writer's; the rest is for any.
 */
#ifndef DTUHUB_COLLECTOR_STORE_JOURNAL_H
#define DTUHUB_COLLECTOR_STORE_JOURNAL_H

#include "collector/store/cache.h"
#include "collector/store/names.h"
#include "collector/store/stream.h"
#include "shared/config/server_config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct journal;

enum { JOURNAL_ID_SIZE = 33 };

/** Records that are stored together, in the order of their arrival. */
struct parcel {
    char journal[JOURNAL_ID_SIZE]; /* id of the journal that holds them: 32 hexadecimal digits; ""
                                      where none does */
    uint64_t first_seq, last_seq;  /* in that journal; both 0 where none does */
    bool earlier;                  /* from before this start of the collector */
    unsigned file;                 /* number of the file; 0 where none does */
    size_t records;
    struct cache_chunks chunks; /* references are those of the names given to journal_start() */
};

struct journal_status {
    bool enabled;
    bool ok;               /* groups go to the file; always true where it is not enabled */
    char error[256];       /* why not, or "" */
    uint64_t bytes;        /* held in files */
    uint64_t max_bytes;    /* bound of that */
    uint64_t depth;        /* records held that are not yet stored */
    int64_t oldest_ms;     /* wall clock of the oldest of these; 0: none */
    uint64_t groups;       /* written */
    uint64_t records;      /* written */
    uint64_t unjournalled; /* records handed on from memory alone though the journal is enabled */
    uint64_t dropped;      /* records dropped unstored, past max_bytes */
    uint64_t unreadable;   /* times that records, or a file, could not be read back */
    uint64_t missing;      /* records that were missing then, where their number is known */
    uint64_t errors;       /* failed writes */
    uint64_t sync_max_us;  /* the longest commit so far */
};

/** What a journal works with. All of it must outlive the journal. */
struct journal_parts {
    struct stream stream;         /* a copy is kept */
    struct stream_budget *budget; /* of all journals */
    unsigned first_file; /* begin a new file, with this number or a higher one; 0: as it comes */
    struct cache *cache;
    struct names *names;
};

/** journal_folder(config, dir, stream, out): the folder of a stream's journal; ${dir} is that of
 * the configuration, ${out} has PATH_MAX bytes. */
void journal_folder(const struct server_config *config, const char *dir, unsigned stream,
                    char *out);

/**
 * journal_start(config, dir, parts): open or make the journal of a stream and start its thread;
 * ${dir} is the folder of the configuration. What it needs of ${config} is copied. A file that
 * cannot be used is reported and does without: only where no thread can be made it returns NULL.
 */
struct journal *journal_start(const struct server_config *config, const char *dir,
                              const struct journal_parts *parts);

/** journal_configure(journal, config): take over what a reload may change. */
void journal_configure(struct journal *journal, const struct server_config *config);

/**
 * journal_take(journal, most, out): wait for the next records behind the place that was last taken
 * or sought, about ${most} of them, never of two journals at once and without a gap. Return how
 * many; 0 only where the cache is closed, and everything was taken or the time to stop
 * (server.shutdown_timeout) is nearly over.
 */
size_t journal_take(struct journal *journal, size_t most, struct parcel *out);

/**
 * journal_take_earlier(journal, most, out): the same for records from before this start. Return 0
 * where none is left that was not taken, or at the end as above; then journal_earlier(journal)
 * tells which.
 */
size_t journal_take_earlier(struct journal *journal, size_t most, struct parcel *out);
bool journal_earlier(struct journal *journal);

/** journal_done(journal, parcel, stored): free the parcel's chunks. Records that were ${stored} are
 * kept for the retention window and then deleted. */
void journal_done(struct journal *journal, struct parcel *parcel, bool stored);

/**
 * journal_seek(journal, id, seq): go on behind the record ${seq} of the journal ${id}, forward or
 * back, as far as it still holds what is there. An unknown ${id}, and "", change nothing.
 */
void journal_seek(struct journal *journal, const char *id, uint64_t seq);

/** journal_flush(journal, until_ms): after cache_close(): wait until all that waits is in the file,
 * or it is clear that it cannot be, or it is ${until_ms} (monotonic). */
void journal_flush(struct journal *journal, int64_t until_ms);

/** journal_status(journal, out). */
void journal_status(struct journal *journal, struct journal_status *out);

/**
 * journal_stop(journal): after cache_close(), and after the thread that takes has ended: see that
 * all that waits is in the file, end the thread, free. Return the number of records that are
 * neither in a file nor stored, and so lost.
 */
size_t journal_stop(struct journal *journal);

#endif
