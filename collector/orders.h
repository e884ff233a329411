/*
 * Orders for devices that are online, from whoever is outside of the sessions. Belongs to the
 * loop's thread.
 */
#ifndef DTUHUB_COLLECTOR_ORDERS_H
#define DTUHUB_COLLECTOR_ORDERS_H

#include "collector/hub.h"
#include "collector/poll/write.h"

enum order_verdict {
    ORDER_TAKEN,
    ORDER_OFFLINE,     /* not online, or its line is being closed */
    ORDER_QUARANTINED, /* online, but not let in */
    ORDER_LISTEN_ONLY, /* it polls by itself, nothing is ever sent to it */
    ORDER_QUEUE_FULL,  /* too many orders wait for it already */
};

/** orders_profile(hub, device_id): the profile that the online device runs by, good until the loop
 * goes on; NULL where it is not online. */
const struct profile *orders_profile(struct hub *hub, const char *device_id);

/**
 * orders_submit(hub, device_id, order): hand ${order} to the device's session. Where it is
 * ORDER_TAKEN, order->done() is called later, from the loop, exactly once, and ${order} must live
 * until then; else the session has not kept it.
 */
enum order_verdict orders_submit(struct hub *hub, const char *device_id, struct write_order *order);

#endif
