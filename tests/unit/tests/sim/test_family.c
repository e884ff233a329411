/* Each family's bytes, written by hand. The query is 01 03 00 00 00 02 C4 0B, its answer 01 03 02
 * 00 2D 78 59. */
#include "tests/sim/family.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1
#define ANSWER "\x01\x03\x02\x00\x2D\x78\x59"
#define QUERY "\x01\x03\x00\x00\x00\x02\xC4\x0B"

struct bytes {
    const uint8_t *data;
    size_t len;
};

static const struct {
    const struct family *family;
    const char *id;
    struct bytes registration, heartbeat, answer, query;
} vectors[] = {
    {&family_tlv,
     "1001",
     {BYTES("\0\0\x03\xE9")},
     {BYTES("\x02\x00")},
     {BYTES("\x04\x07" ANSWER)},
     {BYTES("\x04\x08" QUERY)}},
    {&family_usr,
     "1001",
     {BYTES("LOGIN:1001")},
     {BYTES("www.usr.cn")},
     {BYTES(ANSWER)},
     {BYTES(QUERY)}},
    {&family_usr_every,
     "1001",
     {BYTES("LOGIN:1001;")},
     {BYTES("www.usr.cn")},
     {BYTES("LOGIN:1001;" ANSWER)},
     {BYTES(QUERY)}},
    {&family_hiflying,
     "860000000001001",
     {BYTES("860000000001001")},
     {BYTES("ping")},
     {BYTES(ANSWER)},
     {BYTES(QUERY)}},
    {&family_irtu,
     "860000000001001",
     {BYTES("{\"csq\":23,\"imei\":\"860000000001001\",\"iccid\":\"89860000000000001001\","
            "\"ver\":\"1.8.18\"}")},
     {BYTES("ping")},
     {BYTES(ANSWER)},
     {BYTES(QUERY)}},
    {&family_irtu_imei,
     "860000000001001",
     {BYTES("860000000001001")},
     {BYTES("\0")},
     {BYTES("860000000001001" ANSWER)},
     {BYTES(QUERY)}},
    {&family_irtu_bin,
     "860000000001001",
     {BYTES("\x17\x86\x00\x00\x00\x00\x01\x00\x10\x89\x86\x00\x00\x00\x00\x00\x00\x10\x01")},
     {BYTES("ping")},
     {BYTES(ANSWER)},
     {BYTES(QUERY)}},
    {&family_irtu_hex,
     "860000000001001",
     {BYTES("860000000001001")},
     {BYTES("ping")},
     {BYTES("010302002D7859")},
     {BYTES("010300000002c40B")}},
    {&family_ebyte,
     "d4ad000003e9",
     {BYTES("d4ad000003e9")},
     {BYTES("ping")},
     {BYTES(ANSWER)},
     {BYTES(QUERY)}},
    {&family_ebyte_mbap,
     "d4ad000003e9",
     {BYTES("d4ad000003e9")},
     {BYTES("ping")},
     {BYTES("\xAB\xCD\0\0\0\x05\x01\x03\x02\x00\x2D")},
     {BYTES("\xAB\xCD\0\0\0\x06\x01\x03\x00\x00\x00\x02")}},
    {&family_waveshare,
     "ws-1001",
     {BYTES("LOGIN:ws-1001")},
     {BYTES("ping")},
     {BYTES(ANSWER)},
     {BYTES(QUERY)}},
    {&family_ddp,
     "10000001001",
     {BYTES("\x7B\x01\x00\x16"
            "10000001001"
            "\x0A\0\0\x01\x13\x88\x7B")},
     {BYTES("\x7B\x01\x00\x16"
            "10000001001"
            "\x0A\0\0\x01\x13\x88\x7B")},
     {BYTES("\x7B\x09\x00\x17"
            "10000001001" ANSWER "\x7B")},
     {BYTES("\x7B\x89\x00\x18"
            "10000001001" QUERY "\x7B")}},
    {&family_ddp_udp,
     "10000001001",
     {BYTES("\x7B\x01\x00\x16"
            "10000001001"
            "\x0A\0\0\x01\x13\x88\x7B")},
     {BYTES("\x7B\x01\x00\x16"
            "10000001001"
            "\x0A\0\0\x01\x13\x88\x7B")},
     {BYTES("\x7B\x09\x00\x10"
            "10000001001"
            "\x7B" ANSWER)},
     {BYTES("\x7B\x89\x00\x10"
            "10000001001"
            "\x7B" QUERY)}},
    {&family_four_faith,
     "10000001001",
     {BYTES("\0\0\x03\xE9"
            "10000001001"
            "\0\x0A\0\0\x01\0")},
     {BYTES("\xFE")},
     {BYTES(ANSWER)},
     {BYTES(QUERY)}},
    {&family_alotcer,
     "10000001001",
     {BYTES("\x7B\x31\x1D\0"
            "10000001001"
            "10.0.0.1,5000\x7D")},
     {BYTES("\x7B\x30\x10\0"
            "10000001001\x7D")},
     {BYTES("\x7B\x35\x17\0"
            "10000001001" ANSWER "\x7D")},
     {BYTES("\x7B\x34\x18\0"
            "10000001001" QUERY "\x7D")}},
    {&family_tlink,
     "KP00000000001001",
     {BYTES("KP00000000001001")},
     {BYTES("Q")},
     {BYTES(ANSWER)},
     {BYTES(QUERY)}},
    {&family_digits,
     "1001",
     {BYTES("LOGIN:1001")},
     {BYTES("0123456789")},
     {BYTES(ANSWER)},
     {BYTES(QUERY)}},
    {&family_none, "1001", {NULL, 0}, {NULL, 0}, {BYTES(ANSWER)}, {BYTES(QUERY)}},
    {&family_mbap,
     "1001",
     {NULL, 0},
     {NULL, 0},
     {BYTES("\xAB\xCD\0\0\0\x05\x01\x03\x02\x00\x2D")},
     {BYTES("\xAB\xCD\0\0\0\x06\x01\x03\x00\x00\x00\x02")}},
};

