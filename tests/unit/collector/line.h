/*
 * One line for the tests of a session: what the session sends and reports, a clock that stands
 * until it is moved, and the cache as the store's view of what happened.
 */
#ifndef DTUHUB_TESTS_COLLECTOR_LINE_H
#define DTUHUB_TESTS_COLLECTOR_LINE_H

#include "collector/session.h"
#include "tests/unit/collector/parts.h"

enum {
    LINE_PORT = 8080, /* the main one */
    LINE_TIMEOUT_MS = 3000,
    LINE_HEARTBEAT_MS = 60000,
    LINE_WALL_MS = 1700000000,
};

struct line {
    struct session_env env;
    struct metrics metrics;
    struct plan_defaults defaults;
    struct names *names;
    struct cache *cache;
    struct bus *bus;
    struct session session;
    struct session_time now;
    bool started;
    uint8_t sent[16384];
    size_t sent_size;
    int registered, quarantined, closed;
    char reason[160];
};

static inline void line_on_send(void *cookie, const uint8_t *bytes, size_t len)
{
    struct line *line = cookie;
    assert_int_equal(line->closed, 0);
    assert_true(len > 0 && len <= sizeof(line->sent) - line->sent_size);
    memcpy(line->sent + line->sent_size, bytes, len);
    line->sent_size += len;
}

static inline void line_on_registered(void *cookie)
{
    struct line *line = cookie;
    line->registered++;
    /* The owner ends an older line here: its record must come before this one's connect. */
    recorder_connection(&line->env.recorder, line->session.device, line->now.wall_ms,
                        LINE_DISCONNECT, &line->session.peer, "superseded");
}

static inline void line_on_quarantined(void *cookie)
{
    struct line *line = cookie;
    line->quarantined++;
}

static inline void line_on_close(void *cookie, const char *reason)
{
    struct line *line = cookie;
    line->closed++;
    snprintf(line->reason, sizeof(line->reason), "%s", reason);
}

/* Events lie between the records, but for those that a record of the connection says already. */
static inline void line_on_event(void *cookie, const struct bus_event *event)
{
    struct line *line = cookie;
    const char *message = event->message != NULL ? event->message : "";
    if (event->kind == EVENT_DEVICE_ONLINE || event->kind == EVENT_DEVICE_OFFLINE ||
        event->kind == EVENT_HEARTBEAT_TIMEOUT)
        return;
    cache_append(line->cache,
                 &(struct record_head){.type = RECORD_EVENT,
                                       .code = (uint8_t)event->kind,
                                       .body_size = (uint32_t)strlen(message),
                                       .device = event->device->ref,
                                       .ts_ms = event->ts_ms},
                 message);
}

/* A line that does not stand yet, by the configuration ${yaml}. */
static inline struct line *line_new(const char *yaml)
{
    struct line *line = calloc(1, sizeof(*line));
    line->names = names_new();
    line->cache = cache_new(100000, 0);
    line->bus = bus_new();
    line->defaults = parts_defaults();
    line->env = (struct session_env){
        .plans = parts_plans(yaml, line->names, &line->defaults),
        .main_port = LINE_PORT,
        .names = line->names,
        .metrics = &line->metrics,
        .bus = line->bus,
    };
    bus_listen(line->bus, &(struct bus_listener){.event = line_on_event, .cookie = line});
    recorder_init(&line->env.recorder, line->cache);
    line->now = (struct session_time){.mono_ms = 5000, .wall_ms = LINE_WALL_MS};
    return line;
}

/* It stands: ${address} dialled ${port}, or (0) we dialled ${device_id}. */
static inline void line_connect(struct line *line, uint16_t port, const char *address,
                                const char *device_id)
{
    static const struct session_ops ops = {.send = line_on_send,
                                           .registered = line_on_registered,
                                           .quarantined = line_on_quarantined,
                                           .close = line_on_close};
    struct session_origin origin = {.peer.port = 40112, .port = port, .device_id = device_id};
    snprintf(origin.peer.address, sizeof(origin.peer.address), "%s", address);
    session_start(&line->session, &line->env, &ops, line, &origin);
    line->started = true;
    session_open(&line->session, device_id, line->now);
}

