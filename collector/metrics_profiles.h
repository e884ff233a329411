/*
 * The metrics that have labels, in Prometheus' text format: what is counted of each profile, and
 * which version this is. Belongs to the loop's thread.
 */
#ifndef DTUHUB_COLLECTOR_METRICS_PROFILES_H
#define DTUHUB_COLLECTOR_METRICS_PROFILES_H

#include "collector/profile_counts.h"

#include <stdio.h>

/** metrics_profiles_print(table, out): a sample a profile for each kind of count. */
void metrics_profiles_print(const struct profile_table *table, FILE *out);

/** metrics_build_print(out): dtuhub_build_info. */
void metrics_build_print(FILE *out);

/** metrics_label(out, value): ${value} as it stands between a label's quotes. */
void metrics_label(FILE *out, const char *value);

#endif
