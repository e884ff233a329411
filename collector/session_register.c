/*
 * Who is this? The first packet of a line chooses the profile; devices: in data_config.yml may know
 * the device, bind it to another profile of the same line, and ask for a secret or an address.
 */
#include "collector/link/choice.h"
#include "collector/session_parts.h"
#include "shared/base/alloc.h"
#include "shared/base/cidr.h"
#include "shared/base/log.h"
#include "shared/base/text.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_BYTES = 32 };

/* The plans that a line on this port may be of, in the order of the file. */
struct candidates {
    const struct plan **plans;
    struct candidate *links;
    size_t n;
};

/* The default profile takes any four bytes for a registration: where it says nothing, and others
 * do, it is not meant. */
static bool serves(const struct session *session, const struct profile *profile)
{
    const struct data_config *config = session->env->plans->config;
    if (profile == &config->profiles[0] && config->nprofiles > 1 && profile->ntasks == 0 &&
        profile->npoints == 0)
        return false;
    uint16_t port = profile->port != 0 ? profile->port : session->env->main_port;
    return port == session->port;
}

static void find_candidates(const struct session *session, struct candidates *out)
{
    const struct plan_set *set = session->env->plans;
    out->plans = xcalloc(set->nplans, sizeof(*out->plans));
    out->links = xcalloc(set->nplans, sizeof(*out->links));
    out->n = 0;
    for (size_t i = 0; i < set->nplans; i++) {
        if (!serves(session, set->plans[i].profile))
            continue;
        out->plans[out->n] = &set->plans[i];
        out->links[out->n++].link = &set->plans[i].profile->link;
    }
}

static void clear_candidates(struct candidates *candidates)
{
    free(candidates->plans);
    free(candidates->links);
}

int64_t session_deadline_ms(const struct session *session)
{
    const struct plan_set *set = session->env->plans;
    int64_t longest_ms = 0;
    for (size_t i = 0; i < set->nplans; i++) {
        if (serves(session, set->plans[i].profile) &&
            set->plans[i].registration_timeout_ms > longest_ms)
            longest_ms = set->plans[i].registration_timeout_ms;
    }
    return session->opened_ms + longest_ms;
}

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

/* Known, unknown, refused */

static void name_session(struct session *session, const char *id)
{
    char peer[sizeof(session->who)];
    strcpy(peer, session->who);
    snprintf(session->id, sizeof(session->id), "%s", id);
    snprintf(session->who, sizeof(session->who), "%s %.63s", id, peer);
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
    recorder_connection(&env->recorder, session->device, now.wall_ms, EVENT_CONNECT, &session->peer,
                        "");
    session->secretive |= device != NULL && device->secret != NULL;
    if (session->registration_size > 0 && !session->secretive)
        recorder_packet(&env->recorder, session->device, now.wall_ms, PACKET_REGISTER,
                        session->registration, session->registration_size);
    session_take_plan(session, plan, now);
    session->exchange.quiet_until_ms = now.mono_ms + plan->after_connect_ms;
    log_info("session", session->who, "online, profile %s, %zu tasks", plan->profile->name,
             plan->ntasks);
}

static void go_into_quarantine(struct session *session, const struct plan *plan,
                               struct session_time now)
{
    session->quarantined = true;
    session->life_ms = now.mono_ms;
    session->env->metrics->quarantined++;
    session_take_plan(session, plan, now);
    log_at_limit(&session->env->noise, LOGL_WARN, "session", session->who,
                 "unknown device in quarantine: add it to devices: in data_config.yml to have it "
                 "polled (profile %s)",
                 plan->profile->name);
    session->ops->quarantined(session->cookie);
}

static bool same_secret(const char *wanted, const char *got)
{
    size_t len = strlen(wanted);
    return strlen(got) == len && sodium_memcmp(wanted, got, len) == 0;
}

