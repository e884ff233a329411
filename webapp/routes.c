#include "webapp/routes.h"

#include "shared/event/kind.h"
#include "webapp/handlers.h"

#include <stdio.h>
#include <string.h>

/* The words that the pages' own code counts on are in order: see enum devices_order, enum
 * alarms_state and the pages. */
static const char *const statuses[] = {"all", "online", "offline", NULL};
static const char *const device_orders[] = {"device_id", "status",     "profile", "address",
                                            "last_seen", "first_seen", NULL};
static const char *const directions[] = {"asc", "desc", NULL};
static const char *const connection_events[] = {"all", "connect", "disconnect", "heartbeat_timeout",
                                                NULL};
static const char *const ranges[] = {"1h", "6h", "24h", "7d", "custom", NULL};
static const char *const formats[] = {"csv", NULL};
static const char *const packet_types[] = {"all",    "register", "heartbeat", "data",
                                           "modbus", "noise",    NULL};
static const char *const alarm_states[] = {"open",         "all",     "raised",
                                           "acknowledged", "cleared", NULL};
static const char *const delivery_statuses[] = {"pending", "delivered", "dead", NULL};

#define DEVICE_ID(name_)                                                                           \
    {                                                                                              \
        .name = (name_), .type = PARAM_TEXT, .max = PARAM_ID_BYTES                                 \
    }
#define LIMIT(max_, fallback_)                                                                     \
    {                                                                                              \
        .name = "limit", .type = PARAM_INT, .min = 1, .max = (max_), .fallback = (fallback_)       \
    }
#define ONE_OF(name_, words)                                                                       \
    {                                                                                              \
        .name = (name_), .type = PARAM_ENUM, .allowed = (words)                                    \
    }
#define TIME(name_)                                                                                \
    {                                                                                              \
        .name = (name_), .type = PARAM_TIME                                                        \
    }
/* Of a rule or a target. */
#define NAME(name_)                                                                                \
    {                                                                                              \
        .name = (name_), .type = PARAM_TEXT, .max = 256                                            \
    }
#define BEFORE_ID                                                                                  \
    {                                                                                              \
        .name = "before_id", .type = PARAM_INT, .max = INT64_MAX, .fallback = INT64_MAX            \
    }
#define END                                                                                        \
    {                                                                                              \
        .name = NULL                                                                               \
    }

static const struct param_rule devices_params[] = {
    {.name = "q", .type = PARAM_TEXT, .max = PARAM_ID_BYTES},
    ONE_OF("status", statuses),
    {.name = "profile", .type = PARAM_TEXT, .max = 64},
    ONE_OF("sort", device_orders),
    ONE_OF("dir", directions),
    {.name = "page", .type = PARAM_INT, .min = 1, .max = 100000, .fallback = 1},
    END,
};

static const struct param_rule device_params[] = {
    DEVICE_ID("id"),
    {.name = "point", .type = PARAM_TEXT, .max = 256},
    ONE_OF("range", ranges),
    TIME("from"),
    TIME("to"),
    ONE_OF("packets", packet_types),
    END,
};

static const struct param_rule data_params[] = {
    DEVICE_ID("device_id"), TIME("from"), TIME("to"), LIMIT(1000, 100), END,
};

static const struct param_rule connections_params[] = {
    DEVICE_ID("device_id"), ONE_OF("event", connection_events), TIME("before"), BEFORE_ID, END,
};

static const struct param_rule export_params[] = {
    {.name = "device_id", .type = PARAM_TEXT, .max = PARAM_ID_BYTES, .many = true},
    TIME("from"),
    TIME("to"),
    ONE_OF("format", formats),
    {.name = "bom", .type = PARAM_INT, .min = 0, .max = 1},
    END,
};

static const struct param_rule device_data_params[] = {DEVICE_ID("id"), LIMIT(10000, 100), END};

static const struct param_rule device_series_params[] = {
    DEVICE_ID("id"),
    {.name = "point", .type = PARAM_TEXT, .max = 256, .required = true},
    TIME("from"),
    TIME("to"),
    END,
};

static const struct param_rule raw_packets_params[] = {DEVICE_ID("device_id"), LIMIT(1000, 100),
                                                       END};

static const struct param_rule device_line_params[] = {DEVICE_ID("id"), END};

static const struct param_rule writes_params[] = {DEVICE_ID("device_id"), LIMIT(1000, 100), END};

static const struct param_rule events_params[] = {
    DEVICE_ID("device_id"),
    ONE_OF("kind", event_kind_names),
    ONE_OF("severity", severity_names),
    TIME("from"),
    TIME("to"),
    LIMIT(1000, 100),
    BEFORE_ID,
    END,
};

static const struct param_rule alarms_params[] = {
    ONE_OF("state", alarm_states),
    DEVICE_ID("device_id"),
    NAME("rule"),
    ONE_OF("severity", severity_names),
    {.name = "before", .type = PARAM_TEXT, .max = EVENT_ID_SIZE - 1},
    LIMIT(1000, 100),
    END,
};

static const struct param_rule deliveries_params[] = {
    NAME("target"),
    ONE_OF("status", delivery_statuses),
    DEVICE_ID("device_id"),
    ONE_OF("kind", event_kind_names),
    TIME("from"),
    TIME("to"),
    LIMIT(1000, 100),
    BEFORE_ID,
    END,
};

