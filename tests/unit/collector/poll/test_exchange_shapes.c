/* What owes what to whom: writes, transactions, gaps between slaves, expectations. */
#include "collector/poll/exchange.h"
#include "tests/unit/collector/parts.h"

static const struct exchange_timing timing = {
    .response_timeout_ms = 1000, .request_gap_ms = 100, .slave_gap_ms = 400};
static const struct exchange_timing mbap = {
    .response_timeout_ms = 1000, .request_gap_ms = 100, .retries = 1, .transactions = true};

static struct frame frame_of(const uint8_t *adu, size_t len, uint16_t transaction)
{
    struct frame frame = {.kind = FRAME_MODBUS, .transaction = transaction};
    memcpy(frame.adu, adu, len);
    frame.adu_size = len;
    frame.intact = adu_crc_ok(adu, len);
    return frame;
}

static enum exchange_result answer_comes(struct exchange *exchange,
                                         const struct exchange_timing *by,
                                         const struct adu_request *request, uint16_t transaction,
                                         int64_t now_ms)
{
    uint8_t data[ADU_MAX] = {0}, adu[ADU_MAX];
    struct adu_reply reply;
    enum adu_verdict verdict;
    struct frame frame = frame_of(adu, parts_answer(request, data, adu), transaction);
    return exchange_answer(exchange, by, &frame, now_ms, &reply, &verdict);
}

static void give_up(struct exchange *exchange, const struct exchange_timing *by,
                    const struct adu_request *request, int64_t sent_ms)
{
    exchange_sent(exchange, by, request, sent_ms);
    assert_int_equal(exchange_timeout(exchange, by, false, sent_ms + 1000), EXCHANGE_GIVE_UP);
}

static void a_write_is_answered_by_its_echo(void **state)
{
    (void)state;
    static const struct adu_request writes[] = {
        {3, FC_WRITE_COIL, 7, 1, 0xFF00},
        {3, FC_WRITE_REGISTER, 7, 1, 1234},
        {3, FC_WRITE_COILS, 7, 12, 0},
        {3, FC_WRITE_REGISTERS, 7, 2, 0},
    };
    for (size_t i = 0; i < 4; i++) {
        struct exchange exchange = {0};
        struct adu_request other = writes[i];
        exchange_sent(&exchange, &timing, &writes[i], 1000);
        other.start++;
        assert_int_equal(answer_comes(&exchange, &timing, &other, 0, 1100), EXCHANGE_UNEXPECTED);
        other = writes[i];
        if (i < 2)
            other.value ^= 0xFF00;
        else
            other.count--;
        assert_int_equal(answer_comes(&exchange, &timing, &other, 0, 1100), EXCHANGE_UNEXPECTED);
        assert_true(exchange.waiting);
        assert_int_equal(answer_comes(&exchange, &timing, &writes[i], 0, 1200), EXCHANGE_ANSWERED);
    }
}

static void a_write_holds_back_its_like_only(void **state)
{
    (void)state;
    static const struct adu_request write = {3, FC_WRITE_REGISTER, 7, 1, 1234},
                                    other_value = {3, FC_WRITE_REGISTER, 7, 1, 1235},
                                    other_place = {3, FC_WRITE_REGISTER, 8, 1, 1234},
                                    read = {3, FC_READ_HOLDING_REGISTERS, 7, 1};
    struct exchange exchange = {0};
    give_up(&exchange, &timing, &write, 0); /* owed until 4000 */
    assert_int_equal(exchange_ready_ms(&exchange, &timing, &write, 1100), 4000);
    assert_int_equal(exchange_ready_ms(&exchange, &timing, &other_value, 1100), 1100);
    assert_int_equal(exchange_ready_ms(&exchange, &timing, &other_place, 1100), 1100);
    assert_int_equal(exchange_ready_ms(&exchange, &timing, &read, 1100), 1100);
    exchange_sent(&exchange, &timing, &other_value, 1100);
    assert_int_equal(answer_comes(&exchange, &timing, &write, 0, 1200), EXCHANGE_LATE);
    assert_int_equal(answer_comes(&exchange, &timing, &other_value, 0, 1300), EXCHANGE_ANSWERED);
}

