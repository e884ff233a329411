#include "shared/config/webhook_file.h"

#include "shared/base/alloc.h"
#include "shared/config/server_tables.h"
#include "shared/config/webhook_draft.h"
#include "shared/config/webhook_target.h"

#include <stdlib.h>

/* A target that has nothing but a URL and the kind of event that it is told. */
static void make_short(const struct settings_reader *reader, const struct cidr_list *deny,
                       enum event_kind kind, const char *url, unsigned line,
                       struct webhook_config *hooks)
{
    if (url == NULL)
        return;
    struct webhook_draft draft = {0};
    struct webhook_target *target = &hooks->targets[hooks->ntargets++];
    const char *name = event_kind_info(kind)->name;
    settings_defaults(&webhook_target_table, &draft);
    settings_defaults(&webhook_batch_table, &draft);
    draft.format = WEBHOOK_ORIGINAL;
    draft.url = xstrdup(url);
    if (webhook_target_take(&draft, target) != NULL)
        abort(); /* our own default is wrong */
    settings_free(&webhook_target_table, &draft);
    target->name = xstrdup(name);
    target->kinds = event_kind_mask(kind);
    target->line = line;
    char *problem = webhook_url_problem(url, deny);
    if (problem != NULL)
        faults_add(reader->faults, yaml_doc_name(reader->doc), line, "webhooks.%s: %s", name,
                   problem);
    free(problem);
}

static void make_shorts(const struct settings_reader *reader, const struct cidr_list *deny,
                        const unsigned *lines, struct server_config *config)
{
    const struct webhooks_section *section = &config->webhooks;
    make_short(reader, deny, EVENT_DEVICE_ONLINE, section->device_online, lines[WEBHOOKS_ONLINE],
               &config->hooks);
    make_short(reader, deny, EVENT_DEVICE_OFFLINE, section->device_offline, lines[WEBHOOKS_OFFLINE],
               &config->hooks);
    make_short(reader, deny, EVENT_DATA_RECEIVED, section->data_received, lines[WEBHOOKS_DATA],
               &config->hooks);
}

void webhook_file_read(const struct settings_reader *reader, const unsigned *lines,
                       struct server_config *config)
{
    enum { SHORTS = 3 };
    struct webhook_config *hooks = &config->hooks;
    const yaml_node_t *node = config->webhooks.targets;
    size_t n = yaml_doc_count(node);
    char *problem = NULL;
    if (hooks->deny == NULL)
        hooks->deny = xstrdup("");
    struct cidr_list *deny = cidr_list_parse(hooks->deny, &problem);
    if (deny == NULL)
        abort(); /* the section's table has checked it */
    if (n > WEBHOOK_TARGETS_MAX - SHORTS) {
        faults_add(reader->faults, yaml_doc_name(reader->doc), lines[WEBHOOKS_TARGETS],
                   "webhooks.targets: %zu targets are more than one collector calls, %d", n,
                   WEBHOOK_TARGETS_MAX - SHORTS);
        n = 0;
    }
    hooks->targets = xcalloc(SHORTS + n, sizeof(*hooks->targets));
    make_shorts(reader, deny, lines, config);
    for (size_t i = 0; i < n; i++) {
        struct yaml_pair pair = yaml_doc_pair(reader->doc, node, i);
        webhook_target_read(reader, deny, &pair, &hooks->targets[hooks->ntargets++]);
    }
    cidr_list_free(deny);
    config->webhooks.targets = NULL;
}

void webhook_file_clear(struct server_config *config)
{
    struct webhook_config *hooks = &config->hooks;
    for (size_t i = 0; i < hooks->ntargets; i++)
        webhook_target_clear(&hooks->targets[i]);
    free(hooks->targets);
    hooks->targets = NULL;
    hooks->ntargets = 0;
}
