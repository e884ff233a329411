#include "collector/session.h"
#include "tests/unit/collector/parts.h"

/* Two polls of different shape, and one with heartbeats; the first point of each has its address's
 * register. */
static const char config_text[] =
    "query_tasks:\n"
    "  1: {start_addr: 100, length: 2, interval: 10, trigger: timer}\n"
    "  2: {start_addr: 200, length: 4, interval: 0, trigger: heartbeat}\n"
    "data_points:\n"
    "  100: {name: level, type: int, length: 2, scale: 0.1}\n"
    "  200: {name: speed, type: int, length: 2, scale: 1}\n";

static const char next_config_text[] =
    "query_tasks:\n"
    "  7: {start_addr: 300, length: 2, interval: 5, trigger: timer}\n"
    "data_points:\n"
    "  300: {name: weight, type: uint, length: 2, scale: 1}\n";

static const struct adu_request task_1 = {1, 3, 100, 2}, task_2 = {1, 3, 200, 4};

enum { TIMEOUT_MS = 3000, HEARTBEAT_MS = 60000, WALL_MS = 1700000000 };

/* One line: what the session sends and reports, a clock that stands until it is moved. */
struct line {
    struct session_env env;
    struct metrics metrics;
    struct names *names;
    struct cache *cache;
    struct session session;
    struct session_time now;
    uint8_t sent[4096];
    size_t sent_size;
    uint8_t left[FRAMING_LONGEST];
    size_t left_size;
    int registered, closed;
    char reason[128];
    FILE *history;
    char *text;
    size_t text_size;
};

static void on_send(void *cookie, const uint8_t *bytes, size_t len)
{
    struct line *line = cookie;
    assert_true(len <= sizeof(line->sent) - line->sent_size);
    memcpy(line->sent + line->sent_size, bytes, len);
    line->sent_size += len;
}

static void on_registered(void *cookie)
{
    struct line *line = cookie;
    line->registered++;
    /* The owner ends an older line here: its record must come before this one's connect. */
    recorder_connection(&line->env.recorder, line->session.device, line->now.wall_ms,
                        EVENT_DISCONNECT, &line->session.peer, "superseded");
}

static void on_close(void *cookie, const char *reason)
{
    struct line *line = cookie;
    line->closed++;
    snprintf(line->reason, sizeof(line->reason), "%s", reason);
}

static const struct session_ops ops = {
    .send = on_send, .registered = on_registered, .close = on_close};

static struct plan *plan_of(struct line *line, const char *text)
{
    struct data_config *config = parts_config(text);
    struct plan *plan = plan_new(config, line->names);
    data_config_release(config);
    return plan;
}

static int set_up(void **state)
{
    struct line *line = calloc(1, sizeof(*line));
    const struct record_connection peer = {.address = "10.0.0.7", .port = 40112};
    line->names = names_new();
    line->cache = cache_new(1000, 10);
    line->env = (struct session_env){
        .framing = &framing_tlv,
        .plan = plan_of(line, config_text),
        .names = line->names,
        .metrics = &line->metrics,
        .timing = {.response_timeout_ms = TIMEOUT_MS, .request_gap_ms = 100, .retries = 1},
        .registration_timeout_ms = 30000,
        .heartbeat_timeout_ms = HEARTBEAT_MS,
        .max_missed = 3,
        .noise = LOG_LIMIT(0, 1000),
    };
    recorder_init(&line->env.recorder, line->cache);
    line->now = (struct session_time){.mono_ms = 5000, .wall_ms = WALL_MS};
    session_start(&line->session, &line->env, &ops, line, &peer, line->now);
    *state = line;
    return 0;
}

static int tear_down(void **state)
{
    struct line *line = *state;
    session_end(&line->session, "test over", line->now);
    plan_release(line->env.plan);
    cache_free(line->cache);
    names_free(line->names);
    free(line);
    return 0;
}

