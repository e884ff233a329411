/* The ends of what the outbox's two sides hand each other. */
#include "collector/events/outbox_parts.h"

#include <stdlib.h>

void delivery_free(struct delivery *delivery)
{
    if (delivery == NULL)
        return;
    free(delivery->target);
    free(delivery->device);
    free(delivery->events);
    free(delivery);
}

void outbox_tell_free(struct outbox_tell *tell)
{
    delivery_free(tell->delivery);
    for (size_t i = 0; i < tell->n; i++)
        alarm_free(tell->alarms[i]);
    free(tell->alarms);
    free(tell->target);
    free(tell->text);
    free(tell);
}

void outbox_job_free(struct outbox_job *job)
{
    free((char *)job->range.target);
    free(job->target);
    free(job->reason);
    free(job);
}

void outbox_result_free(struct outbox_result *result)
{
    free((char *)result->result.error);
    free((char *)result->result.request);
    free((char *)result->result.answer);
    free(result);
}
