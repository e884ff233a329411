#include "collector/store/refusal.h"

#include "shared/db/db.h"

#include <mysqld_error.h>
#include <string.h>

/* Numbers that a client library's header may not name. */
enum {
    NO_SPACE_LEFT = 1021,
    CHANGED_SINCE_READ = 1020,
    READ_ONLY_TRANSACTION = 1792,
    SERVER_READ_ONLY = 1836,
    LOCK_NOWAIT = 3572,
    CHECK_VIOLATED_MYSQL = 3819,
    CHECK_VIOLATED = 4025,
    CLUSTER_NOT_READY = 1047,
};

static const struct {
    unsigned code;
    enum refusal refusal;
} known[] = {
    {ER_LOCK_DEADLOCK, REFUSAL_LOCK},
    {ER_LOCK_WAIT_TIMEOUT, REFUSAL_LOCK},
    {ER_LOCK_TABLE_FULL, REFUSAL_LOCK},
    {CHANGED_SINCE_READ, REFUSAL_LOCK},
    {LOCK_NOWAIT, REFUSAL_LOCK},

    {ER_WARN_DATA_OUT_OF_RANGE, REFUSAL_ROW},
    {ER_TRUNCATED_WRONG_VALUE_FOR_FIELD, REFUSAL_ROW},
    {ER_DATA_TOO_LONG, REFUSAL_ROW},
    {ER_TRUNCATED_WRONG_VALUE, REFUSAL_ROW},
    {WARN_DATA_TRUNCATED, REFUSAL_ROW},
    {ER_BAD_NULL_ERROR, REFUSAL_ROW},
    {ER_DUP_ENTRY, REFUSAL_ROW},
    {ER_NO_REFERENCED_ROW, REFUSAL_ROW},
    {ER_NO_REFERENCED_ROW_2, REFUSAL_ROW},
    {ER_DATA_OUT_OF_RANGE, REFUSAL_ROW},
    {ER_SIGNAL_EXCEPTION, REFUSAL_ROW},
    {CHECK_VIOLATED_MYSQL, REFUSAL_ROW},
    {CHECK_VIOLATED, REFUSAL_ROW},
    {ER_INVALID_CHARACTER_STRING, REFUSAL_ROW},
    {ER_AUTOINC_READ_FAILED, REFUSAL_ROW},  /* no number is left for a new point, say */
    {ER_NET_PACKET_TOO_LARGE, REFUSAL_ROW}, /* fewer rows at once may pass */

    {ER_NO_SUCH_TABLE, REFUSAL_SCHEMA},
    {ER_BAD_FIELD_ERROR, REFUSAL_SCHEMA},
    {ER_WRONG_VALUE_COUNT_ON_ROW, REFUSAL_SCHEMA},
    {ER_NO_DEFAULT_FOR_FIELD, REFUSAL_SCHEMA},
    {ER_NO_PARTITION_FOR_GIVEN_VALUE, REFUSAL_SCHEMA},
    {ER_SP_DOES_NOT_EXIST, REFUSAL_SCHEMA},
    {ER_BAD_DB_ERROR, REFUSAL_SCHEMA},

    {ER_TABLEACCESS_DENIED_ERROR, REFUSAL_PRIVILEGE},
    {ER_COLUMNACCESS_DENIED_ERROR, REFUSAL_PRIVILEGE},
    {ER_DBACCESS_DENIED_ERROR, REFUSAL_PRIVILEGE},
    {ER_ACCESS_DENIED_ERROR, REFUSAL_PRIVILEGE},
    {ER_SPECIFIC_ACCESS_DENIED_ERROR, REFUSAL_PRIVILEGE},
    {ER_PROCACCESS_DENIED_ERROR, REFUSAL_PRIVILEGE},

    {ER_RECORD_FILE_FULL, REFUSAL_SERVER},
    {NO_SPACE_LEFT, REFUSAL_SERVER},
    {ER_OPTION_PREVENTS_STATEMENT, REFUSAL_SERVER},
    {READ_ONLY_TRANSACTION, REFUSAL_SERVER},
    {SERVER_READ_ONLY, REFUSAL_SERVER},
    {ER_OUT_OF_RESOURCES, REFUSAL_SERVER},
    {ER_CON_COUNT_ERROR, REFUSAL_SERVER},
    {CLUSTER_NOT_READY, REFUSAL_SERVER},
};

enum refusal refusal_of(unsigned code, const char *state)
{
    if (code == 0 || db_connection_lost(code))
        return REFUSAL_LOST;
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        if (known[i].code == code)
            return known[i].refusal;
    }
    /* Of codes that nobody thought of, the state's class tells: 22 data, 23 a constraint, 45 raised
     * by a trigger, 40 rolled back, 08 connection. */
    static const struct {
        char class[3];
        enum refusal refusal;
    } classes[] = {{"22", REFUSAL_ROW},
                   {"23", REFUSAL_ROW},
                   {"45", REFUSAL_ROW},
                   {"40", REFUSAL_LOCK},
                   {"08", REFUSAL_LOST}};
    for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++) {
        if (strncmp(state, classes[i].class, 2) == 0)
            return classes[i].refusal;
    }
    return REFUSAL_OTHER;
}

static const char *server_advice(unsigned code)
{
    switch (code) {
    case ER_RECORD_FILE_FULL:
    case NO_SPACE_LEFT:
        return "make room on the database server's disk";
    case ER_OPTION_PREVENTS_STATEMENT:
    case READ_ONLY_TRANSACTION:
    case SERVER_READ_ONLY:
        return "the server is read-only: SET GLOBAL read_only = 0, or name the primary in mysql.*";
    case ER_CON_COUNT_ERROR:
        return "raise the server's max_connections";
    default:
        return "see the database server's own log";
    }
}

const char *refusal_advice(enum refusal refusal, unsigned code)
{
    switch (refusal) {
    case REFUSAL_LOCK:
        return "another transaction holds these rows: SHOW ENGINE INNODB STATUS tells which";
    case REFUSAL_SCHEMA:
        return code == ER_BAD_DB_ERROR
                   ? "CREATE DATABASE it, or correct mysql.database"
                   : "a table is not as the files in sql/ make it: restore it from them or from a "
                     "backup (and see docs/backup.md before ingest_position is made anew)";
    case REFUSAL_PRIVILEGE:
        return "GRANT ALL on the database to this account (at least SELECT, INSERT, UPDATE, "
               "DELETE, CREATE, ALTER, INDEX, DROP)";
    case REFUSAL_SERVER:
        return server_advice(code);
    case REFUSAL_OTHER:
        return "see the database server's own log";
    default:
        return "";
    }
}
