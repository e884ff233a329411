/*
 * A whole session from hostile bytes: transparent RTU, Modbus TCP, a line without registration, and
 * quarantine, with writes and reloads. Input: a byte that says where the line comes from, then a
 * run of steps, each a byte of what to do and how much, then the bytes to feed in.
 *
 *   00..9F  feed the next n bytes, n = the byte (0 feeds one)
 *   A0..AF  what it registers with, or a heartbeat
 *   B0..CF  time passes, up to eight minutes
 *   D0..DF  a right answer to what was asked last, whole or cut; DF: twice
 *   E0..E7  a refusal of it
 *   E8..F3  a write
 *   F4..FF  a reload
 */
#include "collector/session.h"
#include "shared/base/log.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define DATA                                                                                       \
    "    query_tasks:\n"                                                                           \
    "      1: {start_addr: 100, length: 2, interval: 10, trigger: timer, slave: 48}\n"             \
    "      2: {start_addr: 200, length: 40, interval: 0, trigger: heartbeat}\n"                    \
    "      3: {start_addr: 100, length: 2, interval: 30, trigger: timer, slave: 2}\n"              \
    "    data_points:\n"                                                                           \
    "      a: {name: a, address: 100, type: float32, slave: 48, on_change: true, deadband: 1}\n"   \
    "      b: {name: b, address: 200, type: string, length: 64, slave: 1}\n"                       \
    "      c: {name: c, address: 100, type: bcd, length: 4, slave: 2}\n"

#define PROFILES(listen)                                                                           \
    "profiles:\n"                                                                                  \
    "  usr:\n"                                                                                     \
    "    line:\n"                                                                                  \
    "      framing: rtu\n"                                                                         \
    "      registration:\n"                                                                        \
    "        packets:\n"                                                                           \
    "          login: {kind: text, start: \"LOGIN:\", chars: word, min: 1, max: 8}\n"              \
    "          mac: {kind: struct, length: 6, fixed: {0: \"D8 B0 4C\"},\n"                         \
    "                id: {offset: 0, length: 6, as: hex}}\n"                                       \
    "      heartbeat:\n"                                                                           \
    "        packets: {a: {kind: bytes, text: \"0\", reply: echo}, b: {kind: bytes, text: "        \
    "\"ping\"}}\n"                                                                                 \
    "      timing: {idle: 0.3, after_connect: 1, talk_within: 50, slave_gap: 0.4}\n" DATA          \
    "  four:\n"                                                                                    \
    "    line:\n"                                                                                  \
    "      framing: mbap\n"                                                                        \
    "      registration: {packets: {r: {kind: text, start: \"IMEI:\", chars: digits,\n"            \
    "                                   length: 4, reply: {text: \"OK\"}}}}\n"                     \
    "      heartbeat: {packets: {a: {kind: bytes, hex: \"FE\"}}}\n" DATA "  box:\n"                \
    "    port: 9000\n"                                                                             \
    "    line: {framing: rtu, listen_only: " listen ", registration: {required: false}}\n" DATA

static const char *const config_texts[] = {
    PROFILES("false"),
    "unknown_devices: quarantine\n" PROFILES("true") "devices: {\"1001\": }\n",
    "unknown_devices: quarantine\n" PROFILES("false") "devices: {\"7777\": {secret: x}, boxy: "
                                                      "{from: \"2001:db8::/32\", profile: box}}\n",
    "unknown_devices: refuse\n" PROFILES("true") "devices: {\"1001\": , \"7777\": }\n",
};

enum { CONFIGS = 4, PORT = 8080, OTHER_PORT = 9000, WRITES = 32 };

struct write {
    struct write_order order;
    int given, done;
};

struct line {
    struct session_env env;
    struct metrics metrics;
    struct session session;
    struct session_time now;
    struct write writes[WRITES];
    size_t nwrites;
    bool registered, closed;
};

static struct plan_set *all_plans[CONFIGS];

static void require(int holds)
{
    if (!holds)
        abort();
}

/* Whatever goes out is a reply of the profile's, or the one request that is outstanding. */
static void on_send(void *cookie, const uint8_t *bytes, size_t len)
{
    struct line *line = cookie;
    const struct session *session = &line->session;
    require(!line->closed && len > 0 && len <= FRAMING_LONGEST);
    require(session->plan != NULL && !session->plan->profile->link.listen_only);
    if ((len == 1 && bytes[0] == '0') || (len == 2 && memcmp(bytes, "OK", 2) == 0))
        return;
    require(line->registered && !session->quarantined && session->exchange.waiting);
    require(session->exchange.sent_ms == line->now.mono_ms);
    size_t unit_at = session->plan->framing->transactions ? 6 : 0;
    require(len > unit_at + 1 && bytes[unit_at] == session->exchange.request.unit);
    require(bytes[unit_at + 1] == session->exchange.request.function);
}