static inline struct line *line_open(const char *yaml)
{
    struct line *line = line_new(yaml);
    line_connect(line, LINE_PORT, "10.0.0.7", NULL);
    return line;
}

static inline void line_end(struct line *line)
{
    if (line->started)
        session_end(&line->session, "test over", line->now);
    line->started = false;
}

static inline void line_free(struct line *line)
{
    line_end(line);
    plan_set_release(line->env.plans);
    cache_free(line->cache);
    bus_free(line->bus);
    names_free(line->names);
    free(line);
}

/* A test that opens its own line leaves it in ${state}, for line_tear_down(). */
static inline struct line *line_open_in(void **state, const char *yaml)
{
    *state = line_open(yaml);
    return *state;
}

static inline int line_tear_down(void **state)
{
    if (*state != NULL)
        line_free(*state);
    *state = NULL;
    return 0;
}

#define LINE_TEST(name) cmocka_unit_test_setup_teardown(name, NULL, line_tear_down)

/* The configuration, or the defaults, changed. */
static inline void line_reload(struct line *line, const char *yaml)
{
    struct plan_set *old = line->env.plans;
    line->env.plans = parts_plans(yaml, line->names, &line->defaults);
    session_adopt(&line->session, line->now);
    plan_set_release(old);
}

/* As a connection does it; what is read lies in memory of its own, so that reading on is seen. */
static inline void line_feed(struct line *line, const void *bytes, size_t len)
{
    uint8_t *exact = malloc(len);
    memcpy(exact, bytes, len);
    session_input(&line->session, exact, len, line->now);
    free(exact);
}

#define FEED(line, ...)                                                                            \
    line_feed(line, (const uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__}))

static inline void line_say(struct line *line, const char *text)
{
    line_feed(line, text, strlen(text));
}

static inline void line_pass(struct line *line, int64_t ms)
{
    line->now.mono_ms += ms;
    line->now.wall_ms += ms;
}

/* Time passes, and the session is called when it wants to be. */
static inline void line_run(struct line *line, int64_t ms)
{
    int64_t end_ms = line->now.mono_ms + ms, last_ms = -1;
    for (int calls = 0; !line->closed;) {
        int64_t next_ms = session_next_ms(&line->session, line->now.mono_ms);
        if (next_ms > end_ms)
            break;
        if (next_ms > line->now.mono_ms)
            line_pass(line, next_ms - line->now.mono_ms);
        /* It must not ask for the same moment again and again. */
        calls = line->now.mono_ms == last_ms ? calls + 1 : 0;
        last_ms = line->now.mono_ms;
        assert_true(calls < 4);
        session_tick(&line->session, line->now);
    }
    if (!line->closed)
        line_pass(line, end_ms - line->now.mono_ms);
}

static inline void line_expect_sent(struct line *line, const void *bytes, size_t len)
{
    assert_int_equal(line->sent_size, len);
    assert_memory_equal(line->sent, bytes, len);
    line->sent_size = 0;
}

#define SENT(line, ...)                                                                            \
    line_expect_sent(line, (const uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__}))

/* An RTU frame as the line's framing has it; queries and answers look alike in these. */
static inline size_t line_wrap(struct line *line, const uint8_t *adu, size_t len,
                               uint8_t out[FRAMING_LONGEST])
{
    const struct framing_view view = {.link = &line->session.plan->profile->link};
    return line->session.plan->framing->wrap(&view, adu, len, line->session.exchange.transaction,
                                             out);
}

static inline void line_expect_request(struct line *line, const struct adu_request *request,
                                       const uint8_t *data)
{
    uint8_t adu[ADU_MAX], bytes[FRAMING_LONGEST];
    size_t len = line_wrap(line, adu, adu_build(request, data, adu), bytes);
    line_expect_sent(line, bytes, len);
}

