/*
 * Answers that come after their time. RTU does not say which request an answer is for, so that one
 * of the same shape must not be taken for another: here each query is answered with values that
 * tell it, after any time, or not at all.
 */
#include "tests/unit/collector/line.h"

enum { CASES = 2000, QUERIES = 8, QUEUE_MAX = 32 };

/* Three tasks of one shape, to one slave, and one to its neighbour. */
static const char config_text[] =
    "profiles:\n"
    "  p:\n"
    "    port: 9000\n"
    "    line:\n"
    "      framing: rtu\n"
    "      registration: {packets: {r: {kind: text, start: \"R\", chars: digits, length: 1}}}\n"
    "      timing: {response_timeout: 1, request_gap: 0.05, retries: 1}\n"
    "    query_tasks:\n"
    "      1: {start_addr: 100, length: 2, interval: 2, trigger: timer}\n"
    "      2: {start_addr: 200, length: 2, interval: 2, trigger: timer}\n"
    "      3: {start_addr: 300, length: 2, interval: 2, trigger: timer}\n"
    "      4: {start_addr: 400, length: 2, interval: 2, trigger: timer, slave: 2}\n"
    "    data_points:\n"
    "      100: {name: a, type: uint, length: 4}\n"
    "      200: {name: b, type: uint, length: 4}\n"
    "      300: {name: c, type: uint, length: 4}\n"
    "      400: {name: d, type: uint, length: 4, slave: 2}\n";

/* A slave that answers in its order, each within a time-out and the window. */
struct slow {
    struct {
        struct adu_request request;
        int64_t at_ms;
    } queue[QUEUE_MAX];
    size_t n;
    unsigned answers;
    uint64_t seed;
};

static void ask(struct slow *slow, const struct line *line)
{
    struct adu_request request;
    for (size_t at = 0; at + ADU_READ_REQUEST_SIZE <= line->sent_size;
         at += ADU_READ_REQUEST_SIZE) {
        assert_int_equal(adu_parse_read(line->sent + at, ADU_READ_REQUEST_SIZE, &request), 0);
        if (parts_pick(&slow->seed, 5) == 0)
            continue; /* lost */
        int64_t at_ms = line->now.mono_ms +
                        (int64_t)parts_pick(&slow->seed, parts_pick(&slow->seed, 2) ? 200 : 3900);
        if (slow->n > 0 && at_ms < slow->queue[slow->n - 1].at_ms)
            at_ms = slow->queue[slow->n - 1].at_ms;
        assert_true(slow->n < QUEUE_MAX);
        slow->queue[slow->n].request = request;
        slow->queue[slow->n++].at_ms = at_ms;
    }
}

/* The upper register says which address was read, the lower one is the answer's number. */
static void answer(struct slow *slow, struct line *line)
{
    const struct adu_request request = slow->queue[0].request;
    uint8_t adu[ADU_MAX];
    slow->answers++;
    const uint8_t data[] = {(uint8_t)(request.start >> 8), (uint8_t)request.start,
                            (uint8_t)(slow->answers >> 8), (uint8_t)slow->answers};
    memmove(slow->queue, slow->queue + 1, --slow->n * sizeof(*slow->queue));
    line_feed(line, adu, adu_build_reply(&request, data, adu));
}

/* Of each sample: the point's address stands in its value, and no answer is stored twice. */
static unsigned check_samples(struct line *line, uint64_t seed)
{
    bool seen[1000] = {0};
    unsigned n = 0, point, before = 0;
    unsigned long long raw;
    char *text = line_records(line, RECORD_SAMPLES);
    for (char *at = text, *end; (end = strchr(at, '\n')) != NULL; at = end + 1, n++) {
        assert_int_equal(sscanf(at, "samples %u=%*[^/]/%llu", &point, &raw), 2);
        unsigned number = (unsigned)(raw & 0xFFFF);
        if (raw >> 16 != 100 * (point + 1) || number >= 1000 || seen[number] || number < before)
            fail_msg("seed %llu: point %u got %llX", (unsigned long long)seed, point, raw);
        seen[number] = true;
        before = number;
    }
    free(text);
    return n;
}

struct sum {
    uint64_t stored, late, closed;
};

static void live(struct plan_set *plans, struct names *names, uint64_t seed, struct sum *sum)
{
    static struct line line;
    struct slow slow = {.seed = seed * 7919};
    memset(&line, 0, sizeof(line));
    srandom((unsigned)seed);
    line.names = names;
    line.cache = cache_new(10000, 0);
    line.env = (struct session_env){
        .plans = plans, .main_port = LINE_PORT, .names = names, .metrics = &line.metrics};
    recorder_init(&line.env.recorder, line.cache);
    line.now = (struct session_time){.mono_ms = 5000, .wall_ms = LINE_WALL_MS};
    line_connect(&line, 9000, "10.0.0.7", NULL);
    line_say(&line, "R1");
    while (line.metrics.polls_sent < QUERIES * 4 && !line.closed) {
        int64_t next_ms = session_next_ms(&line.session, line.now.mono_ms);
        if (slow.n > 0 && slow.queue[0].at_ms < next_ms)
            next_ms = slow.queue[0].at_ms;
        if (next_ms > line.now.mono_ms)
            line_pass(&line, next_ms - line.now.mono_ms);
        line.sent_size = 0;
        if (slow.n > 0 && line.now.mono_ms >= slow.queue[0].at_ms)
            answer(&slow, &line);
        else
            session_tick(&line.session, line.now);
        ask(&slow, &line);
    }
    sum->closed += (unsigned)line.closed; /* a long row of lost answers and a lost probe */
    line_end(&line);
    sum->stored += check_samples(&line, seed);
    sum->late += line.metrics.answers_late;
    cache_free(line.cache);
}

static void no_late_answer_is_taken_for_another(void **state)
{
    (void)state;
    const struct plan_defaults defaults = parts_defaults();
    struct names *names = names_new();
    struct plan_set *plans = parts_plans(config_text, names, &defaults);
    struct sum sum = {0};
    for (uint64_t seed = 1; seed <= CASES; seed++)
        live(plans, names, seed, &sum);
    assert_true(sum.stored > 10 * CASES && sum.late > CASES); /* the play had its scenes */
    assert_true(sum.closed < CASES / 100);
    plan_set_release(plans);
    names_free(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_late_answer_is_taken_for_another)};
    log_setup(LOGL_ERROR, LOGF_TEXT, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