/* As a connection does it. */
static void feed(struct line *line, const void *bytes, size_t len)
{
    size_t whole = line->left_size + len;
    uint8_t *exact = malloc(whole);
    memcpy(exact, line->left, line->left_size);
    memcpy(exact + line->left_size, bytes, len);
    size_t used = session_input(&line->session, exact, whole, line->now);
    assert_true(used <= whole);
    line->left_size = line->closed ? 0 : whole - used;
    assert_true(line->left_size < FRAMING_LONGEST);
    memcpy(line->left, exact + used, line->left_size);
    free(exact);
}

#define FEED(line, ...) feed(line, (const uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__}))

static void pass(struct line *line, int64_t ms)
{
    line->now.mono_ms += ms;
    line->now.wall_ms += ms;
}

/* Time passes, and the session is called when it wants to be. */
static void run(struct line *line, int64_t ms)
{
    int64_t end_ms = line->now.mono_ms + ms;
    for (int calls = 0; !line->closed; calls++) {
        int64_t next_ms = session_next_ms(&line->session, line->now.mono_ms);
        assert_true(calls < 10000); /* else it asks for the same moment again and again */
        if (next_ms > end_ms)
            break;
        if (next_ms > line->now.mono_ms)
            pass(line, next_ms - line->now.mono_ms);
        session_tick(&line->session, line->now);
    }
    if (!line->closed)
        pass(line, end_ms - line->now.mono_ms);
}

static void expect_sent(struct line *line, const void *bytes, size_t len)
{
    assert_int_equal(line->sent_size, len);
    assert_memory_equal(line->sent, bytes, len);
    line->sent_size = 0;
}

#define SENT(line, ...)                                                                            \
    expect_sent(line, (const uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__}))

static void expect_query(struct line *line, const struct adu_request *request)
{
    uint8_t packet[2 + ADU_READ_REQUEST_SIZE] = {4, ADU_READ_REQUEST_SIZE};
    adu_build_read(request, packet + 2);
    expect_sent(line, packet, sizeof(packet));
}

/* An answer of registers 1, 2, 3... */
static void answer(struct line *line, const struct adu_request *request)
{
    uint8_t data[ADU_MAX] = {0}, packet[2 + ADU_MAX] = {4};
    for (size_t i = 0; i < request->count; i++)
        data[2 * i + 1] = (uint8_t)(i + 1);
    packet[1] = (uint8_t)adu_build_reply(request, data, packet + 2);
    feed(line, packet, 2 + (size_t)packet[1]);
}

static void refuse(struct line *line, uint8_t code)
{
    uint8_t packet[2 + ADU_MAX] = {4};
    packet[1] = (uint8_t)adu_build_exception(1, 3, code, packet + 2);
    feed(line, packet, 2 + (size_t)packet[1]);
}

static void enroll(struct line *line)
{
    FEED(line, 0, 0, 3, 0xE9);
    SENT(line, 1);
}

/* ... and answer the first poll. */
static void settle_in(struct line *line)
{
    enroll(line);
    run(line, 2000);
    expect_query(line, &task_1);
    answer(line, &task_1);
}

/* What the cache holds, a line each: the store's view of what happened. */
static void print_samples(FILE *out, const uint8_t *body, size_t size)
{
    struct record_sample sample;
    const char *text;
    for (size_t at = 0; record_next_sample(body, size, &at, &sample, &text) > 0;)
        fprintf(out, " %u=%g/%llu", sample.point, sample.number, (unsigned long long)sample.raw);
}

static void print_record(FILE *out, const struct record_head *head, const uint8_t *body)
{
    static const char *const packets[] = {"", "register", "heartbeat", "data", "modbus"};
    static const char *const events[] = {"", "connect", "disconnect", "heartbeat_timeout"};
    switch (head->type) {
    case RECORD_SAMPLES:
        fprintf(out, "samples");
        print_samples(out, body, head->body_size);
        fputc('\n', out);
        break;
    case RECORD_PACKET:
        fprintf(out, "%s %u\n", packets[head->code], head->body_size);
        break;
    case RECORD_HEARTBEAT:
        fprintf(out, "beat\n");
        break;
    default:
        fprintf(out, "%s %.*s\n", events[head->code],
                (int)(head->body_size - sizeof(struct record_connection)),
                (const char *)body + sizeof(struct record_connection));
    }
}

