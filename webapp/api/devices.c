/* GET /api/devices: every device there is. */
#include "webapp/query/devices.h"

#include "webapp/api/answer.h"
#include "webapp/handlers.h"

enum outcome api_devices(struct call *call)
{
    return answer_rows(call, devices_all(&call->worker->db), NULL);
}
