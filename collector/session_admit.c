/*
 * Whom a line is of, once it said so: known, unknown or refused; the plan that it runs by, also
 * after a reload. devices: in data_config.yml may ask for a secret or an address.
 */
#include "collector/link/choice.h"
#include "collector/session_event.h"
#include "collector/session_parts.h"
#include "shared/base/alloc.h"
#include "shared/base/cidr.h"
#include "shared/base/log.h"
#include "shared/base/text.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* Plans */

static void carry_slaves(struct session *session, const struct plan *from, struct slave_state *old)
{
    const struct profile *profile = session->plan->profile;
    for (size_t i = 0; old != NULL && i < profile->nslaves; i++) {
        for (size_t k = 0; k < from->profile->nslaves; k++) {
            if (from->profile->slaves[k].unit == profile->slaves[i].unit)
                session->slaves[i] = old[k];
        }
    }
}

/* A line that is only listened to has nothing outstanding: a reload may have made it one. */
static void fall_silent(struct session *session, int64_t now_ms)
{
    session->exchange.waiting = session->probe_wanted = session->probing = false;
    session_write_end_all(session, now_ms);
}

void session_take_plan(struct session *session, const struct plan *plan, struct session_time now)
{
    struct plan_set *old_set = session->plans;
    const struct plan *old_plan = session->plan;
    struct slave_state *old_slaves = session->slaves;
    session->plans = plan_set_hold(session->env->plans);
    session->plan = plan;
    session_count_in(session, profile_table_get(session->env->profiles, plan->profile->name));
    session->slaves = xcalloc(plan->profile->nslaves, sizeof(*session->slaves));
    carry_slaves(session, old_plan, old_slaves);
    free(session->changes);
    session->changes =
        plan->stores_on_change ? xcalloc(plan->profile->npoints, sizeof(*session->changes)) : NULL;
    if (plan->profile->link.listen_only)
        fall_silent(session, now.mono_ms);
    if (plan->profile->link.listen_only || session->quarantined)
        schedule_clear(&session->schedule);
    else
        schedule_start(&session->schedule, plan, now.mono_ms,
                       (double)random() / ((double)RAND_MAX + 1));
    free(old_slaves);
    plan_set_release(old_set);
}

/* No configured secret, nor the first four bytes or more of one that is cut off, is shown. */
static void hide_secrets(const struct plan_set *set, uint8_t *bytes, size_t len)
{
    enum { TELLING = 4 };
    for (size_t at = 0; at < len; at++) {
        size_t end = set->secrets_from[bytes[at] + 1];
        for (size_t i = set->secrets_from[bytes[at]]; i < end; i++) {
            size_t size = strlen(set->secrets[i]);
            size_t there = len - at < size ? len - at : size;
            if ((there == size || there >= TELLING) &&
                memcmp(bytes + at, set->secrets[i], there) == 0) {
                memset(bytes + at, '*', there);
                break;
            }
        }
    }
}

void session_show(const struct session *session, const uint8_t *bytes, size_t len,
                  struct session_shown *out)
{
    out->size = len < sizeof(out->bytes) ? len : sizeof(out->bytes);
    if (out->size > 0)
        memcpy(out->bytes, bytes, out->size);
    hide_secrets(session->env->plans, out->bytes, out->size);
    size_t kept = out->size < SESSION_SHOWN_BYTES ? out->size : SESSION_SHOWN_BYTES;
    text_hex(out->bytes, kept, out->hex);
    if (kept < len)
        strcat(out->hex, "...");
    for (size_t i = 0; i < kept; i++)
        out->text[i] = out->bytes[i] != '\0' ? (char)out->bytes[i] : '.';
    out->text[kept] = '\0';
}

