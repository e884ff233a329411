/*
 * data_config.yml: how data is read. query_tasks and data_points at the top level are the default
 * profile, whose line is the original's (framing tlv); profiles: names others, devices: says which
 * DTU is of which.
 *
 * A loaded configuration is an immutable snapshot with a count of its holders: sessions keep the
 * one they run by while a reload brings the next. data_config_hold() and data_config_release()
 * belong to one thread (the loop); reading is for any.
 */
#ifndef DTUHUB_CONFIG_DATA_CONFIG_H
#define DTUHUB_CONFIG_DATA_CONFIG_H

#include "shared/config/fault.h"
#include "shared/config/link_def.h"
#include "shared/config/rule_config.h"
#include "shared/modbus/adu.h"
#include "shared/modbus/regtype.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { POINT_NAME_MAX = 64, POINT_UNIT_MAX = 16, DEVICE_NAME_MAX = 64, PROFILE_NAME_MAX = 64 };

struct point_def {
    char *name; /* unique in its profile, 1 to POINT_NAME_MAX bytes of printable UTF-8 */
    char *unit; /* "" where none is given */
    struct reg_type type;
    double scale; /* 1 where the file says null or nothing */
    double offset;
    uint16_t address; /* wire address of its first register */
    int8_t decimals;  /* digits shown behind the point, 0 to 9; -1: as many as the value has */
    uint16_t index;   /* its place in profile.points */
    uint8_t slave;    /* unit id of the slave it is read from, and by which function */
    uint8_t function;

    /* Storing on change: a value is stored where it differs from the last one stored by more than
     * ${deadband} (in scaled units; 0: where it differs at all), or ${max_interval_ms} after it (0:
     * never for that reason). */
    bool on_change;
    double deadband;
    int64_t max_interval_ms;

    /* Writing: only where ${writable}; scaled values from ${min} to ${max} (-INFINITY, INFINITY).
     */
    bool writable;
    uint8_t write_function; /* 5, 6, 15 or 16 */
    double min, max;
    unsigned line;
};

enum task_trigger { TRIGGER_TIMER, TRIGGER_HEARTBEAT };

/** A point that a task's answer carries, ${offset} bytes into the answer's data. */
struct task_point {
    const struct point_def *point;
    uint16_t offset;
};

struct query_task {
    uint32_t id; /* the task's key in the file, 1 to 65535; above that: made from the points' own
                    intervals */
    struct adu_request request;
    enum task_trigger trigger;
    int64_t interval_ms; /* of a timer task, at least 100 (file: seconds); 0 for a heartbeat task */
    struct task_point *points;
    size_t npoints;
    uint16_t slave; /* its place in profile.slaves */
    unsigned line;
};

/** A slave behind the DTU: each unit id that a task asks. */
struct slave_def {
    char *name; /* "" where the file gives none */
    uint8_t unit;
};

struct profile {
    char *name; /* "default" */
    struct link_def link;
    uint16_t port;            /* its own; 0: server.main_port, shared with others */
    struct slave_def *slaves; /* by unit id */
    size_t nslaves;
    uint32_t dead_after;      /* failed cycles in a row after which a slave counts as dead */
    int64_t backoff_max_ms;   /* a dead slave is asked less and less often, but so often */
    struct query_task *tasks; /* by id */
    size_t ntasks;
    struct point_def *points; /* by address, then name */
    size_t npoints;
    unsigned line, port_line; /* of its key, and of ${port}; 0: none (the default profile) */
};

/** What devices: says of one DTU. */
struct device_def {
    char *id;                      /* registration id, as text_printable() shows it */
    char *name;                    /* for people; "" where none is given */
    char *tags;                    /* comma-separated, "" where none are given */
    const struct profile *profile; /* NULL: the one that its first packet chooses */
    char *secret;                  /* what its registration must carry; NULL: nothing */
    char *from;                    /* CIDRs, comma-separated, that it may come from; NULL: any */
    char *dial_host;               /* the DTU listens: we dial it; else NULL. Then profile is set */
    uint16_t dial_port;
    unsigned line;
};

enum unknown_devices { UNKNOWN_ACCEPT, UNKNOWN_QUARANTINE, UNKNOWN_REFUSE };

struct data_config {
    unsigned holders;
    struct profile *profiles; /* the first one is the default; the rest in the order of the file */
    size_t nprofiles;
    struct device_def *devices; /* by id (strcmp) */
    size_t ndevices;
    enum unknown_devices unknown_devices; /* DTUs that devices: does not name */
    struct rule_config rules;
};

/** data_config_device(config, id): what devices: says of ${id}, or NULL. */
const struct device_def *data_config_device(const struct data_config *config, const char *id);

/** data_config_profile(config, name): or NULL. */
const struct profile *data_config_profile(const struct data_config *config, const char *name);

/** data_config_load(path, faults): read, check and return a snapshot held once, or NULL with every
 * fault appended. Files that it names (line, points_file, secret_file) are taken from the folder of
 * ${path}. */
struct data_config *data_config_load(const char *path, struct faults *faults);

/** data_config_parse(path, bytes, len, faults): the same for the content ${bytes} of the file
 * ${path}, which is not opened; nor is any other: naming one is a fault here. */
struct data_config *data_config_parse(const char *path, const void *bytes, size_t len,
                                      struct faults *faults);

struct data_config *data_config_hold(struct data_config *config);

/** data_config_release(config): free it with its last holder. NULL is allowed. */
void data_config_release(struct data_config *config);

/** data_config_reference(out): print the reference of all keys as Markdown, from the checker's own
 * tables. */
void data_config_reference(FILE *out);

#endif
