#include "collector/control.h"

#include "collector/control_events.h"
#include "collector/control_later.h"
#include "collector/control_parts.h"
#include "collector/control_reply.h"
#include "collector/control_write.h"
#include "shared/base/alloc.h"
#include "shared/base/log.h"

#include <errno.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Also how long an answer to a write may take before its connection is given up. */
enum { REQUEST_TIMEOUT_S = 120 };

struct control {
    struct collector *collector;
    struct control_writes *writes;
    struct control_laters *laters;
    struct evhttp *http;
    char *path;
};

static void serve_live(struct evhttp_request *request, struct collector *collector)
{
    live_serve(collector->live, request);
}

static const struct resource {
    const char *path;
    void (*get)(struct evhttp_request *request, struct collector *collector);
    void (*post)(struct evhttp_request *request, struct collector *collector,
                 struct control_laters *laters); /* both NULL: POST /write */
} resources[] = {
    {"/metrics", control_metrics},
    {"/healthz", control_healthz},
    {"/readyz", control_readyz},
    {"/status", control_status},
    {"/lines", control_get_lines},
    {"/line", control_get_line},
    {"/quarantine", control_get_quarantine},
    {"/dials", control_get_dials},
    {"/refusals", control_get_refusals},
    {"/expected", control_get_expected},
    {"/live", serve_live},
    {"/alarms", control_get_alarms},
    {"/webhooks", control_get_webhooks},
    {"/alarms/acknowledge", NULL, control_acknowledge},
    {"/webhooks/test", NULL, control_webhook_test},
    {"/webhooks/replay", NULL, control_webhook_replay},
    {"/webhooks/enable", NULL, control_webhook_enable},
    {"/write", NULL, NULL},
};

static void refuse_method(struct evhttp_request *request, const char *allowed)
{
    evhttp_add_header(evhttp_request_get_output_headers(request), "Allow", allowed);
    control_reply_error(request, 405, "this path answers to %s", allowed);
}

static void on_request(struct evhttp_request *request, void *cookie)
{
    struct control *control = cookie;
    const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));
    bool post = evhttp_request_get_command(request) == EVHTTP_REQ_POST;
    size_t i = 0, n = sizeof(resources) / sizeof(*resources);
    while (i < n && strcmp(path != NULL ? path : "", resources[i].path) != 0)
        i++;
    if (i == n)
        control_reply_text(request, 404,
                           "there are /metrics, /healthz, /readyz, /status, /lines, /line, "
                           "/quarantine, /dials, /refusals, /expected, /live, /alarms, /webhooks, "
                           "and POST /write, /alarms/acknowledge, /webhooks/test, "
                           "/webhooks/replay, /webhooks/enable\n");
    else if (post != (resources[i].get == NULL))
        refuse_method(request, post ? "GET, HEAD" : "POST");
    else if (resources[i].get != NULL)
        resources[i].get(request, control->collector);
    else if (resources[i].post != NULL)
        resources[i].post(request, control->collector, control->laters);
    else
        control_write(control->writes, request);
}

/* A socket file that nobody answers on is left over from a killed collector. */
static int somebody_answers(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int rc = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;
    if (fd >= 0)
        close(fd);
    return rc;
}

static struct evconnlistener *bind_path(struct event_base *base, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path)) {
        log_error("control", NULL, "server.control_socket %s is longer than %zu bytes", path,
                  sizeof(address.sun_path) - 1);
        return NULL;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (somebody_answers(&address)) {
        log_error("control", NULL, "another collector serves %s (server.control_socket)", path);
        return NULL;
    }
    unlink(path);
    mode_t mask = umask(0117);
    struct evconnlistener *listener =
        evconnlistener_new_bind(base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 16,
                                (struct sockaddr *)&address, sizeof(address));
    int saved = errno;
    umask(mask);
    if (listener == NULL)
        log_error("control", NULL, "cannot listen on %s: %s (server.control_socket)", path,
                  strerror(saved));
    return listener;
}

struct control *control_open(struct collector *collector, const char *path)
{
    struct evconnlistener *listener = bind_path(collector->base, path);
    if (listener == NULL)
        return NULL;
    struct control *control = xcalloc(1, sizeof(*control));
    control->collector = collector;
    control->writes = control_writes_new(&collector->hub);
    control->laters = control_laters_new();
    control->path = xstrdup(path);
    control->http = evhttp_new(collector->base);
    evhttp_bind_listener(control->http, listener);
    evhttp_set_allowed_methods(control->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST);
    evhttp_set_max_headers_size(control->http, 16 * 1024);
    evhttp_set_max_body_size(control->http, 64 * 1024);
    evhttp_set_timeout(control->http, REQUEST_TIMEOUT_S);
    evhttp_set_gencb(control->http, on_request, control);
    return control;
}

void control_close(struct control *control)
{
    if (control == NULL)
        return;
    control_writes_free(control->writes);
    control_laters_free(control->laters);
    evhttp_free(control->http);
    unlink(control->path);
    free(control->path);
    free(control);
}
