#include "tests/sim/dtu_parts.h"

#include <string.h>

static int take_query(struct dtu *dtu, const struct family_item *item)
{
    if (dtu->state != DTU_ONLINE)
        return dtu_lost(dtu, "a query came before the registration was acknowledged");
    memcpy(dtu->query, item->adu, item->adu_len);
    dtu->query_len = (uint16_t)item->adu_len;
    dtu->transaction = item->transaction;
    if (dtu->behaviour->latency_ms == 0)
        return dtu_answer(dtu);
    dtu->query_waits = true;
    dtu_start_timer(dtu, &dtu->timer, dtu->behaviour->latency_ms);
    return 0;
}

void dtu_become_online(struct dtu *dtu)
{
    event_del(&dtu->timer);
    dtu->failures = 0;
    if (dtu->was_registered)
        dtu->world->totals.reconnects++;
    dtu->was_registered = true;
    if (dtu->behaviour->family->heartbeat != NULL)
        dtu_start_timer(dtu, &dtu->heartbeat, dtu->behaviour->heartbeat_ms);
    dtu_set_state(dtu, DTU_ONLINE);
}

static int take(struct dtu *dtu, const struct family_item *item)
{
    switch (item->kind) {
    case ITEM_REGISTRATION_ACK:
        if (dtu->state != DTU_REGISTERING)
            return dtu_lost(dtu, "the registration was acknowledged twice");
        dtu_become_online(dtu);
        break;
    case ITEM_ACK:
        dtu->ack_missing = false;
        if (dtu->state == DTU_REGISTERING)
            dtu_become_online(dtu);
        break;
    case ITEM_HEARTBEAT_ACK:
        dtu->ack_missing = false;
        break;
    case ITEM_QUERY:
        return take_query(dtu, item);
    case ITEM_BROKEN:
        return dtu_lost(dtu, item->why);
    case ITEM_NOISE:
        dtu->world->totals.noise += item->size;
        break;
    case ITEM_OTHER:
    case ITEM_MORE:
        break;
    }
    return 0;
}

void dtu_consume(struct dtu *dtu)
{
    size_t used = 0;
    struct family_item item;
    while (!dtu->query_waits && !line_busy(&dtu->line)) {
        dtu->behaviour->family->next(dtu->number, dtu->in + used, dtu->in_len - used, &item);
        if (item.kind == ITEM_MORE)
            break;
        used += item.size;
        if (take(dtu, &item) < 0)
            return;
    }
    dtu->in_len = (uint16_t)(dtu->in_len - used);
    memmove(dtu->in, dtu->in + used, dtu->in_len);
    if (dtu->in_len < sizeof(dtu->in))
        event_add(&dtu->line.readable, NULL);
    else
        event_del(&dtu->line.readable);
}
