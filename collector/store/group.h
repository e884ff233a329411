/*
 * One group of the journal as bytes: records, and the names that they refer to.
 *
 * References (collector/store/names.h) are good for one process only. So a group brings a
 * dictionary: each device and point that its records refer to, with the reference that it had. It
 * is read back by giving each entry this process's reference and writing that into the records.
 *
 * The bytes are in the machine's own order and are guarded by a CRC-32. No system calls.
 */
#ifndef DTUHUB_COLLECTOR_STORE_GROUP_H
#define DTUHUB_COLLECTOR_STORE_GROUP_H

#include "collector/store/cache.h"
#include "collector/store/names.h"

#include <stddef.h>
#include <stdint.h>

enum { GROUP_ID_SIZE = 33 };

struct group_info {
    char id[GROUP_ID_SIZE]; /* of the journal: 32 hexadecimal digits */
    uint64_t first_seq;     /* of its first record */
    uint32_t records;
    int64_t made_ms; /* wall clock */
};

/** A maker of groups: remembers what it needs from one to the next. */
struct group_maker;

struct group_maker *group_maker_new(struct names *names);
void group_maker_free(struct group_maker *maker);

/**
 * group_make(maker, info, chunks, size, crc): the bytes of a group with the records of ${chunks},
 * info->records of them; they are the maker's, good until the next call. NULL where the records
 * make no sense, which only a fault of this program can cause.
 */
const uint8_t *group_make(struct group_maker *maker, const struct group_info *info,
                          const struct cache_chunks *chunks, size_t *size, uint32_t *crc);

/** group_crc(bytes, size): the CRC-32 that group_make() gives. */
uint32_t group_crc(const uint8_t *bytes, size_t size);

/**
 * group_read(bytes, size, crc, names, info, problem): the records of a group, with references of
 * ${names}, and what they are in ${info}. NULL, and ${problem} a static text, where it is not
 * whole: any bytes may be given.
 */
struct cache_chunk *group_read(const uint8_t *bytes, size_t size, uint32_t crc, struct names *names,
                               struct group_info *info, const char **problem);

/** group_peek(bytes, size, crc, info): only what it is; 0, or -1 where it is not whole. */
int group_peek(const uint8_t *bytes, size_t size, uint32_t crc, struct group_info *info);

#endif
