#include "shared/config/data_config.h"

#include "tests/unit/shared/config/expect.h"

static struct data_config *parse_good(const char *text)
{
    struct faults faults = {0};
    struct data_config *config = data_config_parse("t.yml", text, strlen(text), &faults);
    expect_faults(&faults, "");
    assert_non_null(config);
    return config;
}

static const struct query_task *task_by_id(const struct data_config *config, uint32_t id)
{
    for (size_t i = 0; i < config->profiles[0].ntasks; i++) {
        if (config->profiles[0].tasks[i].id == id)
            return &config->profiles[0].tasks[i];
    }
    fail_msg("no task %u", id);
    return NULL;
}

static const struct point_def *point_by_name(const struct data_config *config, const char *name)
{
    for (size_t i = 0; i < config->profiles[0].npoints; i++) {
        if (strcmp(config->profiles[0].points[i].name, name) == 0)
            return &config->profiles[0].points[i];
    }
    fail_msg("no point %s", name);
    return NULL;
}

/* What task ${id} finds of point ${name}: its offset, or -1. */
static int offset_in(const struct data_config *config, uint32_t id, const char *name)
{
    const struct query_task *task = task_by_id(config, id);
    for (size_t i = 0; i < task->npoints; i++) {
        if (task->points[i].point == point_by_name(config, name))
            return task->points[i].offset;
    }
    return -1;
}

struct original_point {
    const char *name;
    uint16_t address;
    enum reg_kind kind;
    uint8_t size;
    double scale;
    uint32_t task;
    int offset;
};

static const struct original_point original_points[] = {
    {"temperature", 2000, REG_INT, 2, 0.1, 1, 0}, {"humidity", 2010, REG_FLOAT, 4, 1, 1, 20},
    {"pressure", 2020, REG_INT, 2, 0.01, 1, 40},  {"flow_rate", 2030, REG_FLOAT, 4, 1, 1, 60},
    {"status", 2040, REG_INT, 2, 1, 1, 80},       {"voltage", 2200, REG_INT, 2, 0.1, 2, 0},
    {"current", 2202, REG_INT, 2, 0.01, 2, 4},    {"rpm", 2300, REG_INT, 2, 1, 3, 0},
    {"frequency", 2400, REG_INT, 2, 0.1, 4, 0},
};

static void check_original(const char *path)
{
    struct faults faults = {0};
    struct data_config *config = data_config_load(path, &faults);
    expect_faults(&faults, "");
    static const struct query_task tasks[] = {
        {.id = 1, .request = {1, 3, 2000, 100}, .interval_ms = 30000},
        {.id = 2, .request = {1, 3, 2200, 15}, .interval_ms = 60000},
        {.id = 3, .request = {1, 3, 2300, 10}, .trigger = TRIGGER_HEARTBEAT},
        {.id = 4, .request = {1, 3, 2400, 20}, .interval_ms = 120000},
    };
    assert_string_equal(config->profiles[0].name, "default");
    assert_int_equal(config->profiles[0].ntasks, 4);
    for (size_t i = 0; i < 4; i++) {
        const struct query_task *task = &config->profiles[0].tasks[i];
        assert_int_equal(task->id, tasks[i].id);
        assert_int_equal(task->trigger, tasks[i].trigger);
        assert_int_equal(task->interval_ms, tasks[i].interval_ms);
        assert_int_equal(task->request.unit, 1);
        assert_int_equal(task->request.function, 3);
        assert_int_equal(task->request.start, tasks[i].request.start);
        assert_int_equal(task->request.count, tasks[i].request.count);
    }
    assert_int_equal(config->profiles[0].npoints, 9);
    for (size_t i = 0; i < 9; i++) {
        const struct original_point *expected = &original_points[i];
        const struct point_def *point = &config->profiles[0].points[i];
        assert_string_equal(point->name, expected->name);
        assert_int_equal(point->index, i);
        assert_int_equal(point->address, expected->address);
        assert_int_equal(point->type.kind, expected->kind);
        assert_int_equal(point->type.size, expected->size);
        assert_int_equal(point->type.order, ORDER_ABCD);
        assert_true(point->scale == expected->scale);
        assert_true(point->offset == 0);
        assert_int_equal(offset_in(config, expected->task, expected->name), expected->offset);
    }
    data_config_release(config);
}

static void the_original_file_means_what_it_meant(void **state)
{
    (void)state;
    check_original("tests/fixtures/original/data_config.yml");
}

