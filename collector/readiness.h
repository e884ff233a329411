/*
 * Whether the collector is ready, and why not: facts in, a status and a text out. Pure.
 *
 * The text has a line for each check, "NAME: ok" or "NAME: what is wrong". Some checks make the
 * collector unready, others are only told. A further check is one more entry of the table in
 * readiness.c, and the facts it looks at.
 */
#ifndef DTUHUB_COLLECTOR_READINESS_H
#define DTUHUB_COLLECTOR_READINESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The keeper is not in the way of a record. That it cannot even log in means that the writer could
 * not either, which nobody would notice while no record comes. */
enum { KEEPER_AWAY_MS = 30000 };

struct readiness_facts {
    bool database_up;
    const char *database_error; /* why it is not up */
    bool behind;                /* records wait for the database for too long */
    int64_t behind_ms;          /* for how long */
    unsigned long long waiting; /* so many, where the journal counts them */
    bool journal_ok;
    const char *journal_error; /* why it is not written */
    size_t cache_used, cache_max;
    int64_t keeper_away_ms;   /* for so long the keeper could not work at all; 0: it can */
    const char *keeper_error; /* of its last look, or why it cannot; "" where it had none */
    const char *reload_error; /* of the last reload, a line each; "" where it was taken over */
};

/** readiness_compose(facts, text, size): write the reasons into ${text}, cut where ${size} is too
 * small. Return the HTTP status: 200, or 503 where the collector is not ready. */
int readiness_compose(const struct readiness_facts *facts, char *text, size_t size);

#endif
