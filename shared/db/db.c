#include "shared/db/db.h"

#include <errmsg.h>
#include <mysqld_error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECT_TIMEOUT_S = 5, QUERY_TIMEOUT_S = 60 };

/* Which account asks which server: the part of a message that ops needs to try the same by hand. */
static void describe(const struct mysql_section *config, char *out, size_t size)
{
    if (config->socket != NULL)
        snprintf(out, size, "%s@%s, database %s", config->user, config->socket, config->database);
    else
        snprintf(out, size, "%s@%s:%u, database %s", config->user, config->host,
                 (unsigned)config->port, config->database);
}

const char *db_advice(unsigned code)
{
    switch (code) {
    case CR_CONNECTION_ERROR:
    case CR_CONN_HOST_ERROR:
        return "is the server running, and do mysql.host, port or socket name it?";
    case CR_UNKNOWN_HOST:
        return "mysql.host is not a known name";
    case ER_ACCESS_DENIED_ERROR:
        return "check mysql.user and mysql.password";
    case ER_DBACCESS_DENIED_ERROR:
        return "GRANT ALL on the database to this account";
    case ER_BAD_DB_ERROR:
        return "CREATE DATABASE it, or correct mysql.database";
    case ER_CON_COUNT_ERROR:
        return "raise the server's max_connections";
    case ER_TOO_MANY_USER_CONNECTIONS:
    case ER_USER_LIMIT_REACHED:
        return "raise the limits of this account: max_user_connections, or ALTER USER ... WITH";
    case ER_OPTION_PREVENTS_STATEMENT:
    case DB_READ_ONLY_TRANSACTION:
    case DB_READ_ONLY:
        return "the server is read-only: SET GLOBAL read_only = 0, or name the primary in mysql.*";
    case ER_RECORD_FILE_FULL:
    case DB_NO_SPACE_LEFT:
        return "make room on the database server's disk";
    default:
        return "see the database server's own log";
    }
}

static void set_options(MYSQL *conn)
{
    unsigned connect_s = CONNECT_TIMEOUT_S, query_s = QUERY_TIMEOUT_S;
    my_bool off = 0;
    mysql_options(conn, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
    mysql_options(conn, MYSQL_OPT_READ_TIMEOUT, &query_s);
    mysql_options(conn, MYSQL_OPT_WRITE_TIMEOUT, &query_s);
    mysql_options(conn, MYSQL_OPT_RECONNECT, &off);
    mysql_options(conn, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    mysql_options(conn, MYSQL_INIT_COMMAND,
                  "SET time_zone = '+00:00', "
                  "sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO'");
}

MYSQL *db_connect(const struct mysql_section *config, char error[DB_ERROR_SIZE])
{
    MYSQL *conn = mysql_init(NULL);
    if (conn == NULL) {
        snprintf(error, DB_ERROR_SIZE, "out of memory");
        return NULL;
    }
    set_options(conn);
    const char *host = config->socket != NULL ? "localhost" : config->host;
    if (mysql_real_connect(conn, host, config->user, config->password, config->database,
                           config->port, config->socket, 0) == NULL) {
        char server[200];
        describe(config, server, sizeof(server));
        snprintf(error, DB_ERROR_SIZE, "cannot connect to %s: %.200s (%s)", server,
                 mysql_error(conn), db_advice(mysql_errno(conn)));
        mysql_close(conn);
        return NULL;
    }
    return conn;
}

void db_close(MYSQL *conn)
{
    if (conn != NULL)
        mysql_close(conn);
}

bool db_has_bulk(MYSQL *conn)
{
    unsigned long extended = 0;
    if (!mariadb_connection(conn))
        return false;
    if (mariadb_get_infov(conn, MARIADB_CONNECTION_EXTENDED_SERVER_CAPABILITIES, &extended) != 0)
        return false;
    return (extended & (MARIADB_CLIENT_STMT_BULK_OPERATIONS >> 32)) != 0;
}

bool db_connection_lost(unsigned code)
{
    switch (code) {
    case CR_SERVER_GONE_ERROR:
    case CR_SERVER_LOST:
    case CR_CONNECTION_ERROR:
    case CR_CONN_HOST_ERROR:
    case CR_COMMANDS_OUT_OF_SYNC:
    case ER_SERVER_SHUTDOWN:
    case ER_CONNECTION_KILLED:
    case ER_NEW_ABORTING_CONNECTION:
    case CR_ERR_NET_READ:
    case CR_ERR_NET_WRITE:
        return true;
    default:
        return false;
    }
}

void db_error_set(struct db_error *error, unsigned code, const char *state, const char *text)
{
    error->code = code;
    snprintf(error->state, sizeof(error->state), "%s", state);
    snprintf(error->text, sizeof(error->text), "%s", text);
}

void db_error_take(struct db_error *error, MYSQL *conn)
{
    db_error_set(error, mysql_errno(conn), mysql_sqlstate(conn), mysql_error(conn));
}

int db_run(MYSQL *conn, const char *sql, struct db_error *error)
{
    if (mysql_query(conn, sql) == 0)
        return 0;
    db_error_take(error, conn);
    return -1;
}

MYSQL_RES *db_query(MYSQL *conn, const char *sql, struct db_error *error)
{
    MYSQL_RES *result = NULL;
    if (mysql_query(conn, sql) == 0)
        result = mysql_store_result(conn);
    if (result == NULL)
        db_error_take(error, conn);
    return result;
}
