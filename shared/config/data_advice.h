/*
 * What data_config.yml allows, but hardly anybody means: profiles that no packet tells apart, that
 * read nothing, or that nobody comes to, rules that watch nothing. Pure; any thread.
 */
#ifndef DTUHUB_CONFIG_DATA_ADVICE_H
#define DTUHUB_CONFIG_DATA_ADVICE_H

#include "shared/config/data_config.h"

/**
 * data_advice(config, say, cookie): call ${say} with ${cookie} for each such thing: the line of the
 * file (0: of none), and a text of one line that says what is so and the way out, valid during the
 * call. In the order of profiles, then of devices, then of rules.
 */
void data_advice(const struct data_config *config,
                 void (*say)(void *cookie, unsigned line, const char *text), void *cookie);

#endif
