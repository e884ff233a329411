#include "webapp/live_config.h"

#include "shared/base/alloc.h"
#include "shared/base/log.h"
#include "shared/config/data_config.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct live_config {
    const char *dir;
    pthread_mutex_t lock; /* guards the rest, and every snapshot's holders */
    struct snapshot *now; /* held by this */
};

static struct server_config *load(const char *dir, struct faults *faults)
{
    char *server_path = xasprintf("%s/server_config.yml", dir);
    char *data_path = xasprintf("%s/data_config.yml", dir);
    struct server_config *config = server_config_load_without_webhooks(server_path, faults);
    struct data_config *data = data_config_load(data_path, faults);
    if (data == NULL) {
        server_config_free(config);
        config = NULL;
    }
    data_config_release(data);
    faults_sort(faults);
    free(server_path);
    free(data_path);
    return config;
}

static struct snapshot *snapshot_of(const struct server_config *config)
{
    struct snapshot *snapshot = xcalloc(1, sizeof(*snapshot));
    *snapshot = (struct snapshot){.config = config, .holders = 1};
    return snapshot;
}

struct live_config *live_config_load(const char *dir, struct faults *faults)
{
    struct server_config *config = load(dir, faults);
    if (config == NULL)
        return NULL;
    struct live_config *live = xcalloc(1, sizeof(*live));
    live->dir = dir;
    pthread_mutex_init(&live->lock, NULL);
    live->now = snapshot_of(config);
    return live;
}

void live_config_free(struct live_config *live)
{
    if (live == NULL)
        return;
    live_config_give_back(live, live->now);
    pthread_mutex_destroy(&live->lock);
    free(live);
}

struct snapshot *live_config_take(struct live_config *live)
{
    pthread_mutex_lock(&live->lock);
    struct snapshot *snapshot = live->now;
    snapshot->holders++;
    pthread_mutex_unlock(&live->lock);
    return snapshot;
}

void live_config_give_back(struct live_config *live, struct snapshot *snapshot)
{
    if (snapshot == NULL)
        return;
    pthread_mutex_lock(&live->lock);
    bool last = --snapshot->holders == 0;
    pthread_mutex_unlock(&live->lock);
    if (!last)
        return;
    server_config_free((struct server_config *)snapshot->config);
    free(snapshot);
}

static void replace(struct live_config *live, const struct server_config *config)
{
    struct snapshot *next = snapshot_of(config);
    pthread_mutex_lock(&live->lock);
    struct snapshot *last = live->now;
    live->now = next;
    pthread_mutex_unlock(&live->lock);
    live_config_give_back(live, last);
}

/* Reload */

static bool differ(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a != b : strcmp(a, b) != 0;
}

/* What threads, or what they were made with, would have to be made anew for. */
static void mention_fixed(const struct server_config *was, const struct server_config *is)
{
    if (was->mysql.pool_size != is->mysql.pool_size)
        log_warn("reload", NULL, "mysql.pool_size changed: that takes a restart");
    if (differ(was->server.control_socket, is->server.control_socket))
        log_warn("reload", NULL, "server.control_socket changed: that takes a restart");
}

static void set_up_log(const struct log_section *log)
{
    if (log_setup(log->level, log->format, log->file) != 0)
        log_error("reload", NULL, "log.file %s: %s; logging as before", log->file, strerror(errno));
}

void live_config_reload(struct live_config *live, char *problem, size_t size)
{
    struct faults faults = {0};
    struct server_config *config = load(live->dir, &faults);
    problem[0] = '\0';
    set_up_log(config != NULL ? &config->log : &live->now->config->log);
    for (size_t i = 0; i < faults.count; i++)
        log_error("reload", NULL, "%s:%u: %s", faults.items[i].file, faults.items[i].line,
                  faults.items[i].message);
    if (config == NULL) {
        if (faults.count > 0)
            snprintf(problem, size, "%s:%u: %s", faults.items[0].file, faults.items[0].line,
                     faults.items[0].message);
        log_error("reload", NULL,
                  "refused because of %zu faults; what ran before goes on unchanged", faults.count);
    } else {
        /* Only this thread replaces it, so it may be looked at without the lock. */
        mention_fixed(live->now->config, config);
        replace(live, config);
        log_info("reload", NULL,
                 "taken over: the log, and the database's account from each thread's next request "
                 "on");
    }
    faults_clear(&faults);
}
