/*
 * The tlv framing and a whole session from hostile bytes, cut anywhere. Input: a run of steps, each
 * a byte of what to do and how much, then the bytes to feed in.
 *
 *   00..BF  feed the next n bytes, n = the byte (0 feeds one)
 *   C0..DF  time passes, up to eight minutes
 *   E0..EF  a right answer to what is outstanding, or to what was asked before
 *   F0..F7  a refusal of it
 *   F8..FF  a reload
 */
#include "collector/session.h"
#include "shared/base/log.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char config_text[] =
    "query_tasks:\n"
    "  1: {start_addr: 100, length: 2, interval: 10, trigger: timer}\n"
    "  2: {start_addr: 200, length: 40, interval: 0, trigger: heartbeat}\n"
    "  3: {start_addr: 300, length: 2, interval: 30, trigger: timer, slave: 2, function: 4}\n"
    "data_points:\n"
    "  100: {name: a, type: float32, scale: 0.1}\n"
    "  200: {name: b, type: string, length: 64}\n"
    "  300: {name: c, type: bcd, length: 4, scale: 1}\n";

enum { PORT = 8080 };

struct line {
    struct session_env env;
    struct metrics metrics;
    struct session session;
    struct session_time now;
    struct plan_set *plans[2];
    bool registered, closed;
    struct adu_request asked;
};

static void require(int holds)
{
    if (!holds)
        abort();
}

/* Whatever goes out is an acknowledgement or a read request of ours, and one at a time. */
static void on_send(void *cookie, const uint8_t *bytes, size_t len)
{
    struct line *line = cookie;
    require(!line->closed);
    if (len == 1) {
        require(bytes[0] >= 1 && bytes[0] <= 3);
        return;
    }
    require(line->registered && len == 2 + ADU_READ_REQUEST_SIZE && bytes[0] == 4);
    require(adu_parse_read(bytes + 2, bytes[1], &line->asked) == 0);
    require(line->session.exchange.waiting);
}

static void on_registered(void *cookie)
{
    struct line *line = cookie;
    require(!line->registered && line->session.id[0] != '\0');
    line->registered = true;
}

static void on_close(void *cookie, const char *reason)
{
    struct line *line = cookie;
    require(!line->closed && reason[0] != '\0');
    line->closed = true;
}

static const struct session_ops ops = {
    .send = on_send, .registered = on_registered, .close = on_close};

static void feed(struct line *line, const uint8_t *bytes, size_t len)
{
    uint8_t *exact = malloc(len ? len : 1);
    require(exact != NULL);
    memcpy(exact, bytes, len);
    session_input(&line->session, exact, len, line->now);
    require(line->session.held_size <= FRAMING_LONGEST); /* less than a packet */
    free(exact);
}

static void answer(struct line *line, const uint8_t *data, size_t len, int code)
{
    uint8_t registers[ADU_MAX] = {0}, packet[2 + ADU_MAX] = {4};
    if (line->asked.unit == 0 || line->session.held_size > 0)
        return;
    memcpy(registers, data, len < sizeof(registers) ? len : sizeof(registers));
    packet[1] = (uint8_t)(code < 0 ? adu_build_reply(&line->asked, registers, packet + 2)
                                   : adu_build_exception(line->asked.unit, line->asked.function,
                                                         (uint8_t)code, packet + 2));
    feed(line, packet, 2 + (size_t)packet[1]);
}

/* The session is called at each time it asks for, and must not ask for one for ever. */
static void pass(struct line *line, int64_t ms)
{
    int64_t end_ms = line->now.mono_ms + ms;
    for (int calls = 0; !line->closed; calls++) {
        int64_t next_ms = session_next_ms(&line->session, line->now.mono_ms);
        require(calls < 5000);
        if (next_ms > end_ms)
            break;
        if (next_ms > line->now.mono_ms)
            line->now.mono_ms = next_ms;
        session_tick(&line->session, line->now);
    }
    line->now.wall_ms += ms;
    line->now.mono_ms = end_ms;
}

static void reload(struct line *line, unsigned which)
{
    plan_set_release(line->env.plans);
    line->env.plans = plan_set_hold(line->plans[which & 1]);
    session_adopt(&line->session, line->now);
}

static void step(struct line *line, uint8_t what, const uint8_t **at, size_t *left)
{
    if (what < 0xC0) {
        size_t n = what ? what : 1;
        if (n > *left)
            n = *left;
        feed(line, *at, n);
        *at += n;
        *left -= n;
    } else if (what < 0xE0) {
        pass(line, (int64_t)(what & 0x1F) * (what & 0x1F) * 500);
    } else if (what < 0xF0) {
        answer(line, *at, *left, -1);
    } else if (what < 0xF8) {
        answer(line, *at, *left, what & 7);
    } else {
        reload(line, what);
    }
}

/* What was recorded makes sense to its last byte. */
static void check_records(struct cache *cache)
{
    struct cache_chunks chunks;
    struct cache_chunk *chunk;
    cache_close(cache);
    cache_take(cache, SIZE_MAX, &chunks);
    TAILQ_FOREACH (chunk, &chunks, link) {
        struct record_head head;
        const uint8_t *body;
        int more;
        for (size_t at = 0; (more = record_next(chunk->bytes, chunk->size, &at, &head, &body)) > 0;)
            require(head.device == 0);
        require(more == 0);
    }
    cache_done(cache, &chunks);
}

static void live(struct line *line, const uint8_t *data, size_t len)
{
    const struct session_origin origin = {.peer = {.address = "2001:db8::7", .port = 9},
                                          .port = PORT};
    session_start(&line->session, &line->env, &ops, line, &origin);
    session_open(&line->session, NULL, line->now);
    while (len > 0 && !line->closed) {
        uint8_t what = *data++;
        len--;
        step(line, what, &data, &len);
    }
    session_end(&line->session, "over", line->now);
}

static struct plan_set *new_plans(struct names *names, uint32_t max_missed)
{
    const struct plan_defaults defaults = {.response_timeout_ms = 3000,
                                           .request_gap_ms = 100,
                                           .retries = 1,
                                           .registration_timeout_ms = 30000,
                                           .heartbeat_timeout_ms = 60000,
                                           .stagger_ms = 1000,
                                           .max_missed = max_missed,
                                           .max_timeouts = 20};
    struct faults faults = {0};
    struct data_config *config =
        data_config_parse("fuzz.yml", config_text, strlen(config_text), &faults);
    require(config != NULL);
    struct plan_set *plans = plan_set_new(config, names, &defaults);
    data_config_release(config);
    return plans;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct line line;
    static struct plan_set *plans[2];
    static struct names *plan_names;
    if (plans[0] == NULL) {
        log_setup(LOGL_ERROR, LOGF_TEXT, "/dev/null");
        plan_names = names_new();
        plans[0] = new_plans(plan_names, 3);
        plans[1] = new_plans(plan_names, 1);
    }
    memset(&line, 0, sizeof(line));
    srandom(1);
    struct cache *cache = cache_new(500, 1000);
    line.plans[0] = plans[0];
    line.plans[1] = plans[1];
    line.now = (struct session_time){.mono_ms = 1000, .wall_ms = INT64_C(1700000000000)};
    line.env = (struct session_env){
        .plans = plan_set_hold(plans[0]),
        .main_port = PORT,
        .names = names_new(),
        .metrics = &line.metrics,
    };
    recorder_init(&line.env.recorder, cache);
    live(&line, data, len);
    check_records(cache);
    plan_set_release(line.env.plans);
    cache_free(cache);
    names_free(line.env.names);
    return 0;
}