static inline void line_expect_query(struct line *line, const struct adu_request *request)
{
    line_expect_request(line, request, NULL);
}

static inline void line_expect_silence(struct line *line)
{
    assert_int_equal(line->sent_size, 0);
}

/* The bytes of an answer of registers ${first}, ${first} + 1 ... */
static inline size_t line_answer_bytes(struct line *line, const struct adu_request *request,
                                       unsigned first, uint8_t out[FRAMING_LONGEST])
{
    uint8_t data[ADU_MAX] = {0}, adu[ADU_MAX];
    for (size_t i = 0; i < request->count && i < ADU_MAX_REGISTERS; i++) {
        data[2 * i] = (uint8_t)((first + i) >> 8);
        data[2 * i + 1] = (uint8_t)(first + i);
    }
    return line_wrap(line, adu, parts_answer(request, data, adu), out);
}

static inline void line_answer(struct line *line, const struct adu_request *request, unsigned first)
{
    uint8_t bytes[FRAMING_LONGEST];
    size_t len = line_answer_bytes(line, request, first, bytes);
    line_feed(line, bytes, len);
}

static inline void line_refuse(struct line *line, const struct adu_request *request, uint8_t code)
{
    uint8_t adu[ADU_MAX], bytes[FRAMING_LONGEST];
    size_t len = adu_build_exception(request->unit, request->function, code, adu);
    line_feed(line, bytes, line_wrap(line, adu, len, bytes));
}

/* What the cache holds, a line each. */

static inline void line_print_samples(FILE *out, const uint8_t *body, size_t size)
{
    struct record_sample sample;
    const char *text;
    for (size_t at = 0; record_next_sample(body, size, &at, &sample, &text) > 0;)
        fprintf(out, " %u=%g/%llu", sample.point, sample.number, (unsigned long long)sample.raw);
}

static inline void line_print_record(FILE *out, const struct record_head *head, const uint8_t *body)
{
    static const char *const packets[] = {"", "register", "heartbeat", "data", "modbus", "noise"};
    static const char *const events[] = {"", "connect", "disconnect", "heartbeat_timeout"};
    switch (head->type) {
    case RECORD_SAMPLES:
        fprintf(out, "samples");
        line_print_samples(out, body, head->body_size);
        fputc('\n', out);
        break;
    case RECORD_PACKET:
        fprintf(out, "%s %u\n", packets[head->code], head->body_size);
        break;
    case RECORD_HEARTBEAT:
        fprintf(out, "beat\n");
        break;
    case RECORD_EVENT:
        fprintf(out, "%s: %.*s\n", event_kind_info(head->code)->name, (int)head->body_size,
                (const char *)body);
        break;
    default:
        fprintf(out, "%s %.*s\n", events[head->code],
                (int)(head->body_size - sizeof(struct record_connection)),
                (const char *)body + sizeof(struct record_connection));
    }
}

/* All that was recorded since the last call, to be freed; only of the type ${only} (0: of all). */
static inline char *line_records(struct line *line, unsigned only)
{
    struct cache_stats stats;
    struct cache_chunks chunks;
    struct cache_chunk *chunk;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    cache_stats(line->cache, &stats);
    assert_int_equal(stats.dropped, 0);
    if (stats.waiting > 0) {
        cache_take(line->cache, SIZE_MAX, &chunks);
        TAILQ_FOREACH (chunk, &chunks, link) {
            struct record_head head;
            const uint8_t *body;
            for (size_t at = 0; record_next(chunk->bytes, chunk->size, &at, &head, &body) > 0;) {
                if (only == 0 || head.type == only)
                    line_print_record(out, &head, body);
            }
        }
        cache_done(line->cache, &chunks);
    }
    fclose(out);
    return text;
}

static inline void line_expect_only(struct line *line, unsigned only, const char *expected)
{
    char *text = line_records(line, only);
    assert_string_equal(text, expected);
    free(text);
}

static inline void line_expect_records(struct line *line, const char *expected)
{
    line_expect_only(line, 0, expected);
}

#endif