static bool comes_from(const char *cidrs, const char *address)
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
static bool refused(struct session *session, const struct device_def *device, const char *secret)
{
    const char *why = NULL;
    if (device == NULL && session->env->plans->config->unknown_devices == UNKNOWN_REFUSE)
        why = "unknown device";
    else if (device != NULL && device->secret != NULL && !same_secret(device->secret, secret))
        why = secret[0] != '\0' ? "wrong secret" : "no secret in its registration";
    else if (device != NULL && device->from != NULL &&
             !comes_from(device->from, session->peer.address))
        why = "may not come from this address";
    if (why == NULL)
        return false;
    session->env->metrics->refused_devices++;
    log_at_limit(&session->env->noise, LOGL_WARN, "session", session->who, "refused: %s", why);
    session_close(session, "refused: %s", why);
    return true;
}

static void decide(struct session *session, const struct plan *plan, const char *secret,
                   struct session_time now)
{
    const struct data_config *config = session->env->plans->config;
    const struct device_def *device = data_config_device(config, session->id);
    if (refused(session, device, secret))
        return;
    if (device == NULL && config->unknown_devices == UNKNOWN_QUARANTINE)
        go_into_quarantine(session, plan, now);
    else
        go_online(session, plan, now);
}

/* The first packet */

struct first_packet {
    const uint8_t *bytes;
    size_t len;
    bool settled;
};

/* The plan that devices: binds the device to, where this packet is a registration of its line too;
 * else the plan that the packet chose. NULL where the two do not go together. */
static const struct plan *bound_plan(const struct session *session, const struct plan *chosen,
                                     const struct first_packet *first, struct choice *choice)
{
    const struct device_def *device =
        data_config_device(session->env->plans->config, choice->match.id);
    struct choice own;
    if (device == NULL || device->profile == NULL || device->profile == chosen->profile)
        return chosen;
    if (!choice_matches(&device->profile->link, first->bytes, first->len, first->settled, &own) ||
        strcmp(own.match.id, choice->match.id) != 0)
        return NULL;
    *choice = own;
    return plan_set_find(session->env->plans, device->profile->name);
}

static void keep_registration(struct session *session, const uint8_t *bytes, size_t len)
{
    session->registration = xcalloc(len > 0 ? len : 1, 1);
    session->registration_size = len;
    memcpy(session->registration, bytes, len);
}

static void acknowledge(struct session *session, const struct token_def *token, int64_t now_ms)
{
    uint8_t bytes[FRAMING_LONGEST];
    size_t size = framing_reply(session->plan->framing, token, FRAME_REGISTRATION,
                                session->registration, session->registration_size, bytes);
    if (size > 0)
        session_send(session, bytes, size, now_ms);
}

/* Return how many bytes were used. */
static size_t take_choice(struct session *session, const struct plan *chosen,
                          const struct first_packet *first, struct choice *choice,
                          struct session_time now)
{
    char id[LINK_ID_SIZE];
    strcpy(id, choice->match.id);
    const struct plan *plan = bound_plan(session, chosen, first, choice);
    name_session(session, id);
    if (plan == NULL) {
        const struct device_def *device = data_config_device(session->env->plans->config, id);
        log_at_limit(&session->env->noise, LOGL_WARN, "session", session->who,
                     "its first packet is of profile %s, but devices: binds it to %s: correct one "
                     "of them",
                     chosen->profile->name, device->profile->name);
        session_close(session, "refused: registers as profile %s, is bound to %s",
                      chosen->profile->name, device->profile->name);
        return 0;
    }
    size_t size = choice->match.size;
    keep_registration(session, first->bytes + choice->skip, size);
    session->secretive = choice->match.secret[0] != '\0';
    decide(session, plan, choice->match.secret, now);
    if (!session->closing)
        acknowledge(session, choice->match.token, now.mono_ms);
    return choice->skip + size;
}