void session_refused(const struct session *session, const struct session_shown *shown,
                     struct session_time now)
{
    const struct refusal refusal = {.peer = session->peer.address,
                                    .port = session->peer.port,
                                    .id = session->id,
                                    .reason = session->reason,
                                    .bytes = shown != NULL ? shown->bytes : NULL,
                                    .len = shown != NULL ? shown->size : 0};
    refusals_add(session->env->refusals, &refusal, now.wall_ms);
}

/* Known, unknown, refused */

void session_name(struct session *session, const char *id)
{
    char *who = xasprintf("%s%s", id, strchr(session->who, '\t'));
    free(session->who);
    session->who = who;
    free(session->id);
    session->id = xstrdup(id);
}

static void go_online(struct session *session, const struct plan *plan, struct session_time now)
{
    struct session_env *env = session->env;
    const struct device_def *device = data_config_device(env->plans->config, session->id);
    session->registered = true;
    session->quarantined = false;
    session->registered_wall_ms = now.wall_ms;
    session->life_ms = now.mono_ms;
    session->device = names_device(env->names, session->id);
    names_describe_device(env->names, session->device, device != NULL ? device->name : "",
                          device != NULL ? device->tags : "", plan->profile->name);
    env->metrics->registered++;
    session->ops->registered(session->cookie);
    recorder_connection(&env->recorder, session->device, now.wall_ms, LINE_CONNECT, &session->peer,
                        "");
    session->secretive |= device != NULL && device->secret != NULL;
    if (session->registration_size > 0 && !session->secretive)
        recorder_packet(&env->recorder, session->device, now.wall_ms, PACKET_REGISTER,
                        session->registration, session->registration_size);
    session_take_plan(session, plan, now);
    session_raise(session, EVENT_DEVICE_ONLINE, NULL, NULL, now.wall_ms);
    session_count(session, registrations, 1);
    session->exchange.quiet_until_ms = now.mono_ms + plan->after_connect_ms;
    session_say(session, LOG_ONLINE, LOGL_INFO, "online, profile %s, %zu tasks",
                plan->profile->name, plan->ntasks);
}

static void go_into_quarantine(struct session *session, const struct plan *plan,
                               struct session_time now)
{
    session->quarantined = true;
    session->life_ms = now.mono_ms;
    session->env->metrics->quarantined++;
    session_take_plan(session, plan, now);
    struct session_shown shown;
    session_show(session, session->registration, session->registration_size, &shown);
    session_say(session, LOG_QUARANTINED, LOGL_WARN,
                "unknown device in quarantine, profile %s, registration %s (\"%s\"): add it to "
                "devices: in data_config.yml to have it polled",
                plan->profile->name, session->secretive ? "with a secret" : shown.hex,
                session->secretive ? "..." : shown.text);
    session->ops->quarantined(session->cookie);
}

static bool same_secret(const char *wanted, const char *got)
{
    size_t len = strlen(wanted);
    return strlen(got) == len && sodium_memcmp(wanted, got, len) == 0;
}

bool session_comes_from(const char *cidrs, const char *address)
{
    char *problem = NULL;
    struct cidr_list *list = cidr_list_parse(cidrs, &problem);
    bool holds = list != NULL && cidr_list_holds(list, address);
    cidr_list_free(list);
    free(problem);
    return holds;
}

/* A registration that must not count: it does not end the line of the device that it names, either.
 */
static bool refused(struct session *session, const struct device_def *device, const char *secret,
                    struct session_time now)
{
    const char *why = NULL;
    if (device == NULL && session->env->plans->config->unknown_devices == UNKNOWN_REFUSE)
        why = "unknown device";
    else if (device != NULL && device->secret != NULL && !same_secret(device->secret, secret))
        why = secret[0] != '\0' ? "wrong secret" : "no secret in its registration";
    else if (device != NULL && device->from != NULL &&
             !session_comes_from(device->from, session->peer.address))
        why = "may not come from this address";
    if (why == NULL)
        return false;
    session->env->metrics->refused_devices++;
    session_say(session, LOG_REFUSED, LOGL_WARN, "refused: %s", why);
    session_close(session, "refused: %s", why);
    session_refused(session, NULL, now); /* a secret may be in its packet */
    return true;
}

