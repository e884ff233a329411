#include "collector/metrics.h"

#include <stddef.h>

const unsigned metrics_lateness_bounds_ms[LATENESS_BUCKETS - 1] = {
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000};

void metrics_lateness(struct metrics *metrics, int64_t late_ms)
{
    size_t i = 0;
    if (late_ms < 0)
        late_ms = 0;
    while (i < LATENESS_BUCKETS - 1 && late_ms > metrics_lateness_bounds_ms[i])
        i++;
    metrics->lateness[i]++;
    metrics->lateness_sum_ms += (uint64_t)late_ms;
}

static uint64_t lateness_count(const struct metrics *metrics)
{
    uint64_t count = 0;
    for (size_t i = 0; i < LATENESS_BUCKETS; i++)
        count += metrics->lateness[i];
    return count;
}

unsigned metrics_lateness_quantile(const struct metrics *metrics, double q)
{
    double wanted = q * (double)lateness_count(metrics);
    uint64_t below = 0;
    if (wanted <= 0)
        return 0;
    for (size_t i = 0; i < LATENESS_BUCKETS - 1; i++) {
        below += metrics->lateness[i];
        if ((double)below >= wanted)
            return metrics_lateness_bounds_ms[i];
    }
    return 10 * metrics_lateness_bounds_ms[LATENESS_BUCKETS - 2];
}

void metrics_print_one(FILE *out, const char *name, const char *type, const char *help,
                       double value)
{
    fprintf(out, "# HELP dtuhub_%s %s\n# TYPE dtuhub_%s %s\ndtuhub_%s %.15g\n", name, help, name,
            type, name, value);
}

static void print_lateness(const struct metrics *metrics, FILE *out)
{
    static const char name[] = "dtuhub_poll_lateness_seconds";
    uint64_t below = 0;
    fprintf(out, "# HELP %s Time between the instant a timer task was due and its query.\n", name);
    fprintf(out, "# TYPE %s histogram\n", name);
    for (size_t i = 0; i < LATENESS_BUCKETS - 1; i++) {
        below += metrics->lateness[i];
        fprintf(out, "%s_bucket{le=\"%g\"} %llu\n", name, metrics_lateness_bounds_ms[i] / 1000.0,
                (unsigned long long)below);
    }
    unsigned long long count = lateness_count(metrics);
    fprintf(out, "%s_bucket{le=\"+Inf\"} %llu\n", name, count);
    fprintf(out, "%s_sum %.3f\n%s_count %llu\n", name, (double)metrics->lateness_sum_ms / 1000.0,
            name, count);
}

void metrics_print(const struct metrics *metrics, FILE *out)
{
    static const struct {
        const char *name, *help;
        size_t offset;
    } counters[] = {
#define COUNTER(field, help) {#field "_total", help, offsetof(struct metrics, field)}
        COUNTER(accepted, "Connections accepted."),
        COUNTER(refused, "Connections refused because max_connections was reached."),
        COUNTER(refused_address, "Connections refused because server.allow lacks their address."),
        COUNTER(proxy_errors, "Load balancers' connections closed for want of a PROXY header."),
        COUNTER(dials, "Attempts to reach a DTU that we dial."),
        COUNTER(dial_failures, "Attempts to reach a DTU that we dial which failed."),
        COUNTER(evicted, "Silent unregistered connections closed to make room for a new one."),
        COUNTER(registered, "Registrations."),
        COUNTER(superseded, "Lines closed because their device registered anew."),
        COUNTER(closed, "Lines closed, for whatever reason."),
        COUNTER(protocol_errors, "Lines closed because their bytes fit no packet."),
        COUNTER(registration_timeouts, "Lines closed because no registration came in time."),
        COUNTER(heartbeat_timeouts, "Lines on which max_missed heartbeats were missed."),
        COUNTER(heartbeats, "Heartbeats received."),
        COUNTER(data_packets, "Data packets received."),
        COUNTER(modbus_packets, "Modbus packets received."),
        COUNTER(bytes_in, "Bytes received from DTUs."),
        COUNTER(polls_sent, "Queries sent, repetitions not counted."),
        COUNTER(polls_repeated, "Queries sent again after a time-out."),
        COUNTER(polls_answered, "Queries answered with data."),
        COUNTER(polls_refused, "Queries answered with a Modbus exception."),
        COUNTER(polls_timed_out, "Queries given up after their last time-out."),
        COUNTER(polls_missed, "Due times of timer tasks left out because the line was not free."),
        COUNTER(answers_late, "Answers that came after their query was given up; dropped."),
        COUNTER(answers_unexpected, "Modbus packets that fit no query; dropped."),
        COUNTER(crc_errors, "Modbus packets with a wrong CRC."),
        COUNTER(probes_sent, "Queries sent to see whether a silent line is alive."),
        COUNTER(samples, "Values decoded."),
        COUNTER(packets_left_out, "Packets not stored because their line sent too many."),
        COUNTER(data_packets_unacknowledged,
                "Data packets never acknowledged because they were not stored."),
        COUNTER(noise_bytes, "Bytes received that fit no packet; skipped."),
        COUNTER(slaves_dead, "Slaves that stopped answering."),
        COUNTER(slaves_alive, "Dead slaves that answered again."),
        COUNTER(writes, "Register writes that came to an end."),
        COUNTER(writes_failed, "Register writes that were not written, or not verified."),
        COUNTER(quarantined, "Lines of unknown devices that were put in quarantine."),
        COUNTER(refused_devices, "Lines closed because their device is unknown, has the wrong "
                                 "secret or comes from a wrong address."),
        COUNTER(flapping, "Devices that began to register anew again and again."),
        COUNTER(reloads, "Configurations taken over on SIGHUP."),
        COUNTER(reloads_rejected, "Configurations refused on SIGHUP because of faults."),
#undef COUNTER
    };
    for (size_t i = 0; i < sizeof(counters) / sizeof(*counters); i++) {
        uint64_t value = *(const uint64_t *)((const char *)metrics + counters[i].offset);
        metrics_print_one(out, counters[i].name, "counter", counters[i].help, (double)value);
    }
    metrics_print_one(out, "dialled", "gauge", "Lines that stand because we dialled.",
                      (double)metrics->dialled);
    print_lateness(metrics, out);
}
