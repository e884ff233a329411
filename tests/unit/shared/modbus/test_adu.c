#include "shared/modbus/adu.h"

#include "shared/modbus/crc16.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct adu_request two_registers = {1, FC_READ_HOLDING_REGISTERS, 0, 2};
static const struct adu_request two_inputs = {1, FC_READ_INPUT_REGISTERS, 0, 2};
static const struct adu_request one_register = {1, FC_READ_HOLDING_REGISTERS, 0x12, 1};

static const uint8_t answer_one[] = {0x01, 0x03, 0x02, 0x00, 0x2D, 0x78, 0x59};
static const uint8_t answer_float[] = {0x01, 0x04, 0x04, 0x43, 0x66, 0x33, 0x33, 0x5A, 0xFA};
static const uint8_t exception_02[] = {0x01, 0x83, 0x02, 0xC0, 0xF1};
static const uint8_t exception_0b[] = {0x01, 0x84, 0x0B, 0x02, 0xC7};

static void requests_as_published(void **state)
{
    (void)state;
    static const struct {
        struct adu_request request;
        uint8_t frame[ADU_READ_REQUEST_SIZE];
    } cases[] = {
        {{1, 3, 0, 2}, {0x01, 0x03, 0x00, 0x00, 0x00, 0x02, 0xC4, 0x0B}},
        {{1, 3, 0x12, 1}, {0x01, 0x03, 0x00, 0x12, 0x00, 0x01, 0x24, 0x0F}},
        {{1, 4, 0, 2}, {0x01, 0x04, 0x00, 0x00, 0x00, 0x02, 0x71, 0xCB}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        uint8_t frame[ADU_READ_REQUEST_SIZE];
        struct adu_request parsed;
        adu_build_read(&cases[i].request, frame);
        assert_memory_equal(frame, cases[i].frame, sizeof(frame));
        assert_int_equal(adu_parse_read(frame, sizeof(frame), &parsed), 0);
        assert_int_equal(parsed.unit, cases[i].request.unit);
        assert_int_equal(parsed.function, cases[i].request.function);
        assert_int_equal(parsed.start, cases[i].request.start);
        assert_int_equal(parsed.count, cases[i].request.count);
    }
}

static void only_whole_read_requests_parse(void **state)
{
    (void)state;
    struct adu_request parsed;
    uint8_t frame[ADU_READ_REQUEST_SIZE + 1] = {0};
    adu_build_read(&two_registers, frame);
    for (size_t len = 0; len <= sizeof(frame); len++)
        assert_int_equal(adu_parse_read(frame, len, &parsed), len == 8 ? 0 : -1);
    frame[5] ^= 1;
    assert_int_equal(adu_parse_read(frame, 8, &parsed), -1);
    /* A write with a right CRC is no read. */
    static const uint8_t write[] = {0x01, 0x06, 0x00, 0x01, 0x00, 0x01, 0x19, 0xCA};
    assert_int_equal(adu_crc_ok(write, sizeof(write)), 1);
    assert_int_equal(adu_parse_read(write, sizeof(write), &parsed), -1);
}

static void crc_of_published_frames(void **state)
{
    (void)state;
    static const uint8_t coil[] = {0x01, 0x05, 0x00, 0x00, 0xFF, 0x00, 0x8C, 0x3A};
    static const uint8_t coils[] = {0x11, 0x0F, 0x00, 0x13, 0x00, 0x0A,
                                    0x02, 0xCD, 0x01, 0xBF, 0x0B};
    static const uint8_t registers[] = {0x11, 0x10, 0x00, 0x01, 0x00, 0x02, 0x04,
                                        0x00, 0x0A, 0x01, 0x02, 0xC6, 0xF0};
    assert_true(adu_crc_ok(coil, sizeof(coil)));
    assert_true(adu_crc_ok(coils, sizeof(coils)));
    assert_true(adu_crc_ok(registers, sizeof(registers)));
    assert_false(adu_crc_ok(registers, sizeof(registers) - 1));
    assert_false(adu_crc_ok(registers, 2));
    assert_false(adu_crc_ok(registers, 0));
}

static void answers_are_taken(void **state)
{
    (void)state;
    struct adu_reply reply;
    assert_int_equal(adu_check_reply(&one_register, answer_one, sizeof(answer_one), &reply),
                     ADU_OK);
    assert_int_equal(reply.size, 2);
    assert_ptr_equal(reply.data, answer_one + 3);
    assert_int_equal(adu_check_reply(&two_inputs, answer_float, sizeof(answer_float), &reply),
                     ADU_OK);
    assert_int_equal(reply.size, 4);
    assert_memory_equal(reply.data, answer_float + 3, 4);
}

static void exceptions_are_taken(void **state)
{
    (void)state;
    struct adu_reply reply;
    assert_int_equal(adu_check_reply(&two_registers, exception_02, 5, &reply), ADU_EXCEPTION);
    assert_int_equal(reply.exception, 2);
    assert_int_equal(adu_check_reply(&two_inputs, exception_0b, 5, &reply), ADU_EXCEPTION);
    assert_int_equal(reply.exception, 0x0B);
    assert_string_equal(adu_exception_name(2), "illegal data address");
    assert_string_equal(adu_exception_name(0x0B), "gateway target failed to respond");
    for (unsigned code = 0; code < 256; code++)
        assert_non_null(adu_exception_name((uint8_t)code));
    assert_string_equal(adu_exception_name(9), "unknown exception");
    /* The exception of another function is no answer. */
    assert_int_equal(adu_check_reply(&two_inputs, exception_02, 5, &reply), ADU_WRONG_FUNCTION);
}

static void what_does_not_fit_is_named(void **state)
{
    (void)state;
    struct adu_reply reply;
    struct adu_request other_unit = {2, 3, 0x12, 1}, longer = {1, 3, 0x12, 2};
    uint8_t frame[ADU_MAX];
    for (size_t len = 0; len < 5; len++)
        assert_int_equal(adu_check_reply(&one_register, answer_one, len, &reply), ADU_TOO_SHORT);
    assert_int_equal(adu_check_reply(&one_register, answer_one, 6, &reply), ADU_BAD_CRC);
    assert_int_equal(adu_check_reply(&other_unit, answer_one, 7, &reply), ADU_WRONG_UNIT);
    assert_int_equal(adu_check_reply(&two_inputs, answer_one, 7, &reply), ADU_WRONG_FUNCTION);
    assert_int_equal(adu_check_reply(&longer, answer_one, 7, &reply), ADU_WRONG_SIZE);

    for (size_t byte = 0; byte < sizeof(answer_one); byte++) {
        memcpy(frame, answer_one, sizeof(answer_one));
        frame[byte] ^= 0x40;
        assert_int_equal(adu_check_reply(&one_register, frame, 7, &reply), ADU_BAD_CRC);
    }
}

/* The length of the frame against its own byte count, both ways, with a right CRC. */
static void a_byte_count_that_lies(void **state)
{
    (void)state;
    struct adu_reply reply;
    struct adu_request three = {1, 3, 0, 3};
    uint8_t frame[ADU_MAX], data[6] = {1, 2, 3, 4, 5, 6};
    size_t len = adu_build_reply(&three, data, frame);
    assert_int_equal(adu_check_reply(&three, frame, len, &reply), ADU_OK);
    assert_int_equal(adu_check_reply(&two_registers, frame, len, &reply), ADU_WRONG_SIZE);

    frame[2] = 4;
    uint16_t crc = crc16_modbus(frame, len - 2);
    frame[len - 2] = (uint8_t)crc;
    frame[len - 1] = (uint8_t)(crc >> 8);
    assert_int_equal(adu_check_reply(&two_registers, frame, len, &reply), ADU_WRONG_SIZE);
    assert_int_equal(adu_check_reply(&three, frame, len, &reply), ADU_WRONG_SIZE);
}

static void largest_answers(void **state)
{
    (void)state;
    struct adu_reply reply;
    struct adu_request registers = {247, 3, 0, ADU_MAX_REGISTERS}, bits = {1, 1, 0, ADU_MAX_BITS};
    struct adu_request beyond = {1, 3, 0, 126}, far_beyond = {1, 3, 0, 65535};
    uint8_t data[250] = {0}, frame[ADU_MAX];
    assert_int_equal(adu_build_reply(&registers, data, frame), 255);
    assert_int_equal(adu_check_reply(&registers, frame, 255, &reply), ADU_OK);
    assert_int_equal(adu_build_reply(&bits, data, frame), 255);
    assert_int_equal(adu_check_reply(&bits, frame, 255, &reply), ADU_OK);
    assert_int_equal(adu_build_reply(&beyond, data, frame), 0);
    assert_int_equal(adu_build_reply(&far_beyond, data, frame), 0);
    /* 131070 bytes do not wrap to what a byte count can say. */
    assert_int_equal(adu_build_reply(&registers, data, frame), 255);
    far_beyond.unit = 247;
    assert_int_equal(adu_check_reply(&far_beyond, frame, 255, &reply), ADU_WRONG_SIZE);
    assert_int_equal(adu_read_data_size(&(struct adu_request){1, 2, 0, 9}), 2);
}

static void built_frames_are_the_published_ones(void **state)
{
    (void)state;
    uint8_t frame[ADU_MAX];
    assert_int_equal(adu_build_reply(&one_register, (const uint8_t[]){0x00, 0x2D}, frame), 7);
    assert_memory_equal(frame, answer_one, 7);
    assert_int_equal(adu_build_exception(1, 3, 2, frame), 5);
    assert_memory_equal(frame, exception_02, 5);
    assert_int_equal(adu_build_exception(1, 4, 0x0B, frame), 5);
    assert_memory_equal(frame, exception_0b, 5);
}

static const struct adu_request set_coil = {1, FC_WRITE_COIL, 0, 1, 0xFF00};
static const struct adu_request set_register = {1, FC_WRITE_REGISTER, 1, 1, 1};
static const struct adu_request set_coils = {0x11, FC_WRITE_COILS, 0x13, 10};
static const struct adu_request set_registers = {0x11, FC_WRITE_REGISTERS, 1, 2};

/* The published frames of functions 05, 06, 0F and 10; those of 05 and 06 are their answers too. */
static const uint8_t coil_frame[] = {0x01, 0x05, 0x00, 0x00, 0xFF, 0x00, 0x8C, 0x3A};
static const uint8_t register_frame[] = {0x01, 0x06, 0x00, 0x01, 0x00, 0x01, 0x19, 0xCA};
static const uint8_t coils_frame[] = {0x11, 0x0F, 0x00, 0x13, 0x00, 0x0A,
                                      0x02, 0xCD, 0x01, 0xBF, 0x0B};
static const uint8_t registers_frame[] = {0x11, 0x10, 0x00, 0x01, 0x00, 0x02, 0x04,
                                          0x00, 0x0A, 0x01, 0x02, 0xC6, 0xF0};

static void writes_as_published(void **state)
{
    (void)state;
    static const struct {
        const struct adu_request *request;
        const uint8_t *data, *frame;
        size_t size;
    } cases[] = {
        {&set_coil, NULL, coil_frame, sizeof(coil_frame)},
        {&set_register, NULL, register_frame, sizeof(register_frame)},
        {&set_coils, coils_frame + 7, coils_frame, sizeof(coils_frame)},
        {&set_registers, registers_frame + 7, registers_frame, sizeof(registers_frame)},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        uint8_t frame[ADU_MAX];
        assert_true(adu_writes(cases[i].request->function));
        assert_int_equal(adu_build(cases[i].request, cases[i].data, frame), cases[i].size);
        assert_memory_equal(frame, cases[i].frame, cases[i].size);
    }
    uint8_t read[ADU_MAX], same[ADU_READ_REQUEST_SIZE];
    assert_false(adu_writes(FC_READ_INPUT_REGISTERS));
    assert_int_equal(adu_build(&two_inputs, NULL, read), sizeof(same));
    adu_build_read(&two_inputs, same);
    assert_memory_equal(read, same, sizeof(same));
}

static void the_largest_writes_fit(void **state)
{
    (void)state;
    uint8_t frame[ADU_MAX], data[2 * ADU_MAX_WRITE_REGISTERS] = {0};
    const struct adu_request registers = {1, FC_WRITE_REGISTERS, 0, ADU_MAX_WRITE_REGISTERS};
    const struct adu_request coils = {1, FC_WRITE_COILS, 0, ADU_MAX_WRITE_BITS};
    assert_int_equal(adu_build(&registers, data, frame), 255);
    assert_true(adu_crc_ok(frame, 255));
    assert_int_equal(adu_build(&coils, data, frame), 255);
    assert_int_equal(frame[6], 246);
}

/* The first six bytes of the request, sealed anew. */
static size_t echo_of(const uint8_t *request, uint8_t out[ADU_MAX])
{
    memcpy(out, request, 6);
    return adu_seal(out, 6);
}

static void a_write_is_answered_by_its_echo(void **state)
{
    (void)state;
    static const struct {
        const struct adu_request *request;
        const uint8_t *frame;
    } cases[] = {{&set_coil, coil_frame},
                 {&set_register, register_frame},
                 {&set_coils, coils_frame},
                 {&set_registers, registers_frame}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const struct adu_request *request = cases[i].request;
        struct adu_reply reply;
        uint8_t echo[ADU_MAX];
        assert_int_equal(echo_of(cases[i].frame, echo), 8);
        assert_int_equal(adu_check_reply(request, echo, 8, &reply), ADU_OK);
        assert_int_equal(reply.size, 0);
        for (size_t byte = 2; byte < 6; byte++) {
            uint8_t other[ADU_MAX];
            memcpy(other, echo, 6);
            other[byte] ^= 0x10;
            adu_seal(other, 6);
            assert_int_equal(adu_check_reply(request, other, 8, &reply), ADU_WRONG_ECHO);
            assert_int_equal(adu_answer_size(request, other, 8), -1);
        }
        echo[6] ^= 1;
        assert_int_equal(adu_check_reply(request, echo, 8, &reply), ADU_BAD_CRC);
        size_t len = adu_build_exception(request->unit, request->function, 4, echo);
        assert_int_equal(adu_check_reply(request, echo, len, &reply), ADU_EXCEPTION);
        assert_int_equal(reply.exception, 4);
    }
    struct adu_reply reply;
    uint8_t longer[ADU_MAX];
    memcpy(longer, registers_frame, 11);
    assert_int_equal(adu_check_reply(&set_registers, longer, adu_seal(longer, 11), &reply),
                     ADU_WRONG_SIZE);
}

static void a_pdu_without_crc(void **state)
{
    (void)state;
    struct adu_reply reply;
    const uint8_t *pdu = answer_one + 1;
    assert_int_equal(adu_check_pdu(&one_register, 1, pdu, 4, &reply), ADU_OK);
    assert_ptr_equal(reply.data, pdu + 2);
    assert_int_equal(reply.size, 2);
    assert_int_equal(adu_check_pdu(&one_register, 1, exception_02 + 1, 2, &reply), ADU_EXCEPTION);
    assert_int_equal(reply.exception, 2);
    assert_int_equal(adu_check_pdu(&one_register, 1, exception_02 + 1, 3, &reply), ADU_WRONG_SIZE);
    assert_int_equal(adu_check_pdu(&one_register, 2, pdu, 4, &reply), ADU_WRONG_UNIT);
    assert_int_equal(adu_check_pdu(&two_inputs, 1, pdu, 4, &reply), ADU_WRONG_FUNCTION);
    for (size_t len = 0; len < 4; len++)
        assert_int_equal(adu_check_pdu(&one_register, 1, pdu, len, &reply),
                         len < 2 ? ADU_TOO_SHORT : ADU_WRONG_SIZE);
    assert_int_equal(adu_check_pdu(&set_coil, 1, coil_frame + 1, 5, &reply), ADU_OK);
    assert_int_equal(adu_check_pdu(&set_coil, 1, coil_frame + 1, 4, &reply), ADU_WRONG_SIZE);
}

/* What a stream is searched with: known from the first bytes on, or not yet, or never. */
static void the_size_of_an_answer_by_its_head(void **state)
{
    (void)state;
    static const struct {
        const struct adu_request *request;
        uint8_t bytes[6];
        ssize_t sizes[7]; /* for 0 to 6 bytes of it */
    } cases[] = {
        {&one_register, {0x01, 0x03, 0x02, 0x00, 0x2D, 0x78}, {0, 0, 0, 7, 7, 7, 7}},
        {&one_register, {0x01, 0x83, 0x02, 0xC0, 0xF1, 0x00}, {0, 0, 5, 5, 5, 5, 5}},
        {&one_register, {0x02, 0x03, 0x02}, {0, -1, -1, -1, -1, -1, -1}},
        {&one_register, {0x01, 0x04, 0x02}, {0, 0, -1, -1, -1, -1, -1}},
        {&one_register, {0x01, 0x03, 0x04}, {0, 0, 0, -1, -1, -1, -1}},
        {&two_inputs, {0x01, 0x04, 0x04, 0x43, 0x66, 0x33}, {0, 0, 0, 9, 9, 9, 9}},
        {&set_coil, {0x01, 0x05, 0x00, 0x00, 0xFF, 0x00}, {0, 0, 0, 0, 0, 0, 8}},
        {&set_coil, {0x01, 0x05, 0x00, 0x00, 0x00, 0x00}, {0, 0, 0, 0, 0, -1, -1}},
        {&set_coil, {0x01, 0x05, 0x01}, {0, 0, 0, -1, -1, -1, -1}},
        {&set_registers, {0x11, 0x10, 0x00, 0x01, 0x00, 0x02}, {0, 0, 0, 0, 0, 0, 8}},
        {&set_registers, {0x11, 0x90, 0x02}, {0, 0, 5, 5, 5, 5, 5}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        for (size_t len = 0; len <= 6; len++)
            assert_int_equal(adu_answer_size(cases[i].request, cases[i].bytes, len),
                             cases[i].sizes[len]);
    }
}

static void verdicts_have_names(void **state)
{
    (void)state;
    for (int verdict = ADU_OK; verdict <= ADU_WRONG_SIZE; verdict++) {
        assert_non_null(adu_verdict_name((enum adu_verdict)verdict));
        for (int other = ADU_OK; other < verdict; other++)
            assert_string_not_equal(adu_verdict_name((enum adu_verdict)verdict),
                                    adu_verdict_name((enum adu_verdict)other));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_as_published),
        cmocka_unit_test(only_whole_read_requests_parse),
        cmocka_unit_test(crc_of_published_frames),
        cmocka_unit_test(answers_are_taken),
        cmocka_unit_test(exceptions_are_taken),
        cmocka_unit_test(what_does_not_fit_is_named),
        cmocka_unit_test(a_byte_count_that_lies),
        cmocka_unit_test(largest_answers),
        cmocka_unit_test(built_frames_are_the_published_ones),
        cmocka_unit_test(writes_as_published),
        cmocka_unit_test(the_largest_writes_fit),
        cmocka_unit_test(a_write_is_answered_by_its_echo),
        cmocka_unit_test(a_pdu_without_crc),
        cmocka_unit_test(the_size_of_an_answer_by_its_head),
        cmocka_unit_test(verdicts_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
