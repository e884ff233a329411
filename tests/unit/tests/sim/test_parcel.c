#include "tests/sim/parcel.h"
#include "tests/sim/waveform.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t frame[] = {0x01, 0x03, 0x02, 0x00, 0x2D, 0x78, 0x59};

static struct parcel parcel_of(const struct family *family, enum segments segments,
                               enum fault_kind fault, uint64_t i)
{
    struct parcel parcel;
    const struct parcel_way way = {family, 1001, segments, waveform_mix(1, 1001, i)};
    const struct parcel_answer answer = {frame, sizeof(frame), 5, fault};
    parcel_answer(&way, &answer, &parcel);
    assert_true(parcel.answer);
    assert_true(parcel.len <= PARCEL_MAX);
    return parcel;
}

static void an_intact_answer(void **state)
{
    (void)state;
    static const enum fault_kind of_time[] = {FAULT_NONE, FAULT_LATE, FAULT_SILENCE,
                                              FAULT_HALF_OPEN};
    for (size_t i = 0; i < 4; i++) {
        struct parcel parcel = parcel_of(&family_usr, SEGMENTS_WHOLE, of_time[i], i);
        assert_int_equal(parcel.len, sizeof(frame));
        assert_memory_equal(parcel.bytes, frame, sizeof(frame));
        assert_int_equal(parcel.heartbeats, 0);
        assert_int_equal(parcel.cuts[0], 0);
    }
}

static void spoilt_frames(void **state)
{
    (void)state;
    struct parcel parcel = parcel_of(&family_usr, SEGMENTS_WHOLE, FAULT_CRC, 1);
    assert_int_equal(parcel.len, sizeof(frame));
    assert_memory_equal(parcel.bytes, frame, sizeof(frame) - 1);
    assert_false(adu_crc_ok(parcel.bytes, parcel.len));

    parcel = parcel_of(&family_usr, SEGMENTS_WHOLE, FAULT_WRONG_SLAVE, 1);
    assert_int_equal(parcel.bytes[0], 2);
    assert_memory_equal(parcel.bytes + 1, frame + 1, sizeof(frame) - 3);
    assert_true(adu_crc_ok(parcel.bytes, parcel.len));

    parcel = parcel_of(&family_usr, SEGMENTS_WHOLE, FAULT_EXCEPTION, 1);
    assert_int_equal(parcel.len, 5);
    assert_memory_equal(parcel.bytes, "\x01\x83\x04", 3);
    assert_true(adu_crc_ok(parcel.bytes, 5));

    /* Without a CRC the transaction is another one. */
    parcel = parcel_of(&family_mbap, SEGMENTS_WHOLE, FAULT_CRC, 1);
    assert_memory_equal(parcel.bytes, "\x80\x05\0\0\0\x05\x01\x03\x02\0\x2D", 11);
}

static void a_heartbeat_splits(void **state)
{
    (void)state;
    unsigned firsts[sizeof(frame)] = {0};
    for (uint64_t i = 0; i < 200; i++) {
        struct parcel parcel = parcel_of(&family_usr, SEGMENTS_WHOLE, FAULT_SPLIT_HEARTBEAT, i);
        size_t first = parcel.cuts[0];
        assert_int_equal(parcel.len, sizeof(frame) + 10);
        assert_in_range(first, 1, sizeof(frame) - 1);
        assert_int_equal(parcel.cuts[1], first + 10);
        assert_int_equal(parcel.heartbeats, 1);
        assert_memory_equal(parcel.bytes, frame, first);
        assert_memory_equal(parcel.bytes + first, "www.usr.cn", 10);
        assert_memory_equal(parcel.bytes + first + 10, frame + first, sizeof(frame) - first);
        firsts[first]++;
    }
    for (size_t i = 1; i < sizeof(frame); i++)
        assert_true(firsts[i] > 0);
    assert_true(parcel_can(&family_usr, FAULT_SPLIT_HEARTBEAT));
    assert_false(parcel_can(&family_none, FAULT_SPLIT_HEARTBEAT));
    assert_false(parcel_can(&family_tlv, FAULT_SPLIT_HEARTBEAT));
    assert_true(parcel_can(&family_tlv, FAULT_CRC));
}

static void noise_is_on_each_side_at_times(void **state)
{
    (void)state;
    unsigned before = 0, behind = 0;
    for (uint64_t i = 0; i < 300; i++) {
        struct parcel parcel = parcel_of(&family_usr, SEGMENTS_WHOLE, FAULT_NOISE, i);
        const uint8_t *at = memmem(parcel.bytes, parcel.len, frame, sizeof(frame));
        assert_non_null(at);
        size_t head = (size_t)(at - parcel.bytes), tail = parcel.len - head - sizeof(frame);
        assert_true(head + tail > 0);
        assert_true(head <= PARCEL_NOISE_MAX && tail <= PARCEL_NOISE_MAX);
        before += head > 0;
        behind += tail > 0;
    }
    assert_in_range(before, 150, 250);
    assert_in_range(behind, 150, 250);
    assert_true(before + behind > 300);
}

