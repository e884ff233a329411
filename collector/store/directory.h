/*
 * Which number the database has given to a device or a point that records refer to.
 *
 * Ask for what a batch refers to with directory_want_*(), let directory_resolve() look up and
 * create the missing ones in few statements, then read the numbers. Belongs to a writer's thread.
 */
#ifndef DTUHUB_COLLECTOR_STORE_DIRECTORY_H
#define DTUHUB_COLLECTOR_STORE_DIRECTORY_H

#include "collector/store/names.h"
#include "shared/db/db.h"

#include <stdint.h>

struct directory;

/** directory_new(names, collector): ${names} must outlive it; ${collector} is the collector's name
 * in the database. */
struct directory *directory_new(struct names *names, const char *collector);
void directory_free(struct directory *dir);

/** directory_forget(dir): all numbers: the database may be another one after a reconnect. */
void directory_forget(struct directory *dir);

/** directory_check(dir, conn, error): see whether the points that have numbers are still in the
 * table; those that somebody has deleted are made again, with their numbers, by the next
 * directory_resolve(). 0, or -1 with ${error} filled. */
int directory_check(struct directory *dir, MYSQL *conn, struct db_error *error);

/** directory_want_device(dir, ref, ts_ms): the batch refers to a device; ${ts_ms} becomes
 * first_seen where it is new. */
void directory_want_device(struct directory *dir, uint32_t ref, int64_t ts_ms);
/** directory_want_id(dir, ref): the batch names a device by its id alone; no row is made for it. */
void directory_want_id(struct directory *dir, uint32_t ref);
void directory_want_point(struct directory *dir, uint32_t ref);

/** directory_resolve(dir, conn, error): give everything wanted its number. 0, or -1 with ${error}
 * filled; what has none yet is then no longer wanted. */
int directory_resolve(struct directory *dir, MYSQL *conn, struct db_error *error);

/** directory_device(dir, ref), directory_point(dir, ref): the number; 0 where it was never wanted.
 */
uint32_t directory_device(const struct directory *dir, uint32_t ref);
uint16_t directory_point(const struct directory *dir, uint32_t ref);

/** directory_device_name(dir, ref, out): as names_get_device_name(). */
int directory_device_name(const struct directory *dir, uint32_t ref, struct device_name *out);

/** directory_device_id(dir, ref): the registration id; good until the directory goes. */
const char *directory_device_id(const struct directory *dir, uint32_t ref);

#endif