/* The answer to a write of several registers does not say what was written. */
static void two_writes_of_one_place_are_alike(void **state)
{
    (void)state;
    static const struct adu_request write = {3, FC_WRITE_REGISTERS, 7, 2, 0},
                                    longer = {3, FC_WRITE_REGISTERS, 7, 3, 0};
    struct exchange exchange = {0};
    give_up(&exchange, &timing, &write, 0);
    assert_int_equal(exchange_ready_ms(&exchange, &timing, &write, 2000), 4000);
    assert_int_equal(exchange_ready_ms(&exchange, &timing, &longer, 2000), 2000);
}

static void bits_are_alike_by_their_bytes(void **state)
{
    (void)state;
    static const struct adu_request three = {1, FC_READ_COILS, 0, 3},
                                    five = {1, FC_READ_COILS, 9, 5},
                                    nine = {1, FC_READ_COILS, 0, 9};
    struct exchange exchange = {0};
    give_up(&exchange, &timing, &three, 0);
    assert_int_equal(exchange_ready_ms(&exchange, &timing, &five, 2000), 4000);
    assert_int_equal(exchange_ready_ms(&exchange, &timing, &nine, 2000), 2000);
}

static void a_transaction_says_which_answer_it_is(void **state)
{
    (void)state;
    static const struct adu_request read = {1, FC_READ_HOLDING_REGISTERS, 2000, 10};
    struct exchange exchange = {0};
    give_up(&exchange, &mbap, &read, 0);
    uint16_t first = exchange.transaction;
    assert_int_equal(exchange_ready_ms(&exchange, &mbap, &read, 1000), 1100); /* the gap, no more */
    exchange_sent(&exchange, &mbap, &read, 1100);
    assert_int_not_equal(exchange.transaction, first);
    assert_int_equal(answer_comes(&exchange, &mbap, &read, first, 1200), EXCHANGE_LATE);
    assert_int_equal(answer_comes(&exchange, &mbap, &read, first, 1200), EXCHANGE_UNEXPECTED);
    assert_int_equal(answer_comes(&exchange, &mbap, &read, 77, 1200), EXCHANGE_UNEXPECTED);
    assert_true(exchange.waiting);
    assert_int_equal(answer_comes(&exchange, &mbap, &read, exchange.transaction, 1300),
                     EXCHANGE_ANSWERED);
}

static void a_repetition_keeps_its_transaction(void **state)
{
    (void)state;
    static const struct adu_request read = {1, FC_READ_HOLDING_REGISTERS, 2000, 10};
    struct exchange exchange = {.transaction = UINT16_MAX};
    exchange_sent(&exchange, &mbap, &read, 0);
    assert_int_equal(exchange.transaction, 0); /* they begin anew at the end */
    assert_int_equal(exchange_timeout(&exchange, &mbap, true, 1000), EXCHANGE_REPEAT);
    exchange_sent(&exchange, &mbap, &read, 1000);
    assert_int_equal(exchange.transaction, 0);
    assert_int_equal(answer_comes(&exchange, &mbap, &read, 0, 1100), EXCHANGE_ANSWERED);
    assert_int_equal(answer_comes(&exchange, &mbap, &read, 0, 1200), EXCHANGE_LATE);
}

static void who_failed_before_is_not_asked_again(void **state)
{
    (void)state;
    static const struct adu_request read = {1, FC_READ_HOLDING_REGISTERS, 2000, 10};
    struct exchange exchange = {0};
    exchange_sent(&exchange, &mbap, &read, 0);
    assert_int_equal(exchange_timeout(&exchange, &mbap, false, 1000), EXCHANGE_GIVE_UP);
}

