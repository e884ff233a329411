/*
 * From the section webhooks: of server_config.yml to struct webhook_config.
 */
#ifndef DTUHUB_CONFIG_WEBHOOK_FILE_H
#define DTUHUB_CONFIG_WEBHOOK_FILE_H

#include "shared/base/cidr.h"
#include "shared/config/data_config.h"
#include "shared/config/server_config.h"
#include "shared/config/settings.h"

/**
 * webhook_file_read(reader, lines, config): make the targets of ${config}->hooks of what its
 * section webhooks says, whose keys stand in ${lines}. Appends faults.
 */
void webhook_file_read(const struct settings_reader *reader, const unsigned *lines,
                       struct server_config *config);

/** webhook_file_clear(config): free the targets; URLs and secrets are wiped. */
void webhook_file_clear(struct server_config *config);

/** webhook_url_problem(url, deny): what is wrong with an address to call, a new text that does not
 * show it; or NULL. */
char *webhook_url_problem(const char *url, const struct cidr_list *deny);

/** webhook_check_names(config, data, path, faults): fault, in the file ${path}, rules and profiles
 * that targets name and that data_config.yml does not have. */
void webhook_check_names(const struct webhook_config *config, const struct data_config *data,
                         const char *path, struct faults *faults);

/** webhook_advice(config, say, cookie): call ${say} for each thing that is allowed and hardly
 * meant; as data_advice(). */
void webhook_advice(const struct webhook_config *config,
                    void (*say)(void *cookie, unsigned line, const char *text), void *cookie);

/** webhook_reference(out): the keys of a target as Markdown. */
void webhook_reference(FILE *out);

#endif
