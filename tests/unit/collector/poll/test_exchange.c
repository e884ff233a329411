#include "collector/poll/exchange.h"
#include "tests/unit/collector/parts.h"

static const struct exchange_timing timing = {
    .response_timeout_ms = 3000, .request_gap_ms = 100, .retries = 1};
static const struct exchange_timing no_retry = {.response_timeout_ms = 3000, .request_gap_ms = 100};

static const struct adu_request task_a = {1, FC_READ_HOLDING_REGISTERS, 2000, 10};
static const struct adu_request like_a = {1, FC_READ_HOLDING_REGISTERS, 2200, 10};
static const struct adu_request longer = {1, FC_READ_HOLDING_REGISTERS, 2000, 20};
static const struct adu_request other_slave = {2, FC_READ_HOLDING_REGISTERS, 2000, 10};
static const struct adu_request other_function = {1, FC_READ_INPUT_REGISTERS, 2000, 10};

/* What a framing makes of an RTU frame. */
static struct frame frame_of(const uint8_t *adu, size_t len, uint16_t transaction)
{
    struct frame frame = {.kind = FRAME_MODBUS, .size = len, .transaction = transaction};
    memcpy(frame.adu, adu, len);
    frame.adu_size = len;
    frame.intact = adu_crc_ok(adu, len);
    return frame;
}

static enum exchange_result frame_comes(struct exchange *exchange, const uint8_t *adu, size_t len,
                                        int64_t now_ms)
{
    struct adu_reply reply;
    enum adu_verdict verdict;
    struct frame frame = frame_of(adu, len, 0);
    return exchange_answer(exchange, &timing, &frame, now_ms, &reply, &verdict);
}

static enum exchange_result answer_comes(struct exchange *exchange,
                                         const struct adu_request *request, int64_t now_ms)
{
    uint8_t data[ADU_MAX] = {0}, frame[ADU_MAX];
    return frame_comes(exchange, frame, adu_build_reply(request, data, frame), now_ms);
}

static enum exchange_result refusal_comes(struct exchange *exchange, int64_t now_ms)
{
    uint8_t frame[ADU_MAX];
    size_t len = adu_build_exception(1, FC_READ_HOLDING_REGISTERS, 2, frame);
    return frame_comes(exchange, frame, len, now_ms);
}

/* Send and wait in vain. */
static void give_up(struct exchange *exchange, const struct adu_request *request, int64_t sent_ms)
{
    exchange_sent(exchange, &no_retry, request, sent_ms);
    assert_int_equal(exchange_timeout(exchange, &no_retry, true, sent_ms + 3000), EXCHANGE_GIVE_UP);
}

static void an_answer_ends_the_request(void **state)
{
    (void)state;
    struct exchange exchange = {0};
    assert_int_equal(exchange_ready_ms(&exchange, &timing, &task_a, 1000), 1000);
    exchange_sent(&exchange, &timing, &task_a, 1000);
    assert_true(exchange.waiting);
    assert_int_equal(exchange.deadline_ms, 4000);
    assert_int_equal(answer_comes(&exchange, &task_a, 1500), EXCHANGE_ANSWERED);
    assert_false(exchange.waiting);
    assert_int_equal(exchange_ready_ms(&exchange, &timing, &task_a, 1500), 1600); /* the gap */
    assert_int_equal(exchange_ready_ms(&exchange, &timing, &task_a, 1601), 1601);
}

static void an_exception_is_an_answer(void **state)
{
    (void)state;
    struct exchange exchange = {0};
    uint8_t bytes[ADU_MAX];
    struct adu_reply reply;
    enum adu_verdict verdict;
    exchange_sent(&exchange, &timing, &task_a, 1000);
    struct frame frame = frame_of(bytes, adu_build_exception(1, 3, 11, bytes), 0);
    assert_int_equal(exchange_answer(&exchange, &timing, &frame, 1100, &reply, &verdict),
                     EXCHANGE_REFUSED);
    assert_int_equal(reply.exception, 11);
    assert_false(exchange.waiting);
    assert_int_equal(exchange_ready_ms(&exchange, &timing, &task_a, 1100), 1200);
}

static void what_fits_nothing_leaves_the_request(void **state)
{
    (void)state;
    struct exchange exchange = {0};
    uint8_t bytes[ADU_MAX], data[ADU_MAX] = {0};
    struct adu_reply reply;
    enum adu_verdict verdict;
    assert_int_equal(answer_comes(&exchange, &task_a, 900), EXCHANGE_UNEXPECTED);
    exchange_sent(&exchange, &timing, &task_a, 1000);
    assert_int_equal(answer_comes(&exchange, &longer, 1100), EXCHANGE_UNEXPECTED);
    assert_int_equal(answer_comes(&exchange, &other_slave, 1100), EXCHANGE_UNEXPECTED);
    assert_int_equal(answer_comes(&exchange, &other_function, 1100), EXCHANGE_UNEXPECTED);
    assert_int_equal(frame_comes(&exchange, bytes, 0, 1100), EXCHANGE_UNEXPECTED);
    size_t len = adu_build_reply(&task_a, data, bytes);
    bytes[len - 1] ^= 1;
    struct frame frame = frame_of(bytes, len, 0);
    assert_int_equal(exchange_answer(&exchange, &timing, &frame, 1100, &reply, &verdict),
                     EXCHANGE_UNEXPECTED);
    assert_int_equal(verdict, ADU_BAD_CRC);
    assert_true(exchange.waiting);
    assert_int_equal(exchange.deadline_ms, 4000);
    assert_int_equal(answer_comes(&exchange, &task_a, 1200), EXCHANGE_ANSWERED);
}

