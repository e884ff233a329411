#include "collector/acknowledger.h"

#include "collector/connection.h"
#include "collector/promises.h"
#include "shared/base/alloc.h"
#include "shared/base/log.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A promise waits for a record that is in memory, so cache.max_size is a bound, too; this one is
 * below what hurts (some 100 bytes each), and far above what a tenth of a second brings. */
enum {
    WAITING_MOST = 65536,
    SENT_MOST = 1000, /* in a row: other lines wait */
};

struct acknowledger {
    struct hub *hub;
    struct fates *fates;
    struct event *woken;
    int fd; /* the other threads write to it */
};

/* By any thread. */
static void wake(void *cookie)
{
    const struct acknowledger *acknowledger = cookie;
    eventfd_write(acknowledger->fd, 1);
}

static void on_woken(evutil_socket_t fd, short what, void *cookie)
{
    struct acknowledger *acknowledger = cookie;
    struct promises *promises = acknowledger->hub->env.promises;
    struct promise *promise;
    struct fate *fates;
    eventfd_t times;
    (void)what;
    eventfd_read(fd, &times);
    size_t n = fates_take(acknowledger->fates, &fates);
    for (size_t i = 0; i < n; i++)
        promises_settle(promises, &fates[i]);
    free(fates);
    for (int sent = 0; (promise = promises_next(promises)) != NULL; sent++) {
        connection_promised(promise);
        free(promise);
        if (sent >= SENT_MOST) {
            wake(acknowledger);
            break;
        }
    }
}

struct acknowledger *acknowledger_start(struct hub *hub, struct store *store)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0) {
        log_error("collector", NULL, "eventfd: %s", strerror(errno));
        return NULL;
    }
    struct acknowledger *acknowledger = xcalloc(1, sizeof(*acknowledger));
    acknowledger->hub = hub;
    acknowledger->fd = fd;
    acknowledger->fates = fates_new(wake, acknowledger);
    acknowledger->woken = event_new(hub->base, fd, EV_READ | EV_PERSIST, on_woken, acknowledger);
    event_add(acknowledger->woken, NULL);
    hub->env.promises = promises_new(WAITING_MOST);
    store_watch(store, acknowledger->fates);
    return acknowledger;
}

void acknowledger_stop(struct acknowledger *acknowledger)
{
    if (acknowledger == NULL)
        return;
    event_free(acknowledger->woken);
    promises_free(acknowledger->hub->env.promises);
    acknowledger->hub->env.promises = NULL;
}

void acknowledger_free(struct acknowledger *acknowledger)
{
    if (acknowledger == NULL)
        return;
    fates_free(acknowledger->fates);
    close(acknowledger->fd);
    free(acknowledger);
}
