#include "tests/sim/tlv_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* 01, 02, a query, 02, a query of nothing, 03, the head of another query. */
static const uint8_t stream[] = {0x01, 0x02, 0x04, 0x08, 0x01, 0x03, 0x07, 0xD0, 0x00, 0x64,
                                 0x44, 0xAC, 0x02, 0x04, 0x00, 0x03, 0x04, 0x08, 0x01};
static const struct {
    enum tlv_item_kind kind;
    size_t size;
} items[] = {
    {TLV_REGISTRATION_ACK, 1}, {TLV_HEARTBEAT_ACK, 1}, {TLV_QUERY, 10},
    {TLV_HEARTBEAT_ACK, 1},    {TLV_QUERY, 2},         {TLV_DATA_ACK, 1},
};

static void glued(void **state)
{
    (void)state;
    size_t used = 0;
    for (size_t i = 0; i < sizeof(items) / sizeof(*items); i++) {
        struct tlv_item item = tlv_client_next(stream + used, sizeof(stream) - used);
        assert_int_equal(item.kind, items[i].kind);
        assert_int_equal(item.size, items[i].size);
        if (item.kind == TLV_QUERY) {
            assert_ptr_equal(item.payload, stream + used + 2);
            assert_int_equal(item.payload_len, item.size - 2);
        }
        used += item.size;
    }
    assert_int_equal(tlv_client_next(stream + used, sizeof(stream) - used).kind, TLV_MORE);
}

/* However few bytes have come, an item is either not there yet or the same as when all are there.
 */
static void cut_anywhere(void **state)
{
    (void)state;
    for (size_t len = 0; len <= sizeof(stream); len++) {
        size_t used = 0, i = 0;
        struct tlv_item item;
        while ((item = tlv_client_next(stream + used, len - used)).kind != TLV_MORE) {
            assert_int_equal(item.kind, items[i].kind);
            assert_int_equal(item.size, items[i].size);
            used += item.size;
            assert_true(used <= len);
            i++;
        }
        assert_int_equal(item.size, 0);
        assert_true(i == sizeof(items) / sizeof(*items) || used + items[i].size > len);
    }
}

static void unknown_bytes(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        uint8_t first = (uint8_t)byte;
        int known = byte >= 1 && byte <= 4;
        assert_int_equal(tlv_client_next(&first, 1).kind == TLV_UNKNOWN, !known);
    }
}

static void what_the_dtu_says(void **state)
{
    (void)state;
    uint8_t out[TLV_FRAME_MAX], adu[255];
    tlv_client_registration(0x12345678, out);
    assert_memory_equal(out, "\x12\x34\x56\x78", 4);
    tlv_client_registration(1001, out);
    assert_memory_equal(out, "\0\0\x03\xE9", 4);
    tlv_client_heartbeat(out);
    assert_memory_equal(out, "\x02\0", 2);
    memset(adu, 0xAB, sizeof(adu));
    assert_int_equal(tlv_client_answer(adu, 255, out), 257);
    assert_memory_equal(out, "\x04\xFF\xAB", 3);
    assert_memory_equal(out + 2, adu, 255);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(glued),
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(unknown_bytes),
        cmocka_unit_test(what_the_dtu_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
