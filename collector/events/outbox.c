/* The outbox as the loop sees it; what the thread does is in outbox_thread.c. */
#include "collector/events/outbox.h"

#include "collector/events/outbox_parts.h"
#include "shared/base/alloc.h"
#include "shared/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    TRIES_KEPT_MOST = 20000, /* results that wait: past that the history of retries has gaps */
    BREAK_MS = 1000,         /* for a statement that was broken off */
};

/* What the thread says */

static void hear(struct outbox *outbox, struct outbox_tell *tell)
{
    const struct outbox_ops *ops = &outbox->ops;
    if (tell->kind == TELL_LOADED && ops->loaded != NULL) {
        ops->loaded(ops->cookie, tell->delivery);
        tell->delivery = NULL;
    } else if (tell->kind == TELL_DISABLED && ops->disabled != NULL) {
        ops->disabled(ops->cookie, tell->target, tell->text);
    } else if (tell->kind == TELL_RESTORED && ops->restored != NULL) {
        ops->restored(ops->cookie, tell->alarms, tell->n);
        tell->n = 0;
    } else if (tell->kind == TELL_GAVE_UP && ops->gave_up != NULL) {
        ops->gave_up(ops->cookie, tell->target, (size_t)tell->number, tell->text);
    } else if (tell->kind == TELL_COUNTED && ops->counted != NULL) {
        ops->counted(ops->cookie, tell->target, (uint64_t)tell->number, tell->since_ms);
    } else if (tell->kind == TELL_DONE && tell->done != NULL) {
        tell->done(tell->cookie, tell->number, tell->text);
    }
    outbox_tell_free(tell);
}

static void on_wake(evutil_socket_t fd, short what, void *cookie)
{
    struct outbox *outbox = cookie;
    struct outbox_tells tells = STAILQ_HEAD_INITIALIZER(tells);
    struct outbox_tell *tell;
    uint64_t count;
    (void)what;
    if (read(fd, &count, sizeof(count)) < 0)
        return;
    pthread_mutex_lock(&outbox->lock);
    STAILQ_CONCAT(&tells, &outbox->tells);
    pthread_mutex_unlock(&outbox->lock);
    while ((tell = STAILQ_FIRST(&tells)) != NULL) {
        STAILQ_REMOVE_HEAD(&tells, link);
        hear(outbox, tell);
    }
}

void outbox_tell(struct outbox *outbox, struct outbox_tell *tell)
{
    const uint64_t one = 1;
    pthread_mutex_lock(&outbox->lock);
    STAILQ_INSERT_TAIL(&outbox->tells, tell, link);
    pthread_mutex_unlock(&outbox->lock);
    if (write(outbox->wake_fd, &one, sizeof(one)) < 0)
        abort(); /* it takes 2^64 - 2 of them */
}

/* Targets */

static void free_blocked(char **blocked)
{
    for (char **device = blocked; device != NULL && *device != NULL; device++)
        free(*device);
    free(blocked);
}

static char **copy_blocked(const char *const *blocked)
{
    size_t n = 0;
    while (blocked != NULL && blocked[n] != NULL)
        n++;
    if (n == 0)
        return NULL;
    char **out = xcalloc(n + 1, sizeof(*out));
    for (size_t i = 0; i < n; i++)
        out[i] = xstrdup(blocked[i]);
    return out;
}

static bool same_blocked(char *const *a, const char *const *b)
{
    static const char *const none[] = {NULL};
    const char *const *left = a != NULL ? (const char *const *)a : none;
    const char *const *right = b != NULL ? b : none;
    while (*left != NULL && *right != NULL && strcmp(*left, *right) == 0)
        left++, right++;
    return *left == NULL && *right == NULL;
}

static struct outbox_target *find(struct outbox *outbox, const char *name)
{
    for (size_t i = 0; i < outbox->ntargets; i++) {
        if (strcmp(outbox->targets[i].name, name) == 0)
            return &outbox->targets[i];
    }
    return NULL;
}

static void free_targets(struct outbox_target *targets, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(targets[i].name);
        free_blocked(targets[i].blocked);
    }
    free(targets);
}

static void add_job(struct outbox *outbox, const struct outbox_job *from)
{
    struct outbox_job *job = xcalloc(1, sizeof(*job));
    *job = *from;
    pthread_mutex_lock(&outbox->lock);
    STAILQ_INSERT_TAIL(&outbox->jobs, job, link);
    pthread_cond_signal(&outbox->news);
    pthread_mutex_unlock(&outbox->lock);
}

