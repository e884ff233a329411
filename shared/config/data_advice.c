#include "shared/config/data_advice.h"

#include "shared/base/alloc.h"
#include "shared/config/quote.h"
#include "shared/config/rule_file.h"
#include "shared/config/token_overlap.h"

#include <stdarg.h>
#include <stdlib.h>

enum { PAIRS_MAX = 20 }; /* of profiles; a file with more has read enough of it */

struct advice {
    const struct data_config *config;
    void (*say)(void *cookie, unsigned line, const char *text);
    void *cookie;
    size_t pairs;
};

__attribute__((format(printf, 3, 4))) static void note(const struct advice *advice, unsigned line,
                                                       const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *text = xvasprintf(fmt, args);
    va_end(args);
    advice->say(advice->cookie, line, text);
    free(text);
}

/* What devices: says of a profile. */

static bool is_bound(const struct data_config *config, const struct profile *profile)
{
    for (size_t i = 0; i < config->ndevices; i++) {
        if (config->devices[i].profile == profile)
            return true;
    }
    return false;
}

static bool is_dialled(const struct data_config *config, const struct profile *profile)
{
    for (size_t i = 0; i < config->ndevices; i++) {
        if (config->devices[i].profile == profile && config->devices[i].dial_host != NULL)
            return true;
    }
    return false;
}

/* By a device that dials us, and that its address tells. */
static bool is_awaited(const struct data_config *config, const struct profile *profile)
{
    for (size_t i = 0; i < config->ndevices; i++) {
        const struct device_def *device = &config->devices[i];
        if (device->profile == profile && device->dial_host == NULL && device->from != NULL)
            return true;
    }
    return false;
}

/* What a profile's line says. */

static bool framing_registers(enum framing_kind framing)
{
    return framing == FRAMING_TLV || framing == FRAMING_DDP || framing == FRAMING_ALOTCER;
}

static bool can_register(const struct link_def *link)
{
    return link->nregistrations > 0 || framing_registers(link->framing);
}

/* Whether a line may be of the profile that never says who it is. */
static bool may_be_silent(const struct link_def *link)
{
    return !link->registration_required || !can_register(link);
}

/* The default profile is nobody's where the file has other profiles and no tasks for it. */
static bool shares_main_port(const struct data_config *config, const struct profile *profile)
{
    return profile->port == 0 &&
           (profile != &config->profiles[0] || profile->ntasks > 0 || config->nprofiles == 1);
}

/* Packets that are two profiles' */

static bool find_twins(const struct link_def *a, const struct link_def *b,
                       const struct token_def **of_a, const struct token_def **of_b)
{
    for (size_t i = 0; i < a->nregistrations; i++) {
        for (size_t k = 0; k < b->nregistrations; k++) {
            if (!token_overlap(&a->registrations[i], &b->registrations[k]))
                continue;
            *of_a = &a->registrations[i];
            *of_b = &b->registrations[k];
            return true;
        }
    }
    return false;
}

static void compare(struct advice *advice, const struct profile *first,
                    const struct profile *second)
{
    const struct token_def *of_first = NULL, *of_second = NULL;
    bool by_framing =
        framing_registers(first->link.framing) && first->link.framing == second->link.framing;
    if (!by_framing && !find_twins(&first->link, &second->link, &of_first, &of_second))
        return;
    if (is_bound(advice->config, first) && is_bound(advice->config, second))
        return;
    if (++advice->pairs > PAIRS_MAX) {
        if (advice->pairs == PAIRS_MAX + 1)
            note(advice, second->line, "profiles: more pairs have packets that are both profiles'");
    } else if (by_framing) {
        note(advice, second->line,
             "profiles.%s: DTUs of profile %s dial server.main_port too, and both have the "
             "registration of the same framing: one that devices: does not bind is taken for %s: "
             "bind the DTUs below devices: (profile: ...), or give one of the two a port",
             second->name, first->name, first->name);
    } else {
        note(advice, second->line,
             "profiles.%s: DTUs of profile %s dial server.main_port too, and its packet %s and "
             "this one's %s can be the same: one that devices: does not bind is taken for %s: bind "
             "the DTUs below devices: (profile: ...), give one of the two a port, or its packet "
             "another start",
             second->name, first->name, QUOTE(of_first->label), QUOTE(of_second->label),
             first->name);
    }
}

static void note_twins(struct advice *advice, const struct profile *second)
{
    const struct data_config *config = advice->config;
    if (!shares_main_port(config, second))
        return;
    for (const struct profile *first = config->profiles; first < second; first++) {
        if (advice->pairs > PAIRS_MAX)
            return;
        if (shares_main_port(config, first))
            compare(advice, first, second);
    }
}

/* Lines that say nothing */

/* On the shared port a line that says nothing is of nobody, but where its address is known. */
static void note_silent(struct advice *advice, const struct profile *profile)
{
    const struct data_config *config = advice->config;
    if (!shares_main_port(config, profile) || !may_be_silent(&profile->link) ||
        is_dialled(config, profile) || is_awaited(config, profile))
        return;
    if (can_register(&profile->link))
        note(advice, profile->line,
             "profiles.%s: registration.required: false has no effect on server.main_port, where "
             "anybody may call: give it a port, or name its devices with from:",
             profile->name);
    else
        note(advice, profile->line,
             "profiles.%s: its DTUs never say who they are, and on server.main_port, where anybody "
             "may call, nobody is taken for one: give it a port, or name its devices with dial: or "
             "from:",
             profile->name);
}

/* Profiles that read nothing */

static void note_idle(const struct advice *advice, const struct profile *profile)
{
    if (profile != &advice->config->profiles[0] && profile->ntasks == 0)
        note(advice, profile->line,
             "profiles.%s: nothing is read here, its DTUs are only connected: add points_file or "
             "data_points, and poll: {interval: ...}, or query_tasks",
             profile->name);
}

static void note_device(const struct advice *advice, const struct device_def *device)
{
    if (device->profile == &advice->config->profiles[0] && device->profile->ntasks == 0)
        note(advice, device->line,
             "devices.%s.profile: the profile default reads nothing, since query_tasks at the top "
             "level has no entries: name one that stands below profiles:, or add what is read",
             device->id);
}

void data_advice(const struct data_config *config,
                 void (*say)(void *cookie, unsigned line, const char *text), void *cookie)
{
    struct advice advice = {.config = config, .say = say, .cookie = cookie};
    for (size_t i = 0; i < config->nprofiles; i++) {
        note_idle(&advice, &config->profiles[i]);
        note_silent(&advice, &config->profiles[i]);
        note_twins(&advice, &config->profiles[i]);
    }
    for (size_t i = 0; i < config->ndevices; i++)
        note_device(&advice, &config->devices[i]);
    rule_advice(config, say, cookie);
}
