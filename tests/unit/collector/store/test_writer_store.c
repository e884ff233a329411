/* Storing parcels in a database that loses connections, commits without an answer, is restored from
 * a backup, and refuses some records for good: each record is stored or set aside, once. */
#include "collector/store/recorder.h"
#include "collector/store/set_aside.h"
#include "collector/store/writer_parts.h"
#include "tests/unit/collector/parts.h"
#include "tests/unit/collector/store/fake_mysql.h"

#include <mysqld_error.h>

enum { RECORDS = 200, DEVICES = 4, LOST = 2013, REFUSED = 4025, TAKEN = 1062, STRANGE = 1105 };

#define NOWHERE SIZE_MAX

/* What was written in a transaction, in order. */
struct work {
    struct {
        uint64_t number;
        bool aside;
    } rows[2 * RECORDS];
    size_t count;
};

/* The database. Records are told apart by their time, which is their number. */
static struct {
    unsigned stored[RECORDS + 1], aside[RECORDS + 1];
    uint64_t last[DEVICES];      /* record of the device */
    bool poison[RECORDS + 1];    /* refused for good */
    bool unknown[RECORDS + 1];   /* so is what it refers to */
    unsigned taken[RECORDS + 1]; /* so many ms from its time on, keys are taken */
    uint64_t position;
    /* the transaction */
    struct work work;
    size_t mark; /* the savepoint; NOWHERE: none */
    size_t kept; /* of what batch_keep() was told */
    uint64_t writes_position;
    /* what it does not like */
    size_t most;         /* rows of a transaction; 0: any number */
    unsigned refusal;    /* the error of poison; 0: REFUSED */
    bool forgets_marks;  /* an error ends savepoints */
    bool takes_no_aside; /* nothing is taken into rejected_records */
    unsigned healed;     /* the record is refused no more once something is */
    unsigned deadlocks;  /* commits still to fail */
    /* the line */
    unsigned chance; /* one statement in so many goes wrong; 0: none */
    unsigned order;  /* of statements in transactions so far */
    unsigned inserts, commits, complaints;
    unsigned tidied_at, first_commit;
    bool down;
    char seq[24];
    char *row[1];
} base;

static struct span filled;
static size_t filled_count;
static int64_t shift;
static bool forgotten;

static int fails(unsigned code)
{
    fake.code = code;
    return code != 0;
}

static bool by_chance(void)
{
    return base.chance > 0 && (unsigned)rand() % base.chance == 0;
}

static void commit(void)
{
    for (size_t i = 0; i < base.work.count; i++) {
        uint64_t number = base.work.rows[i].number;
        base.stored[number] += !base.work.rows[i].aside;
        base.aside[number] += base.work.rows[i].aside;
        if (!base.work.rows[i].aside) {
            assert_true(base.last[number % DEVICES] < number);
            base.last[number % DEVICES] = number;
        }
    }
    base.position = base.writes_position;
    base.commits++;
    if (base.first_commit == 0)
        base.first_commit = ++base.order;
}

static void no_transaction(void)
{
    base.work.count = 0;
    base.mark = NOWHERE;
    base.writes_position = 0;
}

static int end_transaction(const char *sql)
{
    bool lost = by_chance(), commits = strcmp(sql, "COMMIT") == 0;
    if (commits && base.deadlocks > 0) {
        base.deadlocks--;
        no_transaction();
        return fails(ER_LOCK_DEADLOCK);
    }
    if (commits && base.most > 0 && base.work.count > base.most) {
        no_transaction();
        return fails(REFUSED);
    }
    if (commits && (!lost || rand() % 2))
        commit(); /* whether the answer arrives or not */
    no_transaction();
    base.down |= lost;
    return fails(lost ? LOST : 0);
}

static int to_savepoint(void)
{
    if (base.mark == NOWHERE)
        return fails(ER_SP_DOES_NOT_EXIST);
    base.work.count = base.mark;
    return fails(0);
}