static void heartbeats_are_glued(void **state)
{
    (void)state;
    unsigned before = 0, behind = 0, both = 0, none = 0;
    for (uint64_t i = 0; i < 400; i++) {
        struct parcel parcel = parcel_of(&family_tlink, SEGMENTS_GLUED, FAULT_NONE, i);
        bool first = parcel.bytes[0] == 'Q', last = parcel.bytes[parcel.len - 1] == 'Q';
        assert_int_equal(parcel.len, sizeof(frame) + first + last);
        assert_int_equal(parcel.heartbeats, first + last);
        assert_memory_equal(parcel.bytes + first, frame, sizeof(frame));
        before += first;
        behind += last;
        both += first && last;
        none += !first && !last;
    }
    assert_in_range(before, 150, 250);
    assert_in_range(behind, 150, 250);
    assert_in_range(both, 60, 140);
    assert_in_range(none, 60, 140);
    struct parcel parcel = parcel_of(&family_none, SEGMENTS_GLUED, FAULT_NONE, 1);
    assert_int_equal(parcel.len, sizeof(frame));
}

/* How many of 100 registrations have a heartbeat glued to them. */
static unsigned glued_registrations(const struct family *family)
{
    unsigned n = 0;
    for (uint64_t i = 0; i < 100; i++) {
        struct parcel parcel;
        parcel_registration(
            &(struct parcel_way){family, 1001, SEGMENTS_GLUED, waveform_mix(3, 4, i)}, &parcel);
        assert_false(parcel.answer);
        n += parcel.heartbeats;
    }
    return n;
}

static void registrations_are_glued_where_they_end(void **state)
{
    (void)state;
    assert_in_range(glued_registrations(&family_irtu), 30, 70);
    assert_int_equal(glued_registrations(&family_usr), 0);
    assert_int_equal(glued_registrations(&family_tlv), 0);
    struct parcel parcel;
    parcel_registration(&(struct parcel_way){&family_none, 1, SEGMENTS_GLUED, 1}, &parcel);
    assert_int_equal(parcel.len, 0);
    parcel_heartbeat(&(struct parcel_way){&family_tlv, 1, SEGMENTS_WHOLE, 0}, &parcel);
    assert_int_equal(parcel.len, 2);
    assert_int_equal(parcel.heartbeats, 1);
}

/* The longest answers of the longest wrappings, with all that can be around them. */
static void it_always_fits(void **state)
{
    (void)state;
    uint8_t longest[ADU_MAX];
    const struct family *family;
    memset(longest, 0xFE, sizeof(longest));
    for (size_t i = 0; (family = family_at(i)) != NULL; i++) {
        if (family == &family_tlv) /* its length has one byte */
            continue;
        for (uint64_t j = 0; j < 200; j++) {
            struct parcel parcel;
            const struct parcel_way way = {family, UINT32_MAX, SEGMENTS_GLUED,
                                           waveform_mix(5, i, j)};
            enum fault_kind fault = (enum fault_kind)(j % FAULT_KINDS);
            const struct parcel_answer answer = {longest, sizeof(longest), 5,
                                                 parcel_can(family, fault) ? fault : FAULT_NONE};
            parcel_answer(&way, &answer, &parcel);
            assert_true(parcel.len <= PARCEL_MAX);
        }
    }
}

static void segments_cover_all(void **state)
{
    (void)state;
    for (int how = 0; how < SEGMENTS_KINDS; how++) {
        bool cut = false, whole = false;
        for (uint64_t i = 0; i < 200; i++) {
            uint64_t chance = waveform_mix(9, 9, i);
            size_t sent = 0, sends = 0;
            while (sent < 100) {
                size_t end = segments_end((enum segments)how, chance, sent, 100);
                assert_in_range(end, sent + 1, 100);
                sent = end;
                sends++;
            }
            cut |= sends > 1;
            whole |= sends == 1;
            assert_true(how != SEGMENTS_ONE || sends == 100);
        }
        assert_int_equal(cut, how == SEGMENTS_ONE || how == SEGMENTS_RANDOM);
        assert_int_equal(whole, how != SEGMENTS_ONE);
    }
    enum segments how;
    assert_int_equal(segments_by_name("glued", &how), 0);
    assert_int_equal(how, SEGMENTS_GLUED);
    assert_int_equal(segments_by_name("two", &how), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_intact_answer),
        cmocka_unit_test(spoilt_frames),
        cmocka_unit_test(a_heartbeat_splits),
        cmocka_unit_test(noise_is_on_each_side_at_times),
        cmocka_unit_test(heartbeats_are_glued),
        cmocka_unit_test(registrations_are_glued_where_they_end),
        cmocka_unit_test(it_always_fits),
        cmocka_unit_test(segments_cover_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