static void expect_records(struct line *line, const char *expected)
{
    struct cache_stats stats;
    struct cache_chunks chunks;
    struct cache_chunk *chunk;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    cache_stats(line->cache, &stats);
    if (stats.waiting > 0) {
        cache_take(line->cache, SIZE_MAX, &chunks);
        TAILQ_FOREACH (chunk, &chunks, link) {
            struct record_head head;
            const uint8_t *body;
            for (size_t at = 0; record_next(chunk->bytes, chunk->size, &at, &head, &body) > 0;)
                print_record(out, &head, body);
        }
        cache_done(line->cache, &chunks);
    }
    fclose(out);
    assert_string_equal(text, expected);
    free(text);
}

/* Registration */

static void registers_in_pieces(void **state)
{
    struct line *line = *state;
    static const uint8_t id[] = {0, 0, 3, 0xE9};
    for (size_t i = 0; i < 3; i++) {
        feed(line, id + i, 1);
        assert_int_equal(line->registered, 0);
        assert_int_equal(line->sent_size, 0);
    }
    feed(line, id + 3, 1);
    assert_int_equal(line->registered, 1);
    assert_string_equal(line->session.id, "1001");
    assert_int_equal(line->session.registered_wall_ms, WALL_MS);
    SENT(line, 1);
    expect_records(line, "disconnect superseded\nconnect \nregister 4\n");
}

static void registration_glued_to_a_heartbeat(void **state)
{
    struct line *line = *state;
    FEED(line, 0, 0, 3, 0xE9, 2, 0, 3, 1, 0xAA, 2);
    assert_int_equal(line->left_size, 1);
    assert_int_equal(line->sent[0], 1);
    assert_int_equal(line->sent[1], 2);
    assert_int_equal(line->sent[2], 3);
    assert_int_equal(line->metrics.heartbeats, 1);
    assert_int_equal(line->metrics.data_packets, 1);
}

static void registration_has_a_deadline(void **state)
{
    struct line *line = *state;
    FEED(line, 0, 0, 3); /* a part does not count */
    run(line, 29999);
    assert_int_equal(line->closed, 0);
    run(line, 1);
    assert_int_equal(line->closed, 1);
    assert_string_equal(line->reason, "no registration in time");
    assert_int_equal(line->metrics.registration_timeouts, 1);
    session_tick(&line->session, line->now);
    assert_int_equal(line->closed, 1); /* said once */
    FEED(line, 0xE9);
    assert_int_equal(line->registered, 0); /* too late */
    expect_records(line, "");
}

/* Packets */

static void heartbeats_are_answered_and_run_their_tasks(void **state)
{
    struct line *line = *state;
    settle_in(line);
    run(line, 1000);
    expect_records(line,
                   "disconnect superseded\nconnect \nregister 4\nmodbus 11\nsamples 0=0.1/1\n");
    FEED(line, 2, 0);
    assert_int_equal(line->sent[0], 2); /* the query follows at once: the line is free */
    memmove(line->sent, line->sent + 1, --line->sent_size);
    expect_query(line, &task_2);
    FEED(line, 2, 0);
    SENT(line, 2); /* one at a time */
    answer(line, &task_2);
    run(line, 200);
    expect_query(line, &task_2); /* of the second heartbeat */
    answer(line, &task_2);
    run(line, 1000);
    assert_int_equal(line->sent_size, 0);
    expect_records(line, "heartbeat 2\nbeat\nheartbeat 2\nbeat\n"
                         "modbus 15\nsamples 1=1/1\nmodbus 15\nsamples 1=1/1\n");
}

static void data_packets_are_stored_and_answered(void **state)
{
    struct line *line = *state;
    enroll(line);
    FEED(line, 3, 3, 'a', 'b', 'c');
    SENT(line, 3);
    expect_records(line, "disconnect superseded\nconnect \nregister 4\ndata 5\n");
}