int mysql_query(MYSQL *conn, const char *sql)
{
    (void)conn;
    if (base.down)
        return fails(LOST);
    if (strcmp(sql, "COMMIT") == 0 || strcmp(sql, "ROLLBACK") == 0)
        return end_transaction(sql);
    if (by_chance()) {
        base.down = rand() % 2;
        no_transaction();
        return fails(base.down ? LOST : ER_LOCK_DEADLOCK);
    }
    if (strcmp(sql, "START TRANSACTION") == 0)
        no_transaction();
    if (strcmp(sql, "SAVEPOINT part") == 0)
        base.mark = base.work.count;
    if (strcmp(sql, "ROLLBACK TO part") == 0)
        return to_savepoint();
    const char *values = strstr(sql, "VALUES ('north', 0, '");
    if (values != NULL)
        base.writes_position = strtoull(strrchr(values, '\'') + 3, NULL, 10);
    return fails(0);
}

MYSQL_RES *mysql_store_result(MYSQL *conn)
{
    (void)conn;
    return (MYSQL_RES *)&base;
}

void mysql_free_result(MYSQL_RES *result)
{
    (void)result;
}

MYSQL_ROW mysql_fetch_row(MYSQL_RES *result)
{
    (void)result;
    snprintf(base.seq, sizeof(base.seq), "%llu", (unsigned long long)base.position);
    base.row[0] = base.seq;
    return base.row;
}

/* What stands between the writer and the database. */

static struct span wanted;

void batch_want(struct batch *batch, const struct span *span)
{
    (void)batch;
    wanted = *span;
}
void batch_begin(struct batch *batch)
{
    (void)batch;
    base.kept = 0;
}
void batch_fill(struct batch *batch, const struct span *span, struct batch_counts *counts)
{
    struct span_walk walk = span_begin(span);
    struct record_head head;
    const uint8_t *body;
    (void)batch;
    filled = *span;
    *counts = (struct batch_counts){0};
    while (span_next(&walk, &head, &body))
        counts->records++;
    filled_count = counts->records;
}
void batch_forget(struct batch *batch)
{
    (void)batch;
}
void batch_shift(struct batch *batch, int64_t ms)
{
    (void)batch;
    shift = ms;
}
void batch_stored(struct batch *batch)
{
    (void)batch;
}
void batch_keep(struct batch *batch)
{
    (void)batch;
    base.kept += filled_count;
}

static void write_row(uint64_t number, bool aside)
{
    assert_true(base.work.count < 2 * RECORDS);
    base.work.rows[base.work.count].number = number;
    base.work.rows[base.work.count++].aside = aside;
}

static int refuse(struct db_error *error, unsigned code)
{
    db_error_set(error, code, code == STRANGE ? "HY000" : "23000", "refused");
    if (base.forgets_marks)
        no_transaction();
    return -1;
}

int batch_insert(struct batch *batch, MYSQL *conn, bool bulk, struct db_error *error)
{
    struct span_walk walk = span_begin(&filled);
    struct record_head head;
    const uint8_t *body;
    size_t start = base.work.count;
    (void)batch, (void)bulk;
    base.inserts++;
    if (mysql_query(conn, "INSERT INTO readings") != 0) {
        db_error_set(error, fake.code, "HY000", "by chance");
        return -1;
    }
    while (span_next(&walk, &head, &body)) {
        bool taken = shift < base.taken[head.ts_ms];
        if (base.poison[head.ts_ms] || taken) {
            base.work.count = rand() % 2 ? start : base.work.count; /* of several tables */
            return refuse(error, taken ? TAKEN : base.refusal ? base.refusal : REFUSED);
        }
        write_row((uint64_t)head.ts_ms, false);
    }
    return 0;
}
int batch_insert_totals(struct batch *batch, MYSQL *conn, bool bulk, struct db_error *error)
{
    size_t rows = 0;
    (void)batch, (void)bulk;
    for (size_t i = 0; i < base.work.count; i++)
        rows += !base.work.rows[i].aside;
    if (mysql_query(conn, "INSERT INTO traffic_minutes") != 0) {
        db_error_set(error, fake.code, "HY000", "by chance");
        return -1;
    }
    assert_int_equal(base.kept, rows);
    return 0;
}

