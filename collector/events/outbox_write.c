/* Results of tries on their way into the database. */
#include "collector/events/outbox_parts.h"
#include "collector/store/audit.h"
#include "collector/store/refusal.h"
#include "shared/base/text.h"

#include <stdlib.h>
#include <string.h>

enum { RESULTS_AT_ONCE = 200, ERROR_MOST = 255 };

static const struct rowset_spec tries = {
    .insert = "INSERT INTO webhook_tries",
    .tail = "",
    .columns = {{"delivery", COLUMN_UINT},
                {"`timestamp`", COLUMN_TIME},
                {"took_ms", COLUMN_UINT},
                {"http_status", COLUMN_UINT},
                {"error", COLUMN_BYTES},
                {"request", COLUMN_BYTES},
                {"answer", COLUMN_BYTES}},
};

static const char *const statuses[] = {
    [DELIVERY_PENDING] = "pending",
    [DELIVERY_DELIVERED] = "delivered",
    [DELIVERY_DEAD] = "dead",
};

/* No HTTP status has more digits, whatever a server says. */
static bool is_status(long status)
{
    return status > 0 && status < 1000;
}

static void add_try(struct rowset *rows, const struct delivery_try *result, const char *error)
{
    rowset_add_uint(rows, result->id);
    rowset_add_time(rows, result->tried_ms);
    rowset_add_uint(rows, (uint64_t)(result->took_ms > 0 ? result->took_ms : 0));
    if (is_status(result->http_status))
        rowset_add_uint(rows, (uint64_t)result->http_status);
    else
        rowset_add_null(rows);
    rowset_add_text(rows, error);
    audit_add_text(rows, result->request, result->request_size, DELIVERY_REQUEST_MOST);
    rowset_add_bytes(rows, result->answer, result->answer_size);
}

static int update(struct outbox *outbox, const struct delivery_try *result, const char *text,
                  struct db_error *error)
{
    struct statement sql;
    FILE *out = statement_begin(&sql, outbox->conn);
    fprintf(out, "UPDATE webhook_deliveries SET status = '%s', attempts = %u, next_try = ",
            statuses[result->status], result->attempts);
    statement_time(&sql, result->status == DELIVERY_PENDING ? result->next_ms : 0);
    fputs(", last_try = ", out);
    statement_time(&sql, result->tried_ms);
    if (is_status(result->http_status))
        fprintf(out, ", http_status = %ld", result->http_status);
    else
        fputs(", http_status = NULL", out);
    fputs(", error = ", out);
    statement_text(&sql, text);
    fprintf(out, " WHERE id = %llu", (unsigned long long)result->id);
    return statement_run(&sql, error);
}

static int write_all(struct outbox *outbox, const struct outbox_results *results,
                     struct db_error *error)
{
    const struct outbox_result *result;
    if (outbox->tries == NULL)
        outbox->tries = rowset_new(&tries);
    rowset_clear(outbox->tries);
    if (db_run(outbox->conn, "START TRANSACTION", error) != 0)
        return -1;
    STAILQ_FOREACH(result, results, link)
    {
        char text[ERROR_MOST + 1];
        const struct delivery_try *one = &result->result;
        text_printable(one->error, strlen(one->error), text, sizeof(text));
        add_try(outbox->tries, one, text);
        if (update(outbox, one, text, error) != 0)
            return -1;
    }
    if (rowset_insert(outbox->tries, outbox->conn, outbox->bulk, error) != 0)
        return -1;
    return db_run(outbox->conn, "COMMIT", error);
}

/* Some of those that wait; they still count as waiting. */
static size_t take(struct outbox *outbox, struct outbox_results *out)
{
    size_t n = 0, most = outbox->results_at_once > 0 ? outbox->results_at_once : RESULTS_AT_ONCE;
    struct outbox_result *result;
    pthread_mutex_lock(&outbox->lock);
    while (n < most && (result = STAILQ_FIRST(&outbox->results)) != NULL) {
        STAILQ_REMOVE_HEAD(&outbox->results, link);
        STAILQ_INSERT_TAIL(out, result, link);
        n++;
    }
    pthread_mutex_unlock(&outbox->lock);
    return n;
}

static void put_back(struct outbox *outbox, struct outbox_results *results)
{
    pthread_mutex_lock(&outbox->lock);
    STAILQ_CONCAT(results, &outbox->results);
    STAILQ_CONCAT(&outbox->results, results);
    pthread_mutex_unlock(&outbox->lock);
}

static void done(struct outbox *outbox, struct outbox_results *results, size_t n)
{
    struct outbox_result *result;
    while ((result = STAILQ_FIRST(results)) != NULL) {
        STAILQ_REMOVE_HEAD(results, link);
        if (result->result.status != DELIVERY_PENDING)
            given_remove(outbox->given, result->result.id);
        outbox_result_free(result);
    }
    pthread_mutex_lock(&outbox->lock);
    outbox->nresults -= n;
    pthread_mutex_unlock(&outbox->lock);
}

/* A value is refused: find it by writing them one by one, and go on without it. */
static void narrow(struct outbox *outbox, struct outbox_results *results, size_t n,
                   const struct db_error *error)
{
    mysql_query(outbox->conn, "ROLLBACK");
    if (n > 1) {
        outbox->results_at_once = 1;
        put_back(outbox, results);
        return;
    }
    log_error("outbox", NULL, "the result of delivery %llu is refused: %s",
              (unsigned long long)STAILQ_FIRST(results)->result.id, error->text);
    done(outbox, results, n);
}

int outbox_write(struct outbox *outbox, struct db_error *error)
{
    struct outbox_results results = STAILQ_HEAD_INITIALIZER(results);
    size_t n;
    while ((n = take(outbox, &results)) > 0) {
        if (write_all(outbox, &results, error) == 0) {
            done(outbox, &results, n);
        } else if (refusal_of(error->code, error->state) == REFUSAL_ROW) {
            narrow(outbox, &results, n, error);
        } else {
            put_back(outbox, &results);
            return -1;
        }
    }
    outbox->results_at_once = RESULTS_AT_ONCE;
    return 0;
}
