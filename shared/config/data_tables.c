#include "shared/config/data_draft.h"

#include <assert.h>

/* SETTING_CHOICE stores an int. */
static_assert(sizeof(enum task_trigger) == sizeof(int), "enum task_trigger");
static_assert(sizeof(enum data_type) == sizeof(int), "enum data_type");
static_assert(sizeof(enum word_order) == sizeof(int), "enum word_order");

#define WEEK (7 * 24 * 3600.0)
#define NUMBER_MAX 1e300

#define TASK(key, field, kind)                                                                     \
    .path = "query_tasks.ID." #key, .offset = offsetof(struct draft_task, field), .type = kind

static const char *const trigger_choices[] = {"timer", "heartbeat", NULL};

static const struct setting task_settings[] = {
    [TASK_START] = {TASK(start_addr, start, SETTING_UINT), .required = true, .max = 65535,
                    .help = "wire address of the first register, from 0"},
    [TASK_LENGTH] = {TASK(length, length, SETTING_UINT), .required = true, .min = 1, .max = 65535,
                     .help = "registers to read, 125 at the most; with function 1 or 2 bits, 2000 "
                             "at the most"},
    [TASK_INTERVAL] = {TASK(interval, interval_ms, SETTING_SECONDS), .max = WEEK,
                       .help = "seconds from one query to the next, at least 0.1; a heartbeat task "
                               "has 0 or none"},
    [TASK_TRIGGER] = {TASK(trigger, trigger, SETTING_CHOICE), .def = "timer",
                      .choices = trigger_choices,
                      .help = "what sends the query: the interval, or every heartbeat of the DTU"},
    [TASK_SLAVE] = {TASK(slave, slave, SETTING_UINT), .def = "1", .min = 1, .max = 247,
                    .help = "unit id of the slave behind the DTU"},
    [TASK_FUNCTION] = {TASK(function, function, SETTING_UINT), .def = "3", .min = 1, .max = 4,
                       .help = "Modbus function: 1 coils, 2 discrete inputs, 3 holding registers, "
                               "4 input registers"},
};

#define POINT(key, field, kind)                                                                    \
    .path = "data_points.ADDRESS." #key, .offset = offsetof(struct draft_point, field), .type = kind

static const char *const type_choices[] = {
    [TYPE_INT] = "int",        [TYPE_UINT] = "uint",       [TYPE_FLOAT] = "float",
    [TYPE_DOUBLE] = "double",  [TYPE_BITS] = "bits",       [TYPE_STRING] = "string",
    [TYPE_BCD] = "bcd",        [TYPE_INT16] = "int16",     [TYPE_UINT16] = "uint16",
    [TYPE_INT32] = "int32",    [TYPE_UINT32] = "uint32",   [TYPE_INT64] = "int64",
    [TYPE_UINT64] = "uint64",  [TYPE_FLOAT32] = "float32", [TYPE_FLOAT64] = "float64",
    [TYPE_FLOAT64 + 1] = NULL,
};
static const char *const order_choices[] = {"ABCD", "CDAB", "BADC", "DCBA", NULL};
static const char *const write_choices[] = {"5", "6", "15", "16", NULL};
const uint8_t data_write_functions[] = {FC_WRITE_COIL, FC_WRITE_REGISTER, FC_WRITE_COILS,
                                        FC_WRITE_REGISTERS};