static void an_unknown_type_closes(void **state)
{
    struct line *line = *state;
    enroll(line);
    FEED(line, 2, 0, 9, 2, 0);
    assert_int_equal(line->closed, 1);
    assert_string_equal(line->reason, "protocol error");
    assert_int_equal(line->metrics.protocol_errors, 1);
    assert_int_equal(line->metrics.heartbeats, 1); /* nothing behind it is read */
    assert_int_equal(line->sent[0], 2);
    assert_int_equal(line->sent_size, 1);
}

/* Polls */

static void polls_keep_their_grid(void **state)
{
    struct line *line = *state;
    enroll(line);
    run(line, 2000);
    expect_query(line, &task_1);
    int64_t first_ms = line->session.exchange.sent_ms;
    assert_true(first_ms >= 5000 && first_ms <= 6000); /* jitter: up to a second */
    for (int k = 1; k <= 20; k++) {
        answer(line, &task_1);
        run(line, 10000);
        expect_query(line, &task_1);
        assert_int_equal(line->session.exchange.sent_ms, first_ms + 10000 * k);
    }
    assert_int_equal(line->metrics.polls_sent, 21);
    assert_int_equal(line->metrics.polls_answered, 20);
    assert_int_equal(line->metrics.polls_missed, 0);
    assert_int_equal(line->metrics.samples, 20);
    assert_int_equal(line->metrics.lateness[0], 21);
}

static void one_request_at_a_time_and_a_gap(void **state)
{
    struct line *line = *state;
    enroll(line);
    run(line, 2000);
    expect_query(line, &task_1);
    FEED(line, 2, 0);
    SENT(line, 2); /* its task waits for the answer */
    answer(line, &task_1);
    assert_int_equal(line->sent_size, 0);
    run(line, 99);
    assert_int_equal(line->sent_size, 0);
    run(line, 1);
    expect_query(line, &task_2);
}

static void an_unanswered_query_is_repeated_then_given_up(void **state)
{
    struct line *line = *state;
    enroll(line);
    run(line, 2000);
    expect_query(line, &task_1);
    run(line, TIMEOUT_MS);
    expect_query(line, &task_1);
    assert_int_equal(line->metrics.polls_repeated, 1);
    run(line, TIMEOUT_MS);
    assert_int_equal(line->sent_size, 0);
    assert_int_equal(line->metrics.polls_timed_out, 1);
    assert_false(line->session.exchange.waiting);
    assert_int_equal(line->closed, 0); /* a dead slave is no dead line */
}

static void a_late_answer_is_dropped(void **state)
{
    struct line *line = *state;
    enroll(line);
    run(line, 2000 + 2 * TIMEOUT_MS);
    line->sent_size = 0;
    answer(line, &task_1);
    assert_int_equal(line->metrics.answers_late, 1);
    assert_int_equal(line->metrics.samples, 0);
    expect_records(line, "disconnect superseded\nconnect \nregister 4\nmodbus 11\n");
}

static void foreign_and_broken_answers_are_dropped(void **state)
{
    struct line *line = *state;
    enroll(line);
    run(line, 2000);
    answer(line, &task_2); /* of another size */
    FEED(line, 4, 9, 1, 3, 4, 0, 1, 0, 2, 0xFF, 0xFF);
    FEED(line, 4, 0);
    assert_int_equal(line->metrics.answers_unexpected, 3);
    assert_int_equal(line->metrics.crc_errors, 1);
    assert_int_equal(line->metrics.samples, 0);
    assert_true(line->session.exchange.waiting);
    answer(line, &task_1); /* still awaited */
    assert_int_equal(line->metrics.polls_answered, 1);
    assert_int_equal(line->metrics.samples, 1);
    answer(line, &task_1);
    assert_int_equal(line->metrics.answers_unexpected, 4); /* nothing was asked */
    assert_int_equal(line->closed, 0);
}

static void an_exception_is_an_answer(void **state)
{
    struct line *line = *state;
    enroll(line);
    run(line, 2000);
    expect_query(line, &task_1);
    refuse(line, 2);
    assert_int_equal(line->metrics.polls_refused, 1);
    assert_false(line->session.exchange.waiting);
    assert_int_equal(line->closed, 0);
    run(line, 10000);
    expect_query(line, &task_1); /* on its grid, not repeated */
    assert_int_equal(line->metrics.polls_repeated, 0);
}

