/*
 * A profile: what is read from a family of devices, and how: an entry of profiles:, or query_tasks
 * and data_points at the top level of data_config.yml, which are the default one.
 */
#ifndef DTUHUB_CONFIG_PROFILE_CONFIG_H
#define DTUHUB_CONFIG_PROFILE_CONFIG_H

#include "shared/config/config_files.h"
#include "shared/config/data_config.h"
#include "shared/config/point_files.h"
#include "shared/config/settings.h"

/* What the profiles of one file share while they are read. */
struct profile_reading {
    struct settings_reader reader;
    struct config_files files;
    struct point_files tables; /* the point tables read so far */
};

/* What a section of a profile says; its texts belong to settings_free(&profile_table, ...). */
struct profile_block {
    const yaml_node_t *line, *poll, *slaves, *query_tasks, *data_points;
    char *points_file;
    uint16_t port;
    uint32_t dead_after;
    int64_t backoff_ms;
};

/**
 * profile_config_read(reading, pair, out): read the entry ${pair} of profiles:. ${out} is the
 * caller's in any case (profile_config_clear()), with whatever faults were appended.
 */
void profile_config_read(struct profile_reading *reading, const struct yaml_pair *pair,
                         struct profile *out);

/**
 * profile_config_read_default(reading, tasks, points, tasks_faulty, out): the same for the default
 * profile, of the sections ${tasks} and ${points} (NULL: none). ${tasks_faulty}: tasks are missing
 * that should be there, do not complain of points that none reads.
 */
void profile_config_read_default(struct profile_reading *reading, const yaml_node_t *tasks,
                                 const yaml_node_t *points, bool tasks_faulty, struct profile *out);

/** profile_config_clear(profile): free what it holds. */
void profile_config_clear(struct profile *profile);

#endif
