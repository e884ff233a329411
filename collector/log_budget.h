/*
 * How much the lines may say in the log, whatever hostile or flapping peers do: for each kind of
 * line a limit for all, and one for each peer, so that a noisy one does not hide the others.
 *
 * Peers are told apart by a hash of their key (the device's id, or the address where there is
 * none): so the memory is bounded, and two peers may share a limit now and then. What is left out
 * is counted by kind; the next line of the kind says how many, or log_budget_sweep() does.
 *
 * Belongs to one thread.
 */
#ifndef DTUHUB_COLLECTOR_LOG_BUDGET_H
#define DTUHUB_COLLECTOR_LOG_BUDGET_H

#include "shared/base/log.h"

#include <stdbool.h>
#include <stdint.h>

/** Kinds of lines; their names are in log_budget.c. */
enum log_kind {
    LOG_ONLINE,
    LOG_OFFLINE,
    LOG_QUARANTINED,
    LOG_REFUSED,
    LOG_MISFIT,       /* the first packet fits nothing */
    LOG_UNREGISTERED, /* nothing fitting came in time */
    LOG_SILENT,       /* missed heartbeats, and signs of life behind them */
    LOG_BROKEN,       /* closed for what it sent or did not answer */
    LOG_NOISE,        /* bytes and packets that are dropped */
    LOG_EXCEPTION,    /* a slave refuses a query */
    LOG_UNANSWERED,   /* it leaves one unanswered */
    LOG_SLAVE,        /* it is dead, or alive again */
    LOG_FLAPS,
    LOG_FULL,        /* max_connections is reached */
    LOG_NOT_ALLOWED, /* not in server.allow */
    LOG_BAD_HEADER,  /* a load balancer's connection without its header */
    LOG_KINDS
};

enum {
    LOG_BUDGET_BURST = 50, /* lines of a kind in... */
    LOG_BUDGET_WINDOW_MS = 10000,
    LOG_BUDGET_PEERS = 256,    /* limits of one kind, that peers share... */
    LOG_BUDGET_PEER_BURST = 5, /* ...with so many lines in... */
    LOG_BUDGET_PEER_WINDOW_MS = 60000,
};

struct log_budget {
    struct {
        struct log_limit all, peers[LOG_BUDGET_PEERS];
        uint64_t left_out; /* since it was told last */
    } kinds[LOG_KINDS];
};

/** log_budget_init(budget): a zeroed one lets no line through, and counts nothing. */
void log_budget_init(struct log_budget *budget);

/** log_budget_take(budget, kind, key, now_ms, left_out): whether a line of that kind about the peer
 * ${key} may be written now; then ${left_out} is how many were left out before it, which counts as
 * told. */
bool log_budget_take(struct log_budget *budget, enum log_kind kind, const char *key, int64_t now_ms,
                     uint64_t *left_out);

/** log_budget_sweep(budget): to be called now and then: log how many lines of each kind were left
 * out and not told yet. */
void log_budget_sweep(struct log_budget *budget);

/** log_within(budget, kind, key, level, module, who, fmt, ...): log_line() where the budget has
 * room for it; appends how many of the kind were left out before. */
#define log_within(budget, kind, key, level, module, who, fmt, ...)                                \
    do {                                                                                           \
        uint64_t left_out_;                                                                        \
        if (log_enabled(level) &&                                                                  \
            log_budget_take((budget), (kind), (key), clock_mono_ms(), &left_out_))                 \
            log_counted((level), left_out_, (module), (who), fmt, ##__VA_ARGS__);                  \
    } while (0)

#endif