static const struct setting point_settings[] = {
    [POINT_ADDRESS] = {POINT(address, address, SETTING_UINT), .max = 65535,
                       .help = "wire address of the first register, where the key is a label and "
                               "not the address itself"},
    [POINT_NAME] = {POINT(name, name, SETTING_STRING), .required = true, .min = 1,
                    .max = POINT_NAME_MAX, .help = "what the value is called, unique"},
    [POINT_TYPE] = {POINT(type, type, SETTING_CHOICE), .required = true, .choices = type_choices,
                    .help = "how the bytes become a value"},
    [POINT_LENGTH] = {POINT(length, length, SETTING_UINT), .min = 1, .max = REG_STRING_MAX,
                      .help =
                          "bytes of the value, two a register; int, uint, string and bcd need it"},
    [POINT_SCALE] = {POINT(scale, scale, SETTING_NUMBER), .def = "1", .min = -NUMBER_MAX,
                     .max = NUMBER_MAX,
                     .help = "the number read is multiplied by it; null is as it is"},
    [POINT_OFFSET] = {POINT(offset, offset, SETTING_NUMBER), .def = "0", .min = -NUMBER_MAX,
                      .max = NUMBER_MAX, .help = "added after scale"},
    [POINT_UNIT] = {POINT(unit, unit, SETTING_STRING), .def = "", .max = POINT_UNIT_MAX,
                    .help = "shown behind the value"},
    [POINT_DECIMALS] = {POINT(decimals, decimals, SETTING_UINT), .max = 9,
                        .help = "digits shown behind the decimal point; without it as many as the "
                                "value has"},
    [POINT_WORD_ORDER] = {POINT(word_order, order, SETTING_CHOICE), .def = "ABCD",
                          .choices = order_choices,
                          .help = "order of the bytes on the wire, A the most significant"},
    [POINT_BIT] = {POINT(bit, bit, SETTING_UINT), .max = 31,
                   .help = "type bits: the one bit, 0 the least significant"},
    [POINT_BITS] = {POINT(bits, bits, SETTING_BLOCK),
                    .help = "type bits: several bits as one number, as {first: 4, count: 2}"},
    [POINT_SLAVE] = {POINT(slave, slave, SETTING_UINT), .min = 1, .max = 247,
                     .help = "unit id of the slave; without it that of the task that reads the "
                             "address, or 1; needed where tasks read it from several"},
    [POINT_FUNCTION] = {POINT(function, function, SETTING_UINT), .min = 1, .max = 4,
                        .help =
                            "Modbus function, 1 to 4; without it that of the task that reads the "
                            "address, or poll.function; needed where tasks read it by several"},
    [POINT_INTERVAL] = {POINT(interval, interval_ms, SETTING_SECONDS), .min = 0.1, .max = WEEK,
                        .help = "seconds from one reading to the next, where no entry of "
                                "query_tasks reads the point"},
    [POINT_ON_CHANGE] = {POINT(on_change, on_change, SETTING_BOOL), .def = "false",
                         .help = "store a value only where it differs from the last one stored"},
    [POINT_DEADBAND] = {POINT(deadband, deadband, SETTING_NUMBER), .def = "0", .max = NUMBER_MAX,
                        .help = "on_change: what it must differ by more than, in the point's unit"},
    [POINT_MAX_INTERVAL] = {POINT(max_interval, max_interval_ms, SETTING_SECONDS), .def = "0",
                            .max = WEEK,
                            .help = "on_change: store at least so often, in seconds; 0: only on "
                                    "change"},
    [POINT_WRITABLE] = {POINT(writable, writable, SETTING_BOOL), .def = "false",
                        .help = "people and programs may write it"},
    [POINT_MIN] = {POINT(min, min, SETTING_NUMBER), .min = -NUMBER_MAX, .max = NUMBER_MAX,
                   .help = "writable: the least value that may be written, in the point's unit"},
    [POINT_MAX] = {POINT(max, max, SETTING_NUMBER), .min = -NUMBER_MAX, .max = NUMBER_MAX,
                   .help = "writable: the greatest"},
    [POINT_WRITE_FUNCTION] = {POINT(write_function, write_choice, SETTING_CHOICE),
                              .choices = write_choices,
                              .help = "writable: Modbus function to write by; without it 5 for a "
                                      "coil (15 for several), 6 for one register, 16 for more"},
};

#define BITS(key)                                                                                  \
    .path = "data_points.ADDRESS.bits." #key, .offset = offsetof(struct bits_block, key),          \
    .type = SETTING_UINT, .required = true

static const struct setting bits_settings[] = {
    {BITS(first), .max = 31, .help = "lowest bit, 0 the least significant"},
    {BITS(count), .min = 1, .max = 32, .help = "how many bits"},
};

#define TABLE(list)                                                                                \
    {                                                                                              \
        .settings = (list), .count = sizeof(list) / sizeof(*(list))                                \
    }

const struct settings_table task_table = TABLE(task_settings);
const struct settings_table point_table = TABLE(point_settings);
const struct settings_table bits_table = TABLE(bits_settings);
