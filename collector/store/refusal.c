#include "collector/store/refusal.h"

#include "shared/db/db.h"

#include <mysqld_error.h>
#include <string.h>

/* Numbers that a client library's header may not name. */
enum {
    CHANGED_SINCE_READ = 1020,
    CANNOT_WRITE_FILE = 1026,
    FILE_IS_READ_ONLY = 1036,
    OUT_OF_SORT_MEMORY = 1038,
    STATEMENT_TIMEOUT = 1969,
    STATEMENT_TIMEOUT_MYSQL = 3024,
    TABLE_LOST_BY_ENGINE = 1932,
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
    {ER_QUERY_INTERRUPTED, REFUSAL_LOCK}, /* KILL QUERY */
    {STATEMENT_TIMEOUT, REFUSAL_LOCK},
    {STATEMENT_TIMEOUT_MYSQL, REFUSAL_LOCK},
    {ER_TABLE_DEF_CHANGED, REFUSAL_LOCK},
    {ER_NEED_REPREPARE, REFUSAL_LOCK},

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
    {DB_NO_SPACE_LEFT, REFUSAL_SERVER},
    {ER_OPTION_PREVENTS_STATEMENT, REFUSAL_SERVER},
    {DB_READ_ONLY_TRANSACTION, REFUSAL_SERVER},
    {DB_READ_ONLY, REFUSAL_SERVER},
    {ER_OUT_OF_RESOURCES, REFUSAL_SERVER},
    {ER_OUTOFMEMORY, REFUSAL_SERVER},
    {OUT_OF_SORT_MEMORY, REFUSAL_SERVER},
    {ER_CON_COUNT_ERROR, REFUSAL_SERVER},
    {ER_TOO_MANY_USER_CONNECTIONS, REFUSAL_SERVER},
    {ER_USER_LIMIT_REACHED, REFUSAL_SERVER},
    {ER_MAX_PREPARED_STMT_COUNT_REACHED, REFUSAL_SERVER},
    {ER_GET_ERRNO, REFUSAL_SERVER}, /* the storage engine's, or the disk's */
    {ER_CANT_OPEN_FILE, REFUSAL_SERVER},
    {ER_ERROR_ON_READ, REFUSAL_SERVER},
    {CANNOT_WRITE_FILE, REFUSAL_SERVER},
    {FILE_IS_READ_ONLY, REFUSAL_SERVER},
    {ER_NOT_KEYFILE, REFUSAL_SERVER},
    {ER_CRASHED_ON_USAGE, REFUSAL_SERVER},
    {ER_CRASHED_ON_REPAIR, REFUSAL_SERVER},
    {ER_ERROR_DURING_COMMIT, REFUSAL_SERVER},
    {TABLE_LOST_BY_ENGINE, REFUSAL_SERVER},
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
     * by a trigger, 40 rolled back, 70 interrupted, 08 connection. */
    static const struct {
        char class[3];
        enum refusal refusal;
    } classes[] = {{"22", REFUSAL_ROW},  {"23", REFUSAL_ROW},  {"45", REFUSAL_ROW},
                   {"40", REFUSAL_LOCK}, {"70", REFUSAL_LOCK}, {"08", REFUSAL_LOST}};
    for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++) {
        if (strncmp(state, classes[i].class, 2) == 0)
            return classes[i].refusal;
    }
    return REFUSAL_OTHER;
}

static const char *lock_advice(unsigned code)
{
    switch (code) {
    case ER_QUERY_INTERRUPTED:
    case STATEMENT_TIMEOUT:
    case STATEMENT_TIMEOUT_MYSQL:
        return "KILL QUERY or max_statement_time ended the statement: SHOW PROCESSLIST tells what "
               "it may wait for";
    default:
        return "a transaction, LOCK TABLES, a backup or an ALTER is in the way: SHOW FULL "
               "PROCESSLIST and SHOW ENGINE INNODB STATUS tell which";
    }
}

const char *refusal_advice(enum refusal refusal, unsigned code)
{
    switch (refusal) {
    case REFUSAL_LOCK:
        return lock_advice(code);
    case REFUSAL_SCHEMA:
        return code == ER_BAD_DB_ERROR
                   ? "CREATE DATABASE it, or correct mysql.database"
                   : "a table is not as the files in sql/ make it: restore it from them or from a "
                     "backup (and see docs/backup.md before ingest_position is made anew)";
    case REFUSAL_PRIVILEGE:
        return "GRANT ALL on the database to this account (at least SELECT, INSERT, UPDATE, "
               "DELETE, CREATE, ALTER, INDEX, DROP)";
    case REFUSAL_SERVER:
    case REFUSAL_OTHER:
        return db_advice(code);
    default:
        return "";
    }
}
