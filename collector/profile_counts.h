/*
 * What is counted of each profile. By its name: so the counts go on over a reload, and those of a
 * profile that is gone stay. As many as there are names in configurations, which is few.
 *
 * Plain numbers: they belong to the loop's thread.
 */
#ifndef DTUHUB_COLLECTOR_PROFILE_COUNTS_H
#define DTUHUB_COLLECTOR_PROFILE_COUNTS_H

#include <stdint.h>
#include <uthash.h>

struct profile_counts {
    UT_hash_handle hh;
    uint64_t lines; /* registered ones that run by it now */
    uint64_t registrations;
    uint64_t polls, repeated, answers, exceptions, timeouts, crc_errors, samples;
    char name[]; /* the profile's */
};

/** All of them, in the order in which they came; zero-initialised it is empty. */
struct profile_table {
    struct profile_counts *head;
};

/** profile_table_get(table, name): the counts of that profile, made where there are none. They
 * live as long as the table. NULL where ${table} is NULL: nobody counts. */
struct profile_counts *profile_table_get(struct profile_table *table, const char *name);

/** profile_table_clear(table): forget all. */
void profile_table_clear(struct profile_table *table);

#endif