void directory_forget(struct directory *dir)
{
    (void)dir;
    forgotten = true;
}
void directory_want_id(struct directory *dir, uint32_t ref)
{
    (void)dir, (void)ref;
}
int directory_resolve(struct directory *dir, MYSQL *conn, struct db_error *error)
{
    struct span_walk walk = span_begin(&wanted);
    struct record_head head;
    const uint8_t *body;
    (void)dir, (void)conn;
    while (span_next(&walk, &head, &body)) {
        if (!base.unknown[head.ts_ms])
            continue;
        db_error_set(error, REFUSED, "23000", "unknown");
        return -1;
    }
    return 0;
}
const char *directory_device_id(const struct directory *dir, uint32_t ref)
{
    (void)dir, (void)ref;
    return "1001";
}

const char *set_aside_kind(unsigned type)
{
    (void)type;
    return "samples";
}

static uint64_t aside[RECORDS];
static size_t aside_count;

void aside_rows_add(struct aside_rows *rows, const struct set_aside *record, struct names *names)
{
    (void)rows, (void)names;
    assert_true(aside_count == 0 || aside[aside_count - 1] < (uint64_t)record->head.ts_ms);
    if (record->journal[0] != '\0')
        assert_int_equal(record->seq, record->head.ts_ms);
    assert_non_null(record->reason);
    aside[aside_count++] = (uint64_t)record->head.ts_ms;
}
int aside_rows_insert(struct aside_rows *rows, MYSQL *conn, bool bulk, struct db_error *error)
{
    size_t count = aside_count;
    (void)rows, (void)bulk;
    aside_count = 0;
    if (count == 0)
        return 0;
    if (base.takes_no_aside) {
        db_error_set(error, 1146, "42S02", "no such table");
        return -1;
    }
    if (mysql_query(conn, "INSERT INTO rejected_records") != 0) {
        db_error_set(error, fake.code, "HY000", "by chance");
        return -1;
    }
    for (size_t i = 0; i < count; i++)
        write_row(aside[i], true);
    return 0;
}

int link_tidy_up(struct writer_link *link, struct db_error *error)
{
    (void)link;
    if (by_chance()) {
        db_error_set(error, LOST, "HY000", "lost");
        base.down = true;
        return -1;
    }
    base.tidied_at = ++base.order;
    return 0;
}

int writer_reach(struct writer *writer)
{
    if (base.down || writer->link.conn == NULL)
        positions_doubt(writer->positions);
    base.down = false;
    writer->link.conn = (MYSQL *)&base;
    return by_chance() ? -1 : 0;
}
bool writer_back_off(struct writer *writer)
{
    (void)writer;
    return true;
}
bool writer_recover(struct writer *writer, enum refusal refusal, const struct db_error *error)
{
    (void)error;
    no_transaction();
    base.complaints++;
    base.takes_no_aside = base.takes_no_aside && base.complaints < 3;
    if (!base.takes_no_aside)
        base.poison[base.healed] = false;
    if (refusal != REFUSAL_LOCK) {
        writer->link.conn = NULL;
        base.down = true;
    }
    return true;
}
bool writer_pause(struct writer *writer, int64_t ms)
{
    (void)writer, (void)ms;
    return true;
}
bool writer_over(struct writer *writer)
{
    return writer->stopping;
}

/* The tests. */