static void the_shipped_file_means_the_same_with_units(void **state)
{
    (void)state;
    check_original("config/data_config.yml");
    struct faults faults = {0};
    struct data_config *config = data_config_load("config/data_config.yml", &faults);
    assert_string_equal(point_by_name(config, "temperature")->unit, "\xc2\xb0"
                                                                    "C");
    assert_int_equal(point_by_name(config, "current")->decimals, 2);
    data_config_release(config);
}

#define TASKS                                                                                      \
    "query_tasks:\n"                                                                               \
    "  7: {start_addr: 100, length: 50, interval: 0.5}\n"

static void short_type_names(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        enum reg_kind kind;
        uint8_t size;
    } types[] = {
        {"int16", REG_INT, 2},
        {"uint16", REG_UINT, 2},
        {"int32", REG_INT, 4},
        {"uint32", REG_UINT, 4},
        {"int64", REG_INT, 8},
        {"uint64", REG_UINT, 8},
        {"float32", REG_FLOAT, 4},
        {"float64", REG_FLOAT, 8},
        {"double", REG_FLOAT, 8},
        {"float", REG_FLOAT, 4},
        {"int, length: 8", REG_INT, 8},
        {"uint, length: 4", REG_UINT, 4},
        {"float, length: 8", REG_FLOAT, 8},
        {"bcd, length: 4", REG_BCD, 4},
        {"string, length: 64", REG_STRING, 64},
        {"int32, length: 4", REG_INT, 4},
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
        char text[200];
        snprintf(text, sizeof(text), TASKS "data_points: {100: {name: p, type: %s}}\n",
                 types[i].type);
        struct data_config *config = parse_good(text);
        assert_int_equal(config->profiles[0].points[0].type.kind, types[i].kind);
        assert_int_equal(config->profiles[0].points[0].type.size, types[i].size);
        data_config_release(config);
    }
}

static void optional_keys(void **state)
{
    (void)state;
    struct data_config *config = parse_good(
        TASKS "data_points:\n"
              "  0x66: {name: a, type: float, word_order: CDAB, scale: null, offset: -40, unit: m, "
              "decimals: 0}\n"
              "  104: {name: b, type: int16}\n");
    const struct point_def *a = point_by_name(config, "a"), *b = point_by_name(config, "b");
    assert_int_equal(a->address, 102);
    assert_int_equal(a->type.order, ORDER_CDAB);
    assert_true(a->scale == 1 && a->offset == -40);
    assert_string_equal(a->unit, "m");
    assert_int_equal(a->decimals, 0);
    assert_int_equal(a->line, 4);
    assert_int_equal(b->decimals, -1);
    assert_string_equal(b->unit, "");
    assert_int_equal(task_by_id(config, 7)->interval_ms, 500);
    assert_int_equal(offset_in(config, 7, "a"), 4);
    data_config_release(config);
}

static void bits_share_an_address_by_labels(void **state)
{
    (void)state;
    struct data_config *config = parse_good(
        TASKS
        "data_points:\n"
        "  110: {name: status, type: uint16}\n"
        "  running: {address: 110, name: running, type: bits, bit: 15}\n"
        "  mode: {address: 110, name: mode, type: bits, bits: {first: 4, count: 3}}\n"
        "  alarms: {address: 111, name: alarms, type: bits, length: 4, bits: {first: 0, count: "
        "32}}\n");
    const struct point_def *running = point_by_name(config, "running");
    const struct point_def *mode = point_by_name(config, "mode");
    assert_int_equal(running->type.bit_first, 15);
    assert_int_equal(running->type.bit_count, 1);
    assert_int_equal(mode->type.bit_first, 4);
    assert_int_equal(mode->type.bit_count, 3);
    assert_int_equal(point_by_name(config, "alarms")->type.bit_count, 32);
    assert_int_equal(offset_in(config, 7, "status"), 20);
    assert_int_equal(offset_in(config, 7, "running"), 20);
    assert_int_equal(offset_in(config, 7, "alarms"), 22);
    assert_string_equal(config->profiles[0].points[0].name, "mode"); /* by address, then name */
    data_config_release(config);
}

