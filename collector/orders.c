#include "collector/orders.h"

const struct profile *orders_profile(struct hub *hub, const char *device_id)
{
    (void)hub, (void)device_id;
    return NULL;
}

enum order_verdict orders_submit(struct hub *hub, const char *device_id, struct write_order *order)
{
    (void)hub, (void)device_id, (void)order;
    return ORDER_OFFLINE;
}