/* What the loop had of targets that are gone is not there any more. */
static void forget_gone(struct outbox *outbox, const struct outbox_target *old, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (find(outbox, old[i].name) == NULL)
            add_job(outbox,
                    &(struct outbox_job){.kind = JOB_FORGET, .target = xstrdup(old[i].name)});
    }
}

void outbox_configure(struct outbox *outbox, const struct server_config *config)
{
    const struct webhook_config *hooks = &config->hooks;
    struct outbox_target *targets = xcalloc(hooks->ntargets + 1, sizeof(*targets));
    pthread_mutex_lock(&outbox->lock);
    for (size_t i = 0; i < hooks->ntargets; i++) {
        const struct webhook_target *target = &hooks->targets[i];
        struct outbox_target *was = find(outbox, target->name);
        targets[i] = (struct outbox_target){.name = xstrdup(target->name),
                                            .batch_max = target->batch_max,
                                            .batch_wait_ms = target->batch_wait_ms,
                                            .keep_ms = target->keep_ms,
                                            .look = true};
        if (was != NULL) {
            targets[i].room = was->room;
            targets[i].blocked = was->blocked;
            was->blocked = NULL;
        }
    }
    struct outbox_target *old = outbox->targets;
    size_t nold = outbox->ntargets;
    outbox->targets = targets;
    outbox->ntargets = hooks->ntargets;
    outbox->house_due = true;
    mysql_section_log_in_as(&outbox->login, &config->mysql);
    pthread_cond_signal(&outbox->news);
    pthread_mutex_unlock(&outbox->lock);
    forget_gone(outbox, old, nold);
    free_targets(old, nold);
}

void outbox_want(struct outbox *outbox, const char *name, size_t room, const char *const *blocked)
{
    pthread_mutex_lock(&outbox->lock);
    struct outbox_target *target = find(outbox, name);
    if (target != NULL) {
        target->room = room;
        if (!same_blocked(target->blocked, blocked)) {
            free_blocked(target->blocked);
            target->blocked = copy_blocked(blocked);
            target->look = true;
        }
        if (target->look && room > 0)
            pthread_cond_signal(&outbox->news);
    }
    pthread_mutex_unlock(&outbox->lock);
}

void outbox_poke(void *cookie)
{
    struct outbox *outbox = cookie;
    pthread_mutex_lock(&outbox->lock);
    for (size_t i = 0; i < outbox->ntargets; i++)
        outbox->targets[i].look = true;
    pthread_cond_signal(&outbox->news);
    pthread_mutex_unlock(&outbox->lock);
}

void outbox_release(struct outbox *outbox)
{
    pthread_mutex_lock(&outbox->lock);
    outbox->released = true;
    pthread_cond_signal(&outbox->news);
    pthread_mutex_unlock(&outbox->lock);
}

/* Results and other jobs */

static char *copy_bytes(const char *bytes, size_t *size, size_t most)
{
    *size = bytes == NULL ? 0 : *size < most ? *size : most;
    char *out = xcalloc(*size + 1, 1);
    if (*size > 0)
        memcpy(out, bytes, *size);
    return out;
}

void outbox_tried(struct outbox *outbox, const struct delivery_try *from)
{
    struct outbox_result *result = xcalloc(1, sizeof(*result));
    struct delivery_try *copy = &result->result;
    *copy = *from;
    copy->error = xstrdup(from->error != NULL ? from->error : "");
    copy->request = copy_bytes(from->request, &copy->request_size, DELIVERY_REQUEST_MOST);
    copy->answer = copy_bytes(from->answer, &copy->answer_size, DELIVERY_ANSWER_MOST);
    pthread_mutex_lock(&outbox->lock);
    bool keep = copy->status != DELIVERY_PENDING || outbox->nresults < TRIES_KEPT_MOST;
    if (keep) {
        STAILQ_INSERT_TAIL(&outbox->results, result, link);
        outbox->nresults++;
        outbox->status.dead += copy->status == DELIVERY_DEAD;
        pthread_cond_signal(&outbox->news);
    }
    pthread_mutex_unlock(&outbox->lock);
    if (!keep)
        outbox_result_free(result);
}

void outbox_disable(struct outbox *outbox, const char *target, const char *reason)
{
    add_job(outbox, &(struct outbox_job){
                        .kind = JOB_DISABLE, .target = xstrdup(target), .reason = xstrdup(reason)});
}

void outbox_enable(struct outbox *outbox, const char *target)
{
    add_job(outbox, &(struct outbox_job){.kind = JOB_ENABLE, .target = xstrdup(target)});
}

