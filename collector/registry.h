/*
 * Which lines there are: registered ones by their device's id, and those that have not registered
 * yet, oldest first.
 *
 * Belongs to the loop's thread.
 */
#ifndef DTUHUB_COLLECTOR_REGISTRY_H
#define DTUHUB_COLLECTOR_REGISTRY_H

#include <stddef.h>
#include <sys/queue.h>
#include <uthash.h>

/** A line's place in the registry, part of its owner's struct. */
struct registry_entry {
    UT_hash_handle hh;
    TAILQ_ENTRY(registry_entry) link;
    const char *id; /* NULL before registration */
};

TAILQ_HEAD(registry_list, registry_entry);

struct registry {
    struct registry_entry *by_id;
    struct registry_list pending, online; /* each in order of arrival */
    size_t npending, nonline;
};

void registry_init(struct registry *registry);

/** registry_add(registry, entry): a line was accepted. */
void registry_add(struct registry *registry, struct registry_entry *entry);

/** registry_find(registry, id): the line of the device ${id}, or NULL. */
struct registry_entry *registry_find(const struct registry *registry, const char *id);

/** registry_name(registry, entry, id): the line registered as ${id}, which lives as long as the
 * entry; no other line has it. */
void registry_name(struct registry *registry, struct registry_entry *entry, const char *id);

void registry_remove(struct registry *registry, struct registry_entry *entry);

/** registry_count(registry): all lines. */
size_t registry_count(const struct registry *registry);

#endif
