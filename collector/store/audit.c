#include "collector/store/audit.h"

#include "shared/base/text.h"

/* Bytes of the columns of write_log, see sql/002_lines.sql. */
enum { POINT_MOST = 64, RESULT_MOST = 32, TEXT_MOST = 255 };

void audit_add_text(struct rowset *rows, const char *text, size_t len, size_t most)
{
    size_t end = 0, size;
    while ((size = text_utf8_length((const uint8_t *)text + end, len - end)) > 0 &&
           end + size <= most)
        end += size;
    rowset_add_bytes(rows, text, end);
}

void audit_add_event(struct rowset *rows, const char *id, const struct record_head *head,
                     const uint8_t *body)
{
    rowset_add_text(rows, event_kind_info(head->code)->name);
    rowset_add_text(rows, id);
    rowset_add_time(rows, head->ts_ms);
    audit_add_text(rows, (const char *)body, head->body_size, RECORD_DETAILS_MAX);
    rowset_add_text(rows, "");
    rowset_add_text(rows, severity_name(event_kind_info(head->code)->severity));
    rowset_add_null(rows);
}

int audit_add_write(struct rowset *rows, const char *id, const struct record_head *head,
                    const uint8_t *body)
{
    struct write_entry entry;
    if (record_parse_write(body, head->body_size, &entry) != 0)
        return -1;
    rowset_add_text(rows, id);
    rowset_add_time(rows, head->ts_ms);
    rowset_add_uint(rows, entry.slave);
    rowset_add_uint(rows, entry.function);
    rowset_add_uint(rows, entry.address);
    rowset_add_uint(rows, entry.count);
    audit_add_text(rows, entry.actor.text, entry.actor.size, TEXT_MOST);
    audit_add_text(rows, entry.point.text, entry.point.size, POINT_MOST);
    audit_add_text(rows, entry.value.text, entry.value.size, TEXT_MOST);
    audit_add_text(rows, entry.result.text, entry.result.size, RESULT_MOST);
    audit_add_text(rows, entry.details.text, entry.details.size, TEXT_MOST);
    return 0;
}