enum { VECTORS = sizeof(vectors) / sizeof(*vectors) };

static void packet(size_t (*make)(uint32_t, uint8_t *), const struct bytes *wanted)
{
    uint8_t out[FAMILY_PACKET_MAX];
    assert_int_equal(make == NULL, wanted->data == NULL);
    if (make == NULL)
        return;
    assert_int_equal(make(1001, out), wanted->len);
    assert_memory_equal(out, wanted->data, wanted->len);
}

static void every_family_has_its_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTORS; i++) {
        const struct family *family = vectors[i].family;
        char id[FAMILY_ID_SIZE];
        uint8_t out[FAMILY_ANSWER_MAX];
        family->id(1001, id);
        assert_string_equal(id, vectors[i].id);
        packet(family->registration, &vectors[i].registration);
        packet(family->heartbeat, &vectors[i].heartbeat);
        size_t len = family->wrap(1001, BYTES(ANSWER), 0xABCD, out);
        assert_int_equal(len, vectors[i].answer.len);
        assert_memory_equal(out, vectors[i].answer.data, len);
        assert_ptr_equal(family_by_name(family->name), family);
    }
    assert_null(family_at(VECTORS));
    assert_non_null(family_at(VECTORS - 1));
    assert_null(family_by_name("tl"));
}

/* A query comes byte by byte, with another one behind it. */
static void queries_are_taken_when_they_are_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTORS; i++) {
        const struct bytes *query = &vectors[i].query;
        uint8_t twice[128];
        struct family_item item;
        memcpy(twice, query->data, query->len);
        memcpy(twice + query->len, query->data, query->len);
        for (size_t len = 0; len <= 2 * query->len; len++) {
            vectors[i].family->next(1001, twice, len, &item);
            assert_int_equal(item.kind, len < query->len ? ITEM_MORE : ITEM_QUERY);
            if (item.kind == ITEM_MORE)
                continue;
            assert_int_equal(item.size, query->len);
            assert_int_equal(item.adu_len, sizeof(QUERY) - 1);
            assert_memory_equal(item.adu, QUERY, item.adu_len);
        }
    }
}

static void the_transaction_of_modbus_tcp_is_kept(void **state)
{
    (void)state;
    struct family_item item;
    family_mbap.next(1, BYTES("\xAB\xCD\0\0\0\x06\x01\x03\0\0\0\x02"), &item);
    assert_int_equal(item.transaction, 0xABCD);
    family_mbap.next(1, BYTES("\xAB\xCD\0\x01\0\x06\x01\x03\0\0\0\x02"), &item);
    assert_int_equal(item.kind, ITEM_BROKEN);
    family_mbap.next(1, BYTES("\xAB\xCD\0\0\x01\x06"), &item);
    assert_int_equal(item.kind, ITEM_BROKEN);
}

static void escapes(void **state)
{
    (void)state;
    uint8_t out[FAMILY_ANSWER_MAX];
    struct family_item item;
    size_t len = family_four_faith.wrap(1, BYTES("\xFE\x03\xFD\xED\xEE"), 0, out);
    assert_int_equal(len, 7);
    assert_memory_equal(out, "\xFD\xEE\x03\xFD\xED\xED\xEE", 7);

    uint8_t query[16] = {0x11, 0x06, 0x00, 0xFD, 0x00, 0xFE}, wire[FAMILY_ANSWER_MAX];
    size_t size = family_four_faith.wrap(1, query, adu_seal(query, 6), 0, wire);
    assert_true(size >= 10);
    for (size_t n = 0; n < size; n++) {
        family_four_faith.next(1, wire, n, &item);
        assert_int_equal(item.kind, ITEM_MORE);
    }
    family_four_faith.next(1, wire, size, &item);
    assert_int_equal(item.kind, ITEM_QUERY);
    assert_int_equal(item.size, size);
    assert_memory_equal(item.adu, query, 8);
    /* A bare FE and a wrong escape begin nothing. */
    family_four_faith.next(1, BYTES("\xFE"), &item);
    assert_int_equal(item.kind, ITEM_NOISE);
    family_four_faith.next(1, BYTES("\xFD\x01"), &item);
    assert_int_equal(item.kind, ITEM_NOISE);
}

