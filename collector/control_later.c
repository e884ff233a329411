#include "collector/control_later.h"

#include "collector/control_reply.h"
#include "shared/base/alloc.h"

#include <stdlib.h>
#include <sys/queue.h>

struct control_later {
    LIST_ENTRY(control_later) link;
    struct evhttp_request *request; /* NULL once the server is gone */
};

struct control_laters {
    LIST_HEAD(later_list, control_later) out;
};

struct control_laters *control_laters_new(void)
{
    struct control_laters *laters = xcalloc(1, sizeof(*laters));
    LIST_INIT(&laters->out);
    return laters;
}

void control_laters_free(struct control_laters *laters)
{
    struct control_later *later;
    if (laters == NULL)
        return;
    while ((later = LIST_FIRST(&laters->out)) != NULL) {
        LIST_REMOVE(later, link);
        control_reply_error(later->request, 503, "the collector is stopping");
        later->request = NULL;
    }
    free(laters);
}

struct control_later *control_later(struct control_laters *laters, struct evhttp_request *request)
{
    struct control_later *later = xcalloc(1, sizeof(*later));
    later->request = request;
    LIST_INSERT_HEAD(&laters->out, later, link);
    return later;
}

struct evhttp_request *control_later_take(struct control_later *later)
{
    struct evhttp_request *request = later->request;
    if (request != NULL)
        LIST_REMOVE(later, link);
    free(later);
    return request;
}