static void repeats_then_gives_up(void **state)
{
    (void)state;
    struct exchange exchange = {0};
    const struct exchange_timing twice = {.response_timeout_ms = 1000, .retries = 2};
    exchange_sent(&exchange, &twice, &task_a, 0);
    for (int64_t at_ms = 1000; at_ms <= 2000; at_ms += 1000) {
        assert_int_equal(exchange_timeout(&exchange, &twice, true, at_ms), EXCHANGE_REPEAT);
        exchange_sent(&exchange, &twice, &task_a, at_ms);
        assert_int_equal(exchange.deadline_ms, at_ms + 1000);
    }
    assert_int_equal(exchange.repeats, 2);
    assert_int_equal(exchange_timeout(&exchange, &twice, true, 3000), EXCHANGE_GIVE_UP);
    assert_false(exchange.waiting);
    exchange_sent(&exchange, &twice, &longer, 3000);
    assert_int_equal(exchange.repeats, 0);
}

static void a_debt_holds_its_shape_back(void **state)
{
    (void)state;
    struct exchange exchange = {0};
    give_up(&exchange, &task_a, 0); /* at 3000; the debt ends at 12000 */
    assert_int_equal(exchange_ready_ms(&exchange, &timing, &task_a, 3100), 12000);
    assert_int_equal(exchange_ready_ms(&exchange, &timing, &like_a, 3100), 12000);
    assert_int_equal(exchange_ready_ms(&exchange, &timing, &longer, 3100), 3100);
    assert_int_equal(exchange_ready_ms(&exchange, &timing, &other_slave, 3100), 3100);
    assert_int_equal(exchange_ready_ms(&exchange, &timing, &other_function, 3100), 3100);
    assert_int_equal(exchange_ready_ms(&exchange, &timing, &like_a, 11999), 12000);
    assert_int_equal(exchange_ready_ms(&exchange, &timing, &like_a, 12000), 12000);
}

static void a_late_answer_settles_its_debt(void **state)
{
    (void)state;
    struct exchange exchange = {0};
    give_up(&exchange, &task_a, 0);
    assert_int_equal(answer_comes(&exchange, &task_a, 5000), EXCHANGE_LATE);
    assert_int_equal(exchange_ready_ms(&exchange, &timing, &like_a, 5000), 5000);
    assert_int_equal(answer_comes(&exchange, &task_a, 5000), EXCHANGE_UNEXPECTED); /* once */

    give_up(&exchange, &task_a, 20000);
    exchange_sent(&exchange, &timing, &longer, 23100);
    assert_int_equal(answer_comes(&exchange, &task_a, 23200), EXCHANGE_LATE);
    assert_true(exchange.waiting);
    assert_int_equal(answer_comes(&exchange, &longer, 23300), EXCHANGE_ANSWERED);

    give_up(&exchange, &task_a, 40000);
    assert_int_equal(refusal_comes(&exchange, 44000), EXCHANGE_LATE);
    assert_int_equal(exchange_ready_ms(&exchange, &timing, &like_a, 44000), 44000);
}

static void an_answer_to_a_repeated_request_may_come_twice(void **state)
{
    (void)state;
    struct exchange exchange = {0};
    exchange_sent(&exchange, &timing, &task_a, 0);
    assert_int_equal(exchange_timeout(&exchange, &timing, true, 3000), EXCHANGE_REPEAT);
    exchange_sent(&exchange, &timing, &task_a, 3000);
    assert_int_equal(answer_comes(&exchange, &task_a, 3050), EXCHANGE_ANSWERED);
    /* The second may be as late as any: 6000 and the window. */
    assert_int_equal(exchange_ready_ms(&exchange, &timing, &like_a, 12500), 15000);
    assert_int_equal(answer_comes(&exchange, &task_a, 14000), EXCHANGE_LATE);
    assert_int_equal(exchange_ready_ms(&exchange, &timing, &like_a, 14001), 14001);
}

static void a_late_exception_does_not_end_another_request(void **state)
{
    (void)state;
    struct exchange exchange = {0};
    give_up(&exchange, &longer, 0);
    exchange_sent(&exchange, &timing, &task_a, 3100);
    assert_int_equal(refusal_comes(&exchange, 3200), EXCHANGE_LATE);
    assert_true(exchange.waiting);
    assert_int_equal(refusal_comes(&exchange, 3300), EXCHANGE_REFUSED); /* nothing else is owed */
    assert_false(exchange.waiting);
}

