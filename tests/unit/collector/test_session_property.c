/*
 * The whole of it: a DTU that answers each query with values that come once only, and sends its
 * heartbeats when it likes. However its bytes are cut and glued on their way, the same samples are
 * stored in the same order as where each packet comes by itself.
 */
#include "tests/unit/collector/line.h"

enum { ANSWERS = 6, OUT_MAX = 1024, SLOWEST_MS = 1400 };

#define TASKS                                                                                      \
    "    query_tasks:\n"                                                                           \
    "      1: {start_addr: 100, length: 2, interval: 10, trigger: timer, slave: 1}\n"              \
    "      2: {start_addr: 100, length: 8, interval: 10, trigger: timer, slave: 48}\n"             \
    "      3: {start_addr: 100, length: 5, interval: 10, trigger: timer, slave: 57,\n"             \
    "          function: 4}\n"                                                                     \
    "    data_points:\n"                                                                           \
    "      a: {name: a, address: 100, type: uint, length: 4, slave: 1}\n"                          \
    "      b: {name: b, address: 100, type: uint, length: 8, slave: 48}\n"                         \
    "      c: {name: c, address: 104, type: uint, length: 8, slave: 48}\n"                         \
    "      d: {name: d, address: 100, type: uint, length: 8, slave: 57}\n"                         \
    "      e: {name: e, address: 104, type: uint, length: 2, slave: 57}\n"

#define TEXTS                                                                                      \
    "      registration:\n"                                                                        \
    "        packets:\n"                                                                           \
    "          login: {kind: text, start: \"LOGIN:\", chars: digits, length: 4}\n"                 \
    "      heartbeat:\n"                                                                           \
    "        packets:\n"                                                                           \
    "          zero: {kind: bytes, text: \"0\"}\n"                                                 \
    "          nine: {kind: bytes, text: \"9\"}\n"                                                 \
    "          ping: {kind: bytes, text: \"ping\"}\n"

#define LONG_TEXTS                                                                                 \
    "      registration:\n"                                                                        \
    "        packets:\n"                                                                           \
    "          login: {kind: text, start: \"LOGIN:\", chars: digits, length: 4}\n"                 \
    "      heartbeat:\n"                                                                           \
    "        packets:\n"                                                                           \
    "          ping: {kind: bytes, text: \"ping\"}\n"                                              \
    "          usr: {kind: bytes, text: \"www.usr.cn\"}\n"                                         \
    "          name: {kind: bytes, text: \"heartbeat\"}\n"

#define PROFILE(framing, tokens)                                                                   \
    "profiles:\n"                                                                                  \
    "  p:\n"                                                                                       \
    "    port: 9000\n"                                                                             \
    "    line:\n"                                                                                  \
    "      framing: " framing "\n" tokens TASKS

struct packet {
    const char *bytes;
    size_t size;
};

/* One way in which a DTU speaks. */
struct dialect {
    const char *name, *yaml;
    struct packet login, beats[3];
    bool splits;  /* a heartbeat may come in the middle of an answer, behind any byte */
    bool patient; /* no heartbeat looks like a slave: a packet may be torn apart by a silence */
    /* query(bytes, len, adu): a query among what the server sent: its size, and 0 for what is none
     * (one byte is passed over then). */
    size_t (*query)(const uint8_t *bytes, size_t len, uint8_t adu[ADU_READ_REQUEST_SIZE]);
};

static size_t query_rtu(const uint8_t *bytes, size_t len, uint8_t adu[ADU_READ_REQUEST_SIZE])
{
    if (len < ADU_READ_REQUEST_SIZE)
        return 0;
    memcpy(adu, bytes, ADU_READ_REQUEST_SIZE);
    return ADU_READ_REQUEST_SIZE;
}

static size_t query_tlv(const uint8_t *bytes, size_t len, uint8_t adu[ADU_READ_REQUEST_SIZE])
{
    return bytes[0] == 4 ? 2 + query_rtu(bytes + 2, len - 2, adu) : 0;
}

