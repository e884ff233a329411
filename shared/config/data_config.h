/*
 * data_config.yml: how data is read. query_tasks and data_points at the top level are the default
 * profile.
 *
 * A loaded configuration is an immutable snapshot with a count of its holders: sessions keep the
 * one they run by while a reload brings the next. data_config_hold() and data_config_release()
 * belong to one thread (the loop); reading is for any.
 */
#ifndef DTUHUB_CONFIG_DATA_CONFIG_H
#define DTUHUB_CONFIG_DATA_CONFIG_H

#include "shared/config/fault.h"
#include "shared/modbus/adu.h"
#include "shared/modbus/regtype.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { POINT_NAME_MAX = 64, POINT_UNIT_MAX = 16 };

struct point_def {
    char *name; /* unique in its profile, 1 to POINT_NAME_MAX bytes of printable UTF-8 */
    char *unit; /* "" where none is given */
    struct reg_type type;
    double scale; /* 1 where the file says null or nothing */
    double offset;
    uint16_t address; /* wire address of its first register */
    int8_t decimals;  /* digits shown behind the point, 0 to 9; -1: as many as the value has */
    uint16_t index;   /* its place in profile.points */
    unsigned line;
};

enum task_trigger { TRIGGER_TIMER, TRIGGER_HEARTBEAT };

/** A point that a task's answer carries, ${offset} bytes into the answer's data. */
struct task_point {
    const struct point_def *point;
    uint16_t offset;
};

struct query_task {
    uint32_t id; /* the task's key in the file, 1 to 65535 */
    struct adu_read request;
    enum task_trigger trigger;
    int64_t interval_ms; /* of a timer task, at least 100 (file: seconds); 0 for a heartbeat task */
    struct task_point *points;
    size_t npoints;
    unsigned line;
};

struct profile {
    char *name;               /* "default" */
    struct query_task *tasks; /* by id */
    size_t ntasks;
    struct point_def *points; /* by address, then name */
    size_t npoints;
};

struct data_config {
    unsigned holders;
    struct profile profile;
};

/** data_config_load(path, faults): read, check and return a snapshot held once, or NULL with every
 * fault appended. */
struct data_config *data_config_load(const char *path, struct faults *faults);

/** data_config_parse(path, bytes, len, faults): the same for the content ${bytes} of the file
 * ${path}, which is not opened. */
struct data_config *data_config_parse(const char *path, const void *bytes, size_t len,
                                      struct faults *faults);

struct data_config *data_config_hold(struct data_config *config);

/** data_config_release(config): free it with its last holder. NULL is allowed. */
void data_config_release(struct data_config *config);

/** data_config_reference(out): print the reference of all keys as Markdown, from the checker's own
 * tables. */
void data_config_reference(FILE *out);

#endif
