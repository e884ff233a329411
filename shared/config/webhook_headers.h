/*
 * The headers that a target's requests carry: "name: value" each, whose values may be secrets.
 */
#ifndef DTUHUB_CONFIG_WEBHOOK_HEADERS_H
#define DTUHUB_CONFIG_WEBHOOK_HEADERS_H

#include "shared/config/settings.h"
#include "shared/config/webhook_config.h"

/** webhook_headers_read(reader, place, out): fill headers and nheaders of ${out}; appends faults.
 */
void webhook_headers_read(const struct settings_reader *reader, const struct settings_place *place,
                          struct webhook_target *out);

#endif