static void a_point_belongs_to_every_task_that_holds_it_whole(void **state)
{
    (void)state;
    struct data_config *config =
        parse_good("query_tasks:\n"
                   "  3: {start_addr: 10, length: 10, trigger: heartbeat}\n"
                   "  1: {start_addr: 10, length: 9, interval: 1}\n"
                   "  2: {start_addr: 0, length: 40, interval: 1}\n"
                   "data_points: {18: {name: p, type: float}}\n");
    assert_int_equal(config->profiles[0].tasks[0].id, 1);
    assert_int_equal(offset_in(config, 1, "p"), -1);
    assert_int_equal(offset_in(config, 2, "p"), 36);
    assert_int_equal(offset_in(config, 3, "p"), 16);
    data_config_release(config);
}

static void slave_and_function_tell_equal_addresses_apart(void **state)
{
    (void)state;
    struct data_config *config =
        parse_good("query_tasks:\n"
                   "  1: {start_addr: 0, length: 4, interval: 1}\n"
                   "  2: {start_addr: 0, length: 4, interval: 1, slave: 2}\n"
                   "  3: {start_addr: 0, length: 4, interval: 1, slave: 2, function: 4}\n"
                   "data_points:\n"
                   "  a: {address: 0, name: a, type: int16, slave: 1}\n"
                   "  b: {address: 0, name: b, type: int16, slave: 2, function: 3}\n"
                   "  c: {address: 0, name: c, type: int16, function: 4}\n");
    static const char *const names[] = {"a", "b", "c"};
    for (uint32_t id = 1; id <= 3; id++) {
        for (size_t i = 0; i < 3; i++)
            assert_int_equal(offset_in(config, id, names[i]), id == i + 1 ? 0 : -1);
    }
    data_config_release(config);
}

/* Decode a point out of an answer to a task, as the collector does. */
static double decode(const struct data_config *config, uint32_t id, const char *name,
                     const uint8_t *answer, size_t len)
{
    const struct point_def *point = point_by_name(config, name);
    int offset = offset_in(config, id, name);
    assert_true(offset >= 0 && (size_t)offset + point->type.size <= len);
    struct reg_value value;
    reg_decode(&point->type, answer + offset, &value);
    assert_true(value.has_number);
    return value.number;
}

static void coils_are_found_in_the_answer(void **state)
{
    (void)state;
    /* The example of the Modbus specification, 6.1: coils at the addresses 19 to 37. */
    static const uint8_t answer[] = {0xCD, 0x6B, 0x05};
    struct data_config *config =
        parse_good("query_tasks:\n"
                   "  1: {start_addr: 19, length: 19, interval: 1, function: 1}\n"
                   "data_points:\n"
                   "  19: {name: c19, type: bits}\n"
                   "  20: {name: c20, type: bits}\n"
                   "  26: {name: c26, type: bits}\n"
                   "  28: {name: c28, type: bits, bit: 1}\n"
                   "  37: {name: c37, type: bits}\n"
                   "  low: {address: 19, name: low, type: bits, bits: {first: "
                   "0, count: 8}}\n"
                   "  mid: {address: 23, name: mid, type: bits, bits: {first: "
                   "2, count: 8}}\n"
                   "  high: {address: 33, name: high, type: bits, bits: {first: "
                   "0, count: 5}}\n");
    assert_true(decode(config, 1, "c19", answer, 3) == 1);
    assert_true(decode(config, 1, "c20", answer, 3) == 0);
    assert_true(decode(config, 1, "c26", answer, 3) == 1);
    assert_true(decode(config, 1, "c28", answer, 3) == 0); /* coil 29 */
    assert_true(decode(config, 1, "c37", answer, 3) == 1);
    assert_true(decode(config, 1, "low", answer, 3) == 0xCD);
    assert_true(decode(config, 1, "mid", answer, 3) == (0x6BCD >> 6 & 0xFF));
    assert_true(decode(config, 1, "high", answer, 3) == ((0x056B >> 6) & 0x1F));
    data_config_release(config);
}

/* Every coil of every answer size, against the bit it must be. */
static void each_coil_of_a_task_is_its_own_bit(void **state)
{
    (void)state;
    for (unsigned length = 1; length <= 40; length++) {
        uint8_t answer[8] = {0};
        size_t bytes = (length + 7) / 8;
        for (unsigned coil = 0; coil < length; coil++) {
            char text[200];
            snprintf(text, sizeof(text),
                     "query_tasks: {1: {start_addr: 3, length: %u, interval: 1, function: 2}}\n"
                     "data_points: {%u: {name: p, type: bits}}\n",
                     length, 3 + coil);
            struct data_config *config = parse_good(text);
            assert_true(decode(config, 1, "p", answer, bytes) == 0);
            answer[coil / 8] = (uint8_t)(1U << coil % 8);
            assert_true(decode(config, 1, "p", answer, bytes) == 1);
            answer[coil / 8] = 0;
            data_config_release(config);
        }
    }
}

