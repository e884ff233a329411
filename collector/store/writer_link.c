#include "collector/store/writer_link.h"

#include "shared/base/alloc.h"
#include "shared/db/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { NAME_MAX_LEN = 64, LOCK_WAIT_S = 10 };

void link_init(struct writer_link *link, const struct server_config *config, unsigned stream)
{
    *link = (struct writer_link){.stream = stream, .fd = -1};
    mysql_section_copy(&link->mysql, &config->mysql);
    link->collector = xstrdup(config->server.name);
    pthread_mutex_init(&link->lock, NULL);
}

void link_clear(struct writer_link *link)
{
    link_close(link);
    mysql_section_clear(&link->mysql);
    free(link->collector);
    pthread_mutex_destroy(&link->lock);
}

static void set_fd(struct writer_link *link, int fd)
{
    pthread_mutex_lock(&link->lock);
    link->fd = fd;
    pthread_mutex_unlock(&link->lock);
}

void link_cut(struct writer_link *link)
{
    pthread_mutex_lock(&link->lock);
    if (link->fd >= 0)
        shutdown(link->fd, SHUT_RDWR);
    pthread_mutex_unlock(&link->lock);
}

void link_close(struct writer_link *link)
{
    set_fd(link, -1);
    db_close(link->conn);
    link->conn = NULL;
}

static void quote_name(const struct writer_link *link, char name[2 * NAME_MAX_LEN + 1])
{
    mysql_real_escape_string(link->conn, name, link->collector,
                             strnlen(link->collector, NAME_MAX_LEN));
}

/* Two collectors of one name would overwrite each other's position: only one may write. Each stream
 * holds a lock of its own, since a lock belongs to one connection. */
static int claim_name(struct writer_link *link, struct db_error *error)
{
    char name[2 * NAME_MAX_LEN + 1], stream[16] = "", sql[256];
    quote_name(link, name);
    if (link->stream > 0)
        snprintf(stream, sizeof(stream), ".%u", link->stream);
    snprintf(sql, sizeof(sql),
             "SELECT GET_LOCK(CONCAT('dtuhub.', MD5(CONCAT(DATABASE(), '/', '%s')), '%s'), 1)",
             name, stream);
    MYSQL_RES *result = db_query(link->conn, sql, error);
    if (result == NULL)
        return -1;
    MYSQL_ROW row = mysql_fetch_row(result);
    bool mine = row != NULL && row[0] != NULL && row[0][0] == '1';
    mysql_free_result(result);
    if (mine)
        return 0;
    snprintf(error->text, sizeof(error->text),
             "another collector named '%s' writes to this database: give one of them another "
             "server.name",
             link->collector);
    return -1;
}

/* The server gives up waiting for a lock before this side gives up waiting for the server: a
 * statement left behind there would hold the name, and locks of its own. */
static int limit_waiting(struct writer_link *link, struct db_error *error)
{
    char sql[128];
    snprintf(sql, sizeof(sql),
             "SET SESSION innodb_lock_wait_timeout = %d, SESSION lock_wait_timeout = %d",
             LOCK_WAIT_S, LOCK_WAIT_S);
    return db_run(link->conn, sql, error);
}

int link_open(struct writer_link *link, struct db_error *error)
{
    *error = (struct db_error){0};
    link->conn = db_connect(&link->mysql, error->text);
    if (link->conn == NULL)
        return -1;
    set_fd(link, (int)mysql_get_socket(link->conn));
    if (schema_upgrade(link->conn, error->text) != 0 || claim_name(link, error) != 0 ||
        limit_waiting(link, error) != 0) {
        link_close(link);
        return -1;
    }
    link->bulk = link->mysql.bulk && db_has_bulk(link->conn);
    return 0;
}

int link_tidy_up(struct writer_link *link, struct db_error *error)
{
    char name[2 * NAME_MAX_LEN + 1], record[448], update[256];
    quote_name(link, name);
    snprintf(record, sizeof(record),
             "INSERT INTO connection_history (device_id, event, `timestamp`, details) "
             "SELECT device_id, 'disconnect', last_seen, 'the collector ended unexpectedly' "
             "FROM devices WHERE status = 'online' AND collector = '%s'",
             name);
    snprintf(update, sizeof(update),
             "UPDATE devices SET status = 'offline' WHERE status = 'online' AND collector = '%s'",
             name);
    if (db_run(link->conn, "START TRANSACTION", error) != 0 ||
        db_run(link->conn, record, error) != 0)
        return -1;
    if (mysql_affected_rows(link->conn) == 0)
        return db_run(link->conn, "ROLLBACK", error); /* nobody was left online */
    if (db_run(link->conn, update, error) != 0)
        return -1;
    return db_run(link->conn, "COMMIT", error);
}