static void report_misfit(struct session *session, const struct first_packet *first, size_t n)
{
    char shown[2 * SHOWN_BYTES + 1], text[4 * SHOWN_BYTES + 1];
    size_t len = first->len < SHOWN_BYTES ? first->len : SHOWN_BYTES;
    text_hex(first->bytes, len, shown);
    text_printable(first->bytes, len, text, sizeof(text));
    session->env->metrics->protocol_errors++;
    log_at_limit(&session->env->noise, LOGL_WARN, "session", session->who,
                 "the first %zu bytes fit the registration of none of the %zu profiles of port %u: "
                 "%s (\"%s\"): closing",
                 first->len, n, (unsigned)session->port, shown, text);
    session_close(session, "protocol error: the first packet is no registration");
}

size_t session_first_packet(struct session *session, const uint8_t *bytes, size_t len, bool settled,
                            struct session_time now)
{
    const struct first_packet first = {bytes, len, settled};
    struct candidates candidates;
    struct choice choice;
    size_t used = 0;
    find_candidates(session, &candidates);
    int verdict = choice_make(candidates.links, candidates.n, bytes, len, settled, &choice);
    if (verdict > 0)
        used = take_choice(session, candidates.plans[choice.candidate], &first, &choice, now);
    else if (verdict < 0 && !session_by_source(session, false, now))
        report_misfit(session, &first, candidates.n);
    clear_candidates(&candidates);
    return used;
}

/* Without a packet */

/* Does a line of this plan say who it is? */
static bool can_register(const struct link_def *link)
{
    return link->nregistrations > 0 || link->framing == FRAMING_TLV ||
           link->framing == FRAMING_DDP || link->framing == FRAMING_ALOTCER;
}

/* A device of this profile that may come from this address only, else the address itself. */
static const char *id_of_source(const struct session *session, const struct plan *plan)
{
    const struct data_config *config = session->env->plans->config;
    for (size_t i = 0; i < config->ndevices; i++) {
        const struct device_def *device = &config->devices[i];
        if (device->profile == plan->profile && device->from != NULL &&
            comes_from(device->from, session->peer.address))
            return device->id;
    }
    return session->peer.address;
}

static void take_source(struct session *session, const struct plan *plan, struct session_time now)
{
    name_session(session, id_of_source(session, plan));
    decide(session, plan, "", now);
}

bool session_by_source(struct session *session, bool at_once, struct session_time now)
{
    struct candidates candidates;
    const struct plan *plan = NULL;
    bool others = false;
    find_candidates(session, &candidates);
    for (size_t i = 0; i < candidates.n; i++) {
        const struct link_def *link = candidates.links[i].link;
        others |= can_register(link);
        if (plan == NULL && (!link->registration_required || !can_register(link)))
            plan = candidates.plans[i];
    }
    clear_candidates(&candidates);
    if (plan == NULL || (at_once && others))
        return false;
    take_source(session, plan, now);
    return true;
}

void session_unregistered(struct session *session, struct session_time now)
{
    if (session_by_source(session, false, now))
        return;
    session->env->metrics->registration_timeouts++;
    log_at_limit(&session->env->noise, LOGL_INFO, "session", session->who,
                 "no registration within %lld ms: closing",
                 (long long)(session_deadline_ms(session) - session->opened_ms));
    session_close(session, "no registration in time");
}

void session_dialled(struct session *session, const char *device_id, struct session_time now)
{
    const struct device_def *device = data_config_device(session->env->plans->config, device_id);
    name_session(session, device_id);
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
    /* An answer still to come belongs to a task of the old plan: decode nothing of it. */
    if (session->task >= 0)
        session->task = SESSION_PROBE;
    bool wanted = device != NULL || config->unknown_devices == UNKNOWN_ACCEPT;
    if (session->quarantined && (wanted || config->unknown_devices == UNKNOWN_REFUSE))
        decide(session, plan, kept_secret(session, plan, &again), now);
    else if (!session->quarantined && !wanted)
        session_close(session, "unknown device: not in devices: any more");
    else if (session->quarantined || session->port == 0 ||
             !refused(session, device, kept_secret(session, plan, &again)))
        session_take_plan(session, plan, now);
    if (session->registered && !session->closing)
        names_describe_device(session->env->names, session->device,
                              device != NULL ? device->name : "",
                              device != NULL ? device->tags : "", plan->profile->name);
}
