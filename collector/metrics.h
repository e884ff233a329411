/*
 * Counters of the loop. Plain numbers: they belong to the loop's thread, which also prints them.
 */
#ifndef DTUHUB_COLLECTOR_METRICS_H
#define DTUHUB_COLLECTOR_METRICS_H

#include <stdint.h>
#include <stdio.h>

enum { LATENESS_BUCKETS = 14 };

struct metrics {
    /* connections */
    uint64_t accepted, refused, registered, superseded, closed;
    uint64_t protocol_errors, registration_timeouts, heartbeat_timeouts, evicted;
    uint64_t refused_address, proxy_errors;
    /* lines that we dial; ${dialled} is how many stand now */
    uint64_t dials, dial_failures, dialled;
    /* packets in */
    uint64_t heartbeats, data_packets, modbus_packets, bytes_in;
    uint64_t packets_left_out; /* not stored: their line sent too many */
    uint64_t data_packets_unacknowledged;
    /* polls */
    uint64_t polls_sent, polls_repeated, polls_answered, polls_refused, polls_timed_out;
    uint64_t polls_missed; /* instants of a task's grid at which the line was not free */
    uint64_t answers_late, answers_unexpected, crc_errors, probes_sent;
    uint64_t samples, noise_bytes;
    uint64_t slaves_dead, slaves_alive; /* slaves that died, that came back */
    uint64_t writes, writes_failed;
    uint64_t quarantined, refused_devices, flapping;
    /* reloads */
    uint64_t reloads, reloads_rejected;
    /* how late polls go out: lateness[i] counts those at or below metrics_lateness_bounds_ms[i] and
     * above the one before; the last has no bound */
    uint64_t lateness[LATENESS_BUCKETS];
    uint64_t lateness_sum_ms;
};

extern const unsigned metrics_lateness_bounds_ms[LATENESS_BUCKETS - 1];

/** metrics_lateness(metrics, late_ms): count one poll. */
void metrics_lateness(struct metrics *metrics, int64_t late_ms);

/** metrics_lateness_quantile(metrics, q): the bound (ms) of the bucket that holds the quantile
 * ${q}; 0 where nothing was counted. */
unsigned metrics_lateness_quantile(const struct metrics *metrics, double q);

/** metrics_print(metrics, out): in Prometheus' text format 0.0.4. */
void metrics_print(const struct metrics *metrics, FILE *out);

/** metrics_print_one(out, name, type, help, value): one more metric in the same format. */
void metrics_print_one(FILE *out, const char *name, const char *type, const char *help,
                       double value);

#endif
