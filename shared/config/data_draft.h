/*
 * Between the file and the snapshot: tasks, points and slaves of one profile as data_config.yml and
 * its point tables state them, with what only the checks need.
 */
#ifndef DTUHUB_CONFIG_DATA_DRAFT_H
#define DTUHUB_CONFIG_DATA_DRAFT_H

#include "shared/config/data_config.h"
#include "shared/config/settings.h"

enum {
    TASK_ID_MAX = 65535, /* of tasks in the file; those made from points' intervals come above */
    POINTS_MAX = 65535,  /* of a profile, and of a point table */
    SLAVE_MAX = 247,
};

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
    POINT_INTERVAL,
    POINT_ON_CHANGE,
    POINT_DEADBAND,
    POINT_MAX_INTERVAL,
    POINT_WRITABLE,
    POINT_MIN,
    POINT_MAX,
    POINT_WRITE_FUNCTION,
    POINT_KEYS,
};

enum profile_key {
    PROFILE_LINE,
    PROFILE_PORT,
    PROFILE_POLL,
    PROFILE_DEAD_AFTER,
    PROFILE_BACKOFF,
    PROFILE_POINTS_FILE,
    PROFILE_SLAVES,
    PROFILE_TASKS,
    PROFILE_POINTS,
    PROFILE_KEYS
};

enum slave_key { SLAVE_NAME, SLAVE_POINTS_FILE, SLAVE_INTERVAL, SLAVE_KEYS };

struct draft_task {
    char *path; /* "query_tasks.1" */
    uint32_t id, start, length, slave, function;
    int64_t interval_ms;
    enum task_trigger trigger;
    unsigned line, lines[TASK_KEYS];
};

/* The columns of a point table, for messages. */
struct point_columns {
    unsigned number[POINT_KEYS]; /* from 1; 0: the table has none */
    char *title[POINT_KEYS];     /* as the header says it */
};

/* A points_file that a profile or a slave names: its points are the profile's as well. */
struct draft_source {
    const char *file; /* the table, as messages name it */
    char *path;       /* "profiles.pump.slaves.1.points_file" */
    const char *name; /* of the slave: its points are called NAME.POINT; NULL: as they are */
    unsigned line;    /* of ${path} */
    uint32_t slave;   /* 0: the profile's, whose points say their slave themselves */
    size_t unread;    /* points that no task reads; they are reported together */
    size_t whose;     /* points that do not say of which slave, in the same way */
    bool clash_told;
};

struct draft_point {
    char *path; /* "data_points.2000" */
    char *name, *unit;
    double scale, offset, deadband, min, max;
    uint32_t address, length, decimals, bit;
    uint32_t slave, function;      /* 0: those of the tasks that read it */
    uint32_t bit_first, bit_count; /* from bit or bits; count 0: neither is given */
    int64_t interval_ms, max_interval_ms;
    const yaml_node_t *bits;
    enum data_type type;
    enum word_order order;
    int write_choice; /* index of data_write_functions */
    bool on_change, writable;
    struct reg_type reg;
    uint8_t read_slave, read_function, write_function; /* once bound */
    bool faulty;  /* not to be held against tasks: it would only bring more faults */
    bool planned; /* read by the one task that is made for it: ${task} of the draft's tasks */
    size_t task;
    unsigned line, lines[POINT_KEYS];

    /* Of a point table, else NULL. */
    const struct point_columns *columns;
    struct draft_source *source;
    const struct draft_source **told_by; /* who reported faults of this row: other slaves, which
                                            have the same row, do not repeat them */
};

struct draft_slave {
    char *path; /* "profiles.pump.slaves.1" */
    char *name, *points_file;
    int64_t interval_ms; /* 0: none given */
    uint32_t unit;
    unsigned line, lines[SLAVE_KEYS];
};

/* How reads are made of points that no task reads. */
struct draft_poll {
    int64_t interval_ms; /* 0: none given */
    uint32_t max_gap, max_registers, max_bits, function;
};

struct data_draft {
    const char *file;
    struct faults *faults;
    char *prefix;               /* "", or "profiles.pump." */
    struct draft_task *tasks;   /* by id, once read; then those made */
    struct draft_point *points; /* by address, then name, once read */
    struct draft_slave *slaves; /* by unit */
    struct draft_source *sources;
    size_t ntasks, npoints, nslaves, nsources;
    size_t nwritten; /* the tasks of the file: those before the ones made */
    struct draft_poll poll;
    bool listen_only;
    bool tasks_faulty; /* a task is missing for certain: do not complain of unread points */
};

