/*
 * The section webhooks: of server_config.yml: who is called about what.
 *
 *   webhooks:
 *     device_online: "http://..."      the short form: three URLs with the original's bodies
 *     deny: [169.254.0.0/16, ...]      addresses that are never called
 *     targets:
 *       ops:                           the long form, one entry for each target
 *         url: "https://..."
 *         events: [device_offline, "alarm_*"]
 *
 * A short form is a target too, with the name of its key and the format "original".
 * An immutable snapshot as the rest of struct server_config; secrets are wiped when it is freed.
 */
#ifndef DTUHUB_CONFIG_WEBHOOK_CONFIG_H
#define DTUHUB_CONFIG_WEBHOOK_CONFIG_H

#include "shared/event/kind.h"
#include "shared/template/mustache.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WEBHOOK_NAME_MAX = 64,
    WEBHOOK_TARGETS_MAX = 64, /* with those of the short form: as many as one event can be for */
    WEBHOOK_RETRIES_MAX = 32,
    WEBHOOK_BATCH_MAX = 1000,
    WEBHOOK_RATE_MAX = 1000, /* as many calls as are remembered for it */
};

/** What is denied unless webhooks.deny says otherwise. Link-local (RFC 3927, RFC 4291), where most
 * clouds have their metadata too; the exceptions are Alibaba Cloud's 100.100.100.200, Azure's
 * 168.63.129.16, Amazon's fd00:ec2::254 and Google's fd20:ce::254. 6to4 (RFC 3056) of link-local
 * addresses. Nobody's: 0.0.0.0/8, which means this host, multicast and broadcast. Loopback and
 * private networks are the normal case and fine. */
#define WEBHOOK_DENY_DEFAULT                                                                       \
    "169.254.0.0/16, fe80::/10, 100.100.100.200, 168.63.129.16, fd00:ec2::254, fd20:ce::254, "     \
    "2002:a9fe::/32, 0.0.0.0/8, ::, 224.0.0.0/4, ff00::/8, 255.255.255.255"

enum webhook_format {
    WEBHOOK_ORIGINAL,          /* the bodies of the short form */
    WEBHOOK_PLAIN,             /* the event's JSON object; a batch: a list of them */
    WEBHOOK_STANDARD_WEBHOOKS, /* {"type", "timestamp", "data"} and the three headers */
    WEBHOOK_CLOUDEVENTS,       /* CloudEvents 1.0, structured mode; a batch: its batch mode */
    WEBHOOK_DINGTALK,
    WEBHOOK_FEISHU,
    WEBHOOK_WECOM,
    WEBHOOK_TEMPLATE, /* the target's own body */
    WEBHOOK_FORMATS,
};

struct webhook_header {
    char *name, *value; /* the value may be a secret */
};

struct webhook_target {
    char *name; /* printable, unique */
    char *url;  /* http or https; never shown whole, it may hold a token */

    /* What it is called about: an event that fits all of these. */
    uint64_t kinds;         /* set of event_kind_mask(); 0 where only rules are named */
    char **rules;           /* names, with * and ?, of rules whose alarms it wants;
                               NULL-terminated, or NULL; one free() each, as list_text_split() */
    char **devices;         /* ids with * and ?; NULL: all */
    char **profiles;        /* names with * and ?; NULL: all */
    char **tags;            /* one of them; NULL: all */
    enum severity severity; /* this or worse; info */
    const char *language;   /* "en" or "zh": which of an alarm's messages "message" is */

    /* How. */
    char *method; /* POST, PUT or PATCH; GET is not: a call must not be cached */
    struct webhook_header *headers;
    size_t nheaders;
    enum webhook_format format;
    struct mustache *body;      /* of WEBHOOK_TEMPLATE; its contexts are described in message.h */
    char *content_type;         /* of WEBHOOK_TEMPLATE, application/json */
    char *secret;               /* NULL: not signed */
    char *ca_file;              /* NULL: the system's */
    int64_t timeout_ms;         /* whole call; file: seconds, 15 */
    int64_t connect_timeout_ms; /* file: seconds, 5 */

    /* How often. */
    uint32_t concurrency;   /* calls at once, 4 */
    uint32_t rate;          /* calls in rate_window_ms; 0: no limit; robots 20, feishu 100 */
    int64_t rate_window_ms; /* file: seconds, 60 */
    uint32_t batch_max;     /* events of data_received in one call; 1: not batched */
    int64_t batch_wait_ms;  /* the first of them waits so long at the most; file: seconds, 5 */
    int64_t retries_ms[WEBHOOK_RETRIES_MAX]; /* waits before the 2nd, 3rd, ... try */
    size_t nretries;
    int64_t keep_ms; /* what is not delivered by then is given up; file: seconds, 7 days */
    unsigned line;   /* of its key in the file */
    unsigned rules_line, profiles_line; /* 0: not given */
};

struct webhook_config {
    struct webhook_target *targets; /* the short forms first, then in the order of the file */
    size_t ntargets;
    char *deny; /* CIDRs, comma-separated: addresses that are not called, whatever the name said; ""
                   for none */
};

/** webhook_is_robot(format): whether what it sends is read by people in a chat. */
bool webhook_is_robot(enum webhook_format format);

/** webhook_config_target(config, name): or NULL. */
const struct webhook_target *webhook_config_target(const struct webhook_config *config,
                                                   const char *name);

/** What is asked about an event when targets are chosen; the texts are borrowed. */
struct webhook_subject {
    enum event_kind kind;
    enum severity severity;
    const char *device_id, *profile, *tags; /* NULL: of no device */
    const char *rule;                       /* NULL: of no rule */
    const char *target;                     /* that it is about, which is not told; NULL: none */
};

/** webhook_target_wants(target, subject): whether it is called about it. Pure. */
bool webhook_target_wants(const struct webhook_target *target,
                          const struct webhook_subject *subject);

#endif
