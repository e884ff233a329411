/*
 * Between the file and the snapshot: tasks and points as data_config.yml states them, with what
 * only the checks need.
 */
#ifndef DTUHUB_CONFIG_DATA_DRAFT_H
#define DTUHUB_CONFIG_DATA_DRAFT_H

#include "shared/config/data_config.h"
#include "shared/config/settings.h"

enum data_type {
    TYPE_INT,
    TYPE_UINT,
    TYPE_FLOAT,
    TYPE_DOUBLE,
    TYPE_BITS,
    TYPE_STRING,
    TYPE_BCD,
    TYPE_INT16,
    TYPE_UINT16,
    TYPE_INT32,
    TYPE_UINT32,
    TYPE_INT64,
    TYPE_UINT64,
    TYPE_FLOAT32,
    TYPE_FLOAT64,
};

/* In the order of the tables, so that lines[] of a draft can be asked by name. */
enum task_key {
    TASK_START,
    TASK_LENGTH,
    TASK_INTERVAL,
    TASK_TRIGGER,
    TASK_SLAVE,
    TASK_FUNCTION,
    TASK_KEYS
};

enum point_key {
    POINT_ADDRESS,
    POINT_NAME,
    POINT_TYPE,
    POINT_LENGTH,
    POINT_SCALE,
    POINT_OFFSET,
    POINT_UNIT,
    POINT_DECIMALS,
    POINT_WORD_ORDER,
    POINT_BIT,
    POINT_BITS,
    POINT_SLAVE,
    POINT_FUNCTION,
    POINT_KEYS,
};

struct draft_task {
    char *path; /* "query_tasks.1" */
    uint32_t id, start, length, slave, function;
    int64_t interval_ms;
    enum task_trigger trigger;
    unsigned line, lines[TASK_KEYS];
};

struct draft_point {
    char *path; /* "data_points.2000" */
    char *name, *unit;
    double scale, offset;
    uint32_t address, length, decimals, bit;
    uint32_t slave, function;      /* 0: those of the tasks that read it */
    uint32_t bit_first, bit_count; /* from bit or bits; count 0: neither is given */
    const yaml_node_t *bits;
    enum data_type type;
    enum word_order order;
    struct reg_type reg;
    bool faulty; /* not to be held against tasks: it would only bring more faults */
    unsigned line, lines[POINT_KEYS];
};

struct data_draft {
    const char *file;
    struct faults *faults;
    struct draft_task *tasks;   /* by id, once read */
    struct draft_point *points; /* by address, then name, once read */
    size_t ntasks, npoints;
    bool tasks_faulty; /* a task is missing for certain: do not complain of unread points */
};

struct bits_block {
    uint32_t first, count;
};

extern const struct settings_table task_table, point_table, bits_table;

/** data_type_resolve(draft, point): fill point->reg from type, length, word_order and bits, or
 * append faults. */
void data_type_resolve(const struct data_draft *draft, struct draft_point *point);

/**
 * data_bind(draft, profile): give each task of ${profile} (as many as the draft has, in the same
 * order) the points that it reads, and fault every point that no task reads, that only half fits,
 * or that two tasks read from different places. A point of coils gets its final reg here. Tasks
 * keep pointers into profile->points, which has its final length but may still be empty.
 */
void data_bind(struct data_draft *draft, struct profile *profile);

#endif
