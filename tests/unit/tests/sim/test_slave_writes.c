/* Several slaves, coils, unique registers, and what is written and read back. */
#include "tests/sim/slave.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct point_def points[] = {
    {.name = (char *)"everywhere", .address = 10, .type = {REG_UINT, ORDER_ABCD, 2, 0, 0}},
    {.name = (char *)"second", .address = 11, .type = {REG_UINT, ORDER_ABCD, 2, 0, 0}, .slave = 2},
    {.name = (char *)"input",
     .address = 12,
     .type = {REG_UINT, ORDER_ABCD, 2, 0, 0},
     .function = 4},
    {.name = (char *)"coils", .address = 20, .type = {REG_BITS, ORDER_BADC, 2, 6, 4}},
};
/* The coils 22 to 25: bits 6 to 9 of the two bytes from coil 16 on. */
static struct task_point coil_points[] = {{&points[3], 0}};
static struct query_task tasks[] = {
    {.id = 1, .request = {2, 1, 16, 20, 0}, .points = coil_points, .npoints = 1}};
static const struct profile profile = {.points = points, .npoints = 4, .tasks = tasks, .ntasks = 1};

struct scene {
    struct slave *slave;
    struct memory memory;
    struct slave_answer answer;
    struct waveform_moment moment;
};

static struct scene scene_of(struct slave_options options)
{
    if (options.units.bits[0] == 0)
        units_parse("1,2", &options.units);
    return (struct scene){
        .slave = slave_new(&profile, &options),
        .moment = {.seed = 1, .wall_ms = 1000, .poll = 0x0105, .device = 1001},
    };
}

static void close_scene(struct scene *scene)
{
    slave_free(scene->slave);
    memory_clear(&scene->memory);
}

/* The answer's kind; its PDU is in scene->answer. */
static int ask(struct scene *scene, struct adu_request request, const void *data)
{
    uint8_t frame[ADU_MAX];
    const struct slave_query query = {frame, adu_build(&request, data, frame), &scene->moment,
                                      &scene->memory};
    slave_serve(scene->slave, &query, &scene->answer);
    return scene->answer.kind;
}

/* What is read: inside of the scene. */
static const uint8_t *read_data(struct scene *scene, struct adu_request request)
{
    struct adu_reply reply;
    assert_int_equal(ask(scene, request, NULL), SLAVE_REGISTERS);
    assert_int_equal(adu_check_reply(&request, scene->answer.frame, scene->answer.len, &reply),
                     ADU_OK);
    return reply.data;
}

static void a_point_is_where_it_belongs(void **state)
{
    (void)state;
    struct scene scene = scene_of((struct slave_options){0});
    assert_memory_equal(read_data(&scene, (struct adu_request){1, 3, 10, 3, 0}), "\x01\x05\0\0\0\0",
                        6);
    assert_memory_equal(read_data(&scene, (struct adu_request){2, 3, 10, 3, 0}),
                        "\x01\x05\x01\x05\0\0", 6);
    assert_memory_equal(read_data(&scene, (struct adu_request){1, 4, 10, 3, 0}),
                        "\x01\x05\0\0\x01\x05", 6);
    /* Points of coils are in no register. */
    assert_memory_equal(read_data(&scene, (struct adu_request){2, 3, 20, 2, 0}), "\0\0\0\0", 4);
    close_scene(&scene);
}

static void coils_of_a_task(void **state)
{
    (void)state;
    struct scene scene = scene_of((struct slave_options){0});
    /* 0x105 mod 16 = 5: coils 22 and 24. */
    assert_memory_equal(read_data(&scene, (struct adu_request){2, 1, 16, 20, 0}), "\x40\x01\0", 3);
    assert_memory_equal(read_data(&scene, (struct adu_request){2, 1, 22, 3, 0}), "\x05", 1);
    assert_memory_equal(read_data(&scene, (struct adu_request){2, 2, 16, 20, 0}), "\0\0\0", 3);
    assert_memory_equal(read_data(&scene, (struct adu_request){1, 1, 16, 20, 0}), "\0\0\0", 3);
    close_scene(&scene);
}

static void dead_and_absent_units(void **state)
{
    (void)state;
    struct scene scene = scene_of((struct slave_options){.dead = {{1 << 2 | 1 << 9}}});
    assert_int_equal(ask(&scene, (struct adu_request){2, 3, 0, 1, 0}, NULL), SLAVE_SILENT);
    assert_int_equal(ask(&scene, (struct adu_request){9, 3, 0, 1, 0}, NULL), SLAVE_SILENT);
    assert_int_equal(ask(&scene, (struct adu_request){8, 3, 0, 1, 0}, NULL), SLAVE_EXCEPTION);
    assert_int_equal(scene.answer.code, 0x0B);
    assert_int_equal(ask(&scene, (struct adu_request){1, 3, 0, 1, 0}, NULL), SLAVE_REGISTERS);
    close_scene(&scene);
}

