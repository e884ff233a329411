#include "shared/db/statement.h"

#include "shared/base/alloc.h"
#include "shared/base/clock.h"

#include <stdlib.h>
#include <string.h>

FILE *statement_begin(struct statement *statement, MYSQL *conn)
{
    *statement = (struct statement){.conn = conn};
    statement->out = open_memstream(&statement->text, &statement->size);
    if (statement->out == NULL)
        abort(); /* no memory */
    return statement->out;
}

void statement_bytes(struct statement *statement, const void *bytes, size_t size)
{
    char *quoted = xcalloc(2 * size + 1, 1);
    mysql_real_escape_string(statement->conn, quoted, bytes, size);
    fprintf(statement->out, "'%s'", quoted);
    free(quoted);
}

void statement_text(struct statement *statement, const char *text)
{
    statement_bytes(statement, text, strlen(text));
}

void statement_time(struct statement *statement, int64_t wall_ms)
{
    char iso[CLOCK_ISO_SIZE];
    if (wall_ms == 0) {
        fputs("NULL", statement->out);
        return;
    }
    clock_iso(wall_ms, iso);
    fprintf(statement->out, "'%.10s %.12s'", iso, iso + 11);
}

static void end(struct statement *statement)
{
    fclose(statement->out);
    statement->out = NULL;
}

int statement_run(struct statement *statement, struct db_error *error)
{
    end(statement);
    int rc = mysql_real_query(statement->conn, statement->text, statement->size);
    if (rc != 0)
        db_error_take(error, statement->conn);
    free(statement->text);
    return rc == 0 ? 0 : -1;
}

MYSQL_RES *statement_query(struct statement *statement, struct db_error *error)
{
    end(statement);
    MYSQL_RES *rows = db_query(statement->conn, statement->text, error);
    free(statement->text);
    return rows;
}