struct bench {
    struct writer writer;
    struct cache *cache;
    struct recorder recorder;
    struct parcel parcel;
};

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    memset(&base, 0, sizeof(base));
    forgotten = false;
    aside_count = 0;
    srand(1);
    bench->writer.positions = positions_new("north", 0);
    bench->writer.gate = gate_new(1);
    bench->writer.link.collector = (char *)"north";
    bench->writer.size = batch_size_first();
    bench->writer.suspects = suspects_new();
    pthread_mutex_init(&bench->writer.lock, NULL);
    bench->cache = cache_new(RECORDS * 2, 1);
    recorder_init(&bench->recorder, bench->cache);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    positions_free(bench->writer.positions);
    suspects_free(bench->writer.suspects);
    gate_free(bench->writer.gate);
    cache_free(bench->cache);
    free(fake_take());
    free(bench);
    return 0;
}

/* The records ${first} to ${last} as a parcel of the journal ${id}. */
static void pack(struct bench *bench, const char *id, uint64_t first, uint64_t last)
{
    struct record_body *body = calloc(1, sizeof(*body));
    struct reg_value value = {.number = 1, .has_number = 1};
    record_add_sample(body, 0, &value);
    for (uint64_t i = first; i <= last; i++)
        recorder_samples(&bench->recorder, i % DEVICES, (int64_t)i, body);
    free(body);
    bench->parcel = (struct parcel){0};
    snprintf(bench->parcel.journal, sizeof(bench->parcel.journal), "%s", id);
    bench->parcel.records = cache_take(bench->cache, SIZE_MAX, &bench->parcel.chunks);
    if (id[0] != '\0') {
        bench->parcel.first_seq = first;
        bench->parcel.last_seq = last;
    }
}

static enum outcome store(struct bench *bench, uint64_t *seek)
{
    enum outcome outcome = writer_store(&bench->writer, &bench->parcel, seek);
    cache_done(bench->cache, &bench->parcel.chunks);
    return outcome;
}

static void expect_once(uint64_t first, uint64_t last)
{
    for (uint64_t i = 1; i <= RECORDS; i++) {
        bool inside = i >= first && i <= last;
        bool refused = base.poison[i] || base.unknown[i];
        if (base.stored[i] != (inside && !refused) || base.aside[i] != (inside && refused))
            fail_msg("record %llu: stored %u times, set aside %u times", (unsigned long long)i,
                     base.stored[i], base.aside[i]);
    }
}

static void a_parcel_moves_the_position(void **state)
{
    struct bench *bench = *state;
    uint64_t seek = 9;
    pack(bench, "abc", 1, 50);
    assert_int_equal(store(bench, &seek), OUTCOME_STORED);
    assert_int_equal(seek, 0);
    assert_int_equal(base.position, 50);
    expect_once(1, 50);
    pack(bench, "", 51, 60);
    base.position = 1000; /* that of records without a journal is another */
    assert_int_equal(store(bench, &seek), OUTCOME_STORED);
    assert_int_equal(base.position, 1010);
    assert_int_equal(bench->writer.in_hand, 0);
    expect_once(1, 60);
}

static void what_is_stored_already_is_not_stored_again(void **state)
{
    struct bench *bench = *state;
    uint64_t seek;
    base.position = 70;
    pack(bench, "abc", 1, 50);
    assert_int_equal(store(bench, &seek), OUTCOME_STORED);
    assert_int_equal(seek, 70);
    assert_int_equal(bench->writer.status.records, 0);
    expect_once(1, 0);
    pack(bench, "abc", 51, 90);
    assert_int_equal(store(bench, &seek), OUTCOME_STORED);
    assert_int_equal(seek, 0);
    assert_int_equal(base.position, 90);
    expect_once(71, 90);
}

static void a_gap_in_the_journal_is_passed(void **state)
{
    struct bench *bench = *state;
    uint64_t seek;
    base.position = 10;
    pack(bench, "abc", 31, 40);
    assert_int_equal(store(bench, &seek), OUTCOME_STORED);
    assert_int_equal(seek, 0);
    assert_int_equal(base.position, 40);
    expect_once(31, 40);
}

