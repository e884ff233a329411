/*
 * Names that records refer to by number: devices by their registration id, points by profile and
 * name.
 *
 * The loop adds names as they appear and never removes one; a writer reads what it has not seen
 * yet. A reference counts from 0 in the order of appearance and is good for the life of the
 * process. Locked inside: any thread.
 */
#ifndef DTUHUB_COLLECTOR_STORE_NAMES_H
#define DTUHUB_COLLECTOR_STORE_NAMES_H

#include "shared/config/data_config.h"

#include <stddef.h>
#include <stdint.h>

struct names;

/** What the table `points` keeps of a point. */
struct point_name {
    char *profile;
    char *name;
    char *unit;
    const char *kind; /* "int", "float", ... */
    uint16_t address;
    int8_t decimals;
};

/** What the table `devices` keeps of what the configuration says of a device. */
struct device_name {
    char *name, *tags; /* "" where none are given */
    char *profile;
    unsigned revision; /* grows with each change of the three */
};

struct names *names_new(void);
void names_free(struct names *names);

/** names_device(names, id): the reference of the device with the printable registration id ${id}.
 */
uint32_t names_device(struct names *names, const char *id);

/** names_find_device(names, id, ref): the same without making one: 0, or -1 where it has not
 * appeared. */
int names_find_device(struct names *names, const char *id, uint32_t *ref);

/** names_describe_device(names, ref, name, tags, profile): what the configuration says of the
 * device now, and the profile it runs by: when it registers, and after each reload. */
void names_describe_device(struct names *names, uint32_t ref, const char *name, const char *tags,
                           const char *profile);

/** names_point(names, profile, def): the reference of a point; what ${def} says of it now is kept.
 */
uint32_t names_point(struct names *names, const char *profile, const struct point_def *def);

/** names_replayed_point(names, point): the reference of a point that an earlier start described;
 * what this one said of it already stays. 0, or -1 where it is of no kind that is known. */
int names_replayed_point(struct names *names, const struct point_name *point, uint32_t *ref);

/** names_get_device(names, ref): a copy of the id, to be freed; NULL where there is no such
 * reference. */
char *names_get_device(struct names *names, uint32_t ref);

/** names_get_device_name(names, ref, out): copy what was said of it; 0, or -1 where nothing was.
 * names_device_clear(name) frees the copy. */
int names_get_device_name(struct names *names, uint32_t ref, struct device_name *out);
void names_device_clear(struct device_name *name);

/**
 * names_get_point(names, ref, out): copy the point's description; 0, or -1 where there is no such
 * reference. names_point_clear(point) frees the copy.
 */
int names_get_point(struct names *names, uint32_t ref, struct point_name *out);
void names_point_clear(struct point_name *point);

/** names_revision(names): grows whenever the description of a known point changes. */
unsigned names_revision(struct names *names);

#endif
