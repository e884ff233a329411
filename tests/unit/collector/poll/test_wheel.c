#include "collector/poll/wheel.h"
#include "tests/unit/collector/parts.h"

enum { TIMERS = 64, OPERATIONS = 20000 };

/* The wheel against the plainest model there is: an array of due times. */
struct bench {
    struct wheel *wheel;
    struct wheel_timer timers[TIMERS];
    int64_t model[TIMERS]; /* 0: not set */
    int fired[TIMERS];     /* in this advance */
    int64_t now_ms, advance_ms;
    uint64_t seed;
    int meddle; /* set and stop inside of fire */
};

static void set(struct bench *bench, size_t i, int64_t due_ms)
{
    wheel_set(bench->wheel, &bench->timers[i], due_ms);
    bench->model[i] = due_ms < 1 ? 1 : due_ms;
}

static void stop(struct bench *bench, size_t i)
{
    wheel_stop(bench->wheel, &bench->timers[i]);
    bench->model[i] = 0;
}

/* Mostly soon, sometimes overdue, sometimes several turns away, often the very same moment. */
static int64_t some_time(struct bench *bench)
{
    const int64_t turn_ms = (int64_t)WHEEL_TICK_MS * WHEEL_SLOTS;
    switch (parts_pick(&bench->seed, 8)) {
    case 0:
        return bench->now_ms - (int64_t)parts_pick(&bench->seed, 1000);
    case 1:
        return bench->now_ms + (int64_t)parts_pick(&bench->seed, 5 * (size_t)turn_ms);
    case 2:
        return bench->now_ms + turn_ms;
    case 3:
        return bench->now_ms + 2 * turn_ms + (int64_t)parts_pick(&bench->seed, 3) - 1;
    default:
        return bench->now_ms + (int64_t)parts_pick(&bench->seed, 400);
    }
}

static void on_fire(void *cookie, struct wheel_timer *timer)
{
    struct bench *bench = cookie;
    size_t i = (size_t)(timer - bench->timers);
    assert_true(i < TIMERS);
    assert_int_not_equal(bench->model[i], 0);
    assert_true(bench->model[i] <= bench->advance_ms); /* never early */
    assert_int_equal(timer->due_ms, 0);
    bench->model[i] = 0;
    bench->fired[i]++;
    if (!bench->meddle)
        return;
    for (size_t n = parts_pick(&bench->seed, 4); n > 0; n--) {
        size_t other = parts_pick(&bench->seed, TIMERS);
        if (parts_pick(&bench->seed, 3) == 0)
            stop(bench, other);
        else /* later than now, or the same timer could go round for ever */
            set(bench, other, bench->advance_ms + 1 + (int64_t)parts_pick(&bench->seed, 50000));
    }
}

static void advance(struct bench *bench, int64_t by_ms)
{
    bench->now_ms += by_ms;
    bench->advance_ms = bench->now_ms;
    int64_t ticked_ms = bench->now_ms / WHEEL_TICK_MS * WHEEL_TICK_MS;
    memset(bench->fired, 0, sizeof(bench->fired));
    wheel_advance(bench->wheel, bench->now_ms, on_fire, bench);
    for (size_t i = 0; i < TIMERS; i++) {
        assert_int_equal(bench->timers[i].due_ms, bench->model[i]);
        assert_true(bench->fired[i] <= 1);
        /* What is due by the last whole tick is gone; an overdue one that was set within the
         * current tick may wait for the next. */
        if (bench->model[i] != 0 && bench->model[i] <= ticked_ms)
            assert_true(by_ms < WHEEL_TICK_MS);
    }
}

static void open_bench(struct bench *bench, uint64_t seed, int meddle)
{
    memset(bench, 0, sizeof(*bench));
    bench->seed = seed;
    bench->meddle = meddle;
    bench->now_ms = 1000 + (int64_t)parts_pick(&bench->seed, 1000000);
    bench->wheel = wheel_new(bench->now_ms);
}

static void run_model(uint64_t seed, int meddle)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    assert_non_null(bench);
    open_bench(bench, seed, meddle);
    for (int n = 0; n < OPERATIONS; n++) {
        size_t i = parts_pick(&bench->seed, TIMERS);
        switch (parts_pick(&bench->seed, 6)) {
        case 0:
            stop(bench, i);
            break;
        case 1:
            advance(bench, (int64_t)parts_pick(&bench->seed, 40));
            break;
        case 2:
            if (parts_pick(&bench->seed, 50) == 0) /* a suspended machine */
                advance(bench, (int64_t)parts_pick(&bench->seed, 100000));
            break;
        default:
            set(bench, i, some_time(bench));
        }
    }
    wheel_free(bench->wheel);
    free(bench);
}

