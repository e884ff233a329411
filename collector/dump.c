#include "collector/dump.h"

#include "collector/connection.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/base/version.h"

#include <stdlib.h>
#include <string.h>

#define say(who, ...) log_asked("state", who, __VA_ARGS__)

/* How long ago something of the wall clock was, as people say it. */
struct ago {
    char text[32];
};

static struct ago ago(int64_t then_ms, int64_t now_ms)
{
    struct ago ago = {"never"};
    long long s = (now_ms - then_ms) / 1000;
    if (then_ms == 0)
        return ago;
    if (s < 0)
        s = 0;
    if (s < 600)
        snprintf(ago.text, sizeof(ago.text), "%lld s ago", s);
    else if (s < 2 * 86400)
        snprintf(ago.text, sizeof(ago.text), "%lld h %lld min ago", s / 3600, s / 60 % 60);
    else
        snprintf(ago.text, sizeof(ago.text), "%lld days ago", s / 86400);
    return ago;
}

static void dump_lines(const struct hub *hub)
{
    const struct registry *registry = &hub->registry;
    const struct metrics *metrics = &hub->metrics;
    const struct registry_entry *entry;
    size_t held = 0;
    TAILQ_FOREACH (entry, &registry->pending, link) {
        held += connection_session(connection_of((struct registry_entry *)entry))->quarantined;
    }
    say(NULL, "lines: %zu open of %u, %zu registered, %zu in quarantine, %zu not registered yet",
        registry_count(registry), hub->max_connections, registry->nonline, held,
        registry->npending - held);
    say(NULL,
        "since the start: %llu accepted, %llu registered, %llu closed, %llu refused, %llu misfits, "
        "%llu heartbeat time-outs; %zu devices in the quarantine list",
        (unsigned long long)metrics->accepted, (unsigned long long)metrics->registered,
        (unsigned long long)metrics->closed,
        (unsigned long long)(metrics->refused + metrics->refused_address +
                             metrics->refused_devices),
        (unsigned long long)metrics->protocol_errors,
        (unsigned long long)metrics->heartbeat_timeouts, quarantine_count(hub->quarantine));
    say(NULL,
        "polls: %llu sent, %llu answered, %llu refused, %llu timed out, 99 of 100 within %u ms of "
        "their time",
        (unsigned long long)metrics->polls_sent, (unsigned long long)metrics->polls_answered,
        (unsigned long long)metrics->polls_refused, (unsigned long long)metrics->polls_timed_out,
        metrics_lateness_quantile(metrics, 0.99));
}

/* Those with the most lines */

static int by_lines(const void *a, const void *b)
{
    const struct profile_counts *one = *(const struct profile_counts *const *)a;
    const struct profile_counts *other = *(const struct profile_counts *const *)b;
    if (one->lines != other->lines)
        return one->lines < other->lines ? 1 : -1;
    return one->polls != other->polls ? (one->polls < other->polls ? 1 : -1)
                                      : strcmp(one->name, other->name);
}

static void dump_profiles(const struct profile_table *table)
{
    size_t n = HASH_COUNT(table->head), i = 0;
    const struct profile_counts **sorted = calloc(n + 1, sizeof(*sorted));
    if (sorted == NULL)
        return;
    for (const struct profile_counts *counts = table->head; counts != NULL;
         counts = counts->hh.next)
        sorted[i++] = counts;
    qsort(sorted, n, sizeof(*sorted), by_lines);
    for (i = 0; i < n && i < DUMP_MOST; i++)
        say(NULL,
            "profile %s: %llu lines, %llu polls, %llu answers, %llu exceptions, %llu time-outs, "
            "%llu CRC errors",
            sorted[i]->name, (unsigned long long)sorted[i]->lines,
            (unsigned long long)sorted[i]->polls, (unsigned long long)sorted[i]->answers,
            (unsigned long long)sorted[i]->exceptions, (unsigned long long)sorted[i]->timeouts,
            (unsigned long long)sorted[i]->crc_errors);
    if (n > DUMP_MOST)
        say(NULL, "and %zu more profiles with fewer lines", n - DUMP_MOST);
    free(sorted);
}

/* Those that have been silent for longest */

struct silent {
    const struct session *lines[DUMP_MOST]; /* the longest first */
    size_t n;
};

