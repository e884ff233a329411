/*
 * The slaves behind a DTU, as slaves: of a profile lists them.
 */
#include "shared/base/alloc.h"
#include "shared/config/data_draft.h"
#include "shared/config/quote.h"

#include <stdlib.h>
#include <string.h>

static void read_slave(struct data_draft *draft, const struct settings_reader *reader,
                       const struct yaml_pair *pair, struct draft_slave *slave)
{
    const char *quoted = QUOTE(pair->key);
    slave->path = xasprintf("%sslaves.%.*s", draft->prefix, (int)strlen(quoted) - 2, quoted + 1);
    slave->line = pair->line;
    if (settings_parse_uint(pair->key, &slave->unit) < 0 || slave->unit < 1 ||
        slave->unit > SLAVE_MAX)
        faults_add(draft->faults, draft->file, pair->line,
                   "%s: the key of a slave is its unit id, from 1 to %d", slave->path, SLAVE_MAX);
    const struct settings_place place = {pair->value, slave->path, pair->line};
    settings_read(reader, &place, &slave_table, slave, slave->lines);
}

static int compare_slaves(const void *a, const void *b)
{
    const struct draft_slave *x = a, *y = b;
    if (x->unit != y->unit)
        return x->unit < y->unit ? -1 : 1;
    return x->line < y->line ? -1 : x->line > y->line;
}

static int compare_slave_names(const void *a, const void *b)
{
    const struct draft_slave *x = *(const struct draft_slave *const *)a;
    const struct draft_slave *y = *(const struct draft_slave *const *)b;
    int order = strcmp(x->name, y->name);
    if (order != 0)
        return order;
    return x->line < y->line ? -1 : x->line > y->line;
}

static void check_slave_names(const struct data_draft *draft)
{
    const struct draft_slave **named = xcalloc(draft->nslaves, sizeof(const struct draft_slave *));
    size_t n = 0;
    for (size_t i = 0; i < draft->nslaves; i++) {
        if (draft->slaves[i].name != NULL)
            named[n++] = &draft->slaves[i];
    }
    qsort(named, n, sizeof(*named), compare_slave_names);
    for (size_t i = 1; i < n; i++) {
        if (strcmp(named[i]->name, named[i - 1]->name) == 0)
            faults_add(draft->faults, draft->file, named[i]->lines[SLAVE_NAME],
                       "%s.name: %s is the name of slave %u too (line %u): every slave needs its "
                       "own",
                       named[i]->path, QUOTE(named[i]->name), named[i - 1]->unit,
                       named[i - 1]->lines[SLAVE_NAME]);
    }
    free(named);
}

void data_slaves_read(struct data_draft *draft, const struct settings_reader *reader,
                      const yaml_node_t *section)
{
    size_t n = yaml_doc_count(section);
    draft->slaves = xcalloc(n, sizeof(*draft->slaves));
    draft->nslaves = n;
    for (size_t i = 0; i < n; i++) {
        struct yaml_pair pair = yaml_doc_pair(reader->doc, section, i);
        read_slave(draft, reader, &pair, &draft->slaves[i]);
    }
    qsort(draft->slaves, n, sizeof(*draft->slaves), compare_slaves);
    for (size_t i = 1; i < n; i++) {
        const struct draft_slave *slave = &draft->slaves[i];
        if (slave->unit != 0 && slave->unit == slave[-1].unit)
            faults_add(draft->faults, draft->file, slave->line,
                       "%s: slave %u is here for the second time (first in line %u): leave one "
                       "of them",
                       slave->path, slave->unit, slave[-1].line);
    }
    check_slave_names(draft);
}

/* A slave that nothing is read from would be missing where people look for it. */
void data_slaves_check_asked(const struct data_draft *draft)
{
    bool asked[256] = {false};
    for (size_t i = 0; i < draft->ntasks; i++)
        asked[draft->tasks[i].slave & 0xff] = true;
    for (size_t i = 0; i < draft->nslaves; i++) {
        const struct draft_slave *slave = &draft->slaves[i];
        if (!asked[slave->unit & 0xff])
            faults_add(draft->faults, draft->file, slave->line,
                       "%s: nothing is read from this slave: give it a points_file, points or "
                       "tasks with slave: %u, or leave it out",
                       slave->path, slave->unit);
    }
}

const struct draft_slave *data_slaves_find(const struct data_draft *draft, uint32_t unit)
{
    for (size_t i = 0; i < draft->nslaves; i++) {
        if (draft->slaves[i].unit == unit)
            return &draft->slaves[i];
    }
    return NULL;
}