/* Ids that devices: does not name stay in memory and in the database: so there is an end to them.
 */
static bool too_many(struct session *session)
{
    struct session_env *env = session->env;
    uint32_t known;
    if (names_find_device(env->names, session->id, &known) == 0)
        return false;
    if (env->strangers_most > 0 && env->strangers >= env->strangers_most)
        return true;
    env->strangers++;
    return false;
}

void session_decide(struct session *session, const struct plan *plan, const char *secret,
                    struct session_time now)
{
    const struct data_config *config = session->env->plans->config;
    const struct device_def *device = data_config_device(config, session->id);
    if (refused(session, device, secret, now))
        return;
    if (device == NULL && (config->unknown_devices == UNKNOWN_QUARANTINE || too_many(session)))
        go_into_quarantine(session, plan, now);
    else
        go_online(session, plan, now);
}

void session_dialled(struct session *session, const char *device_id, struct session_time now)
{
    const struct device_def *device = data_config_device(session->env->plans->config, device_id);
    session_name(session, device_id);
    if (device == NULL || device->profile == NULL) {
        session_close(session, "it is not to be dialled any more");
        return;
    }
    go_online(session, plan_set_find(session->env->plans, device->profile->name), now);
}

/* A reload */

/* The plan of the new set that the device is to run by; NULL where its line cannot go on. */
static const struct plan *next_plan(const struct session *session, const struct device_def *device)
{
    const struct plan_set *set = session->env->plans;
    const char *name = session->plan->profile->name;
    const struct plan *plan = plan_set_find(
        set, device != NULL && device->profile != NULL ? device->profile->name : name);
    return plan != NULL && plan->framing == session->plan->framing ? plan : NULL;
}

/* An answer still to come was asked for by a task of the old plan: it is of the new plan's task
 * that asks the same. Where there is none nothing is decoded of it. */
static int same_task(const struct plan *plan, const struct adu_request *request)
{
    for (size_t i = 0; i < plan->ntasks; i++) {
        const struct adu_request *other = &plan->tasks[i].task->request;
        if (other->unit == request->unit && other->function == request->function &&
            other->start == request->start && other->count == request->count)
            return (int)i;
    }
    return SESSION_PROBE;
}

/* What the line registered with, by the packet that was kept. */
static const char *kept_secret(const struct session *session, const struct plan *plan,
                               struct choice *out)
{
    return session->registration != NULL &&
                   choice_matches(&plan->profile->link, session->registration,
                                  session->registration_size, true, out)
               ? out->match.secret
               : "";
}

void session_adopt(struct session *session, struct session_time now)
{
    const struct data_config *config = session->env->plans->config;
    struct choice again;
    if (session->closing || session->plan == NULL || session->plans == session->env->plans)
        return;
    const struct device_def *device = data_config_device(config, session->id);
    const struct plan *plan = next_plan(session, device);
    if (plan == NULL) {
        session_close(session, "the configuration has no profile for this line any more");
        return;
    }
    if (session->task >= 0)
        session->task = same_task(plan, &session->plan->tasks[session->task].task->request);
    bool wanted = device != NULL || config->unknown_devices == UNKNOWN_ACCEPT;
    if (session->quarantined && (wanted || config->unknown_devices == UNKNOWN_REFUSE))
        session_decide(session, plan, kept_secret(session, plan, &again), now);
    else if (!session->quarantined && !wanted)
        session_close(session, "unknown device: not in devices: any more");
    else if (session->quarantined || session->port == 0 ||
             !refused(session, device, kept_secret(session, plan, &again), now))
        session_take_plan(session, plan, now);
    if (session->registered && !session->closing)
        names_describe_device(session->env->names, session->device,
                              device != NULL ? device->name : "",
                              device != NULL ? device->tags : "", plan->profile->name);
}