static void a_restored_database_sends_the_journal_back(void **state)
{
    struct bench *bench = *state;
    uint64_t seek;
    pack(bench, "abc", 1, 50);
    store(bench, &seek);
    base.position = 20; /* the backup's */
    bench->writer.link.conn = NULL;
    pack(bench, "abc", 51, 60);
    assert_int_equal(store(bench, &seek), OUTCOME_SEEK);
    assert_int_equal(seek, 20);
    assert_true(forgotten);
    memset(base.stored, 0, sizeof(base.stored));
    memset(base.last, 0, sizeof(base.last));
    pack(bench, "abc", 21, 60);
    assert_int_equal(store(bench, &seek), OUTCOME_STORED);
    expect_once(21, 60);
}

static void without_a_journal_a_restored_database_gets_what_is_new(void **state)
{
    struct bench *bench = *state;
    uint64_t seek;
    pack(bench, "", 1, 50);
    store(bench, &seek);
    base.position = 20;
    bench->writer.link.conn = NULL;
    pack(bench, "", 51, 60);
    assert_int_equal(store(bench, &seek), OUTCOME_STORED);
    assert_int_equal(seek, 0);
    assert_int_equal(base.position, 30);
    assert_true(forgotten);
}

static void what_is_refused_is_set_aside_alone(void **state)
{
    struct bench *bench = *state;
    uint64_t seek;
    base.poison[1] = base.poison[77] = base.poison[78] = base.poison[200] = true;
    pack(bench, "abc", 1, 200);
    assert_int_equal(store(bench, &seek), OUTCOME_STORED);
    assert_int_equal(base.position, 200);
    assert_int_equal(bench->writer.status.rejected, 4);
    assert_int_equal(bench->writer.status.records, 196);
    expect_once(1, 200);
}

static void a_taken_key_moves_the_reading(void **state)
{
    struct bench *bench = *state;
    uint64_t seek;
    base.taken[30] = 3;
    pack(bench, "abc", 1, 50);
    assert_int_equal(store(bench, &seek), OUTCOME_STORED);
    assert_int_equal(bench->writer.status.moved, 1);
    assert_int_equal(bench->writer.status.rejected, 0);
    expect_once(1, 50);
    base.taken[60] = 1000000; /* for ever: it is set aside after all */
    pack(bench, "abc", 51, 70);
    assert_int_equal(store(bench, &seek), OUTCOME_STORED);
    assert_int_equal(bench->writer.status.rejected, 1);
    assert_int_equal(base.aside[60], 1);
    assert_int_equal(base.stored[60], 0);
}

static void another_attempt_counts_nothing_twice(void **state)
{
    struct bench *bench = *state;
    uint64_t seek;
    base.taken[30] = 3;
    base.poison[40] = true;
    base.deadlocks = 2;
    pack(bench, "", 1, 50);
    assert_int_equal(store(bench, &seek), OUTCOME_STORED);
    assert_int_equal(bench->writer.status.records, 49);
    assert_int_equal(bench->writer.status.moved, 1);
    assert_int_equal(bench->writer.status.rejected, 1);
    assert_int_equal(bench->writer.status.batches, 1);
    assert_int_equal(bench->writer.in_hand, 0);
    expect_once(1, 50);
}

static unsigned count_of(const bool poison[RECORDS + 1])
{
    unsigned count = 0;
    for (unsigned i = 1; i <= RECORDS; i++)
        count += poison[i];
    return count;
}

/* Of what was refused a moment ago no other record is held up, and all is one transaction. */
static void a_device_that_is_refused_costs_no_search(void **state)
{
    struct bench *bench = *state;
    uint64_t seek;
    for (unsigned i = 1; i <= RECORDS; i++)
        base.poison[i] = i % DEVICES == 2;
    pack(bench, "abc", 1, 100);
    assert_int_equal(store(bench, &seek), OUTCOME_STORED);
    base.inserts = base.commits = 0;
    pack(bench, "abc", 101, 200);
    assert_int_equal(store(bench, &seek), OUTCOME_STORED);
    assert_int_equal(base.commits, 1);
    assert_int_equal(base.inserts, 1 + 100 / DEVICES);
    assert_int_equal(bench->writer.status.rejected, count_of(base.poison));
    assert_int_equal(bench->writer.status.batches, 2);
    assert_int_equal(bench->writer.status.retries, 0);
    expect_once(1, 200);
}

