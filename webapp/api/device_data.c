/* GET /api/device/{id}/data?limit=: a device's newest readings. */
#include "webapp/api/answer.h"
#include "webapp/handlers.h"
#include "webapp/query/devices.h"
#include "webapp/query/readings.h"

enum outcome api_device_data(struct call *call)
{
    struct database *db = &call->worker->db;
    uint32_t device;
    if (devices_key(db, args_text(&call->args, "id"), &device) != 0)
        return OUTCOME_DATABASE;
    if (device == 0)
        return OUTCOME_NOT_FOUND;
    return answer_rows(call, readings_recent(db, device, args_number(&call->args, "limit")), NULL);
}