static void wide_coils_take_four_bytes(void **state)
{
    (void)state;
    static const uint8_t answer[] = {0xAD, 0x6B, 0x05, 0xF0};
    struct data_config *config =
        parse_good("query_tasks: {1: {start_addr: 0, length: 32, interval: 1, function: 1}}\n"
                   "data_points: {5: {name: p, type: bits, bits: {first: 0, count: 16}}}\n");
    assert_true(decode(config, 1, "p", answer, 4) == (0xF0056BAD >> 5 & 0xFFFF));
    data_config_release(config);
}

static void registers_and_coils_at_one_address_are_apart(void **state)
{
    (void)state;
    struct data_config *config =
        parse_good("query_tasks:\n"
                   "  1: {start_addr: 0, length: 8, interval: 1, function: 1}\n"
                   "  2: {start_addr: 0, length: 8, interval: 1}\n"
                   "data_points:\n"
                   "  0: {name: level, type: int16}\n"
                   "  pump: {address: 0, name: pump, type: bits, function: 1}\n"
                   "  flag: {address: 1, name: flag, type: bits, bit: 3, function: 3}\n");
    assert_int_equal(offset_in(config, 1, "level"), -1);
    assert_int_equal(offset_in(config, 2, "level"), 0);
    assert_int_equal(offset_in(config, 1, "pump"), 0);
    assert_int_equal(offset_in(config, 2, "pump"), -1);
    assert_int_equal(offset_in(config, 2, "flag"), 2);
    data_config_release(config);
}

static void faults_of_tasks_bring_no_others(void **state)
{
    (void)state;
    const char *text = "query_tasks: {1: {start_addr: 0, length: 200, interval: 1}}\n"
                       "data_points: {5: {name: p, type: int16}}\n";
    struct faults faults = {0};
    assert_null(data_config_parse("t.yml", text, strlen(text), &faults));
    expect_faults(&faults,
                  "t.yml:1: query_tasks.1.length: 200 registers are more than one query can "
                  "read, 125: split it into several tasks\n");
}

static void limits_are_inclusive(void **state)
{
    (void)state;
    struct data_config *config =
        parse_good("query_tasks:\n"
                   "  1: {start_addr: 65411, length: 125, interval: 0.1, slave: 247, function: 4}\n"
                   "  65535: {start_addr: 0, length: 2000, interval: 604800, function: 2}\n"
                   "data_points: {65534: {name: p, type: float}}\n");
    assert_int_equal(offset_in(config, 1, "p"), 246);
    assert_int_equal(task_by_id(config, 65535)->interval_ms, 604800000);
    data_config_release(config);
}

static void nothing_at_all_can_be_said(void **state)
{
    (void)state;
    struct data_config *config = parse_good("query_tasks: {}\ndata_points: {}\n");
    assert_int_equal(config->profiles[0].ntasks, 0);
    assert_int_equal(config->profiles[0].npoints, 0);
    data_config_release(config);
}

static void the_last_holder_frees(void **state)
{
    (void)state;
    struct data_config *config = parse_good("query_tasks: {}\ndata_points: {}\n");
    assert_ptr_equal(data_config_hold(config), config);
    data_config_release(config);
    assert_string_equal(config->profiles[0].name, "default");
    data_config_release(config);
    data_config_release(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_original_file_means_what_it_meant),
        cmocka_unit_test(the_shipped_file_means_the_same_with_units),
        cmocka_unit_test(short_type_names),
        cmocka_unit_test(optional_keys),
        cmocka_unit_test(bits_share_an_address_by_labels),
        cmocka_unit_test(a_point_belongs_to_every_task_that_holds_it_whole),
        cmocka_unit_test(slave_and_function_tell_equal_addresses_apart),
        cmocka_unit_test(coils_are_found_in_the_answer),
        cmocka_unit_test(each_coil_of_a_task_is_its_own_bit),
        cmocka_unit_test(wide_coils_take_four_bytes),
        cmocka_unit_test(registers_and_coils_at_one_address_are_apart),
        cmocka_unit_test(faults_of_tasks_bring_no_others),
        cmocka_unit_test(limits_are_inclusive),
        cmocka_unit_test(nothing_at_all_can_be_said),
        cmocka_unit_test(the_last_holder_frees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
