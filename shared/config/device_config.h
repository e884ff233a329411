/*
 * "devices:" of data_config.yml: which DTU is of which profile, what it is called, what its
 * registration must carry, and where it is dialled.
 */
#ifndef DTUHUB_CONFIG_DEVICE_CONFIG_H
#define DTUHUB_CONFIG_DEVICE_CONFIG_H

#include "shared/config/config_files.h"
#include "shared/config/data_config.h"
#include "shared/config/settings.h"

/**
 * device_config_read(reader, place, files, config): read the section at ${place} (NULL node: none)
 * into
 * ${config}->devices, sorted by id; profiles are read already. Return 0, or -1 where a fault was
 * appended.
 */
int device_config_read(const struct settings_reader *reader, const struct settings_place *place,
                       const struct config_files *files, struct data_config *config);

/** device_config_clear(config): free the devices. */
void device_config_clear(struct data_config *config);

/** device_config_reference(out): its keys as Markdown, to stand below a heading. */
void device_config_reference(FILE *out);

#endif
