#include "collector/poll/decode.h"

#include <math.h>

size_t decode_samples(const struct plan_task *task, const uint8_t *data, size_t size,
                      struct change_state *changes, int64_t now_ms, struct record_body *body,
                      struct decoded_list *list)
{
    size_t added = 0;
    if (list != NULL)
        list->count = 0;
    for (size_t i = 0; i < task->task->npoints; i++) {
        const struct task_point *place = &task->task->points[i];
        const struct point_def *point = place->point;
        struct reg_value value;
        if ((size_t)place->offset + point->type.size > size)
            continue;
        reg_decode(&point->type, data + place->offset, &value);
        if (value.has_number)
            value.number = reg_scale(value.number, point->scale, point->offset);
        if (!isfinite(value.number)) { /* scaled out of a double's range: no column takes it */
            value.number = 0;
            value.has_number = 0;
        }
        bool stored = (changes == NULL || !point->on_change ||
                       change_wanted(point, &changes[point->index], &value, now_ms)) &&
                      record_add_sample(body, task->points[i], &value) == 0;
        added += stored;
        if (list != NULL && list->count < DECODED_MOST)
            list->items[list->count++] =
                (struct decoded){.point = point, .value = value, .stored = stored};
    }
    return added;
}