static void unique_registers_tell_their_answer(void **state)
{
    (void)state;
    for (uint64_t n = 1; n < 65521; n += 97) {
        for (uint32_t address = 0; address < 65536; address += 4099) {
            uint64_t value = slave_unique(n, address);
            assert_int_equal((value + 65521 - address % 65521) * 53017 % 65521, n);
        }
    }
    struct scene scene = scene_of((struct slave_options){.unique = true});
    const uint8_t *data = read_data(&scene, (struct adu_request){1, 3, 10, 125, 0});
    for (uint32_t i = 0; i < 125; i++)
        assert_int_equal(data[2 * i] << 8 | data[2 * i + 1], (0x105 * 131 + 10 + i) % 65521);
    uint16_t word = slave_unique(0x105, 2);
    const uint8_t swapped[] = {(uint8_t)word, (uint8_t)(word >> 8)};
    assert_memory_equal(read_data(&scene, (struct adu_request){1, 1, 32, 16, 0}), swapped, 2);
    close_scene(&scene);
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    struct scene scene = scene_of((struct slave_options){0});
    struct slave_answer *answer = &scene.answer;
    assert_int_equal(ask(&scene, (struct adu_request){1, 6, 10, 1, 0x1234}, NULL), SLAVE_WRITTEN);
    assert_int_equal(answer->len, 8);
    assert_memory_equal(answer->frame, "\x01\x06\0\x0A\x12\x34", 6);
    assert_true(adu_crc_ok(answer->frame, 8));
    assert_int_equal(answer->written_size, 2);
    assert_int_equal(ask(&scene, (struct adu_request){1, 16, 11, 2, 0}, "\0\x07\xAB\xCD"),
                     SLAVE_WRITTEN);
    assert_memory_equal(answer->frame, "\x01\x10\0\x0B\0\x02", 6);
    assert_memory_equal(read_data(&scene, (struct adu_request){1, 3, 9, 4, 0}),
                        "\0\0\x12\x34\0\x07\xAB\xCD", 8);
    /* Another slave is not touched; nor are coils. */
    assert_memory_equal(read_data(&scene, (struct adu_request){2, 3, 10, 1, 0}), "\x01\x05", 2);

    assert_int_equal(ask(&scene, (struct adu_request){2, 5, 22, 1, 0}, NULL), SLAVE_WRITTEN);
    assert_int_equal(ask(&scene, (struct adu_request){2, 5, 16, 1, 0xFF00}, NULL), SLAVE_WRITTEN);
    assert_int_equal(ask(&scene, (struct adu_request){2, 15, 28, 9, 0}, "\xFF\xFF"), SLAVE_WRITTEN);
    assert_memory_equal(read_data(&scene, (struct adu_request){2, 1, 16, 24, 0}), "\x01\xF1\x1F",
                        3);
    close_scene(&scene);
}

static void writes_that_fail(void **state)
{
    (void)state;
    struct scene scene = scene_of((struct slave_options){.forget_writes = true});
    assert_int_equal(ask(&scene, (struct adu_request){1, 6, 10, 1, 0x1234}, NULL), SLAVE_WRITTEN);
    assert_memory_equal(read_data(&scene, (struct adu_request){1, 3, 10, 1, 0}), "\x01\x05", 2);
    static const struct {
        struct adu_request request;
        uint8_t code;
    } wrong[] = {
        {{1, 5, 0, 1, 1}, 0x03},      {{1, 15, 0, 0, 0}, 0x03}, {{1, 16, 0, 0, 0}, 0x03},
        {{1, 16, 65535, 2, 0}, 0x02}, {{3, 6, 0, 1, 0}, 0x0B},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        assert_int_equal(ask(&scene, wrong[i].request, "\0\0\0\0"), SLAVE_EXCEPTION);
        assert_int_equal(scene.answer.code, wrong[i].code);
    }
    close_scene(&scene);

    scene = scene_of((struct slave_options){.reject_writes = true});
    assert_int_equal(ask(&scene, (struct adu_request){1, 6, 10, 1, 0x1234}, NULL), SLAVE_EXCEPTION);
    assert_int_equal(scene.answer.code, 0x02);
    assert_int_equal(scene.answer.frame[1], 0x86);
    assert_null(scene.memory.cells);
    close_scene(&scene);
}

/* A byte count that lies must not be believed. */
static void hostile_writes(void **state)
{
    (void)state;
    struct scene scene = scene_of((struct slave_options){0});
    for (unsigned count = 0; count < 256; count++) {
        uint8_t frame[ADU_MAX] = {1, 16, 0, 0, 0, 2, (uint8_t)count};
        uint8_t *exact = malloc(13);
        assert_non_null(exact);
        adu_seal(frame, 11);
        memcpy(exact, frame, 13);
        const struct slave_query query = {exact, 13, &scene.moment, &scene.memory};
        slave_serve(scene.slave, &query, &scene.answer);
        assert_int_equal(scene.answer.kind, count == 4 ? SLAVE_WRITTEN : SLAVE_EXCEPTION);
        free(exact);
    }
    close_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_point_is_where_it_belongs),
        cmocka_unit_test(coils_of_a_task),
        cmocka_unit_test(dead_and_absent_units),
        cmocka_unit_test(unique_registers_tell_their_answer),
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(writes_that_fail),
        cmocka_unit_test(hostile_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
