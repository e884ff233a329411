#include "collector/log_budget.h"

#include <stddef.h>

static const char *const kind_names[LOG_KINDS] = {
    [LOG_ONLINE] = "devices that come online",
    [LOG_OFFLINE] = "devices that go offline",
    [LOG_QUARANTINED] = "devices put in quarantine",
    [LOG_REFUSED] = "refused devices",
    [LOG_MISFIT] = "first packets that fit no registration",
    [LOG_UNREGISTERED] = "lines that did not register in time",
    [LOG_SILENT] = "lines that miss heartbeats",
    [LOG_BROKEN] = "lines closed for what came or did not come on them",
    [LOG_NOISE] = "bytes and packets that fit nothing",
    [LOG_EXCEPTION] = "slaves that refuse queries",
    [LOG_UNANSWERED] = "unanswered queries",
    [LOG_SLAVE] = "slaves that die or come back",
    [LOG_FLAPS] = "devices that flap",
    [LOG_FULL] = "connections refused for want of room",
    [LOG_NOT_ALLOWED] = "addresses that are not allowed",
    [LOG_BAD_HEADER] = "load balancers without their header",
};

void log_budget_init(struct log_budget *budget)
{
    *budget = (struct log_budget){0};
    for (size_t i = 0; i < LOG_KINDS; i++) {
        budget->kinds[i].all = (struct log_limit)LOG_LIMIT(LOG_BUDGET_BURST, LOG_BUDGET_WINDOW_MS);
        for (size_t p = 0; p < LOG_BUDGET_PEERS; p++)
            budget->kinds[i].peers[p] =
                (struct log_limit)LOG_LIMIT(LOG_BUDGET_PEER_BURST, LOG_BUDGET_PEER_WINDOW_MS);
    }
}

static size_t place_of(const char *key)
{
    uint32_t hash = 2166136261U; /* FNV-1a */
    for (; *key != '\0'; key++)
        hash = (hash ^ (uint8_t)*key) * 16777619U;
    return (hash ^ hash >> 16) % LOG_BUDGET_PEERS;
}

bool log_budget_take(struct log_budget *budget, enum log_kind kind, const char *key, int64_t now_ms,
                     uint64_t *left_out)
{
    uint64_t *waiting = &budget->kinds[kind].left_out, ignored;
    if (budget->kinds[kind].all.burst == 0)
        return false;
    /* The peer's first: what it has too much of takes nothing from the others. */
    if (!log_limited(&budget->kinds[kind].peers[place_of(key)], now_ms, &ignored) ||
        !log_limited(&budget->kinds[kind].all, now_ms, &ignored)) {
        ++*waiting;
        return false;
    }
    *left_out = *waiting;
    *waiting = 0;
    return true;
}

void log_budget_sweep(struct log_budget *budget)
{
    for (size_t i = 0; i < LOG_KINDS; i++) {
        uint64_t *waiting = &budget->kinds[i].left_out;
        if (*waiting > 0)
            log_warn("log", NULL, "%llu lines about %s were left out", (unsigned long long)*waiting,
                     kind_names[i]);
        *waiting = 0;
    }
}