/* Supervision */

/* No polls get in the way: the one timer task is answered for as long as the line lives. */
static void a_silent_line_is_probed_and_closed(void **state)
{
    struct line *line = *state;
    line->env.timing.retries = 0;
    settle_in(line);
    line->session.schedule.due_ms[0] = SCHEDULE_NEVER;
    int64_t life_ms = line->session.life_ms;
    run(line, 3 * HEARTBEAT_MS - 1);
    assert_int_equal(line->session.missed, 2);
    assert_int_equal(line->sent_size, 0);
    run(line, 1);
    assert_int_equal(line->now.mono_ms, life_ms + 3 * HEARTBEAT_MS);
    assert_int_equal(line->session.missed, 3);
    assert_int_equal(line->metrics.heartbeat_timeouts, 1);
    assert_int_equal(line->metrics.probes_sent, 1);
    expect_query(line, &task_1);
    run(line, TIMEOUT_MS - 1);
    assert_int_equal(line->closed, 0);
    run(line, 1);
    assert_int_equal(line->closed, 1);
    assert_string_equal(line->reason, "heartbeat timeout, and the probe stayed unanswered");
    expect_records(line, "disconnect superseded\nconnect \nregister 4\nmodbus 11\nsamples 0=0.1/1\n"
                         "heartbeat_timeout 3 heartbeats missed, probing the line\n");
}

static void be_probed(struct line *line)
{
    settle_in(line);
    line->session.schedule.due_ms[0] = SCHEDULE_NEVER;
    run(line, 3 * HEARTBEAT_MS);
    expect_query(line, &task_1);
    assert_true(line->session.probing);
}

static void expect_alive(struct line *line)
{
    assert_false(line->session.probing);
    assert_int_equal(line->session.missed, 0);
    run(line, HEARTBEAT_MS);
    assert_int_equal(line->closed, 0);
    assert_int_equal(line->session.missed, 1);
}

static void an_answered_probe_keeps_the_line(void **state)
{
    struct line *line = *state;
    be_probed(line);
    answer(line, &task_1);
    assert_int_equal(line->metrics.samples, 1); /* a probe is no reading */
    expect_alive(line);
}

static void a_refused_probe_keeps_the_line(void **state)
{
    struct line *line = *state;
    be_probed(line);
    refuse(line, 4);
    expect_alive(line);
}

static void any_packet_keeps_the_line(void **state)
{
    struct line *line = *state;
    be_probed(line);
    FEED(line, 3, 0);
    SENT(line, 3);
    expect_alive(line);
}

static void a_heartbeat_in_time_misses_nothing(void **state)
{
    struct line *line = *state;
    settle_in(line);
    line->session.schedule.due_ms[0] = SCHEDULE_NEVER;
    for (int i = 0; i < 10; i++) {
        run(line, HEARTBEAT_MS - 1);
        FEED(line, 2, 0);
        run(line, 100);
        answer(line, &task_2);
        assert_int_equal(line->session.missed, 0);
    }
    assert_int_equal(line->metrics.heartbeat_timeouts, 0);
}

static void a_line_that_dies_again_is_probed_again(void **state)
{
    struct line *line = *state;
    be_probed(line);
    answer(line, &task_1);
    run(line, 3 * HEARTBEAT_MS);
    expect_query(line, &task_1);
    assert_int_equal(line->metrics.heartbeat_timeouts, 2);
    run(line, 2 * TIMEOUT_MS);
    assert_int_equal(line->closed, 1);
}

static void a_lower_max_missed_takes_effect_on_a_silent_line(void **state)
{
    struct line *line = *state;
    line->env.max_missed = 10;
    settle_in(line);
    line->session.schedule.due_ms[0] = SCHEDULE_NEVER;
    run(line, 5 * HEARTBEAT_MS);
    assert_int_equal(line->session.missed, 5);
    line->env.max_missed = 3;
    run(line, HEARTBEAT_MS + 2 * TIMEOUT_MS);
    assert_int_equal(line->metrics.heartbeat_timeouts, 1);
    assert_int_equal(line->closed, 1);
}