static void on_registered(void *cookie)
{
    struct line *line = cookie;
    require(!line->registered && !line->closed && line->session.id[0] != '\0');
    line->registered = true;
}

static void on_quarantined(void *cookie)
{
    struct line *line = cookie;
    require(!line->registered && !line->closed && line->session.id[0] != '\0');
}

static void on_close(void *cookie, const char *reason)
{
    struct line *line = cookie;
    require(!line->closed && reason[0] != '\0');
    line->closed = true;
}

static const struct session_ops ops = {
    .send = on_send, .registered = on_registered, .quarantined = on_quarantined, .close = on_close};

static void feed(struct line *line, const uint8_t *bytes, size_t len)
{
    uint8_t *exact = malloc(len ? len : 1);
    require(exact != NULL);
    if (line->closed || len == 0) {
        free(exact);
        return;
    }
    memcpy(exact, bytes, len);
    session_input(&line->session, exact, len, line->now);
    require(line->session.held_size <= FRAMING_HELD);
    free(exact);
}

/* The session is called at each time it asks for, and must not ask for one for ever. */
static void pass(struct line *line, int64_t ms)
{
    int64_t end_ms = line->now.mono_ms + ms, last_ms = -1;
    for (int calls = 0; !line->closed;) {
        int64_t next_ms = session_next_ms(&line->session, line->now.mono_ms);
        if (next_ms > end_ms)
            break;
        if (next_ms > line->now.mono_ms)
            line->now.mono_ms = next_ms;
        calls = line->now.mono_ms == last_ms ? calls + 1 : 0;
        last_ms = line->now.mono_ms;
        require(calls < 100);
        session_tick(&line->session, line->now);
    }
    line->now.wall_ms += ms;
    line->now.mono_ms = end_ms;
}

static void say(struct line *line, unsigned what)
{
    static const char *const words[] = {
        "LOGIN:1001", "LOGIN:7777", "IMEI:1001", "IMEI:7777",
        "ping",       "0",          "\xFE",      "\xD8\xB0\x4C\1\2\3"};
    feed(line, (const uint8_t *)words[what & 7], strlen(words[what & 7]));
    if (what & 8) /* and then nothing for longer than the line's silence */
        pass(line, 400);
}

static void answer(struct line *line, unsigned what, const uint8_t *data, size_t len, int code)
{
    static const uint8_t zeros[ADU_MAX];
    uint8_t registers[ADU_MAX] = {0}, adu[ADU_MAX], bytes[FRAMING_LONGEST];
    const struct session *session = &line->session;
    const struct adu_request *request = &session->exchange.request;
    if (line->closed || session->plan == NULL || request->unit == 0)
        return;
    memcpy(registers, data, len < sizeof(registers) ? len : sizeof(registers));
    size_t size;
    if (code >= 0)
        size = adu_build_exception(request->unit, request->function, (uint8_t)code, adu);
    else if (adu_writes(request->function))
        size = (adu_build(request, zeros, adu), adu_seal(adu, 6));
    else
        size = adu_build_reply(request, registers, adu);
    const struct framing_view view = {.link = &session->plan->profile->link};
    size = session->plan->framing->wrap(&view, adu, size, session->exchange.transaction, bytes);
    size_t cut = what == 15 ? size : size * (what & 7) / 7;
    feed(line, bytes, cut);
    if (what & 8)
        pass(line, 400);
    if (what == 15)
        feed(line, bytes, size);
    else
        feed(line, bytes + cut, size - cut);
}

static void on_done(struct write_order *order, const struct write_result *result)
{
    struct write *one = order->cookie;
    require(one->given && ++one->done == 1);
    require(result->status <= WRITE_CANCELLED && result->size <= sizeof(result->data));
    require(result->took_ms >= 0 && write_status_name(result->status) != NULL);
}

