/* GET /api/writes?device_id=&limit=: the audit of writes, the newest first. */
#include "webapp/api/answer.h"
#include "webapp/handlers.h"
#include "webapp/query/audit.h"

enum outcome api_writes(struct call *call)
{
    return answer_rows(call,
                       audit_writes(&call->worker->db, args_text(&call->args, "device_id"),
                                    args_number(&call->args, "limit")),
                       NULL);
}