static void agrees_with_a_plain_model(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++)
        run_model(seed * 7919, 0);
}

static void fire_may_set_and_stop(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++)
        run_model(seed * 104729, 1);
}

static void count_fire(void *cookie, struct wheel_timer *timer)
{
    (void)timer;
    (*(int *)cookie)++;
}

static void goes_off_at_its_tick_and_once(void **state)
{
    (void)state;
    struct wheel *wheel = wheel_new(1000);
    struct wheel_timer timer = {0};
    int fired = 0;
    wheel_set(wheel, &timer, 1012);
    wheel_advance(wheel, 1011, count_fire, &fired);
    assert_int_equal(fired, 0);
    wheel_advance(wheel, 1014, count_fire, &fired);
    assert_int_equal(fired, 0); /* its tick is 1015 */
    wheel_advance(wheel, 1015, count_fire, &fired);
    assert_int_equal(fired, 1);
    wheel_advance(wheel, 9000, count_fire, &fired);
    assert_int_equal(fired, 1);
    wheel_free(wheel);
}

static void waits_through_whole_turns(void **state)
{
    (void)state;
    const int64_t turn_ms = (int64_t)WHEEL_TICK_MS * WHEEL_SLOTS;
    struct wheel *wheel = wheel_new(0);
    struct wheel_timer timer = {0};
    int fired = 0;
    wheel_set(wheel, &timer, 3 * turn_ms + 10);
    for (int64_t now_ms = 0; now_ms < 3 * turn_ms + 10; now_ms += 50)
        wheel_advance(wheel, now_ms, count_fire, &fired);
    assert_int_equal(fired, 0);
    wheel_advance(wheel, 3 * turn_ms + 10, count_fire, &fired);
    assert_int_equal(fired, 1);
    wheel_free(wheel);
}

static void a_sleep_of_many_turns_loses_nothing(void **state)
{
    (void)state;
    struct wheel *wheel = wheel_new(0);
    struct wheel_timer timers[500] = {0};
    int fired = 0;
    for (int i = 0; i < 500; i++)
        wheel_set(wheel, &timers[i], 1 + i * 977);
    wheel_advance(wheel, 10000000, count_fire, &fired);
    assert_int_equal(fired, 500);
    wheel_free(wheel);
}

static void the_same_time_again_is_one_timer(void **state)
{
    (void)state;
    struct wheel *wheel = wheel_new(0);
    struct wheel_timer timer = {0};
    int fired = 0;
    wheel_set(wheel, &timer, 100);
    wheel_set(wheel, &timer, 100);
    wheel_set(wheel, &timer, 200);
    wheel_set(wheel, &timer, 100);
    wheel_advance(wheel, 300, count_fire, &fired);
    assert_int_equal(fired, 1);
    wheel_stop(wheel, &timer);
    wheel_stop(wheel, &timer);
    wheel_free(wheel);
}

static void next_is_never_later_than_a_timer(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (int n = 0; n < 2000; n++) {
        struct wheel_timer timer = {0};
        int64_t now_ms = 1 + (int64_t)parts_pick(&seed, 100000);
        int64_t due_ms = now_ms + (int64_t)parts_pick(&seed, 2000);
        struct wheel *wheel = wheel_new(now_ms);
        int fired = 0;
        assert_int_equal(wheel_next_ms(wheel, now_ms, 1000), now_ms + 1000);
        wheel_set(wheel, &timer, due_ms);
        int64_t next_ms = wheel_next_ms(wheel, now_ms, 1000);
        assert_true(next_ms > now_ms - WHEEL_TICK_MS && next_ms <= now_ms + 1000);
        assert_true(next_ms < due_ms + 2 * WHEEL_TICK_MS);
        wheel_advance(wheel, next_ms, count_fire, &fired);
        if (due_ms <= now_ms + 1000 - WHEEL_TICK_MS)
            assert_int_equal(fired, 1);
        wheel_free(wheel);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_a_plain_model),
        cmocka_unit_test(fire_may_set_and_stop),
        cmocka_unit_test(goes_off_at_its_tick_and_once),
        cmocka_unit_test(waits_through_whole_turns),
        cmocka_unit_test(a_sleep_of_many_turns_loses_nothing),
        cmocka_unit_test(the_same_time_again_is_one_timer),
        cmocka_unit_test(next_is_never_later_than_a_timer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