/* Reload */

static void a_reload_in_mid_request(void **state)
{
    struct line *line = *state;
    enroll(line);
    run(line, 2000);
    expect_query(line, &task_1);
    plan_release(line->env.plan);
    line->env.plan = plan_of(line, next_config_text);
    session_adopt(&line->session, line->now);
    session_adopt(&line->session, line->now); /* nothing more to take over */
    assert_ptr_equal(line->session.plan, line->env.plan);
    answer(line, &task_1); /* of a task that is gone: an answer, but no reading */
    assert_int_equal(line->metrics.polls_answered, 1);
    assert_int_equal(line->metrics.samples, 0);
    run(line, 2000);
    expect_query(line, &(struct adu_request){1, 3, 300, 2});
    answer(line, &(struct adu_request){1, 3, 300, 2});
    expect_records(line, "disconnect superseded\nconnect \nregister 4\nmodbus 11\n"
                         "modbus 11\nsamples 2=1/1\n");
}

static void a_reload_before_registration(void **state)
{
    struct line *line = *state;
    plan_release(line->env.plan);
    line->env.plan = plan_of(line, next_config_text);
    session_adopt(&line->session, line->now);
    enroll(line);
    run(line, 2000);
    expect_query(line, &(struct adu_request){1, 3, 300, 2});
}

static void the_end_is_recorded_once_it_began(void **state)
{
    struct line *line = *state;
    enroll(line);
    run(line, 2000);
    session_end(&line->session, "closed by the DTU", line->now);
    expect_records(line,
                   "disconnect superseded\nconnect \nregister 4\ndisconnect closed by the DTU\n");
    assert_int_equal(line->metrics.closed, 1);
    line->session.registered = false; /* for the tear-down, which ends it again */
}

/* Whatever is sent in whatever pieces, the same things happen. */
static void any_cut_gives_the_same_life(void **state)
{
    struct line *line = *state;
    static const uint8_t bytes[] = {0, 0, 3,    0xE9, 2,    0,    3, 2, 7, 8, 4,
                                    5, 1, 0x83, 2,    0xC0, 0xF1, 2, 0, 3, 0};
    static const char expected[] =
        "disconnect superseded\nconnect \nregister 4\n"
        "heartbeat 2\nbeat\ndata 4\nmodbus 7\nheartbeat 2\nbeat\ndata 2\n";
    void *other = NULL;
    feed(line, bytes, sizeof(bytes));
    expect_records(line, expected);
    for (size_t cut = 1; cut < sizeof(bytes); cut++) {
        set_up(&other);
        feed(other, bytes, cut);
        feed(other, bytes + cut, sizeof(bytes) - cut);
        expect_records(other, expected);
        tear_down(&other);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(registers_in_pieces),
        TEST(registration_glued_to_a_heartbeat),
        TEST(registration_has_a_deadline),
        TEST(heartbeats_are_answered_and_run_their_tasks),
        TEST(data_packets_are_stored_and_answered),
        TEST(an_unknown_type_closes),
        TEST(polls_keep_their_grid),
        TEST(one_request_at_a_time_and_a_gap),
        TEST(an_unanswered_query_is_repeated_then_given_up),
        TEST(a_late_answer_is_dropped),
        TEST(foreign_and_broken_answers_are_dropped),
        TEST(an_exception_is_an_answer),
        TEST(a_silent_line_is_probed_and_closed),
        TEST(an_answered_probe_keeps_the_line),
        TEST(a_refused_probe_keeps_the_line),
        TEST(any_packet_keeps_the_line),
        TEST(a_heartbeat_in_time_misses_nothing),
        TEST(a_line_that_dies_again_is_probed_again),
        TEST(a_lower_max_missed_takes_effect_on_a_silent_line),
        TEST(a_reload_in_mid_request),
        TEST(a_reload_before_registration),
        TEST(the_end_is_recorded_once_it_began),
        TEST(any_cut_gives_the_same_life),
    };
    log_setup(LOGL_ERROR, LOGF_TEXT, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
