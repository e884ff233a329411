#include "collector/entrance.h"

#include "collector/dialler.h"
#include "collector/listener.h"
#include "shared/base/alloc.h"
#include "shared/base/cidr.h"
#include "shared/base/log.h"

#include <stdlib.h>
#include <string.h>

struct entrance {
    struct hub *hub;
    struct listeners *listeners;
    struct dialler *dialler;
    char *host; /* with the main port: fixed at start */
    uint16_t main_port;
    struct cidr_list *allow, *proxy_from;
};

static struct cidr_list *parse(const char *key, const char *text)
{
    char *problem = NULL;
    struct cidr_list *list = text != NULL ? cidr_list_parse(text, &problem) : NULL;
    if (problem != NULL) /* the configuration was checked: a fault of ours */
        log_error("listener", NULL, "%s: %s", key, problem);
    free(problem);
    return list;
}

/* The main port, then those of profiles. To be freed. */
static uint16_t *list_ports(const struct entrance *entrance, const struct data_config *data,
                            size_t *n)
{
    uint16_t *ports = xcalloc(data->nprofiles + 1, sizeof(*ports));
    *n = 0;
    ports[(*n)++] = entrance->main_port;
    for (size_t i = 0; i < data->nprofiles; i++) {
        if (data->profiles[i].port != 0)
            ports[(*n)++] = data->profiles[i].port;
    }
    return ports;
}

static int listen_by(struct entrance *entrance, const struct server_config *server,
                     const struct data_config *data)
{
    struct cidr_list *old_allow = entrance->allow, *old_proxy = entrance->proxy_from;
    entrance->allow = parse("server.allow", server->server.allow);
    entrance->proxy_from = parse("server.proxy_from", server->server.proxy_from);
    size_t n;
    uint16_t *ports = list_ports(entrance, data, &n);
    const struct listener_rules rules = {
        .host = entrance->host,
        .ports = ports,
        .nports = n,
        .accept_rate = server->server.accept_rate,
        .who = {.allow = entrance->allow, .proxy_from = entrance->proxy_from},
    };
    int rc = 0;
    if (entrance->listeners != NULL)
        rc = listeners_configure(entrance->listeners, &rules);
    else if ((entrance->listeners = listeners_open(entrance->hub, &rules)) == NULL)
        rc = -1;
    cidr_list_free(old_allow);
    cidr_list_free(old_proxy);
    free(ports);
    return rc;
}

static void dial_by(struct entrance *entrance, const struct server_config *server,
                    const struct data_config *data)
{
    struct dialler_target *targets = xcalloc(data->ndevices, sizeof(*targets));
    size_t n = 0;
    for (size_t i = 0; i < data->ndevices; i++) {
        const struct device_def *device = &data->devices[i];
        if (device->dial_host != NULL)
            targets[n++] =
                (struct dialler_target){device->id, device->dial_host, device->dial_port};
    }
    dialler_pace(entrance->dialler, server->server.accept_rate);
    dialler_configure(entrance->dialler, targets, n);
    free(targets);
}

static void on_drop(struct hub *hub, const char *id)
{
    hub_close_device(hub, id, "not to be dialled there any more");
}

struct entrance *entrance_open(struct hub *hub, const struct server_config *server,
                               const struct data_config *data)
{
    struct entrance *entrance = xcalloc(1, sizeof(*entrance));
    entrance->hub = hub;
    entrance->host = xstrdup(server->server.host);
    entrance->main_port = server->server.main_port;
    if (listen_by(entrance, server, data) != 0) {
        entrance_close(entrance);
        return NULL;
    }
    entrance->dialler = dialler_new(&(struct dialler_parts){.hub = hub, .drop = on_drop});
    hub->dialler = entrance->dialler;
    dial_by(entrance, server, data);
    return entrance;
}

static char *failure_text(const struct entrance *entrance, const struct data_config *data)
{
    struct listener_failure failure = listeners_failure(entrance->listeners);
    for (size_t i = 0; i < data->nprofiles; i++) {
        const struct profile *profile = &data->profiles[i];
        if (profile->port == failure.port)
            return xasprintf("port %u of profile %s cannot be bound: %s; all else is taken over: "
                             "free the port or choose another, and reload",
                             (unsigned)failure.port, profile->name, failure.why);
    }
    return xasprintf("server.main_port %u cannot be bound: %s", (unsigned)failure.port,
                     failure.why);
}

int entrance_configure(struct entrance *entrance, const struct server_config *server,
                       const struct data_config *data, char **problem)
{
    int rc = listen_by(entrance, server, data);
    if (rc != 0)
        *problem = failure_text(entrance, data);
    dial_by(entrance, server, data);
    return rc;
}

void entrance_close(struct entrance *entrance)
{
    if (entrance == NULL)
        return;
    listeners_close(entrance->listeners);
    entrance->hub->dialler = NULL;
    dialler_free(entrance->dialler);
    cidr_list_free(entrance->allow);
    cidr_list_free(entrance->proxy_from);
    free(entrance->host);
    free(entrance);
}
