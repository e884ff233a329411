/*
 * "line:" of a profile: the name of a family, whose file is profiles/NAME.yml beside
 * data_config.yml (a value with a slash or ".yml" is a path), or a section of its own, which may
 * build on such a file ("base:"). A family's file holds the same keys at its top level.
 */
#ifndef DTUHUB_CONFIG_LINK_CONFIG_H
#define DTUHUB_CONFIG_LINK_CONFIG_H

#include "shared/config/config_files.h"
#include "shared/config/link_def.h"
#include "shared/config/settings.h"

#include <stdio.h>

/** link_config_default(out): the original's line: tlv, every time the server's. */
void link_config_default(struct link_def *out);

/**
 * link_config_read(reader, place, files, out): read the value at ${place} (a text or a section;
 * NULL: the default). Return 0, or -1 where a fault was appended. ${out} is the caller's in any
 * case: link_config_clear().
 */
int link_config_read(const struct settings_reader *reader, const struct settings_place *place,
                     const struct config_files *files, struct link_def *out);

/** link_config_clear(link): free what it holds. */
void link_config_clear(struct link_def *link);

/** link_config_reference(out): its keys as Markdown, to stand below a heading. */
void link_config_reference(FILE *out);

#endif
