/*
 * Who is this? The first packet of a line chooses the profile; devices: in data_config.yml may know
 * the device, bind it to another profile of the same line, and ask for a secret or an address.
 */
#include "collector/link/choice.h"
#include "collector/session_parts.h"
#include "shared/base/alloc.h"
#include "shared/base/log.h"

#include <stdlib.h>
#include <string.h>

/* The plans that a line on this port may be of, in the order of the file. */
struct candidates {
    const struct plan **plans;
    struct candidate *links;
    size_t n;
};

/* The default profile is there also where the file has other profiles only; to its line any four
 * bytes are a registration, so that nobody is of it then who is of none of the others. */
static bool is_meant(const struct plan_set *set, const struct profile *profile)
{
    return profile != set->plans[0].profile || profile->ntasks > 0 || set->nplans == 1;
}

static bool serves(const struct session *session, const struct profile *profile)
{
    if (!is_meant(session->env->plans, profile))
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
    session_name(session, id);
    if (plan == NULL) {
        const struct device_def *device = data_config_device(session->env->plans->config, id);
        session_say(session, LOG_REFUSED, LOGL_WARN,
                    "its first packet is of profile %s, but devices: binds it to %s: correct one "
                    "of them",
                    chosen->profile->name, device->profile->name);
        session_close(session, "refused: registers as profile %s, is bound to %s",
                      chosen->profile->name, device->profile->name);
        session_refused(session, NULL, now);
        return 0;
    }
    size_t size = choice->match.size;
    keep_registration(session, first->bytes + choice->skip, size);
    session->secretive = choice->match.secret[0] != '\0';
    session_decide(session, plan, choice->match.secret, now);
    if (!session->closing)
        acknowledge(session, choice->match.token, now.mono_ms);
    return choice->skip + size;
}

/* It never registered: kept for whoever looks for it. */
static void report_misfit(struct session *session, const struct first_packet *first, size_t n,
                          struct session_time now)
{
    struct session_shown shown;
    session_show(session, first->bytes, first->len, &shown);
    session->env->metrics->protocol_errors++;
    session_say(session, LOG_MISFIT, LOGL_WARN,
                "the first %zu bytes fit the registration of none of the %zu profiles of port %u: "
                "%s (\"%s\"): closing",
                first->len, n, (unsigned)session->port, shown.hex, shown.text);
    session_close(session, "protocol error: the first packet is no registration");
    session_refused(session, &shown, now);
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
        report_misfit(session, &first, candidates.n, now);
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

/* A device of this profile that may come from this address, or NULL. */
static const char *device_from(const struct session *session, const struct plan *plan)
{
    const struct data_config *config = session->env->plans->config;
    for (size_t i = 0; i < config->ndevices; i++) {
        const struct device_def *device = &config->devices[i];
        if (device->profile == plan->profile && device->from != NULL &&
            session_comes_from(device->from, session->peer.address))
            return device->id;
    }
    return NULL;
}

/* Whom a line is of that says nothing: on a profile's own port its address names it; on a shared
 * one, where anybody may come, only an address that devices: knows. NULL: of nobody. */
static const char *id_of_source(const struct session *session, const struct plan *plan)
{
    const char *id = device_from(session, plan);
    return id != NULL || plan->profile->port == 0 ? id : session->peer.address;
}

static void take_source(struct session *session, const struct plan *plan, struct session_time now)
{
    session_name(session, id_of_source(session, plan));
    session_decide(session, plan, "", now);
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
        if (plan == NULL && (!link->registration_required || !can_register(link)) &&
            id_of_source(session, candidates.plans[i]) != NULL)
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
    struct session_shown shown;
    session_show(session, session->held, session->held_size, &shown);
    session->env->metrics->registration_timeouts++;
    session_say(session, LOG_UNREGISTERED, session->held_size > 0 ? LOGL_WARN : LOGL_INFO,
                "no registration within %lld ms, %zu bytes came: %s (\"%s\"): closing",
                (long long)(session_deadline_ms(session) - session->opened_ms), session->held_size,
                shown.hex, shown.text);
    session_close(session, "no registration in time");
    session_refused(session, &shown, now);
}
