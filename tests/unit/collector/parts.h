/* What the collector's tests share: a configuration from text, and seeded chance. */
#ifndef DTUHUB_TESTS_COLLECTOR_PARTS_H
#define DTUHUB_TESTS_COLLECTOR_PARTS_H

#include "collector/poll/plan.h"
#include "shared/config/data_config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The configuration ${yaml}, held once. */
static inline struct data_config *parts_config(const char *yaml)
{
    struct faults faults = {0};
    struct data_config *config = data_config_parse("test.yml", yaml, strlen(yaml), &faults);
    if (config == NULL)
        faults_print(&faults, stderr);
    faults_clear(&faults);
    assert_non_null(config);
    return config;
}

/* The plans of the configuration ${yaml}, held once. */
static inline struct plan_set *parts_plans(const char *yaml, struct names *names,
                                           const struct plan_defaults *defaults)
{
    struct data_config *config = parts_config(yaml);
    struct plan_set *set = plan_set_new(config, names, defaults);
    data_config_release(config); /* the set holds it */
    return set;
}

/* What server_config.yml says where a line says nothing. */
static inline struct plan_defaults parts_defaults(void)
{
    return (struct plan_defaults){
        .response_timeout_ms = 3000,
        .request_gap_ms = 100,
        .slave_gap_ms = 100,
        .heartbeat_timeout_ms = 60000,
        .registration_timeout_ms = 30000,
        .stagger_ms = 1000,
        .max_missed = 3,
        .max_timeouts = 0,
        .retries = 1,
    };
}

/* A slave's answer as an RTU frame, to a write too, which echoes the request's head; its size. */
static inline size_t parts_answer(const struct adu_request *request, const uint8_t *data,
                                  uint8_t adu[ADU_MAX])
{
    static const uint8_t zeros[ADU_MAX];
    if (!adu_writes(request->function))
        return adu_build_reply(request, data, adu);
    adu_build(request, zeros, adu);
    return adu_seal(adu, 6);
}

/* The same numbers from the same seed, which is never 0. */
static inline uint32_t parts_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return (uint32_t)(*seed >> 16);
}

/* A number from 0 to ${below} - 1. */
static inline size_t parts_pick(uint64_t *seed, size_t below)
{
    return parts_random(seed) % below;
}

#endif
