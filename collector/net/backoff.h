/*
 * How long to pause after failures in a row: 1 s after the first, doubled with each further one up
 * to 60 s, and up to a quarter more or less, so that many that failed together do not try again
 * together. Pure; any thread.
 */
#ifndef DTUHUB_COLLECTOR_NET_BACKOFF_H
#define DTUHUB_COLLECTOR_NET_BACKOFF_H

#include <stdint.h>

enum { BACKOFF_FIRST_MS = 1000, BACKOFF_MAX_MS = 60000 };

/** backoff_ms(failures, chance): the pause after the ${failures}th failure in a row, counted from 1
 * (0 is taken as 1); ${chance} is a random number from 0 to 1. */
int64_t backoff_ms(unsigned failures, double chance);

#endif