static void an_exception_ends_the_repeated_request_it_is_for(void **state)
{
    (void)state;
    struct exchange exchange = {0};
    exchange_sent(&exchange, &timing, &task_a, 0);
    assert_int_equal(exchange_timeout(&exchange, &timing, true, 3000), EXCHANGE_REPEAT);
    exchange_sent(&exchange, &timing, &task_a, 3000);
    assert_int_equal(refusal_comes(&exchange, 3050), EXCHANGE_REFUSED);
}

/*
 * A slave of any slowness against the promise: what is taken as an answer is the answer to the
 * request that is outstanding, or to one of its repetitions. Answers come in order, within a
 * time-out and the window.
 */
enum { QUEUE_MAX = 64 };

struct late_slave {
    struct {
        struct adu_request request;
        int64_t at_ms;
        int refuses;
    } queue[QUEUE_MAX];
    size_t count;
    uint64_t seed;
};

static void ask(struct late_slave *slave, const struct adu_request *request, int64_t now_ms)
{
    if (parts_pick(&slave->seed, 4) == 0 || slave->count == QUEUE_MAX)
        return; /* lost */
    int64_t at_ms =
        now_ms + (int64_t)parts_pick(&slave->seed, parts_pick(&slave->seed, 2) ? 300 : 3900);
    if (slave->count > 0 && at_ms < slave->queue[slave->count - 1].at_ms)
        at_ms = slave->queue[slave->count - 1].at_ms;
    slave->queue[slave->count].request = *request;
    slave->queue[slave->count].refuses = parts_pick(&slave->seed, 4) == 0;
    slave->queue[slave->count++].at_ms = at_ms;
}

static void no_answer_is_taken_for_another(void **state)
{
    (void)state;
    const struct exchange_timing quick = {
        .response_timeout_ms = 1000, .request_gap_ms = 10, .retries = 1};
    const struct adu_request *requests[] = {&task_a, &like_a, &longer, &other_slave,
                                            &other_function};
    struct exchange exchange = {0};
    struct late_slave slave = {.seed = 4242};
    unsigned answered = 0, refused = 0, late = 0;
    for (int64_t now_ms = 1; now_ms < 4000000; now_ms += 5) {
        while (slave.count > 0 && slave.queue[0].at_ms <= now_ms) {
            const struct adu_request *is = &slave.queue[0].request, *to = &exchange.request;
            uint8_t bytes[ADU_MAX], data[ADU_MAX] = {0};
            struct adu_reply reply;
            enum adu_verdict verdict;
            size_t len = slave.queue[0].refuses
                             ? adu_build_exception(is->unit, is->function, 2, bytes)
                             : adu_build_reply(is, data, bytes);
            struct frame frame = frame_of(bytes, len, 0);
            enum exchange_result result =
                exchange_answer(&exchange, &quick, &frame, now_ms, &reply, &verdict);
            if (result == EXCHANGE_ANSWERED || (result == EXCHANGE_REFUSED && now_ms > 0)) {
                assert_int_equal(is->unit, to->unit);
                assert_int_equal(is->function, to->function);
                if (result == EXCHANGE_ANSWERED) {
                    assert_int_equal(is->start, to->start);
                    assert_int_equal(is->count, to->count);
                }
            }
            answered += result == EXCHANGE_ANSWERED;
            refused += result == EXCHANGE_REFUSED;
            late += result == EXCHANGE_LATE;
            memmove(slave.queue, slave.queue + 1, --slave.count * sizeof(*slave.queue));
        }
        if (exchange.waiting && now_ms >= exchange.deadline_ms &&
            exchange_timeout(&exchange, &quick, true, now_ms) == EXCHANGE_REPEAT) {
            struct adu_request again = exchange.request;
            exchange_sent(&exchange, &quick, &again, now_ms);
            ask(&slave, &again, now_ms);
        }
        const struct adu_request *request = requests[parts_pick(&slave.seed, 5)];
        if (!exchange.waiting && exchange_ready_ms(&exchange, &quick, request, now_ms) <= now_ms) {
            exchange_sent(&exchange, &quick, request, now_ms);
            ask(&slave, request, now_ms);
        }
    }
    assert_true(answered > 500 && refused > 50 && late > 50); /* the play had all its scenes */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_ends_the_request),
        cmocka_unit_test(an_exception_is_an_answer),
        cmocka_unit_test(what_fits_nothing_leaves_the_request),
        cmocka_unit_test(repeats_then_gives_up),
        cmocka_unit_test(a_debt_holds_its_shape_back),
        cmocka_unit_test(a_late_answer_settles_its_debt),
        cmocka_unit_test(an_answer_to_a_repeated_request_may_come_twice),
        cmocka_unit_test(a_late_exception_does_not_end_another_request),
        cmocka_unit_test(an_exception_ends_the_repeated_request_it_is_for),
        cmocka_unit_test(no_answer_is_taken_for_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
