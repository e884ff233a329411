/*
 * Both configuration files from hostile bytes. Whatever they are: a snapshot with no fault, or
 * faults with no snapshot; and what a snapshot promises holds, since the collector reads answers by
 * it without looking again.
 */
#include "shared/config/data_advice.h"
#include "shared/config/data_config.h"
#include "shared/config/server_config.h"
#include "shared/config/webhook_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(int holds)
{
    if (!holds)
        abort();
}

static void check_faults(struct faults *faults, int loaded)
{
    require(loaded == (faults->count == 0));
    for (size_t i = 0; i < faults->count; i++) {
        require(strcmp(faults->items[i].file, "fuzz.yml") == 0);
        require(faults->items[i].message[0] != '\0');
        require(strchr(faults->items[i].message, '\n') == NULL);
        require(i == 0 || faults->items[i - 1].line <= faults->items[i].line);
    }
    faults_clear(faults);
}

static void check_task(const struct profile *profile, const struct query_task *task)
{
    int bits = task->request.function <= FC_READ_DISCRETE_INPUTS;
    size_t size = bits ? (task->request.count + 7U) / 8U : 2U * task->request.count;
    require(task->id >= 1 && task->id <= 65536 + profile->npoints);
    require(task->slave < profile->nslaves);
    require(profile->slaves[task->slave].unit == task->request.unit);
    require(task->request.unit >= 1 && task->request.unit <= 247);
    require(task->request.count >= 1);
    require(task->request.count <= (bits ? ADU_MAX_BITS : ADU_MAX_REGISTERS));
    require(task->request.start + task->request.count <= 65536);
    require(task->trigger == TRIGGER_TIMER ? task->interval_ms >= 100 : task->interval_ms == 0);
    for (size_t i = 0; i < task->npoints; i++) {
        const struct task_point *bound = &task->points[i];
        require(bound->point >= profile->points);
        require(bound->point < profile->points + profile->npoints);
        require(bound->offset + bound->point->type.size <= size);
        require(bound->point->slave == task->request.unit);
        require(bound->point->function == task->request.function);
    }
}

static void check_point(const struct profile *profile, size_t i)
{
    const struct point_def *point = &profile->points[i];
    const struct reg_type *type = &point->type;
    size_t name_len = strlen(point->name);
    require(name_len >= 1 && name_len <= POINT_NAME_MAX);
    require(strlen(point->unit) <= POINT_UNIT_MAX);
    require(point->index == i);
    require(i == 0 || profile->points[i - 1].address <= point->address);
    require(isfinite(point->scale) && point->scale != 0 && isfinite(point->offset));
    require(isfinite(point->deadband) && point->deadband >= 0 && point->min <= point->max);
    require(point->writable == (point->write_function != 0));
    require(!point->writable || point->function == 1 || point->function == 3);
    require(point->decimals >= -1 && point->decimals <= 9);
    require(type->size >= 1 && type->size <= REG_STRING_MAX);
    require(type->size % 2 == 0 || (type->kind == REG_BITS && type->order == ORDER_ABCD));
    if (type->kind == REG_BITS)
        require(type->bit_count >= 1 && type->bit_first + type->bit_count <= 8 * type->size);
}

static void check_profile(const struct data_config *config, size_t i)
{
    const struct profile *profile = &config->profiles[i];
    size_t name_len = strlen(profile->name);
    require(name_len >= 1 && name_len <= PROFILE_NAME_MAX);
    require((i == 0) == (strcmp(profile->name, "default") == 0));
    require(profile->dead_after >= 1 && profile->backoff_max_ms >= 1000);
    for (size_t k = 1; k < i; k++)
        require(profile->port == 0 || config->profiles[k].port != profile->port);
    for (size_t k = 0; k < profile->ntasks; k++)
        check_task(profile, &profile->tasks[k]);
    for (size_t k = 0; k < profile->npoints; k++)
        check_point(profile, k);
}

static void check_rule(const struct rule_def *rule)
{
    size_t name_len = strlen(rule->name);
    require(name_len >= 1 && name_len <= RULE_NAME_MAX);
    require(rule->point[0] != '\0' && rule->severity < SEVERITIES);
    require(rule->when.condition <= RULE_NO_DATA);
    require(isfinite(rule->hysteresis) && rule->hysteresis >= 0);
    require(rule->hold_ms >= 0 && rule->clear_hold_ms >= 0 && rule->repeat_ms >= 0);
    require(rule->limit_count == 0 || rule->limit_per_ms >= 1000);
    require(rule->quiet_from < 24 * 60 && rule->quiet_to <= 24 * 60);
    require(rule->has_quiet == (rule->quiet_from != rule->quiet_to));
}

static void check_advice(void *cookie, unsigned line, const char *text)
{
    (void)cookie, (void)line;
    require(text[0] != '\0' && strchr(text, '\n') == NULL);
}

static void feed_data_config(const uint8_t *data, size_t len)
{
    struct faults faults = {0};
    struct data_config *config = data_config_parse("fuzz.yml", data, len, &faults);
    check_faults(&faults, config != NULL);
    for (size_t i = 0; config != NULL && i < config->nprofiles; i++)
        check_profile(config, i);
    for (size_t i = 0; config != NULL && i < config->rules.nrules; i++)
        check_rule(&config->rules.rules[i]);
    if (config != NULL)
        data_advice(config, check_advice, NULL);
    data_config_release(config);
}

static void check_target(const struct webhook_target *target)
{
    size_t name_len = strlen(target->name);
    require(name_len >= 1 && name_len <= WEBHOOK_NAME_MAX);
    require(target->url[0] != '\0');
    require(target->kinds != 0 || target->rules != NULL);
    require(target->kinds >> EVENT_KINDS == 0 && (target->kinds & 1) == 0);
    require(target->severity < SEVERITIES && target->format < WEBHOOK_FORMATS);
    require((target->format == WEBHOOK_TEMPLATE) == (target->body != NULL));
    require(target->content_type != NULL && target->method != NULL && target->language != NULL);
    require(target->connect_timeout_ms >= 100 && target->connect_timeout_ms <= target->timeout_ms);
    require(target->concurrency >= 1 && target->batch_max >= 1 && target->batch_wait_ms >= 100);
    require(target->rate_window_ms >= 1000 && target->keep_ms >= 1000);
    require(target->nretries <= WEBHOOK_RETRIES_MAX);
    for (size_t i = 0; i < target->nretries; i++)
        require(target->retries_ms[i] >= 100);
    for (size_t i = 0; i < target->nheaders; i++) {
        require(target->headers[i].name[0] != '\0');
        require(strpbrk(target->headers[i].value, "\r\n") == NULL);
    }
}

static void feed_server_config(const uint8_t *data, size_t len)
{
    struct faults faults = {0};
    struct server_config *config = server_config_parse("fuzz.yml", data, len, &faults);
    check_faults(&faults, config != NULL);
    if (config != NULL) {
        require(config->mysql.user[0] != '\0' && config->mysql.password != NULL);
        require(config->server.connection_pool_size <= config->server.max_connections);
        require(server_config_fixed_changed(config, config) == NULL);
        require(config->hooks.deny != NULL && config->hooks.ntargets <= WEBHOOK_TARGETS_MAX);
        for (size_t i = 0; i < config->hooks.ntargets; i++)
            check_target(&config->hooks.targets[i]);
        webhook_advice(&config->hooks, check_advice, NULL);
    }
    server_config_free(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    feed_server_config(data, len);
    feed_data_config(data, len);
    return 0;
}
