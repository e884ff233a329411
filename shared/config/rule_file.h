/*
 * From the section rules: of data_config.yml to struct rule_config.
 */
#ifndef DTUHUB_CONFIG_RULE_FILE_H
#define DTUHUB_CONFIG_RULE_FILE_H

#include "shared/config/data_config.h"
#include "shared/config/settings.h"

#include <stdio.h>

/**
 * rule_file_read(reader, place, config): read the section at ${place} (its node NULL: none) into
 * the rules of ${config}, whose profiles are there. Appends faults; ${config} is the caller's in
 * any case (rule_file_clear()).
 */
void rule_file_read(const struct settings_reader *reader, const struct settings_place *place,
                    struct data_config *config);

/** rule_file_clear(rules): free what it holds. */
void rule_file_clear(struct rule_config *rules);

/** rule_advice(config, say, cookie): call ${say} for each rule that watches nothing; as
 * data_advice(). */
void rule_advice(const struct data_config *config,
                 void (*say)(void *cookie, unsigned line, const char *text), void *cookie);

/** rule_reference(out): the keys of a rule as Markdown. */
void rule_reference(FILE *out);

#endif