static void another_slave_has_a_gap_of_its_own(void **state)
{
    (void)state;
    static const struct adu_request one = {1, FC_READ_HOLDING_REGISTERS, 0, 1},
                                    two = {2, FC_READ_HOLDING_REGISTERS, 0, 1};
    struct exchange exchange = {0};
    assert_int_equal(exchange_free_ms(&exchange, &timing, 2, 500), 500); /* nothing was asked yet */
    exchange_sent(&exchange, &timing, &one, 1000);
    assert_int_equal(answer_comes(&exchange, &timing, &one, 0, 1200), EXCHANGE_ANSWERED);
    assert_int_equal(exchange_ready_ms(&exchange, &timing, &one, 1200), 1300);
    assert_int_equal(exchange_ready_ms(&exchange, &timing, &two, 1200), 1600);
    assert_int_equal(exchange_free_ms(&exchange, &timing, 2, 1200), 1600);
    assert_int_equal(exchange_free_ms(&exchange, &timing, 2, 5000), 5000);
    exchange.quiet_until_ms = 9000;
    assert_int_equal(exchange_free_ms(&exchange, &timing, 1, 5000), 9000);
}

static void what_is_expected(void **state)
{
    (void)state;
    static const struct adu_request one = {1, FC_READ_HOLDING_REGISTERS, 0, 1},
                                    two = {2, FC_READ_HOLDING_REGISTERS, 0, 1},
                                    three = {3, FC_READ_HOLDING_REGISTERS, 0, 1};
    struct expectation expected[1 + EXCHANGE_DEBTS];
    struct exchange exchange = {0};
    assert_int_equal(exchange_expected(&exchange, 0, expected), 0);
    give_up(&exchange, &timing, &one, 0); /* until 4000 */
    give_up(&exchange, &timing, &two, 2000);
    exchange_sent(&exchange, &timing, &three, 3500);
    assert_int_equal(exchange_expected(&exchange, 3600, expected), 3);
    assert_int_equal(expected[0].request.unit, 3); /* the outstanding one first */
    assert_int_equal(expected[0].transaction, 3);
    assert_int_equal(expected[1].request.unit, 1);
    assert_int_equal(expected[1].transaction, 1);
    assert_int_equal(exchange_expected(&exchange, 4000, expected), 2);
    assert_int_equal(expected[1].request.unit, 2);
    assert_int_equal(answer_comes(&exchange, &timing, &two, 0, 4100), EXCHANGE_LATE);
    assert_int_equal(exchange_expected(&exchange, 4100, expected), 1);
}

/* More is owed than is kept: the oldest debt is forgotten. */
static void the_oldest_debt_gives_way(void **state)
{
    (void)state;
    struct expectation expected[1 + EXCHANGE_DEBTS];
    struct exchange exchange = {0};
    struct adu_request request = {1, FC_READ_HOLDING_REGISTERS, 0, 1};
    const struct exchange_timing quick = {.response_timeout_ms = 1000};
    for (int i = 0; i <= EXCHANGE_DEBTS; i++) {
        request.unit = (uint8_t)(1 + i);
        exchange_sent(&exchange, &quick, &request, 100 * i);
        exchange_timeout(&exchange, &quick, false, 100 * i + 50);
    }
    assert_int_equal(exchange_expected(&exchange, 500, expected), EXCHANGE_DEBTS);
    for (int i = 0; i < EXCHANGE_DEBTS; i++)
        assert_int_not_equal(expected[i].request.unit, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_is_answered_by_its_echo),
        cmocka_unit_test(a_write_holds_back_its_like_only),
        cmocka_unit_test(two_writes_of_one_place_are_alike),
        cmocka_unit_test(bits_are_alike_by_their_bytes),
        cmocka_unit_test(a_transaction_says_which_answer_it_is),
        cmocka_unit_test(a_repetition_keeps_its_transaction),
        cmocka_unit_test(who_failed_before_is_not_asked_again),
        cmocka_unit_test(another_slave_has_a_gap_of_its_own),
        cmocka_unit_test(what_is_expected),
        cmocka_unit_test(the_oldest_debt_gives_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