struct bits_block {
    uint32_t first, count;
};

extern const struct settings_table top_table, task_table, point_table, bits_table, profile_table,
    poll_table, slave_table;
extern const uint8_t data_write_functions[]; /* in the order of their choices */

/* A key of a point as messages call it: "data_points.2000.scale", or "column 3 (scale)". */
struct point_key_text {
    char text[640];
};
const char *data_point_key(struct point_key_text *out, const struct draft_point *point,
                           enum point_key key);

/** POINT_KEY(point, key): valid to the end of the block that it stands in. */
#define POINT_KEY(point, key) data_point_key(&(struct point_key_text){{0}}, (point), (key))

/** data_point_fault(draft, point, key, fmt, ...): append a fault at the line of the point's ${key}
 * (POINT_KEYS, or a key that is not given: of the point), in the file that it comes from. The point
 * is faulty from then on. */
void data_point_fault(const struct data_draft *draft, struct draft_point *point, enum point_key key,
                      const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/** data_read_tasks(draft, reader, section): the section query_tasks, NULL: none. */
void data_read_tasks(struct data_draft *draft, const struct settings_reader *reader,
                     const yaml_node_t *section);

/** data_read_points(draft, reader, section): the section data_points, NULL: none. */
void data_read_points(struct data_draft *draft, const struct settings_reader *reader,
                      const yaml_node_t *section);

/** data_point_check_end(draft, point): fault what ends behind the last address. */
void data_point_check_end(const struct data_draft *draft, struct draft_point *point);

/** data_names_check(draft): fault names that two points have; then put the points in order. */
void data_names_check(struct data_draft *draft);

/** data_draft_clear(draft): free all. */
void data_draft_clear(struct data_draft *draft);

/** data_draft_free_point(point): free its texts. */
void data_draft_free_point(struct draft_point *point);

/** data_type_resolve(draft, point): fill point->reg from type, length, word_order and bits, check
 * the keys that go with the type, or append faults. */
void data_type_resolve(const struct data_draft *draft, struct draft_point *point);

/** data_write_resolve(draft, point): fill point->write_function of a writable point, whose read
 * function is known, or append faults. */
void data_write_resolve(const struct data_draft *draft, struct draft_point *point);

/* The addresses that a point takes: registers, or bits. */
struct data_extent {
    uint32_t first, end;
};
struct data_extent data_extent(const struct draft_point *point, bool bits);

/** data_function_reads_bits(function): whether it is 1 or 2. */
bool data_function_reads_bits(uint32_t function);

/** data_plan_admit(draft, point): whether an interval is known by which a task can be made for
 * ${point}, which no task reads. 1 and the point is planned; 0: no interval; -1: a fault was
 * appended. */
int data_plan_admit(const struct data_draft *draft, struct draft_point *point);

/** data_listen_check(draft): where the line is listen-only, fault tasks whose answers could not be
 * told apart. */
void data_listen_check(const struct data_draft *draft);

/** data_slaves_read(draft, reader, section): the section slaves, NULL: none. */
void data_slaves_read(struct data_draft *draft, const struct settings_reader *reader,
                      const yaml_node_t *section);

/** data_slaves_check_asked(draft): fault slaves that no task asks. */
void data_slaves_check_asked(const struct data_draft *draft);

/** data_slaves_find(draft, unit): or NULL. */
const struct draft_slave *data_slaves_find(const struct data_draft *draft, uint32_t unit);

/** data_plan_make(draft): make the tasks of the planned points, and say which reads which. */
void data_plan_make(struct data_draft *draft);

/**
 * data_bind(draft): find the tasks that read each point, or plan one, and fault every point that no
 * task reads, that only half fits, or that two tasks read from different places. A point of coils
 * gets its final reg here.
 */
void data_bind(struct data_draft *draft);

/**
 * data_attach(draft, profile): give each task of ${profile} (as many as the draft has, in the same
 * order) the points that it reads. Tasks keep pointers into profile->points, which has its final
 * length but may still be empty.
 */
void data_attach(struct data_draft *draft, struct profile *profile);

#endif
