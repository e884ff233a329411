/* GET /api/raw_packets?device_id=&limit=: the newest packets as they were received. */
#include "webapp/api/answer.h"
#include "webapp/handlers.h"
#include "webapp/query/packets.h"

enum outcome api_raw_packets(struct call *call)
{
    struct packets_filter filter = {
        .device_id = args_text(&call->args, "device_id"),
        .limit = args_number(&call->args, "limit"),
    };
    return answer_rows(call, packets_list(&call->worker->db, &filter), NULL);
}
