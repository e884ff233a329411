/* GET /api/device/{id}/data?limit=: a device's newest readings. */
#include "webapp/api/answer.h"
#include "webapp/handlers.h"
#include "webapp/query/devices.h"
#include "webapp/query/readings.h"

/* One statement where there are readings; only where there are none it matters why. */
enum outcome api_device_data(struct call *call)
{
    struct database *db = &call->worker->db;
    const char *id = args_text(&call->args, "id");
    uint32_t device = 0;
    MYSQL_RES *rows = readings_recent(db, id, args_number(&call->args, "limit"));
    if (rows == NULL)
        return OUTCOME_DATABASE;
    if (mysql_num_rows(rows) == 0) {
        enum outcome outcome =
            devices_key(db, id, &device) != 0 ? OUTCOME_DATABASE : OUTCOME_NOT_FOUND;
        if (device == 0) {
            mysql_free_result(rows);
            return outcome;
        }
    }
    return answer_rows(call, rows, NULL);
}