static size_t query_mbap(const uint8_t *bytes, size_t len, uint8_t adu[ADU_READ_REQUEST_SIZE])
{
    assert_true(len >= 12 && bytes[5] == 6);
    memcpy(adu, bytes + 6, 6);
    adu_seal(adu, 6);
    return 12;
}

static size_t query_escaped(const uint8_t *bytes, size_t len, uint8_t adu[ADU_READ_REQUEST_SIZE])
{
    size_t at = 0;
    for (size_t i = 0; i < ADU_READ_REQUEST_SIZE; i++) {
        assert_true(at < len);
        adu[i] = bytes[at++];
        if (adu[i] == 0xFD) {
            assert_true(at < len);
            adu[i] = bytes[at++] == 0xED ? 0xFD : 0xFE;
        }
    }
    return at;
}

static size_t query_hex(const uint8_t *bytes, size_t len, uint8_t adu[ADU_READ_REQUEST_SIZE])
{
    assert_true(len >= 2 * ADU_READ_REQUEST_SIZE);
    for (size_t i = 0; i < ADU_READ_REQUEST_SIZE; i++) {
        const char pair[] = {(char)bytes[2 * i], (char)bytes[2 * i + 1], '\0'};
        adu[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return 2 * ADU_READ_REQUEST_SIZE;
}

static const struct dialect dialects[] = {
    {"rtu",
     PROFILE("rtu", TEXTS),
     {"LOGIN:1001", 10},
     {{"0", 1}, {"9", 1}, {"ping", 4}},
     true,
     false,
     query_rtu},
    {"rtu with long heartbeats",
     PROFILE("rtu", LONG_TEXTS),
     {"LOGIN:1001", 10},
     {{"ping", 4}, {"www.usr.cn", 10}, {"heartbeat", 9}},
     false,
     true,
     query_rtu},
    {"tlv",
     PROFILE("tlv", ""),
     {"\x00\x00\x03\xE9", 4},
     {{"\2\0", 2}, {"\3\2ab", 4}, {"\2\3xyz", 5}},
     false,
     true,
     query_tlv},
    {"mbap",
     PROFILE("mbap", TEXTS),
     {"LOGIN:1001", 10},
     {{"0", 1}, {"9", 1}, {"ping", 4}},
     false, /* no CRC says where it stands */

     false,
     query_mbap},
    {"escaped",
     PROFILE("escaped", LONG_TEXTS),
     {"LOGIN:1001", 10},
     {{"\xFE", 1}, {"\xFE", 1}, {"\xFE", 1}},
     false,
     true,
     query_escaped},
    {"hex",
     PROFILE("hex", LONG_TEXTS),
     {"LOGIN:1001", 10},
     {{"ping", 4}, {"www.usr.cn", 10}, {"heartbeat", 9}},
     false,
     false, /* half a byte is not kept */
     query_hex},
};

struct dtu {
    const struct dialect *dialect;
    struct plan_set *plans; /* shared by all cases */
    struct names *names;
    struct line line;
    uint64_t way, values; /* seeds: of how bytes travel, and of what they say */
    bool whole;           /* each packet comes by itself */
    uint8_t out[OUT_MAX]; /* on the way */
    size_t size;
    bool split;        /* a heartbeat is in the middle of it */
    int64_t due_ms;    /* when the next of it arrives */
    int64_t latest_ms; /* when all of it does */
    int64_t beat_ms;
    unsigned answers;
};

static const struct plan_defaults defaults = {
    .response_timeout_ms = 3000,
    .request_gap_ms = 100,
    .slave_gap_ms = 100,
    .heartbeat_timeout_ms = 60000,
    .registration_timeout_ms = 30000,
    .stagger_ms = 1000,
    .max_missed = 3,
};

static void start(struct dtu *dtu)
{
    struct line *line = &dtu->line;
    memset(line, 0, sizeof(*line));
    line->names = dtu->names;
    line->cache = cache_new(1000, 0);
    line->env = (struct session_env){.plans = dtu->plans,
                                     .main_port = LINE_PORT,
                                     .names = dtu->names,
                                     .metrics = &line->metrics};
    recorder_init(&line->env.recorder, line->cache);
    line->now = (struct session_time){.mono_ms = 5000, .wall_ms = LINE_WALL_MS};
    line_connect(line, 9000, "10.0.0.7", NULL);
}

/* A packet goes on its way: behind what is, or into the middle of it. */
static void put(struct dtu *dtu, size_t at, const void *bytes, size_t size)
{
    int64_t now_ms = dtu->line.now.mono_ms;
    assert_true(dtu->size + size <= OUT_MAX);
    if (dtu->size == 0) {
        dtu->split = false;
        dtu->latest_ms = now_ms + SLOWEST_MS;
        dtu->due_ms = now_ms + (int64_t)(dtu->whole ? 0 : parts_pick(&dtu->way, 120));
    }
    memmove(dtu->out + at + size, dtu->out + at, dtu->size - at);
    memcpy(dtu->out + at, bytes, size);
    dtu->size += size;
}

static void arrive(struct dtu *dtu, size_t size)
{
    uint8_t bytes[OUT_MAX];
    memcpy(bytes, dtu->out, size);
    memmove(dtu->out, dtu->out + size, dtu->size -= size);
    line_feed(&dtu->line, bytes, size);
}

/* The next piece: all, or a part, and when the one behind it comes. A silence (of 200 ms) would end
 * a registration, and what could be a heartbeat. */
static void carry(struct dtu *dtu)
{
    static const uint8_t waits_ms[] = {0, 0, 1, 20, 100, 190, 250};
    size_t size = dtu->size;
    int64_t now_ms = dtu->line.now.mono_ms;
    if (!dtu->whole && now_ms < dtu->latest_ms && parts_pick(&dtu->way, 3) > 0)
        size = 1 + parts_pick(&dtu->way, dtu->size);
    bool patient = dtu->dialect->patient && dtu->line.registered;
    size_t choices = sizeof(waits_ms) - (patient ? 0 : 1);
    dtu->due_ms = now_ms + waits_ms[parts_pick(&dtu->way, choices)];
    arrive(dtu, size);
}

static void answer(struct dtu *dtu, const uint8_t *adu)
{
    struct adu_request request;
    uint8_t data[ADU_MAX], reply[ADU_MAX], bytes[FRAMING_LONGEST];
    assert_int_equal(adu_parse_read(adu, ADU_READ_REQUEST_SIZE, &request), 0);
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)parts_random(&dtu->values);
    size_t size = line_wrap(&dtu->line, reply, adu_build_reply(&request, data, reply), bytes);
    put(dtu, dtu->size, bytes, size);
    dtu->answers++;
}

static void hear(struct dtu *dtu)
{
    struct line *line = &dtu->line;
    for (size_t at = 0; at < line->sent_size;) {
        uint8_t adu[ADU_READ_REQUEST_SIZE];
        size_t size = dtu->dialect->query(line->sent + at, line->sent_size - at, adu);
        if (size > 0)
            answer(dtu, adu);
        at += size > 0 ? size : 1;
    }
    line->sent_size = 0;
}

static void beat(struct dtu *dtu)
{
    const struct packet *packet = &dtu->dialect->beats[parts_pick(&dtu->way, 3)];
    size_t at = dtu->size;
    if (dtu->whole) {
        dtu->beat_ms += 1700;
    } else { /* often while an answer is on its way */
        dtu->beat_ms += (int64_t)(100 + parts_pick(&dtu->way, 4000));
        if (dtu->dialect->splits && !dtu->split && dtu->size > 1 && parts_pick(&dtu->way, 2)) {
            at = 1 + parts_pick(&dtu->way, dtu->size - 1);
            dtu->split = true;
        }
    }
    put(dtu, at, packet->bytes, packet->size);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The next thing that happens. */
static void step(struct dtu *dtu)
{
    struct line *line = &dtu->line;
    int64_t next_ms = earlier(session_next_ms(&line->session, line->now.mono_ms),
                              line->registered ? dtu->beat_ms : INT64_MAX);
    if (dtu->size > 0)
        next_ms = earlier(next_ms, dtu->due_ms);
    if (next_ms > line->now.mono_ms)
        line_pass(line, next_ms - line->now.mono_ms);
    if (dtu->size > 0 && line->now.mono_ms >= dtu->due_ms)
        carry(dtu);
    else if (line->registered && line->now.mono_ms >= dtu->beat_ms && dtu->answers < ANSWERS)
        beat(dtu);
    else
        session_tick(&line->session, line->now);
    hear(dtu);
}

/* A life of some answers; its samples, to be freed. */
static char *live(struct dtu *dtu, bool whole, uint64_t seed)
{
    struct line *line = &dtu->line;
    srandom((unsigned)seed);
    dtu->whole = whole;
    dtu->way = seed * 7919;
    dtu->values = seed * 104729;
    dtu->size = 0;
    dtu->answers = 0;
    start(dtu);
    dtu->beat_ms = line->now.mono_ms + 900;
    put(dtu, 0, dtu->dialect->login.bytes, dtu->dialect->login.size);
    for (int steps = 0; (dtu->answers < ANSWERS || dtu->size > 0) && !line->closed; steps++) {
        assert_true(steps < 5000);
        if (dtu->answers >= ANSWERS)
            dtu->beat_ms = INT64_MAX;
        step(dtu);
    }
    if (line->closed)
        fail_msg("%s, seed %llu: closed: %s", dtu->dialect->name, (unsigned long long)seed,
                 line->reason);
    assert_string_equal(line->session.id, "1001");
    line_end(line);
    char *text = line_records(line, RECORD_SAMPLES);
    cache_free(line->cache);
    return text;
}

static unsigned count_cases(void)
{
    const char *text = getenv("PROPERTY_CASES");
#ifdef __SANITIZE_ADDRESS__
    unsigned standard = 1500;
#else
    unsigned standard = 10000;
#endif
    return text != NULL ? (unsigned)strtoul(text, NULL, 10) : standard;
}

static void speak(const struct dialect *dialect, unsigned cases)
{
    static struct dtu dtu;
    memset(&dtu, 0, sizeof(dtu));
    dtu.dialect = dialect;
    dtu.names = names_new();
    dtu.plans = parts_plans(dialect->yaml, dtu.names, &defaults);
    for (uint64_t seed = 1; seed <= cases; seed++) {
        char *expected = live(&dtu, true, seed), *text = live(&dtu, false, seed);
        if (strcmp(text, expected) != 0)
            fail_msg("%s, seed %llu: stored\n%swhere it is\n%s", dialect->name,
                     (unsigned long long)seed, text, expected);
        free(expected);
        free(text);
    }
    plan_set_release(dtu.plans);
    names_free(dtu.names);
}

static void any_cut_stores_the_same(void **state)
{
    (void)state;
    size_t n = sizeof(dialects) / sizeof(*dialects);
    unsigned cases = count_cases();
    for (size_t i = 0; i < n; i++)
        speak(&dialects[i], (unsigned)((cases + n - 1) / n));
}

/* A test that compares nothing would pass. */
static void every_answer_is_stored(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(dialects) / sizeof(*dialects); i++) {
        static struct dtu dtu;
        unsigned lines = 0;
        memset(&dtu, 0, sizeof(dtu));
        dtu.dialect = &dialects[i];
        dtu.names = names_new();
        dtu.plans = parts_plans(dtu.dialect->yaml, dtu.names, &defaults);
        char *text = live(&dtu, true, 1);
        for (const char *at = text; *at != '\0'; at++)
            lines += *at == '\n';
        assert_int_equal(lines, ANSWERS);
        assert_true(dtu.line.metrics.heartbeats + dtu.line.metrics.data_packets >= 3);
        free(text);
        plan_set_release(dtu.plans);
        names_free(dtu.names);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_answer_is_stored),
        cmocka_unit_test(any_cut_stores_the_same),
    };
    log_setup(LOGL_ERROR, LOGF_TEXT, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
