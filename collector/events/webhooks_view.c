/* What is shown of webhooks: for programs and people (no secrets), and as metrics. */
#include "collector/events/webhooks_parts.h"
#include "collector/metrics_profiles.h"
#include "shared/base/clock.h"

#include <json-c/json.h>
#include <stddef.h>
#include <stdlib.h>

static const char *state_of(const struct hook *hook)
{
    return hook->disabled ? "disabled" : lanes_is_down(hook->lanes) ? "down" : "up";
}

static void add_text(struct json_object *object, const char *key, const char *text)
{
    json_object_object_add(object, key, json_object_new_string(text));
}

static void add_number(struct json_object *object, const char *key, uint64_t number)
{
    json_object_object_add(object, key, json_object_new_uint64(number));
}

static void add_time(struct json_object *object, const char *key, int64_t wall_ms)
{
    char text[CLOCK_ISO_SIZE];
    json_object_object_add(object, key,
                           wall_ms > 0 ? json_object_new_string(clock_iso(wall_ms, text)) : NULL);
}

static struct json_object *last_json(const struct hook_last *last)
{
    if (last->ms == 0)
        return NULL;
    struct json_object *out = json_object_new_object();
    add_time(out, "time", last->ms);
    add_number(out, "took_ms", (uint64_t)last->took_ms);
    json_object_object_add(out, "status",
                           last->status > 0 ? json_object_new_int64(last->status) : NULL);
    add_text(out, "error", last->error);
    return out;
}

static struct json_object *hook_json(const struct hook *hook)
{
    struct json_object *out = json_object_new_object();
    char *url = message_visible_url(hook->target->url);
    add_text(out, "target", hook->name);
    add_text(out, "url", url);
    add_text(out, "state", state_of(hook));
    add_text(out, "reason", hook->reason != NULL ? hook->reason : "");
    add_number(out, "waiting", hook->waiting);
    add_time(out, "oldest", hook->oldest_ms);
    add_number(out, "loaded", lanes_count(hook->lanes));
    add_number(out, "under_way", lanes_under_way(hook->lanes));
    add_number(out, "delivered", hook->counts.delivered);
    add_number(out, "dead", hook->counts.dead);
    add_number(out, "tries", hook->counts.tries);
    add_number(out, "failed", hook->counts.failed);
    json_object_object_add(out, "last", last_json(&hook->last));
    free(url);
    return out;
}

struct json_object *webhooks_json(const struct webhooks *webhooks)
{
    struct json_object *list = json_object_new_array();
    const struct hook *hook;
    STAILQ_FOREACH(hook, &webhooks->hooks, link)
    {
        json_object_array_add(list, hook_json(hook));
    }
    return list;
}

/* Metrics */

static double delivered(const struct hook *hook)
{
    return (double)hook->counts.delivered;
}

static double dead(const struct hook *hook)
{
    return (double)hook->counts.dead;
}

static double tries(const struct hook *hook)
{
    return (double)hook->counts.tries;
}

static double failed(const struct hook *hook)
{
    return (double)hook->counts.failed;
}

static double waiting(const struct hook *hook)
{
    return (double)hook->waiting;
}

static double oldest(const struct hook *hook)
{
    int64_t age_ms = hook->oldest_ms > 0 ? clock_wall_ms() - hook->oldest_ms : 0;
    return age_ms > 0 ? (double)age_ms / 1000 : 0;
}

static double under_way(const struct hook *hook)
{
    return (double)lanes_under_way(hook->lanes);
}

static double is_down(const struct hook *hook)
{
    return lanes_is_down(hook->lanes);
}

static double is_disabled(const struct hook *hook)
{
    return hook->disabled;
}

void webhooks_print(const struct webhooks *webhooks, FILE *out)
{
    static const struct {
        const char *name, *type, *help;
        double (*value)(const struct hook *hook);
        const char *label; /* one more, or NULL */
    } lines[] = {
        {"deliveries_total", "counter", "Deliveries that came to their end, by target.", delivered,
         "result=\"delivered\""},
        {"deliveries_total", NULL, NULL, dead, "result=\"dead\""},
        {"tries_total", "counter", "Calls made, by target.", tries, NULL},
        {"tries_failed_total", "counter", "Calls that did not deliver.", failed, NULL},
        {"waiting", "gauge", "Deliveries that wait in the database, as last counted.", waiting,
         NULL},
        {"oldest_seconds", "gauge", "Age of the oldest of these.", oldest, NULL},
        {"under_way", "gauge", "Calls under way.", under_way, NULL},
        {"down", "gauge", "Whether several calls in a row failed.", is_down, NULL},
        {"disabled", "gauge", "Whether it asked not to be called any more.", is_disabled, NULL},
    };
    const struct hook *hook;
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        if (lines[i].type != NULL)
            fprintf(out, "# HELP dtuhub_webhook_%s %s\n# TYPE dtuhub_webhook_%s %s\n",
                    lines[i].name, lines[i].help, lines[i].name, lines[i].type);
        STAILQ_FOREACH(hook, &webhooks->hooks, link)
        {
            fprintf(out, "dtuhub_webhook_%s{target=\"", lines[i].name);
            metrics_label(out, hook->name);
            fprintf(out, "\"%s%s} %.15g\n", lines[i].label != NULL ? "," : "",
                    lines[i].label != NULL ? lines[i].label : "", lines[i].value(hook));
        }
    }
}