/* Within one parcel too: the first refusal tells of those that follow. */
static void the_first_refusal_tells_of_the_others(void **state)
{
    struct bench *bench = *state;
    uint64_t seek;
    for (unsigned i = 1; i <= RECORDS; i++)
        base.poison[i] = i % DEVICES == 2;
    pack(bench, "abc", 1, 200);
    assert_int_equal(store(bench, &seek), OUTCOME_STORED);
    assert_int_equal(base.commits, 1);
    assert_true(base.inserts < 200 / DEVICES + 2 * 10);
    expect_once(1, 200);
}

/* What a device sends when it is refused no more comes behind, but not out of order. */
static void a_suspect_that_is_taken_keeps_its_order(void **state)
{
    struct bench *bench = *state;
    uint64_t seek;
    for (unsigned i = 1; i <= RECORDS; i += 3)
        base.poison[i] = true;
    pack(bench, "abc", 1, 200);
    assert_int_equal(store(bench, &seek), OUTCOME_STORED);
    assert_int_equal(base.commits, 1);
    expect_once(1, 200);
}

static void what_cannot_have_a_number_is_set_aside(void **state)
{
    struct bench *bench = *state;
    uint64_t seek;
    for (unsigned i = 1; i <= RECORDS; i++)
        base.unknown[i] = i % DEVICES == 2;
    pack(bench, "abc", 1, 200);
    assert_int_equal(store(bench, &seek), OUTCOME_STORED);
    assert_int_equal(base.commits, 1);
    assert_int_equal(bench->writer.status.rejected, count_of(base.unknown));
    expect_once(1, 200);
}

static void an_error_that_nobody_knows_is_a_row_in_the_end(void **state)
{
    struct bench *bench = *state;
    uint64_t seek;
    base.poison[30] = true;
    base.refusal = STRANGE;
    pack(bench, "abc", 1, 50);
    assert_int_equal(store(bench, &seek), OUTCOME_STORED);
    assert_int_equal(base.complaints, 4);
    assert_int_equal(bench->writer.status.rejected, 1);
    expect_once(1, 50);
}

static void a_transaction_too_large_is_halved(void **state)
{
    struct bench *bench = *state;
    uint64_t seek;
    base.most = 30;
    base.poison[77] = true;
    pack(bench, "abc", 1, 200);
    assert_int_equal(store(bench, &seek), OUTCOME_STORED);
    assert_int_equal(base.commits, 8);
    assert_int_equal(bench->writer.status.records, 199);
    assert_int_equal(bench->writer.status.rejected, 1);
    expect_once(1, 200);
}

static void an_error_that_ends_the_transaction_is_found_by_halves(void **state)
{
    struct bench *bench = *state;
    uint64_t seek;
    base.forgets_marks = true;
    base.poison[5] = base.poison[77] = true;
    pack(bench, "abc", 1, 200);
    assert_int_equal(store(bench, &seek), OUTCOME_STORED);
    assert_int_equal(base.complaints, 0);
    assert_int_equal(bench->writer.status.rejected, 2);
    expect_once(1, 200);
}

/* Whose fault it is, is asked again: it may have been nobody's record. */
static void where_nothing_can_be_set_aside_nothing_is_judged(void **state)
{
    struct bench *bench = *state;
    uint64_t seek;
    base.takes_no_aside = true;
    base.poison[7] = base.poison[8] = true;
    base.healed = 8;
    pack(bench, "abc", 1, 50);
    assert_int_equal(store(bench, &seek), OUTCOME_STORED);
    assert_int_equal(base.complaints, 3);
    assert_int_equal(bench->writer.status.rejected, 1);
    expect_once(1, 50);
}

