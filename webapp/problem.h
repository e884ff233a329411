/*
 * Errors as the caller can read them: application/problem+json (RFC 9457) for the API, a page for
 * people.
 */
#ifndef DTUHUB_WEBAPP_PROBLEM_H
#define DTUHUB_WEBAPP_PROBLEM_H

#include "webapp/call.h"

/** problem_send(call, outcome): answer for an outcome other than OUTCOME_DONE. */
void problem_send(struct call *call, enum outcome outcome);

/** problem_send_status(call, status, key): the same for a fault that no handler saw; ${key} picks
 * error.${key}.title and .text. */
void problem_send_status(struct call *call, int status, const char *key);

#endif
