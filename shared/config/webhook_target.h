/*
 * One target of webhooks, from its section of server_config.yml to struct webhook_target.
 */
#ifndef DTUHUB_CONFIG_WEBHOOK_TARGET_H
#define DTUHUB_CONFIG_WEBHOOK_TARGET_H

#include "shared/base/cidr.h"
#include "shared/config/webhook_draft.h"

/** webhook_target_read(reader, deny, pair, out): read the entry ${pair} of targets:. ${out} is the
 * caller's in any case (webhook_target_clear()), with whatever faults were appended. */
void webhook_target_read(const struct settings_reader *reader, const struct cidr_list *deny,
                         const struct yaml_pair *pair, struct webhook_target *out);

/** webhook_target_take(draft, out): move what needs no check on its own from ${draft} into ${out}.
 * Return what is wrong with the list of retries, a new text, or NULL. */
char *webhook_target_take(struct webhook_draft *draft, struct webhook_target *out);

/** webhook_target_clear(target): free what it holds; URL and secrets are wiped. */
void webhook_target_clear(struct webhook_target *target);

#endif