static void note_silent(struct silent *silent, const struct session *session)
{
    size_t at = silent->n;
    if (at == DUMP_MOST && session->life_ms >= silent->lines[at - 1]->life_ms)
        return;
    if (at == DUMP_MOST)
        at--;
    else
        silent->n++;
    for (; at > 0 && session->life_ms < silent->lines[at - 1]->life_ms; at--)
        silent->lines[at] = silent->lines[at - 1];
    silent->lines[at] = session;
}

static void dump_silent(const struct hub *hub, int64_t now_ms)
{
    struct silent silent = {.n = 0};
    struct registry_entry *entry;
    TAILQ_FOREACH (entry, &hub->registry.online, link) {
        note_silent(&silent, connection_session(connection_of(entry)));
    }
    for (size_t i = 0; i < silent.n; i++) {
        const struct session *session = silent.lines[i];
        say(session->who,
            "silent for %lld s: profile %s, %u heartbeats missed, %llu answers, %llu time-outs, "
            "%u of them in a row",
            (long long)((now_ms - session->life_ms) / 1000), session->plan->profile->name,
            session->missed, (unsigned long long)session->answers,
            (unsigned long long)session->timeouts, session->timeouts_in_row);
    }
}

static void dump_store(struct collector *collector, int64_t wall_ms)
{
    struct store_status status;
    store_status(collector->store, &status);
    const struct cache_stats cache = status.cache;
    const struct journal_status journal = status.journal;
    const struct writer_status writer = status.writer;
    say(NULL,
        "cache: %zu records of %zu, %zu of them being written, %zu at most so far, %llu dropped",
        cache.waiting + cache.in_flight, cache.max_size, cache.in_flight, cache.peak,
        (unsigned long long)cache.dropped);
    if (journal.enabled)
        say(NULL,
            "journal: %s%s, %llu of %llu bytes, %llu records not stored yet, the oldest taken: %s, "
            "%llu dropped, %llu times unreadable, %llu records missing so, %llu errors",
            journal.ok ? "ok" : "not written: ", journal.error, (unsigned long long)journal.bytes,
            (unsigned long long)journal.max_bytes, (unsigned long long)journal.depth,
            journal.depth > 0 ? ago(journal.oldest_ms, wall_ms).text : "-",
            (unsigned long long)journal.dropped, (unsigned long long)journal.unreadable,
            (unsigned long long)journal.missing, (unsigned long long)journal.errors);
    else
        say(NULL, "journal: off");
    say(NULL,
        "database: %s%s%s, last commit %s, %llu records in %llu batches, %llu retries, "
        "%llu reconnects",
        writer.up ? "up" : "down", writer.error[0] != '\0' ? ": " : "", writer.error,
        ago(writer.last_commit_ms, wall_ms).text, (unsigned long long)writer.records,
        (unsigned long long)writer.batches, (unsigned long long)writer.retries,
        (unsigned long long)writer.reconnects);
}

static void dump_reload(const struct collector *collector, int64_t wall_ms)
{
    const struct metrics *metrics = &collector->hub.metrics;
    const char *error = collector->reload_error;
    const char *end = strchr(error, '\n');
    int len = end != NULL ? (int)(end - error) : (int)strlen(error);
    say(NULL, "reload: last tried %s, %llu taken over, %llu refused, %s%.*s%s",
        ago(collector->reload_tried_wall_ms, wall_ms).text, (unsigned long long)metrics->reloads,
        (unsigned long long)metrics->reloads_rejected,
        len > 0 ? "the last went wrong: " : "the configuration is good", len, error,
        end != NULL ? " (and more)" : "");
}

void dump_state(struct collector *collector)
{
    int64_t now_ms = clock_mono_ms(), wall_ms = clock_wall_ms();
    say(NULL, "dtuhub-collector %s, %s, up for %lld s, configuration %s", DTUHUB_VERSION,
        collector->started->server.name, (long long)((now_ms - collector->started_ms) / 1000),
        collector->config_dir);
    dump_reload(collector, wall_ms);
    dump_lines(&collector->hub);
    dump_profiles(&collector->hub.profiles);
    dump_store(collector, wall_ms);
    dump_silent(&collector->hub, now_ms);
    say(NULL, "end of the state");
}