static const struct param_rule acknowledge_params[] = {
    {.name = "id", .type = PARAM_TEXT, .required = true, .max = EVENT_ID_SIZE - 1},
    END,
};

static const struct param_rule webhook_enable_params[] = {
    {.name = "target", .type = PARAM_TEXT, .required = true, .max = 64},
    END,
};

static const struct param_rule delivery_params[] = {
    {.name = "id", .type = PARAM_INT, .min = 1, .max = INT64_MAX},
    END,
};

static const struct param_rule traffic_params[] = {
    {.name = "minutes", .type = PARAM_INT, .min = 10, .max = 2880, .fallback = 180},
    END,
};

const struct route routes[] = {
    {METHOD_GET, "/", ROLE_VIEWER, ROUTE_PAGE, NULL, page_dashboard},
    {METHOD_GET, "/devices", ROLE_VIEWER, ROUTE_PAGE, devices_params, page_devices},
    {METHOD_GET, "/device/{id}", ROLE_VIEWER, ROUTE_PAGE, device_params, page_device},
    {METHOD_GET, "/lines", ROLE_VIEWER, ROUTE_PAGE, NULL, page_lines},
    {METHOD_GET, "/data", ROLE_VIEWER, ROUTE_PAGE, data_params, page_data},
    {METHOD_GET, "/connections", ROLE_VIEWER, ROUTE_PAGE, connections_params, page_connections},
    {METHOD_GET, "/export", ROLE_VIEWER, ROUTE_PAGE, export_params, export_csv},
    {METHOD_GET, "/api/devices", ROLE_VIEWER, ROUTE_API, NULL, api_devices},
    {METHOD_GET, "/api/device/{id}/data", ROLE_VIEWER, ROUTE_API, device_data_params,
     api_device_data},
    {METHOD_GET, "/api/device/{id}/series", ROLE_VIEWER, ROUTE_API, device_series_params,
     api_device_series},
    {METHOD_GET, "/api/device/{id}/line", ROLE_VIEWER, ROUTE_API, device_line_params,
     api_device_line},
    {METHOD_GET, "/api/lines", ROLE_VIEWER, ROUTE_API, NULL, api_lines},
    {METHOD_GET, "/api/quarantine", ROLE_VIEWER, ROUTE_API, NULL, api_quarantine},
    {METHOD_GET, "/api/dials", ROLE_VIEWER, ROUTE_API, NULL, api_dials},
    {METHOD_GET, "/api/refusals", ROLE_VIEWER, ROUTE_API, NULL, api_refusals},
    {METHOD_GET, "/api/expected", ROLE_VIEWER, ROUTE_API, NULL, api_expected},
    {METHOD_GET, "/api/writes", ROLE_VIEWER, ROUTE_API, writes_params, api_writes},
    {METHOD_GET, "/api/events", ROLE_VIEWER, ROUTE_API, events_params, api_events},
    {METHOD_GET, "/api/alarms", ROLE_VIEWER, ROUTE_API, alarms_params, api_alarms},
    {METHOD_POST, "/api/alarms/{id}/acknowledge", ROLE_OPERATOR, ROUTE_API, acknowledge_params,
     api_alarm_acknowledge},
    {METHOD_GET, "/api/webhooks", ROLE_VIEWER, ROUTE_API, NULL, api_webhooks},
    {METHOD_POST, "/api/webhooks/{target}/enable", ROLE_OPERATOR, ROUTE_API, webhook_enable_params,
     api_webhook_enable},
    {METHOD_POST, "/webhook/test", ROLE_OPERATOR, ROUTE_API, NULL, api_webhook_test},
    {METHOD_GET, "/api/deliveries", ROLE_VIEWER, ROUTE_API, deliveries_params, api_deliveries},
    {METHOD_GET, "/api/deliveries/{id}", ROLE_VIEWER, ROUTE_API, delivery_params, api_delivery},
    {METHOD_POST, "/api/deliveries/{id}/replay", ROLE_OPERATOR, ROUTE_API, delivery_params,
     api_delivery_replay},
    {METHOD_POST, "/api/deliveries/replay", ROLE_OPERATOR, ROUTE_API, NULL, api_deliveries_replay},
    {METHOD_GET, "/api/raw_packets", ROLE_VIEWER, ROUTE_API, raw_packets_params, api_raw_packets},
    {METHOD_GET, "/api/traffic", ROLE_VIEWER, ROUTE_API, traffic_params, api_traffic},
    {METHOD_GET, "/healthz", ROLE_VIEWER, ROUTE_API, NULL, api_health},
};
const size_t routes_count = sizeof(routes) / sizeof(*routes);

void routes_allow(const char *path, char *out, size_t size)
{
    static const struct {
        enum http_method method;
        const char *name;
    } methods[] = {{METHOD_GET, "GET, HEAD"}, {METHOD_POST, "POST"}};
    out[0] = '\0';
    for (size_t i = 0; i < 2; i++) {
        struct route_match match;
        route_match(routes, routes_count, methods[i].method, path, &match);
        if (match.route != NULL)
            snprintf(out + strlen(out), size - strlen(out), "%s%s", out[0] != '\0' ? ", " : "",
                     methods[i].name);
    }
}
