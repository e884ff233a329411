/*
 * Both configuration files from hostile bytes. Whatever they are: a snapshot with no fault, or
 * faults with no snapshot; and what a snapshot promises holds, since the collector reads answers by
 * it without looking again.
 */
#include "shared/config/data_config.h"
#include "shared/config/server_config.h"

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

static void check_task(const struct data_config *config, const struct query_task *task)
{
    const struct profile *profile = &config->profiles[0];
    int bits = task->request.function <= FC_READ_DISCRETE_INPUTS;
    size_t size = bits ? (task->request.count + 7U) / 8U : 2U * task->request.count;
    require(task->id >= 1 && task->id <= 65535);
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
    require(point->decimals >= -1 && point->decimals <= 9);
    require(type->size >= 1 && type->size <= REG_STRING_MAX);
    require(type->size % 2 == 0 || (type->kind == REG_BITS && type->order == ORDER_ABCD));
    if (type->kind == REG_BITS)
        require(type->bit_count >= 1 && type->bit_first + type->bit_count <= 8 * type->size);
}

static void feed_data_config(const uint8_t *data, size_t len)
{
    struct faults faults = {0};
    struct data_config *config = data_config_parse("fuzz.yml", data, len, &faults);
    check_faults(&faults, config != NULL);
    for (size_t i = 0; config != NULL && i < config->profiles[0].ntasks; i++)
        check_task(config, &config->profiles[0].tasks[i]);
    for (size_t i = 0; config != NULL && i < config->profiles[0].npoints; i++)
        check_point(&config->profiles[0], i);
    data_config_release(config);
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
    }
    server_config_free(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    feed_server_config(data, len);
    feed_data_config(data, len);
    return 0;
}