static void it_tidies_up_before_the_first_record_of_this_life(void **state)
{
    struct bench *bench = *state;
    uint64_t seek;
    pack(bench, "abc", 1, 10);
    bench->parcel.earlier = true;
    store(bench, &seek);
    assert_int_equal(base.tidied_at, 0);
    base.first_commit = 0;
    pack(bench, "abc", 11, 20);
    store(bench, &seek);
    assert_true(base.tidied_at > 0 && base.tidied_at < base.first_commit);
    unsigned first = base.tidied_at;
    pack(bench, "abc", 21, 30);
    store(bench, &seek);
    assert_int_equal(base.tidied_at, first);
}

static void a_stop_leaves_the_rest(void **state)
{
    struct bench *bench = *state;
    uint64_t seek;
    bench->writer.stopping = true;
    pack(bench, "", 1, 10);
    assert_int_equal(store(bench, &seek), OUTCOME_ENDED);
    assert_int_equal(bench->writer.in_hand, 10);
    pack(bench, "abc", 1, 10);
    assert_int_equal(store(bench, &seek), OUTCOME_ENDED);
    assert_int_equal(bench->writer.in_hand, 0);
}

static void whatever_goes_wrong_each_record_is_stored_once(void **state)
{
    struct bench *bench = *state;
    for (unsigned round = 0; round < 400; round++) {
        const char *id = round % 2 ? "abc" : "";
        uint64_t seek, at = 0;
        memset(&base, 0, sizeof(base));
        srand(round);
        positions_free(bench->writer.positions);
        bench->writer.positions = positions_new("north", 0);
        suspects_free(bench->writer.suspects);
        bench->writer.suspects = suspects_new();
        bench->writer.link.conn = NULL;
        gate_free(bench->writer.gate);
        bench->writer.gate = gate_new(1);
        bench->writer.arrived = bench->writer.tidied = false;
        base.chance = 30 + round % 40; /* a transaction may have fifty statements */
        for (unsigned i = 0; i < round % 7; i++)
            base.poison[1 + rand() % RECORDS] = true;
        if (round % 5 == 0)
            base.unknown[1 + rand() % RECORDS] = true;
        base.forgets_marks = round % 11 == 0;
        base.most = round % 13 == 0 ? 20 : 0;
        while (at < RECORDS) {
            uint64_t last = at + 1 + (uint64_t)rand() % 60;
            last = last < RECORDS ? last : RECORDS;
            pack(bench, id, at + 1, last);
            assert_int_equal(store(bench, &seek), OUTCOME_STORED);
            assert_int_equal(bench->writer.in_hand, 0);
            at = last;
        }
        assert_int_equal(base.position, RECORDS);
        expect_once(1, RECORDS);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_parcel_moves_the_position),
        TEST(what_is_stored_already_is_not_stored_again),
        TEST(a_gap_in_the_journal_is_passed),
        TEST(a_restored_database_sends_the_journal_back),
        TEST(without_a_journal_a_restored_database_gets_what_is_new),
        TEST(what_is_refused_is_set_aside_alone),
        TEST(a_taken_key_moves_the_reading),
        TEST(another_attempt_counts_nothing_twice),
        TEST(a_device_that_is_refused_costs_no_search),
        TEST(the_first_refusal_tells_of_the_others),
        TEST(a_suspect_that_is_taken_keeps_its_order),
        TEST(what_cannot_have_a_number_is_set_aside),
        TEST(an_error_that_nobody_knows_is_a_row_in_the_end),
        TEST(a_transaction_too_large_is_halved),
        TEST(an_error_that_ends_the_transaction_is_found_by_halves),
        TEST(where_nothing_can_be_set_aside_nothing_is_judged),
        TEST(it_tidies_up_before_the_first_record_of_this_life),
        TEST(a_stop_leaves_the_rest),
        TEST(whatever_goes_wrong_each_record_is_stored_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