static enum family_item_kind said(const struct family *family, const uint8_t *bytes, size_t len)
{
    struct family_item item;
    family->next(1001, bytes, len, &item);
    assert_true(item.size <= len);
    return item.kind;
}

static void what_the_server_acknowledges(void **state)
{
    (void)state;
    assert_int_equal(said(&family_ddp, BYTES("\x7B\x81\0\x10"
                                             "10000001001\x7B")),
                     ITEM_ACK);
    assert_int_equal(said(&family_ddp, BYTES("\x7B\x85\0\x10"
                                             "10000001001\x7B")),
                     ITEM_OTHER);
    /* For another DTU, without its end, of a wrong length. */
    assert_int_equal(said(&family_ddp, BYTES("\x7B\x81\0\x10"
                                             "10000001002\x7B")),
                     ITEM_BROKEN);
    assert_int_equal(said(&family_ddp, BYTES("\x7B\x81\0\x10"
                                             "10000001001\x7D")),
                     ITEM_BROKEN);
    assert_int_equal(said(&family_ddp, BYTES("\x7B\x81\0\x0F")), ITEM_BROKEN);
    assert_int_equal(said(&family_ddp, BYTES("\x01")), ITEM_BROKEN);
    assert_int_equal(said(&family_alotcer, BYTES("\x7B\x30\x10\0"
                                                 "10000001001\x7D")),
                     ITEM_HEARTBEAT_ACK);
    assert_int_equal(said(&family_tlink, BYTES("A")), ITEM_HEARTBEAT_ACK);
    assert_int_equal(said(&family_tlink, BYTES("A" QUERY)), ITEM_HEARTBEAT_ACK);
    assert_int_equal(said(&family_tlv, BYTES("\x01")), ITEM_REGISTRATION_ACK);
    assert_int_equal(said(&family_tlv, BYTES("\x02")), ITEM_HEARTBEAT_ACK);
    assert_int_equal(said(&family_tlv, BYTES("\x03")), ITEM_OTHER);
    assert_int_equal(said(&family_tlv, BYTES("\xEE")), ITEM_BROKEN);
}

/* The size of the first query in it, what stands in front taken away byte by byte. */
static void a_stream_is_found_again(void **state)
{
    (void)state;
    static const uint8_t stream[] = "zz\x01\x03\x00\x00\x00\x02\xC4\xFF" QUERY;
    size_t at = 0;
    struct family_item item;
    do {
        family_usr.next(1, stream + at, sizeof(stream) - 1 - at, &item);
        at += item.size;
    } while (item.kind == ITEM_NOISE);
    assert_int_equal(item.kind, ITEM_QUERY);
    assert_int_equal(at, sizeof(stream) - 1);
    static const uint8_t text[] = "\r\nx010300000002C40B";
    at = 0;
    do {
        family_irtu_hex.next(1, text + at, sizeof(text) - 1 - at, &item);
        at += item.size;
    } while (item.kind == ITEM_NOISE);
    assert_int_equal(item.kind, ITEM_QUERY);
    assert_int_equal(at, sizeof(text) - 1);
}

static void writes_have_their_own_length(void **state)
{
    (void)state;
    assert_int_equal(family_query_size(BYTES("\x11\x10\0\x01\0\x02\x04\0\x0A\x01\x02\xC6\xF0zzz")),
                     13);
    assert_int_equal(family_query_size(BYTES("\x11\x0F\0\x13\0\x0A\x02\xCD\x01\xBF\x0B")), 11);
    assert_int_equal(family_query_size(BYTES("\x11\x0F\0\x13\0\x0A")), 0);
    assert_int_equal(family_query_size(BYTES("\x11\x0F\0\x13\0\x0A\xFF")), -1);
    assert_int_equal(family_query_size(BYTES("\x01\x05\0\0\xFF\0\x8C\x3A")), 8);
    assert_int_equal(family_query_size(BYTES("\x01\x2B\0\0")), -1);
    uint8_t odd[8] = {0x01, 0x11};
    assert_int_equal(family_query_size(odd, adu_seal(odd, 2)), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_family_has_its_bytes),
        cmocka_unit_test(queries_are_taken_when_they_are_whole),
        cmocka_unit_test(the_transaction_of_modbus_tcp_is_kept),
        cmocka_unit_test(escapes),
        cmocka_unit_test(what_the_server_acknowledges),
        cmocka_unit_test(a_stream_is_found_again),
        cmocka_unit_test(writes_have_their_own_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