void outbox_replay(struct outbox *outbox, const struct outbox_range *range, outbox_done *done,
                   void *cookie)
{
    struct outbox_job job = {.kind = JOB_REPLAY, .range = *range, .done = done, .cookie = cookie};
    if (range->target != NULL)
        job.range.target = xstrdup(range->target);
    add_job(outbox, &job);
}

void outbox_status(struct outbox *outbox, struct outbox_status *out)
{
    pthread_mutex_lock(&outbox->lock);
    *out = outbox->status;
    pthread_mutex_unlock(&outbox->lock);
}

/* Its life */

#define FREE_ALL(list, type, free_one)                                                             \
    do {                                                                                           \
        struct type *one_;                                                                         \
        while ((one_ = STAILQ_FIRST(list)) != NULL) {                                              \
            STAILQ_REMOVE_HEAD(list, link);                                                        \
            free_one(one_);                                                                        \
        }                                                                                          \
    } while (0)

static void free_outbox(struct outbox *outbox)
{
    FREE_ALL(&outbox->results, outbox_result, outbox_result_free);
    FREE_ALL(&outbox->jobs, outbox_job, outbox_job_free);
    FREE_ALL(&outbox->tells, outbox_tell, outbox_tell_free);
    free_targets(outbox->targets, outbox->ntargets);
    given_free(outbox->given);
    rowset_free(outbox->tries);
    mysql_section_clear(&outbox->mysql);
    mysql_section_clear(&outbox->login);
    free(outbox->collector);
    event_free(outbox->wake);
    close(outbox->wake_fd);
    pthread_cond_destroy(&outbox->news);
    pthread_mutex_destroy(&outbox->lock);
    free(outbox);
}

static void init_lock(struct outbox *outbox)
{
    pthread_condattr_t attr;
    pthread_mutex_init(&outbox->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&outbox->news, &attr);
    pthread_condattr_destroy(&attr);
}

struct outbox *outbox_start(struct event_base *base, const struct server_config *config,
                            const struct outbox_ops *ops)
{
    struct outbox *outbox = xcalloc(1, sizeof(*outbox));
    mysql_section_copy(&outbox->mysql, &config->mysql);
    mysql_section_copy(&outbox->login, &config->mysql);
    outbox->collector = xstrdup(config->server.name);
    outbox->ops = *ops;
    outbox->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    outbox->wake = event_new(base, outbox->wake_fd, EV_READ | EV_PERSIST, on_wake, outbox);
    event_add(outbox->wake, NULL);
    outbox->given = given_new();
    outbox->complaint = (struct log_limit)LOG_LIMIT(1, 600000);
    outbox->fd = -1;
    STAILQ_INIT(&outbox->results);
    STAILQ_INIT(&outbox->jobs);
    STAILQ_INIT(&outbox->tells);
    init_lock(outbox);
    outbox_configure(outbox, config);
    mysql_library_init(0, NULL, NULL);
    if (outbox->wake_fd < 0 || pthread_create(&outbox->thread, NULL, outbox_run, outbox) != 0) {
        free_outbox(outbox);
        return NULL;
    }
    return outbox;
}

static bool ended_within(struct outbox *outbox, int64_t ms)
{
    int64_t until_ms = clock_mono_ms() + ms;
    struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    int rc = 0;
    pthread_mutex_lock(&outbox->lock);
    while (!outbox->ended && rc == 0)
        rc = pthread_cond_timedwait(&outbox->news, &outbox->lock, &until);
    bool ended = outbox->ended;
    pthread_mutex_unlock(&outbox->lock);
    return ended;
}

void outbox_stop(struct outbox *outbox, int64_t timeout_ms)
{
    if (outbox == NULL)
        return;
    pthread_mutex_lock(&outbox->lock);
    outbox->stopping = true;
    pthread_cond_signal(&outbox->news);
    pthread_mutex_unlock(&outbox->lock);
    event_del(outbox->wake);
    bool ended = ended_within(outbox, timeout_ms);
    if (!ended) {
        pthread_mutex_lock(&outbox->lock);
        if (outbox->fd >= 0)
            shutdown(outbox->fd, SHUT_RDWR);
        pthread_mutex_unlock(&outbox->lock);
        ended = ended_within(outbox, BREAK_MS);
    }
    if (ended) {
        pthread_join(outbox->thread, NULL);
        free_outbox(outbox);
    }
    /* else it waits for a connection, and the process is about to exit anyway */
}
