/*
 * A target of webhooks as server_config.yml states it, before its lists are taken apart.
 */
#ifndef DTUHUB_CONFIG_WEBHOOK_DRAFT_H
#define DTUHUB_CONFIG_WEBHOOK_DRAFT_H

#include "shared/config/settings.h"
#include "shared/config/webhook_config.h"

enum target_key {
    TARGET_URL,
    TARGET_EVENTS,
    TARGET_RULES,
    TARGET_DEVICES,
    TARGET_PROFILES,
    TARGET_TAGS,
    TARGET_SEVERITY,
    TARGET_LANGUAGE,
    TARGET_METHOD,
    TARGET_HEADERS,
    TARGET_FORMAT,
    TARGET_BODY,
    TARGET_CONTENT_TYPE,
    TARGET_SECRET,
    TARGET_SECRET_FILE,
    TARGET_CA_FILE,
    TARGET_TIMEOUT,
    TARGET_CONNECT_TIMEOUT,
    TARGET_CONCURRENCY,
    TARGET_RATE,
    TARGET_RATE_WINDOW,
    TARGET_BATCH,
    TARGET_RETRIES,
    TARGET_KEEP,
    TARGET_KEYS
};

struct webhook_draft {
    char *url, *events, *rules, *devices, *profiles, *tags;
    enum severity severity;
    int language, method; /* indices of webhook_languages, webhook_methods */
    const yaml_node_t *headers, *batch;
    enum webhook_format format;
    char *body, *content_type, *secret, *secret_file, *ca_file, *retries;
    int64_t timeout_ms, connect_timeout_ms, rate_window_ms, keep_ms;
    uint32_t concurrency, rate;
    uint32_t batch_max; /* of ${batch} */
    int64_t batch_wait_ms;
    unsigned lines[TARGET_KEYS];
};

extern const char *const webhook_languages[], *const webhook_methods[];
extern const char *const webhook_formats[]; /* in the order of enum webhook_format */
extern const struct settings_table webhook_target_table, webhook_batch_table;

#endif
