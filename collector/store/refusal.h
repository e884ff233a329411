/*
 * What an error of the database means for what was to be stored, and what a person can do about it.
 * Pure.
 */
#ifndef DTUHUB_COLLECTOR_STORE_REFUSAL_H
#define DTUHUB_COLLECTOR_STORE_REFUSAL_H

enum refusal {
    REFUSAL_LOST,      /* the connection or the server is gone: connect again */
    REFUSAL_LOCK,      /* another transaction was in the way: the same again, soon */
    REFUSAL_ROW,       /* a value is refused: trying again is of no use, the others are fine */
    REFUSAL_SCHEMA,    /* a table or column is not as it should be */
    REFUSAL_PRIVILEGE, /* the account may not do this */
    REFUSAL_SERVER,    /* the server takes nothing from anybody: full, or read-only */
    REFUSAL_OTHER,
    REFUSALS, /* one more than the last */
};

/** refusal_of(code, state): of mysql_errno() and the SQLSTATE. */
enum refusal refusal_of(unsigned code, const char *state);

/** refusal_advice(refusal, code): what to do, for the log; "" where the error speaks for itself. */
const char *refusal_advice(enum refusal refusal, unsigned code);

#endif
