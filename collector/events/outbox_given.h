/*
 * Which rows of one target the loop has: given out, and not yet written back as delivered or dead.
 * Belongs to the outbox's thread.
 */
#ifndef DTUHUB_COLLECTOR_EVENTS_OUTBOX_GIVEN_H
#define DTUHUB_COLLECTOR_EVENTS_OUTBOX_GIVEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct given;

struct given *given_new(void);
void given_free(struct given *given);

/** given_add(given, target, id, size): ${size} bytes of events. given_remove(given, id): by id
 * alone; false where it is not there. given_forget(given, target): all of a target. */
void given_add(struct given *given, const char *target, uint64_t id, size_t size);
bool given_remove(struct given *given, uint64_t id);
void given_forget(struct given *given, const char *target);

/** given_count(given, target), given_bytes(given, target): what the loop has of it. */
size_t given_count(const struct given *given, const char *target);
size_t given_bytes(const struct given *given, const char *target);

/** given_exclude(given, target, out): " AND id NOT IN (...)", or nothing. */
void given_exclude(const struct given *given, const char *target, FILE *out);

#endif