static void write_something(struct line *line, unsigned what)
{
    static const uint32_t values[] = {1, 0, 1, 1};
    static const uint32_t functions[] = {5, 6, 15, 16};
    const struct write_raw raw = {what & 1 ? 48 : 2, functions[what & 3], 100 + (what & 4), values,
                                  what & 2 ? 2 : 1};
    char error[200];
    if (line->nwrites == WRITES)
        return;
    struct write *one = &line->writes[line->nwrites++];
    require(write_registers(&raw, &one->order, error, sizeof(error)) == 0);
    one->order.done = on_done;
    one->order.cookie = one;
    one->given = 1;
    if (session_write(&line->session, &one->order, line->now) != 0)
        one->given = 0;
    else
        session_tick(&line->session, line->now);
}

static void reload(struct line *line, unsigned which)
{
    plan_set_release(line->env.plans);
    line->env.plans = plan_set_hold(all_plans[which % CONFIGS]);
    session_adopt(&line->session, line->now);
}

static void step(struct line *line, uint8_t what, const uint8_t **at, size_t *left)
{
    if (what < 0xA0) {
        size_t n = what ? what : 1;
        if (n > *left)
            n = *left;
        feed(line, *at, n);
        *at += n;
        *left -= n;
    } else if (what < 0xB0) {
        say(line, what & 15);
    } else if (what < 0xD0) {
        unsigned n = what - 0xB0;
        pass(line, (int64_t)(n * n * 500));
    } else if (what < 0xE0) {
        answer(line, what & 15, *at, *left, -1);
    } else if (what < 0xE8) {
        answer(line, 7, *at, *left, what & 7);
    } else if (what < 0xF4) {
        write_something(line, what - 0xE8u);
    } else {
        reload(line, what - 0xF4u);
    }
}

/* What was recorded makes sense to its last byte, and is of the one device. */
static void check_records(struct cache *cache, bool registered)
{
    struct cache_chunks chunks;
    struct cache_chunk *chunk;
    cache_close(cache);
    if (cache_take(cache, SIZE_MAX, &chunks) == 0)
        return;
    require(registered);
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

static void live(struct line *line, uint8_t from, const uint8_t *data, size_t len)
{
    const struct session_origin origin = {
        .peer = {.address = "2001:db8::7", .port = 9},
        .port = from & 4 ? OTHER_PORT : PORT,
    };
    session_start(&line->session, &line->env, &ops, line, &origin);
    session_open(&line->session, NULL, line->now);
    while (len > 0 && !line->closed) {
        uint8_t what = *data++;
        len--;
        step(line, what, &data, &len);
        /* One request at a time, and nobody waits for what is over. */
        const struct session *session = &line->session;
        require(!session->exchange.waiting || session->registered);
        require(!session->writing || session->norders > 0);
        require(session->norders <= SESSION_ORDERS_MAX);
    }
    session_end(&line->session, "over", line->now);
    for (size_t i = 0; i < line->nwrites; i++)
        require(line->writes[i].done == line->writes[i].given);
}

static struct plan_set *new_plans(const char *text, struct names *names)
{
    const struct plan_defaults defaults = {.response_timeout_ms = 3000,
                                           .request_gap_ms = 100,
                                           .slave_gap_ms = 100,
                                           .retries = 1,
                                           .registration_timeout_ms = 30000,
                                           .heartbeat_timeout_ms = 60000,
                                           .stagger_ms = 1000,
                                           .max_missed = 3,
                                           .max_timeouts = 20};
    struct faults faults = {0};
    struct data_config *config = data_config_parse("fuzz.yml", text, strlen(text), &faults);
    faults_print(&faults, stderr);
    require(config != NULL);
    struct plan_set *plans = plan_set_new(config, names, &defaults);
    data_config_release(config);
    return plans;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct line line;
    static struct names *plan_names;
    if (plan_names == NULL) {
        log_setup(LOGL_ERROR, LOGF_TEXT, "/dev/null");
        plan_names = names_new();
        for (int i = 0; i < CONFIGS; i++)
            all_plans[i] = new_plans(config_texts[i], plan_names);
    }
    if (len == 0)
        return 0;
    memset(&line, 0, sizeof(line));
    srandom(1);
    struct cache *cache = cache_new(500, 1000);
    line.now = (struct session_time){.mono_ms = 1000, .wall_ms = INT64_C(1700000000000)};
    line.env = (struct session_env){
        .plans = plan_set_hold(all_plans[data[0] % CONFIGS]),
        .main_port = PORT,
        .names = names_new(),
        .metrics = &line.metrics,
    };
    recorder_init(&line.env.recorder, cache);
    live(&line, data[0], data + 1, len - 1);
    check_records(cache, line.registered);
    plan_set_release(line.env.plans);
    cache_free(cache);
    names_free(line.env.names);
    return 0;
}
