#include "shared/config/data_draft.h"
#include "shared/config/link_draft.h"
#include "shared/config/profile_config.h"

#define DAY (24 * 3600.0)
#define WEEK (7 * DAY)

enum { PATH_LENGTH_MAX = 1023 };

#define PROFILE(key, field, kind)                                                                  \
    .path = "profiles.NAME." #key, .offset = offsetof(struct profile_block, field), .type = kind

static const struct setting profile_settings[] = {
    [PROFILE_LINE] =
        {PROFILE(line, line, SETTING_NODE),
         .help =
             "how its DTUs behave on the line: the name of a family, a path, or a section; without "
             "it as the default profile's"},
    [PROFILE_PORT] =
        {PROFILE(port, port, SETTING_PORT),
         .help = "TCP port of its own; without it its DTUs dial server.main_port, and their first "
                 "packet tells whose they are"},
    [PROFILE_POLL] = {PROFILE(poll, poll, SETTING_BLOCK),
                      .help = "how points are read that no entry of query_tasks reads"},
    [PROFILE_DEAD_AFTER] = {PROFILE(dead_after, dead_after, SETTING_UINT), .def = "2", .min = 1,
                            .max = 1000,
                            .help = "failed cycles in a row after which a slave counts as dead"},
    [PROFILE_BACKOFF] =
        {PROFILE(backoff, backoff_ms, SETTING_SECONDS), .def = "300", .min = 1, .max = DAY,
         .help = "seconds: a dead slave is asked less and less often, but at least so often"},
    [PROFILE_POINTS_FILE] =
        {PROFILE(points_file, points_file, SETTING_PATH), .max = PATH_LENGTH_MAX,
         .help = "point table of the profile, for slave 1 or the slaves in its column slave; a "
                 "relative path starts from the folder of this file"},
    [PROFILE_SLAVES] = {PROFILE(slaves, slaves, SETTING_BLOCK),
                        .help = "the slaves behind the DTU, by unit id"},
    [PROFILE_TASKS] = {PROFILE(query_tasks, query_tasks, SETTING_BLOCK),
                       .help = "as at the top level"},
    [PROFILE_POINTS] = {PROFILE(data_points, data_points, SETTING_BLOCK),
                        .help = "as at the top level"},
};

#define POLL(key, field, kind)                                                                     \
    .path = "profiles.NAME.poll." #key, .offset = offsetof(struct draft_poll, field), .type = kind

static const struct setting poll_settings[] = {
    {POLL(interval, interval_ms, SETTING_SECONDS), .min = 0.1, .max = WEEK,
     .help = "seconds from one reading to the next, where neither the point nor its slave says"},
    {POLL(max_gap, max_gap, SETTING_UINT), .def = "16", .max = ADU_MAX_BITS,
     .help =
         "registers (with function 1 or 2 bits) between two points that are read along, so "
         "that one read does for both; 0 where reading an address that no point has is refused"},
    {POLL(max_registers, max_registers, SETTING_UINT), .def = "125", .min = 1,
     .max = ADU_MAX_REGISTERS, .help = "registers in one read at the most"},
    {POLL(max_bits, max_bits, SETTING_UINT), .def = "2000", .min = 1, .max = ADU_MAX_BITS,
     .help = "bits in one read at the most"},
    {POLL(function, function, SETTING_UINT), .def = "3", .min = 1, .max = 4,
     .help = "Modbus function to read points by that say none"},
};

#define SLAVE(key, field, kind)                                                                    \
    .path = "profiles.NAME.slaves.UNIT." #key, .offset = offsetof(struct draft_slave, field),      \
    .type = kind

static const struct setting slave_settings[] = {
    [SLAVE_NAME] = {SLAVE(name, name, SETTING_STRING), .min = 1, .max = POINT_NAME_MAX - 2,
                    .help = "what people call it; the points of its points_file are called "
                            "NAME.POINT then"},
    [SLAVE_POINTS_FILE] = {SLAVE(points_file, points_file, SETTING_PATH), .max = PATH_LENGTH_MAX,
                           .help = "point table of this slave; several may share one"},
    [SLAVE_INTERVAL] = {SLAVE(interval, interval_ms, SETTING_SECONDS), .min = 0.1, .max = WEEK,
                        .help = "seconds from one reading to the next, where the point says none"},
};

#define TABLE(list)                                                                                \
    {                                                                                              \
        .settings = (list), .count = sizeof(list) / sizeof(*(list))                                \
    }

const struct settings_table profile_table = {
    .settings = profile_settings,
    .count = sizeof(profile_settings) / sizeof(*profile_settings),
    .below = &line_table,
    .below_key = "line",
};
const struct settings_table poll_table = TABLE(poll_settings);
const struct settings_table slave_table = TABLE(slave_settings);
